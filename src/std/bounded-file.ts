/**
 * Reads files that somebody else may have put there: no more of them than a bound, and nothing that is no
 * ordinary file.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PodkinError } from './podkin-error.ts';

export interface BoundedText {
  readonly text: string;
  /** There was more; the text ends with its last whole character. */
  readonly isCut: boolean;
  /**
   * UTF-16 is known by its mark alone. Null: no text in these; what could not be decoded has been replaced,
   * and says something else than whoever wrote it.
   */
  readonly encoding: TextEncoding | null;
}

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** The beginning of a regular file as text. */
export async function readBounded(handle: FileHandle, bytesMax: number): Promise<BoundedText> {
  // One byte more than wanted tells whether there is more: a size can be wrong, and change.
  const buffer = Buffer.alloc(bytesMax + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  const isCut = length > bytesMax;
  const bytes = buffer.subarray(0, Math.min(length, bytesMax));
  const encoding = encodingByMark(bytes);
  // A decoder that awaits more keeps back the half of a character.
  const decoded = (fatal: boolean) => new TextDecoder(encoding, { fatal }).decode(bytes, { stream: isCut });
  try {
    const text = decoded(true);
    // What begins as UTF-16 may be UTF-32, and what is UTF-8 by chance something else altogether.
    return { text, isCut, encoding: text.includes('\0') ? null : encoding };
  } catch {
    return { text: decoded(false), isCut, encoding: null };
  }
}

function encodingByMark([one, two]: Uint8Array): TextEncoding {
  if (one === 0xff && two === 0xfe) return 'utf-16le';
  return one === 0xfe && two === 0xff ? 'utf-16be' : 'utf-8';
}

/**
 * For a file that a person named. Never waits for the other end of a pipe. Throws the system's errors;
 * `NotOrdinary` for what is no file to read.
 */
export async function readOrdinaryFile(path: string, bytesMax: number): Promise<string> {
  const folder = await realpath(dirname(path));
  const place = await realpath(path);
  if (!place.startsWith(folder === '/' ? '/' : `${folder}/`)) {
    throw new NotOrdinary(`${path} is a link that leads out of its folder: name the file itself`);
  }
  const handle = await open(place, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new NotOrdinary(`${path} is no regular file: name a file`);
    if (!isOurs(stats.uid)) {
      throw new NotOrdinary(
        `${path} belongs to another user (${stats.uid}): make a copy of your own, and use that`,
      );
    }
    const { text, isCut, encoding } = await readBounded(handle, bytesMax);
    if (encoding !== 'utf-8') throw new NotOrdinary(`${path} is not UTF-8: save it as that`);
    if (isCut) throw new NotOrdinary(`${path} is larger than ${bytesMax / 1024} KiB: make it smaller`);
    return text;
  } finally {
    await handle.close();
  }
}

/** The sentence says what to do. */
export class NotOrdinary extends PodkinError {
  constructor(message: string) {
    super(message);
    this.name = 'NotOrdinary';
  }
}

/** Of this user or of root, who can do everything anyway. */
export function isOurs(uid: number | bigint): boolean {
  return Number(uid) === 0 || Number(uid) === process.getuid?.();
}
