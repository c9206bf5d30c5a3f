/**
 * What a process has written to its error output, below the sentence about its end: the one part of an
 * error's message that is more than a line.
 */

const heading = 'The end of its error output:';

export function withErrorOutput(message: string, output: string): string {
  return output === '' ? message : `${message}\n${heading}\n${output}`;
}

/** The sentence, and what `withErrorOutput` has put below it; empty where there is nothing. */
export function apartFromErrorOutput(text: string): { sentence: string; below: string } {
  const at = text.indexOf(`\n${heading}\n`);
  return at === -1 ? { sentence: text, below: '' } : { sentence: text.slice(0, at), below: text.slice(at) };
}
