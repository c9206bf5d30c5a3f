/** The longest text that a pod takes in, asked before anything is made for it and at the pod's door. */
import { logLineBytesMax } from './line.ts';

/**
 * A run's text is committed again as the turn's first message, with more around it: what only just fits its
 * receipt would never begin.
 */
export const inputTextBytesMax = logLineBytesMax - 64 * 1024;

/** Null for a text that can be taken. */
export function inputTextProblem(text: string): string | null {
  // No character takes more than six bytes of JSON, and the quotation marks are two.
  if (text.length * 6 + 2 <= inputTextBytesMax) return null;
  const bytes = Buffer.byteLength(JSON.stringify(text));
  if (bytes <= inputTextBytesMax) return null;
  return `The input has ${bytes} bytes, at most ${inputTextBytesMax} can be taken; put it into a file and name that.`;
}
