/**
 * The images of a session, each in a file beside the log that is named by its content: whoever names it finds
 * these bytes or none.
 *
 * Absent: a list of them. A file that no entry names, because the process ended before, goes with the pod.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../../std/atomic-write.ts';
import { imageBytesMax } from '../../std/image.ts';
import { syncFile } from '../../std/sync-file.ts';
import { systemCode } from '../../std/system-code.ts';
import type { PodFolder } from './home.ts';

/** Of all images of one pod together; what a request shows are the newest, and never near so many. */
const keptBytesMax = 512 * 1024 * 1024;
const namePattern = /^[0-9a-f]{64}$/;

/** On disk, with its name, once it resolves; its hash. Rejects with the file system's error. */
export async function keepImage(
  { path, images }: Pick<PodFolder, 'path' | 'images'>,
  content: Uint8Array,
  bytesMax: number = keptBytesMax,
): Promise<string> {
  const hash = createHash('sha256').update(content).digest('hex');
  if ((await mkdir(images, { recursive: true, mode: 0o700 })) !== undefined) syncFolder(path);
  const draft = join(images, `.${hash}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await syncFile(handle);
    } finally {
      await handle.close();
    }
    // Also over one that is there: whatever became of it, these are its bytes, and it is among the newest.
    await rename(draft, join(images, hash));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  syncFolder(images);
  await removeOld(images, hash, bytesMax);
  return hash;
}

/** Null where it is gone, or is not what its name says. */
export async function readImage({ images }: Pick<PodFolder, 'images'>, hash: string): Promise<Buffer | null> {
  if (!namePattern.test(hash)) return null;
  try {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
    const handle = await open(join(images, hash), flags);
    try {
      const stats = await handle.stat();
      if (!stats.isFile() || stats.size > imageBytesMax) return null;
      const content = await handle.readFile();
      return createHash('sha256').update(content).digest('hex') === hash ? content : null;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return null;
  }
}

/** The oldest first; drafts of a process that has ended too. Never rejects: a bound is no reason to fail. */
async function removeOld(images: string, newest: string, bytesMax: number): Promise<void> {
  const names = await readdir(images).catch(() => []);
  const files = await Promise.all(
    names
      .filter((name) => name !== newest)
      .map(async (name) => {
        const found = await stat(join(images, name)).catch(() => null);
        return { name, size: found?.size ?? 0, mtimeMs: found?.mtimeMs ?? 0 };
      }),
  );
  let bytes = files.reduce((sum, { size }) => sum + size, 0);
  for (const { name, size } of files.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (bytes <= bytesMax) return;
    await rm(join(images, name), { force: true }).catch(() => undefined);
    bytes -= size;
  }
}
