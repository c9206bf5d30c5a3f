/**
 * Puts a whole file in place, inside what the pod may write: temporary file beside it, fsync, rename. A
 * reader sees the old content or the new, never a part, also after a crash. Absent by intent: writing through
 * to a file that has a second name (hard link) somewhere else.
 *
 * On Linux every name is taken through the descriptor of the directory that was checked
 * (`/proc/self/fd/N/name`), so whatever is swapped in above it, nothing is made or changed elsewhere. What is
 * left there: a directory that is itself moved out of the scope after the check takes its new file along.
 * Elsewhere names are whole paths. On macOS opening one follows no link anywhere in it, so an empty directory
 * is all that a link swapped in at the right instant can lead outside; on other systems an empty file with a
 * random name as well. Content goes only into a file that was found at its right place, and a rename finds
 * the random name nowhere else.
 */
import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { lstat, mkdir, open, realpath, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Access } from './access.ts';
import { carryOver } from './carry-over.ts';
import { blockedFolder, checkInside, checkReal, movedMeanwhile, noLink, openExact } from './open-inside.ts';
import type { CheckedPath, OpenedPath } from './open-inside.ts';
import { normalRoot } from './roots.ts';
import { syncFile } from '../../std/sync-file.ts';
import { errorCode, refusal, refusalFrom } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** The file as the caller looked at it, or `absent`. Found otherwise at the end, nothing is replaced. */
export type Expected = 'absent' | BigIntStats;

/**
 * Writes `content` as the whole of the file at `path`; directories that are missing on the way are made.
 * Owner, mode, access list and attributes of a file that exists are kept: where a new file cannot have them,
 * the old one is written in place. A new one gets 0o666 less the umask. A link at the end is followed and
 * stays. Between the last look and the rename there is a gap of microseconds in which another process's write
 * can still be overwritten.
 */
export async function replaceInside(
  access: Access,
  path: string,
  content: Uint8Array,
  expected: Expected,
): Promise<CheckedPath | Refusal> {
  const checked = await checkInside(access, 'write', path);
  if (!checked.ok) return checked;
  try {
    const folder = dirname(checked.realPath);
    const directory = await openDirectory(access, folder, path);
    if (!directory.ok) return directory;
    try {
      const name = basename(checked.realPath);
      if (directory.realPath !== folder) {
        const realPath = join(directory.realPath, name);
        const again = await checkReal(access, { right: 'write', path, realPath });
        if (!again.ok) return again;
      }
      const wanted = { name, path, content, expected };
      // Handed down by itself it is a mount in others' sandboxes, which a new file in its place would detach.
      const isRoot = expected !== 'absent' && access.scope.write.map(normalRoot).includes(checked.realPath);
      const done = isRoot ? 'inPlace' : await replaceIn(directory, wanted);
      const refused = done === 'inPlace' ? await overwriteIn(directory, wanted, access.outputs) : done;
      return refused ?? checked;
    } finally {
      await directory.handle.close();
    }
  } catch (error) {
    return refusalFrom(error, 'write', path);
  }
}

interface Replacement {
  readonly name: string;
  readonly path: string;
  readonly content: Uint8Array;
  readonly expected: Expected;
}

/** `inPlace` where a new file would not have all that the old one has; nothing is changed then. */
async function replaceIn(
  directory: OpenedPath,
  wanted: Replacement,
): Promise<Refusal | 'inPlace' | undefined> {
  const target = entryOf(directory, wanted.name);
  const refused = await writable(target, wanted.path);
  if (refused !== undefined) return refused;
  // The name is ours alone and new (O_EXCL), whatever else stands in the directory. When the scope's root is
  // the file itself, this is for an instant the one thing that stands beside it.
  const temporary = entryOf(directory, `.podkin-${randomBytes(8).toString('hex')}.tmp`);
  const handle = await open(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noLink(),
    // What replaces a private file is private from its first byte on.
    wanted.expected === 'absent' ? 0o666 : 0o600,
  );
  let renamed = false;
  try {
    try {
      if (!(await isIn(directory, temporary))) return movedMeanwhile(wanted.path);
      if (wanted.expected !== 'absent' && !(await keepsAll(target, handle, wanted.expected)))
        return 'inPlace';
      await handle.writeFile(wanted.content);
      await syncFile(handle);
    } finally {
      await handle.close();
    }
    const changed = await differs(target, wanted);
    if (changed !== undefined) return changed;
    await rename(temporary, target);
    renamed = true;
  } finally {
    if (!renamed) await removeIfThere(temporary);
  }
  await syncFile(directory.handle);
  return undefined;
}

/**
 * In place, through the descriptor of the very file that was looked at: a reader may see a part, and a crash
 * may leave one; the old text is in the outputs until the new one is whole.
 */
async function overwriteIn(
  directory: OpenedPath,
  wanted: Replacement,
  outputs: string,
): Promise<Refusal | undefined> {
  const target = entryOf(directory, wanted.name);
  const refused = (await writable(target, wanted.path)) ?? (await differs(target, wanted));
  if (refused !== undefined) return refused;
  if (wanted.expected === 'absent') return movedMeanwhile(wanted.path);
  const kept = await keptCopy(target, wanted.expected, outputs);
  const handle = await open(target, constants.O_WRONLY | noLink() | constants.O_NONBLOCK);
  try {
    const { dev, ino } = await handle.stat({ bigint: true });
    if (dev !== wanted.expected.dev || ino !== wanted.expected.ino) return movedMeanwhile(wanted.path);
    let at = 0;
    while (at < wanted.content.length) {
      at += (await handle.write(wanted.content, at, wanted.content.length - at, at)).bytesWritten;
    }
    await handle.truncate(wanted.content.length);
    await syncFile(handle);
  } catch (error) {
    if (kept === null || errorCode(error) === undefined) throw error;
    const why = `${errorCode(error)} while it was written in place, so a part may be new`;
    return refusal('failed', `${wanted.path}: ${why}. Its old text is in ${kept.path}.`);
  } finally {
    await handle.close();
  }
  await kept?.remove();
  return undefined;
}

/** Null where the old text cannot be read, or there are no outputs. */
async function keptCopy(
  target: string,
  { ino, dev }: BigIntStats,
  outputs: string,
): Promise<{ readonly path: string; remove(): Promise<void> } | null> {
  const path = join(outputs, `before-write-${randomBytes(8).toString('hex')}`);
  try {
    const old = await open(target, constants.O_RDONLY | noLink() | constants.O_NONBLOCK);
    try {
      const found = await old.stat({ bigint: true });
      if (found.ino !== ino || found.dev !== dev) return null;
      await mkdir(outputs, { mode: 0o700 }).catch(unlessThere);
      const copy = await open(path, 'wx', 0o600);
      try {
        await copy.writeFile(await old.readFile());
        await syncFile(copy);
      } finally {
        await copy.close();
      }
    } finally {
      await old.close();
    }
    return { path, remove: () => removeIfThere(path) };
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return null;
  }
}

function unlessThere(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error;
}

/** Rename asks only the directory for permission; a file that is write-protected must stay so. */
async function writable(target: string, path: string): Promise<Refusal | undefined> {
  try {
    const found = await lstat(target);
    if (!found.isFile()) return refusal('failed', `${path} is not a regular file, so it is not written.`);
    if (found.nlink > 1) {
      const names = `${found.nlink} names (hard links)`;
      return refusal(
        'denied',
        `Denied: ${path} has ${names}, so a write would reach another path too. Copy it, then write the copy.`,
      );
    }
    if ((found.mode & 0o6000) !== 0) {
      return refusal(
        'failed',
        `${path} has the set-user-id or set-group-id bit, which a write takes away, so it is not written. Take the bit away first (chmod u-s,g-s), or write a copy.`,
      );
    }
    const handle = await open(target, constants.O_WRONLY | noLink() | constants.O_NONBLOCK);
    await handle.close();
    return undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** A refusal when the target is no longer what the caller looked at. */
async function differs(target: string, wanted: Replacement): Promise<Refusal | undefined> {
  const now = await statOf(target);
  const then = wanted.expected;
  const same =
    now === 'absent' || then === 'absent'
      ? now === then
      : now.dev === then.dev &&
        now.ino === then.ino &&
        now.size === then.size &&
        now.mtimeNs === then.mtimeNs &&
        now.nlink === then.nlink;
  if (same) return undefined;
  return refusal(
    'changed',
    `${wanted.path} was changed by somebody else in this moment; nothing was written. Read it again.`,
  );
}

async function statOf(target: string): Promise<Expected> {
  try {
    return await lstat(target, { bigint: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'absent';
    throw error;
  }
}

/** Whether the new file has all that the old one has beside its text. */
async function keepsAll(target: string, made: FileHandle, old: BigIntStats): Promise<boolean> {
  if (process.platform !== 'linux') {
    // Access lists and attributes are lost there.
    await made.chmod(Number(old.mode & 0o777n));
    const { uid, gid } = await made.stat({ bigint: true });
    return uid === old.uid && gid === old.gid;
  }
  let handle: FileHandle;
  try {
    handle = await open(target, constants.O_RDONLY | noLink() | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true;
    // It may be written and not read.
    if (errorCode(error) === 'EACCES') return false;
    throw error;
  }
  try {
    return await carryOver(handle, made);
  } finally {
    await handle.close();
  }
}

/** Where names are whole paths: whether the file that was just made is in the directory that was checked. */
async function isIn(directory: OpenedPath, temporary: string): Promise<boolean> {
  if (viaDescriptor(directory)) return true;
  return (await realpath(temporary)) === join(directory.realPath, basename(temporary));
}

async function removeIfThere(temporary: string): Promise<void> {
  try {
    await unlink(temporary);
  } catch (error) {
    // The directory was moved with it.
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/**
 * Opens the directory at a real path that is already checked, making it and what is missing above it, where
 * no deny stands against that. Above a root that does not exist yet this makes directories outside of the
 * scope: they are what granting that root asked for.
 */
async function openDirectory(
  access: Access,
  realPath: string,
  shownPath: string,
): Promise<OpenedPath | Refusal> {
  try {
    return directoryOnly(await openExact(realPath, shownPath), shownPath);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  const blocked = await blockedFolder(access, shownPath, realPath);
  if (blocked !== undefined) return blocked;
  const parent = await openDirectory(access, dirname(realPath), shownPath);
  if (!parent.ok) return parent;
  try {
    await mkdir(entryOf(parent, basename(realPath)));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await parent.handle.close();
  }
  return directoryOnly(await openExact(realPath, shownPath), shownPath);
}

async function directoryOnly(opened: OpenedPath | Refusal, shownPath: string): Promise<OpenedPath | Refusal> {
  if (!opened.ok || opened.stats.isDirectory()) return opened;
  await opened.handle.close();
  return refusal(
    'failed',
    `Can not write ${shownPath}: ${opened.realPath} is a file, not a directory. Check the path.`,
  );
}

/** A name in an opened directory. */
function entryOf(directory: OpenedPath, name: string): string {
  return join(viaDescriptor(directory) ? `/proc/self/fd/${directory.handle.fd}` : directory.realPath, name);
}

function viaDescriptor(directory: OpenedPath): boolean {
  return process.platform === 'linux' && existsSync(`/proc/self/fd/${directory.handle.fd}`);
}
