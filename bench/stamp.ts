/**
 * Tokens that say when they were due, so that whoever sees one knows how late it is. The clock is the
 * system's, the same in every process.
 */

/** Microseconds of the monotonic clock. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** A word of ten to twelve bytes with a space behind it. */
export function stamped(dueUs: number): string {
  return `@${Math.round(dueUs).toString(36)} `;
}

/**
 * How late each token of this text is, in milliseconds; `rest` is the beginning of a token that the text cuts
 * off.
 */
export function lagsIn(text: string): { lagsMs: number[]; rest: string } {
  const seenUs = nowUs();
  const end = text.lastIndexOf(' ') + 1;
  const words = text.slice(0, end).split(' ');
  const lagsMs = words
    .filter((word) => word.startsWith('@'))
    .map((word) => (seenUs - Number.parseInt(word.slice(1), 36)) / 1_000);
  return { lagsMs, rest: text.slice(end) };
}
