/**
 * The names of a folder's lock, of this build and of every one before it. Builds of all ages meet in one
 * home, and each excludes the others only by a name that both take: **none of these is ever changed or left
 * out, a new one is added in front** (test/unit/session/lock-names.test.ts pins their bytes).
 */
import { crc32 } from 'node:zlib';
import { sha256Hex } from '../../std/sha256.ts';

export interface LockedFolder {
  readonly instance: string;
  /** The real path, at the moment of asking. */
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
}

const addressBytes = 108;

/** In the one order in which they are taken. */
export function lockNames(folder: LockedFolder): readonly string[] {
  return [thirdName(folder), secondName(folder), firstName(folder)];
}

/** Since November 2026: follows the folder over renames and under every path that leads to it. */
function thirdName({ instance, device, inode }: LockedFolder): string {
  return addressOf(`podkin-lock-3-${device.toString(16)}-${inode.toString(16)}-${instance}`);
}

/** Of builds since 353eed4: the path as a checksum. */
function secondName({ instance, path }: LockedFolder): string {
  return addressOf(`podkin-lock-${instance}-${crc32(path).toString(16).padStart(8, '0')}`);
}

/** Of builds before 353eed4, back to the first: instance and path as a hash. */
function firstName({ instance, path }: LockedFolder): string {
  return addressOf(`podkin-lock-${sha256Hex(`${instance}\n${path}`)}`);
}

/**
 * An abstract address of exactly the 108 bytes that there are: Node 20 fills a shorter one up with zero bytes
 * and Node 24 does not, so that two of them would listen on two addresses of one name.
 */
function addressOf(name: string): string {
  const address = `\0${name}`;
  // Node 20 would cut it in silence.
  if (Buffer.byteLength(address) > addressBytes) throw new Error(`"${name}" is too long for a lock's name`);
  return address.padEnd(addressBytes, '-');
}
