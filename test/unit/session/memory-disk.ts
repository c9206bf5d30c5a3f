/** A disk with one file in memory, of which each read is noted and gives no more than it is told to. */
import type { LogDisk } from '../../../src/session/log/log-disk.ts';
import type { LogFile } from '../../../src/session/log/read-log.ts';

/**
 * `takes`: the most bytes of each read, the last one for all that follow. What a read leaves free of its
 * buffer is full of newlines, as a buffer that was used before may. Without bytes the file is of one letter.
 */
export function memoryDisk(
  bytes: Buffer | { length: number },
  takes: number[] = [Number.MAX_SAFE_INTEGER],
): { disk: LogDisk; file: LogFile; asked: { length: number; position: number }[] } {
  const asked: { length: number; position: number }[] = [];
  const left = [...takes];
  const disk = {
    open: () => 1,
    close: () => undefined,
    size: () => bytes.length,
    nextTurn: () => Promise.resolve(),
    read(_fd: number, into: Uint8Array, length: number, position: number) {
      asked.push({ length, position });
      const most = (left.length > 1 ? left.shift() : left[0]) ?? 0;
      const count = Math.max(0, Math.min(length, most, bytes.length - position));
      if (bytes instanceof Buffer) bytes.copy(into, 0, position, position + count);
      else into.fill(0x78, 0, count);
      into.fill(0x0a, count);
      return count;
    },
  } as unknown as LogDisk;
  return { disk, file: { fd: 1, disk }, asked };
}
