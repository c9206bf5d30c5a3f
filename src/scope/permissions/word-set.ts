/** The words of some lines, for lists that are read as text. */
export function words(...lines: readonly string[]): Set<string> {
  return new Set(lines.flatMap((line) => line.split(' ')));
}
