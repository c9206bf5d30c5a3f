/** A file's bytes as the tools see them: their hash, and whether they are text. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** The first bytes that are looked at to tell text from anything else. */
export const sniffBytes = 8000;
/** Characters of one line that are shown; the rest is left out with a note. */
export const lineCharsMax = 2000;

export function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * The file from its beginning in pieces of at most 64 KiB. A piece is valid until the next one is asked for.
 */
export async function* piecesOf(handle: FileHandle, signal: AbortSignal): AsyncGenerator<Buffer> {
  const piece = Buffer.allocUnsafe(64 * 1024);
  let position = 0;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(piece, 0, piece.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/** A NUL byte near the beginning: no text in UTF-8 or any encoding like it. */
export function isProbablyBinary(beginning: Uint8Array): boolean {
  return beginning.subarray(0, sniffBytes).includes(0);
}

/** Lines with their numbers, `first` being the number of the first one. */
export function numbered(lines: readonly string[], first: number): string {
  return lines.map((line, index) => `${String(first + index).padStart(6)}\t${line}`).join('\n');
}

/** A line as shown: without its CR, cut where it is too long. `bytes` is its whole length. */
export function shownLine(text: string, bytes: number = Buffer.byteLength(text)): string {
  const line = withoutCr(text);
  if (!isCut(text)) return line;
  return `${line.slice(0, lineCharsMax)}… [cut: this line has ${bytes} bytes]`;
}

/** Whether less than the line is shown. */
export function isCut(text: string): boolean {
  return withoutCr(text).length > lineCharsMax;
}

function withoutCr(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
