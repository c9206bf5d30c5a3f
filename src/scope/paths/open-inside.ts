/**
 * Opens what a pod may touch, and nothing else. The real path is computed and checked first; after the open
 * the descriptor itself is asked where it points, so that a link swapped in between is noticed. Absent by
 * intent: opening devices, pipes, sockets and what is no file but the kernel speaking.
 *
 * A second name (hard link) of a file is read under the name's own rights: such links are everyday (package
 * stores, checkouts), and whoever could make one inside the scope could read the file anyway.
 */
import { constants } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { lstat, open, readlink, realpath, stat, statfs } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PathRight } from '../../session/facts/entries.ts';
import {
  type Access,
  type PathAccess,
  type Rules,
  blockAt,
  blockOf,
  denialOf,
  lookalikes,
  mayTraverse,
  protectedText,
  rulesOf,
} from './access.ts';
import { foldedName } from './folded-name.ts';
import { hookPlaces, hookProtection } from './git-hooks.ts';
import { linkProtection } from './protected-links.ts';
import { mayBeSame, realDeny, realOrFuturePath, realRoot } from './real-path.ts';
import { errorCode, refusal, refusalFrom } from './refusal.ts';
import type { Refusal } from './refusal.ts';

export interface OpenedPath {
  readonly ok: true;
  /** Open for reading; the caller closes it. */
  readonly handle: FileHandle;
  readonly realPath: string;
  readonly stats: BigIntStats;
}

export interface CheckedPath {
  readonly ok: true;
  readonly realPath: string;
}

/**
 * Opens a regular file or a directory for reading. `right` is what the pod must have on its real path. Every
 * failure that the file system knows is a refusal.
 */
export async function openInside(
  access: Access,
  right: PathRight,
  path: string,
): Promise<OpenedPath | Refusal> {
  const checked = await checkInside(access, right, path);
  if (!checked.ok) return checked;
  try {
    // Before the open: opening a device can already have effects.
    const before = await lstat(checked.realPath);
    if (!before.isFile() && !before.isDirectory()) return notRegular(path);
    const opened = await openExact(checked.realPath, path);
    if (!opened.ok || opened.realPath === checked.realPath) return opened;
    // The system spells the path differently than it was found: what it says is what counts.
    const again = await checkReal(access, { right, path, realPath: opened.realPath });
    if (again.ok) return opened;
    await opened.handle.close();
    return again;
  } catch (error) {
    return refusalFrom(error, right, path);
  }
}

/**
 * Opens a place for a search: also a directory of which only `/*` may be read. What is found there is told as
 * `mayShow` says.
 */
export async function openToSearch(access: Access, path: string): Promise<OpenedPath | Refusal> {
  const opened = await openInside(access, 'read', path);
  if (opened.ok || opened.kind !== 'denied') return opened;
  const realPath = await realRoot(path);
  const { scope } = access;
  if (!mayTraverse(scope, realPath)) return opened;
  // For this one open the directory itself counts as readable; denies stand against it as ever.
  return await openInside(
    { ...access, scope: { ...scope, read: [...scope.read, realPath] } },
    'read',
    realPath,
  );
}

/**
 * Where `path` really is, links followed, if the pod has `right` there. What does not exist yet is its
 * longest existing ancestor's real path plus the rest; a link to nothing is refused, since writing through it
 * would make its target.
 */
export async function checkInside(
  access: Access,
  right: PathRight,
  path: string,
): Promise<CheckedPath | Refusal> {
  try {
    const realPath = await realOrFuturePath(resolve(path));
    if (realPath === undefined) {
      return refusal(
        'failed',
        `${path} is, or goes through, a symbolic link to nothing. Use the path that is meant.`,
      );
    }
    return await checkReal(access, { right, path, realPath });
  } catch (error) {
    return refusalFrom(error, right, path);
  }
}

/** The same for a path that is real already. */
export async function checkReal(access: Access, wanted: PathAccess): Promise<CheckedPath | Refusal> {
  const rules = await rulesNow(access);
  const denied =
    denialOf(rules, wanted) ?? (await sameAsBlocked(rules, wanted)) ?? hookDenial(access, wanted);
  return denied === undefined ? { ok: true, realPath: wanted.realPath } : refusal('denied', denied);
}

function hookDenial({ scope }: Access, wanted: PathAccess): string | undefined {
  if (wanted.right === 'read') return undefined;
  const why =
    hookProtection(scope, hookPlaces(scope.write, [wanted.realPath]), wanted.realPath) ??
    linkProtection(scope, wanted.realPath);
  return why === undefined ? undefined : protectedText(wanted, why);
}

/**
 * Undefined where a directory may be made on the way to a file that may be written, else why not. `realPath`
 * is the directory's.
 */
export async function blockedFolder(
  access: Access,
  path: string,
  realPath: string,
): Promise<Refusal | undefined> {
  const rules = await rulesNow(access);
  const wanted: PathAccess = { right: 'write', path, realPath };
  const denied = blockOf(rules, wanted) ?? (await sameAsBlocked(rules, wanted));
  return denied === undefined ? undefined : refusal('denied', denied);
}

async function sameAsBlocked(rules: Rules, wanted: PathAccess): Promise<string | undefined> {
  for (const { prefix, base, text } of lookalikes(rules, wanted)) {
    if (await mayBeSame(prefix, base)) return text;
  }
  return undefined;
}

/** The rules for a run of questions about real paths, as the disk is now; see `mayShow`. */
export async function rulesNow(access: Access): Promise<Rules> {
  return await realRules(rulesOf(access));
}

/** Whether what a search has found at a real path may be told. */
export async function mayShow(rules: Rules, realPath: string): Promise<boolean> {
  const wanted: PathAccess = { right: 'read', path: realPath, realPath };
  return denialOf(rules, wanted) === undefined && (await sameAsBlocked(rules, wanted)) === undefined;
}

/**
 * Denies and podkin's own places hold under the name that was given and where that leads now. The roots that
 * allow are real since they were granted.
 */
async function realRules(rules: Rules): Promise<Rules> {
  const blocks = await Promise.all(
    rules.blocks.map(async (block) => {
      const real = block.kind === 'kernel' ? block.root : await realDeny(block.root);
      return real === block.root ? [block] : [block, ...blockAt(real, block.right, block.kind)];
    }),
  );
  const outputs = await Promise.all(rules.outputs.map(realRoot));
  return { ...rules, blocks: blocks.flat(), outputs };
}

/**
 * Opens a real path for reading and makes sure that this very path was opened: no link at its end, none
 * swapped in above it, nothing but a regular file or a directory. `shownPath` is the name for messages. The
 * answer's `realPath` is as the system spells it. Throws the system's errors.
 */
export async function openExact(realPath: string, shownPath: string): Promise<OpenedPath | Refusal> {
  // O_NONBLOCK: should a pipe have taken the file's place, the open must not wait for its other end.
  const handle = await open(realPath, constants.O_RDONLY | noLink() | constants.O_NONBLOCK);
  let kept = false;
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile() && !stats.isDirectory()) return notRegular(shownPath);
    const isAt = await placeOf(handle, stats, realPath);
    if (isAt === undefined || !maySpell(isAt, realPath)) return movedMeanwhile(shownPath);
    if (await isOfKernel(handle)) return ofKernel(shownPath);
    kept = true;
    return { ok: true, handle, realPath: isAt, stats };
  } finally {
    if (!kept) await handle.close();
  }
}

export function movedMeanwhile(path: string): Refusal {
  return refusal('changed', `${path} was moved or replaced while it was being opened. Try again.`);
}

/**
 * No link at the path's end; on macOS none anywhere in it, for which it has a flag that Node does not name
 * (O_NOFOLLOW_ANY).
 */
export function noLink(): number {
  return process.platform === 'darwin' ? 0x2000_0000 : constants.O_NOFOLLOW;
}

/**
 * Where the descriptor points; where the system cannot tell, `realPath` if that leads to what is open. The
 * second way alone can be deceived by links that are swapped twice in between: on macOS the open itself
 * follows none.
 */
async function placeOf(
  handle: FileHandle,
  stats: BigIntStats,
  realPath: string,
): Promise<string | undefined> {
  if (process.platform === 'linux') {
    try {
      return await readlink(`/proc/self/fd/${handle.fd}`);
    } catch (error) {
      // Without /proc there is the second way.
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
  try {
    const spelt = await realpath(realPath);
    const now = await stat(realPath, { bigint: true });
    return now.dev === stats.dev && now.ino === stats.ino ? spelt : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The same path, or one that a file system may take for the same; the caller then checks the other spelling.
 */
function maySpell(one: string, other: string): boolean {
  return one === other || foldedName(one) === foldedName(other);
}

/**
 * Magic numbers of file systems whose files are the kernel speaking, wherever they are mounted: proc, sysfs,
 * debugfs, tracefs, securityfs, cgroup, cgroup2, configfs, devpts.
 */
const kernelFileSystems = new Set([
  0x9fa0, 0x62656572, 0x64626720, 0x74726163, 0x73636673, 0x27e0eb, 0x63677270, 0x62656570, 0x1cd1,
]);

async function isOfKernel(handle: FileHandle): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  try {
    return kernelFileSystems.has((await statfs(`/proc/self/fd/${handle.fd}`)).type);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function ofKernel(path: string): Refusal {
  return refusal('denied', `Denied: ${path} shows processes or the kernel, not files.`);
}

function notRegular(path: string): Refusal {
  return refusal(
    'failed',
    `${path} is a device, pipe or socket. Only regular files and directories are opened.`,
  );
}
