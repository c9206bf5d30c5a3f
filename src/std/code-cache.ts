/**
 * V8's code cache of one program, in a file: what was compiled once is not compiled at the next start. A
 * cache is code. It is taken only from a file of this user's that nobody else may write, and only whole: V8
 * itself does not look whether its bytes are the ones that were written.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/**
 * As many caches of a program stay: one for each version of Node, build and flags in use. The oldest go when
 * one is written.
 */
const cachesMax = 4;
/** A younger unfinished file may still be in the writing. */
const unfinishedMsMax = 60_000;
const ending = '.cache';
/** The file begins with its data's CRC-32, little-endian. */
const checksumBytes = 4;
const ours = /^([a-z]+)-.*\.(cache|tmp)$/;

/**
 * The file's name for a program under this Node: another version, processor, flag or build of it is another
 * file. `name` is in small letters.
 */
export function cacheFileName(name: string, program: Buffer): string {
  const { version, arch, execArgv, env } = process;
  const flags = JSON.stringify([execArgv, env['NODE_OPTIONS'] ?? '']);
  return `${name}-${version}-${arch}-${hex(Buffer.from(flags))}-${program.length}-${hex(program)}${ending}`;
}

/**
 * Undefined where there is none, where it is damaged, and where it is not this user's alone to write. Never
 * throws.
 */
export function readCodeCache(path: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.uid !== process.getuid?.() || (stats.mode & 0o022) !== 0) return undefined;
    const bytes = readFileSync(fd);
    if (bytes.length <= checksumBytes) return undefined;
    const data = bytes.subarray(checksumBytes);
    return crc32(data) === bytes.readUInt32LE(0) ? data : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Puts the cache in its place, whole or not at all, and removes old ones. Rejects with the file system's
 * error; nothing unfinished is left then. Not synced: after a power failure the checksum tells.
 */
export async function writeCodeCache(folder: string, name: string, data: Buffer): Promise<void> {
  // A start that finds its cache has no use for it.
  const { mkdir, rename, rm, writeFile } = await import('node:fs/promises');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const checksum = Buffer.alloc(checksumBytes);
  checksum.writeUInt32LE(crc32(data));
  const unfinished = join(folder, `${name}.${process.pid}.tmp`);
  try {
    await writeFile(unfinished, Buffer.concat([checksum, data]), { mode: 0o600, flag: 'wx' });
    await rename(unfinished, join(folder, name));
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
  const program = ours.exec(name)?.[1];
  if (program !== undefined) await removeOld(folder, program);
}

/** Of one program. */
async function removeOld(folder: string, program: string): Promise<void> {
  const { readdir, rm, stat } = await import('node:fs/promises');
  const names = (await readdir(folder)).filter((name) => ours.exec(name)?.[1] === program);
  const files = await Promise.all(
    names.map(async (name) => ({
      path: join(folder, name),
      whole: name.endsWith(ending),
      mtimeMs: await stat(join(folder, name)).then(
        (stats) => stats.mtimeMs,
        () => 0,
      ),
    })),
  );
  const youngestFirst = files.filter(({ whole }) => whole).sort((a, b) => b.mtimeMs - a.mtimeMs);
  const left = files.filter(({ whole, mtimeMs }) => !whole && mtimeMs < Date.now() - unfinishedMsMax);
  for (const { path } of [...youngestFirst.slice(cachesMax), ...left]) await rm(path, { force: true });
}

function hex(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}
