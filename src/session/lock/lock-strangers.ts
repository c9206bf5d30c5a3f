/**
 * Whether a name of a lock is held by another user. Abstract addresses have no owner: anybody who has read
 * one
 * in /proc/net/unix can bind it once its holder is gone. A name counts as a stranger's only where that is
 * certain: every process of ours can be seen, and none of them has a socket of that name. All else counts as
 * held:
 * - in a PID namespace of its own (others of ours may share the network and not be shown), or where /proc
 *   hides processes;
 * - where the folder, or anything in it, is not this user's (root may have run a pod there);
 * - where a process of ours that may be a Node hides its files.
 */
import { lstatSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../std/system-code.ts';
import { ownNamespaces } from '../../std/namespaces.ts';

/** The kernel's fixed number of the first one, which sees all processes. */
const firstPidNamespace = 'pid:[4026531836]';

/** `answered`: the process that the holder says it is, looked at first. */
export function isStrangers(name: string, folder: string, answered?: number): boolean {
  const uid = process.geteuid?.();
  if (uid === undefined || ownNamespaces().process !== firstPidNamespace) return false;
  try {
    // The list is not read at one instant: a socket that is there all the time could be missing in one.
    const inodes = new Set([...inodesOf(name), ...inodesOf(name), ...inodesOf(name)]);
    if (inodes.size === 0) return false;
    // The usual case, and cheap. A lie has no use: the process has to be ours and to have the socket.
    if (answered !== undefined && isOfUser(answered, uid) && holds(answered, inodes) === 'yes') return false;
    const isOthers = isWholly(folder, uid) && !isHeldByUser(uid, inodes);
    if (isOthers) seen.set(name, inodes);
    return isOthers;
  } catch {
    return false;
  }
}

/** What was found to be a stranger's, by its name. */
const seen = new Map<string, ReadonlySet<string>>();

/**
 * Cheap, and less than `isStrangers` says: nothing but what was a stranger's has this name, by what was found
 * then.
 */
export function wasStrangers(name: string): boolean {
  const known = seen.get(name);
  if (known === undefined) return false;
  try {
    const inodes = [...inodesOf(name)];
    return inodes.length > 0 && inodes.every((inode) => known.has(inode));
  } catch {
    return false;
  }
}

/** Names of a lock that another user has at this moment. */
export function strangersNames(names: readonly string[], folder: string): string[] {
  return names.filter((name) => isStrangers(name, folder)).map((name) => name.slice(1).replace(/-+$/, ''));
}

/**
 * Of every socket of that name, accepted ones too. Nobody can forge a line: after a line break in another
 * name no name of 108 bytes has room.
 */
function inodesOf(name: string): Set<string> {
  const wanted = name.replaceAll('\0', '@');
  const found = new Set<string>();
  for (const line of readFileSync('/proc/net/unix', 'latin1').split('\n')) {
    const [, , , , , , inode, path] = line.trim().split(/\s+/);
    if (path === wanted && inode !== undefined && inode !== '0') found.add(inode);
  }
  return found;
}

function isWholly(folder: string, uid: number): boolean {
  const inside = readdirSync(folder).map((entry) => join(folder, entry));
  // Drafts come and go beside a lock that many want: what has gone is nobody's.
  const owners = inside.map((path) => lstatSync(path, { throwIfNoEntry: false })?.uid ?? uid);
  return statSync(folder).uid === uid && owners.every((owner) => owner === uid);
}

function isHeldByUser(uid: number, inodes: ReadonlySet<string>): boolean {
  // Hidden processes could be ours.
  statSync('/proc/1/status');
  for (const pid of readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)) {
    if (!isOfUser(pid, uid)) continue;
    const answer = holds(pid, inodes);
    if (answer === 'yes' || (answer === 'hidden' && mayBeNode(pid))) return true;
  }
  return false;
}

/** By any of its four user ids. False where it has gone. */
function isOfUser(pid: number, uid: number): boolean {
  const status = unlessGone(() => readFileSync(`/proc/${pid}/status`, 'latin1'));
  if (status === null) return false;
  const ids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/);
  if (ids === undefined) throw new Error(`/proc/${pid}/status names no user`);
  return ids.includes(String(uid));
}

/**
 * Threads share their files. Once the first has ended its list is empty, and another may still be in a system
 * call.
 */
function holds(pid: number, inodes: ReadonlySet<string>): 'yes' | 'no' | 'hidden' {
  try {
    const links = linksIn(`/proc/${pid}/fd`);
    if (links.length > 0) return links.some((link) => inodes.has(inodeOf(link))) ? 'yes' : 'no';
    const threads = unlessGone(() => readdirSync(`/proc/${pid}/task`)) ?? [];
    const more = threads.flatMap((thread) => linksIn(`/proc/${pid}/task/${thread}/fd`));
    return more.some((link) => inodes.has(inodeOf(link))) ? 'yes' : 'no';
  } catch {
    return hasEnded(pid) ? 'no' : 'hidden';
  }
}

/** Ended in all its threads and not yet waited for: it has no files, and what it had is hidden. */
function hasEnded(pid: number): boolean {
  const status = unlessGone(() => readFileSync(`/proc/${pid}/status`, 'latin1'));
  return status === null || (/^State:\s+[ZX]/m.test(status) && /^Threads:\s+[01]$/m.test(status));
}

function linksIn(folder: string): string[] {
  const all = unlessGone(() => readdirSync(folder)) ?? [];
  return all.map((fd) => unlessGone(() => readlinkSync(join(folder, fd))) ?? '');
}

function inodeOf(link: string): string {
  return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? '';
}

/** All that take locks run on Node. Others that hide their files are agents for keys and logins. */
function mayBeNode(pid: number): boolean {
  const command = unlessGone(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
  return command !== null && (command === '' || /node|podkin/i.test(command));
}

/** Null where the process, the thread or the file has gone. Throws where it is hidden. */
function unlessGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}
