/**
 * Where a pod listens, told beside its log: whoever asks may have other ideas of where sockets are (another
 * XDG_RUNTIME_DIR or TMPDIR: cron, sudo, ssh, a login shell), and may be in another container. The file is a
 * cache of what the newest incarnation's `started` says. It names the folder in which it was written, so that
 * a copy of a home does not lead to the pods of the original. Where it is missing (older builds) the address
 * follows from the instance.
 *
 * An incarnation that begins first writes its address under a name of its own beside the file, and looks
 * whether another did so too: of two that cannot see each other's locks at most one goes on. The name becomes
 * the file once the start stands in the log on disk.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { isOfTexts, isPlain, isWholeNumber } from '../../std/fast-guards.ts';
import { type JsonValue, jsonIn } from '../../std/json.ts';
import type { Namespaces } from '../../std/namespaces.ts';
import type { ProcessIdentity } from '../../std/process-identity.ts';
import { systemCode } from '../../std/system-code.ts';
import { socketName } from '../../protocol/socket-name.ts';
import { StorageFailed } from '../log/storage-failed.ts';
import type { PodFolder } from './home.ts';
import type { Home } from './places.ts';

export interface PodAddress {
  readonly instance: string;
  readonly socket: string;
  readonly process: ProcessIdentity;
  readonly namespaces: Namespaces;
}

/** A pod, and where it is in the home. */
export interface Placed {
  readonly instance: string;
  readonly folder: PodFolder;
}

/**
 * Where the pod is to be reached from here: its own word where that leads to something, else where its
 * instance would have it.
 */
export function podSocket(home: Home, { instance, folder }: Placed): string {
  const derived = join(home.runtime, socketName(instance));
  const known = readAddress(folder, instance)?.socket;
  return known !== undefined && (known === derived || existsSync(known)) ? known : derived;
}

/** Null where there is none, or none that is this instance's in this folder. */
export function readAddress(folder: PodFolder, instance: string): PodAddress | null {
  return addressIn(folder.address, folder, instance);
}

/** Names of what starts under way, or cut off, have written, and what stands in it. */
export function addressClaims(
  folder: PodFolder,
  instance: string,
): { path: string; address: PodAddress | null }[] {
  return readdirSync(folder.path)
    .filter((name) => name.startsWith(claimBeginning))
    .map((name) => join(folder.path, name))
    .map((path) => ({ path, address: addressIn(path, folder, instance) }));
}

const claimBeginning = '.address-';

export class AddressClaim {
  readonly #folder: PodFolder;
  readonly #path: string;
  readonly #before: string;

  /** `before`: the file's text at the time when the incarnation that it names was judged (`addressText`). */
  constructor(folder: PodFolder, address: PodAddress, before: string) {
    this.#folder = folder;
    this.#before = before;
    this.#path = join(folder.path, `${claimBeginning}${Math.random().toString(36).slice(2, 12)}`);
    try {
      writeFileSync(this.#path, textOf(folder, address), { flag: 'wx', mode: 0o600 });
    } catch (cause) {
      this.withdraw();
      throw notWritten(folder, cause);
    }
  }

  /** False where another incarnation begins, or has begun since. */
  isAlone(): boolean {
    const names = readdirSync(this.#folder.path).filter((name) => name.startsWith(claimBeginning));
    // After the claims: a claim that became the file is seen as the one or as the other.
    return names.every((name) => name === basename(this.#path)) && addressText(this.#folder) === this.#before;
  }

  /** From now on it is the pod's address. Not synced: after a loss of power nobody listens there. */
  settle(): void {
    try {
      renameSync(this.#path, this.#folder.address);
    } catch (cause) {
      throw notWritten(this.#folder, cause);
    }
  }

  withdraw(): void {
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // The next start judges what it names, and removes it.
    }
  }
}

/** Told by the log, which a person knows and which could not be written there either. */
function notWritten({ path, log }: PodFolder, cause: unknown): StorageFailed {
  const full = systemCode(cause) === 'ENOSPC' || systemCode(cause) === 'EDQUOT';
  const advice = full
    ? 'free some space, then restore the pod'
    : `the folder ${path} must belong to you and be writable ("ls -ld" shows both); set that right, then restore the pod`;
  return new StorageFailed({
    path: log,
    doing: "writing the pod's address beside",
    advice,
    fatal: true,
    cause,
  });
}

/** Replaces the address of an incarnation that has moved its socket. */
export function rewriteAddress(folder: PodFolder, address: PodAddress): void {
  new AddressClaim(folder, address, '').settle();
}

/** Empty where there is none. */
export function addressText(folder: PodFolder): string {
  return textAt(folder.address) ?? '';
}

const fields = ['version', 'instance', 'folder', 'socket', 'process', 'namespaces'];

function textOf(folder: PodFolder, { instance, socket, process, namespaces }: PodAddress): string {
  const { pid, startTime, bootId } = process;
  const known = { version: 1, instance, folder: identityOf(folder), socket };
  return `${JSON.stringify({ ...known, process: { pid, startTime, bootId }, namespaces })}\n`;
}

function addressIn(path: string, folder: PodFolder, wanted: string): PodAddress | null {
  const text = textAt(path);
  const value = text === null ? null : (jsonIn(text) ?? null);
  if (!isPlain(value, fields)) return null;
  const { instance, socket, process, namespaces } = value;
  if (instance !== wanted || typeof socket !== 'string' || !isAbsolute(socket)) return null;
  if (basename(socket) !== socketName(wanted) || value['folder'] !== identityOf(folder)) return null;
  if (!isIdentity(process) || !areNamespaces(namespaces)) return null;
  return { instance: wanted, socket, process, namespaces };
}

function isIdentity(
  value: JsonValue | undefined,
): value is { pid: number; startTime: string; bootId: string } {
  if (!isPlain(value, ['pid', 'startTime', 'bootId'])) return false;
  const { pid, ...texts } = value;
  return isWholeNumber(pid, 1) && isOfTexts(texts, ['startTime', 'bootId']);
}

function areNamespaces(
  value: JsonValue | undefined,
): value is { network: string | null; process: string | null } {
  if (!isPlain(value, ['network', 'process'])) return false;
  return Object.values(value).every((name) => name === null || typeof name === 'string');
}

/** Device and inode: the same over renames and under every path, another for a copy. */
function identityOf(folder: PodFolder): string | null {
  const stats = statSync(folder.path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? null : `${stats.dev}:${stats.ino}`;
}

/**
 * A cache: whatever stands in its place, a pipe or a device too, costs nobody more than what it would have
 * told.
 */
function textAt(path: string): string | null {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(fd);
    return stats.isFile() && stats.size <= addressBytesMax ? readFileSync(fd, 'utf8') : null;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return null;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

const addressBytesMax = 16 * 1024;
