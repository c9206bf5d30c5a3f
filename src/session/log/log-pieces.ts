/** A log goes to another machine as its bytes are, a piece at a time, each behind what is held there. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, readSync } from 'node:fs';
import { comparedBytes, type HostResult, logPieceBytes } from '../../protocol/host-methods.ts';
import { openRegular } from '../../std/open-regular.ts';
import { systemCode } from '../../std/system-code.ts';

/** `sum`: of the last bytes before `from`, as whoever asks holds them. Throws the file system's error. */
export function pieceOf(path: string, { from, sum }: { from: number; sum: string }): HostResult<'log'> {
  let fd: number;
  try {
    fd = openRegular(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    return { reset: from > 0, piece: '', size: 0 };
  }
  try {
    const { size } = fstatSync(fd);
    const reset = from > size || sumBefore(fd, from) !== sum;
    const at = reset ? 0 : from;
    const piece = read(fd, at, Math.min(logPieceBytes, size - at));
    // What the page cache holds must be on disk before a receipt of it is.
    if (at + piece.length >= size) fsyncSync(fd);
    return { reset, piece: piece.toString('base64'), size };
  } finally {
    closeSync(fd);
  }
}

export function sumBefore(fd: number, end: number): string {
  const from = Math.max(0, end - comparedBytes);
  return createHash('sha256')
    .update(read(fd, from, end - from))
    .digest('hex');
}

function read(fd: number, from: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let count = 0;
  while (count < length) {
    const got = readSync(fd, bytes, count, length - count, from + count);
    if (got === 0) break;
    count += got;
  }
  return bytes.subarray(0, count);
}
