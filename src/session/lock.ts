/**
 * One writer a pod: the lock of a pod's folder, held by a process until it releases it or ends, however it ends.
 *
 * On Linux a listening abstract socket, which the kernel takes away with its process. It excludes within one network namespace: two containers that
 * share a home must share that too. Elsewhere a lock file that names its holder by pid, start time and boot; taken over only from a holder that
 * is gone. The lock decides, not the process table: for a moment a dying process is still listed while the kernel has freed its lock already.
 * What is absent: waiting, time-outs, heartbeats. A holder that is stopped or busy still holds.
 */
import { systemCode } from '../std/system-code.ts';
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isAlive, ownIdentity } from '../std/process-identity.ts';
import type { ProcessIdentity } from '../std/process-identity.ts';

export interface HeldLock {
  readonly taken: true;
  /** The real path of the folder that it is for. */
  readonly folder: string;
  /** False once released. */
  readonly held: boolean;
  /** Lets the next one in. Harmless twice. */
  release(): Promise<void>;
}
/** Who holds it, where that could be learnt. */
export type Holder = ProcessIdentity;
export interface LockRefused {
  readonly taken: false;
  readonly holder?: Holder;
}

export type LockKind = 'abstractSocket' | 'file';

export interface LockOptions {
  readonly instance: string;
  /** The pod's folder; must exist. */
  readonly folder: string;
  /** The system's own unless told: all who take one lock must take the same kind. */
  readonly kind?: LockKind;
}

/** The lock's folder is not there, or its lock file can not be made. */
export class LockUnavailable extends Error {
  readonly folder: string;

  constructor(folder: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `the lock of ${folder} can not be taken (${why}): check that the folder exists and that you may write in it`,
      { cause },
    );
    this.name = 'LockUnavailable';
    this.folder = folder;
  }
}

/** Takes the lock of a pod's folder, or says that another process (or this one) has it. Never waits for it. Throws `LockUnavailable`. */
export async function takeLock(options: LockOptions): Promise<HeldLock | LockRefused> {
  const folder = realFolder(options.folder);
  return kindOf(options) === 'abstractSocket' ? takeSocket(options.instance, folder) : takeFile(folder);
}

/** Whether somebody holds the lock at this moment; takes and changes nothing. `free` may be over before it is read. Throws `LockUnavailable`. */
export async function probeLock(options: LockOptions): Promise<'held' | 'free'> {
  const folder = realFolder(options.folder);
  if (kindOf(options) === 'file') return probeFile(folder);
  return (await askHolder(socketName(options.instance, folder))).state;
}

function kindOf(options: LockOptions): LockKind {
  return options.kind ?? (process.platform === 'linux' ? 'abstractSocket' : 'file');
}

function realFolder(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch (cause) {
    throw new LockUnavailable(folder, cause);
  }
}

function heldLock(folder: string, letGo: () => Promise<void> | void): HeldLock {
  let released: Promise<void> | null = null;
  return {
    taken: true,
    folder,
    get held() {
      return released === null;
    },
    release: () => (released ??= Promise.resolve(letGo())),
  };
}

// The abstract socket.

/** Time for a holder to say who it is. It is only asked for its name: who holds the lock is decided by then. */
const holderAnswerMs = 250;

const addressBytes = 108;

/**
 * Exactly the 108 bytes that an address has: Node 20 fills a shorter name up with zero bytes and Node 24 does not, so that two
 * of them would listen on two addresses of one name. The checksum only tells copies of one pod's folder apart; a hash that nobody can aim
 * at would cost every start the whole of node:crypto, and whoever could aim could as well bind the name.
 */
function socketName(instance: string, folder: string): string {
  const sum = crc32(folder).toString(16).padStart(8, '0');
  const name = `\0podkin-lock-${instance}-${sum}`;
  // Node 20 would cut it in silence.
  if (Buffer.byteLength(name) > addressBytes) throw new Error(`"${instance}" is too long for a lock's name`);
  return name.padEnd(addressBytes, '-');
}

async function takeSocket(instance: string, folder: string): Promise<HeldLock | LockRefused> {
  const name = socketName(instance, folder);
  for (let tries = 1; ; tries += 1) {
    const server = await listenAlone(name, folder);
    if (server !== null) return heldLock(folder, () => closed(server));
    const { state, holder } = await askHolder(name);
    // Bound and not yet listening, or just ended: for a few turns nobody can be asked.
    if (state === 'held' || tries === 5)
      return holder === undefined ? { taken: false } : { taken: false, holder };
    await nextTurn();
  }
}

/** Null when the address is in use. */
function listenAlone(name: string, folder: string): Promise<Server | null> {
  const server = createServer((asker) => {
    asker.on('error', () => asker.destroy());
    asker.end(JSON.stringify(ownIdentity()), () => asker.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(new LockUnavailable(folder, error));
    });
    server.listen({ path: name, exclusive: true }, () => {
      // A failed accept (no file number left) costs an asker its answer, never the lock.
      server.on('error', () => {});
      server.unref();
      resolve(server);
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()));
}

function askHolder(name: string): Promise<{ state: 'held' | 'free'; holder?: Holder }> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ path: name });
    const settle = (state: 'held' | 'free'): void => {
      clearTimeout(deadline);
      socket.destroy();
      const holder = parseHolder(text);
      resolve(holder === null ? { state } : { state, holder });
    };
    const deadline = setTimeout(settle, holderAnswerMs, 'held');
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => (text += part));
    socket.on('close', () => settle('held'));
    // EAGAIN and the like: somebody listens whose queue is full.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      settle(error.code === 'ECONNREFUSED' ? 'free' : 'held'),
    );
  });
}

function parseHolder(text: string): (Holder & { claim?: string }) | null {
  // Most of those that are asked have ended and say nothing; an error for each would be a good part of a list of pods.
  if (text === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder & { claim?: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'startTime' in value &&
    typeof value.startTime === 'string' &&
    'bootId' in value &&
    typeof value.bootId === 'string'
  );
}

// The lock file.
//
// A claim is a file with its holder's identity and a random id of its own, complete before it gets its name by link(), which only one can win.
// `lock` is the claim in force. From a dead claim C the right to take over is a claim as well, named `lock.after-<id of C>`; who wins that looks
// whether `lock` is still C, and only then renames its own claim over it. Should the winner die before the rename, the right to take over from
// *it* is the next name in the chain. A claim is only removed after `lock` has moved on, and ids never come back: whoever acts on a late look at
// C wins an empty name, finds that `lock` is another, and gives up.

type Claim = Holder & { readonly claim: string };

function takeFile(folder: string): HeldLock | LockRefused {
  const path = join(folder, 'lock');
  const mine: Claim = { ...ownIdentity(), claim: randomUUID() };
  const draft = `${path}.${mine.claim}`;
  try {
    writeDurably(draft, JSON.stringify(mine));
    const holder = claimLock(path, draft);
    if (holder !== null) return { taken: false, holder: identityOf(holder) };
    return heldLock(folder, () => {
      if (readClaim(path)?.claim === mine.claim) rmSync(path, { force: true });
    });
  } catch (cause) {
    throw cause instanceof LockUnavailable ? cause : new LockUnavailable(folder, cause);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Null when `lock` is ours now, else who has it, or is about to. */
function claimLock(path: string, draft: string): Claim | null {
  for (;;) {
    if (linkIfFree(draft, path)) return null;
    const stale = readClaim(path);
    // Null: released between the two calls; try again.
    if (stale !== null && isAlive(stale) === 'alive') return stale;
    const right = stale === null ? null : claimSuccession(path, draft, stale);
    if (right === null) continue;
    if ('heir' in right) return right.heir;
    if (readClaim(path)?.claim === stale?.claim) {
      // The name in the chain moves, so it is gone in the instant in which `lock` is ours.
      renameSync(right.won, path);
      for (const name of right.spent) rmSync(name, { force: true });
      return null;
    }
    rmSync(right.won, { force: true });
  }
}

/** Tries to win the right to take over from a dead claim: the name won and those of dead winners before us, or who has it; null when all has moved on. */
function claimSuccession(
  path: string,
  draft: string,
  stale: Claim,
): { won: string; spent: string[] } | { heir: Claim } | null {
  const spent: string[] = [];
  for (let name = nextName(path, stale); ;) {
    if (linkIfFree(draft, name)) return { won: name, spent };
    const heir = readClaim(name);
    if (heir === null) return null;
    if (isAlive(heir) === 'alive') return { heir };
    spent.push(name);
    name = nextName(path, heir);
  }
}

function nextName(path: string, claim: Claim): string {
  return `${path}.after-${claim.claim}`;
}

/** False when the name is taken. */
function linkIfFree(draft: string, name: string): boolean {
  try {
    linkSync(draft, name);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Null when there is no such claim. Throws when something else stands under its name. */
function readClaim(path: string): Claim | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
  const holder = parseHolder(text);
  if (holder === null || holder.claim === undefined) {
    throw new Error(`${path} is not a lock file of podkin: remove it if no pod runs here`);
  }
  return { ...identityOf(holder), claim: holder.claim };
}

function identityOf(holder: Holder): Holder {
  return { pid: holder.pid, startTime: holder.startTime, bootId: holder.bootId };
}

function probeFile(folder: string): 'held' | 'free' {
  const path = join(folder, 'lock');
  for (let claim = readClaim(path); claim !== null; claim = readClaim(nextName(path, claim))) {
    if (isAlive(claim) === 'alive') return 'held';
  }
  return 'free';
}

function writeDurably(path: string, text: string): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
