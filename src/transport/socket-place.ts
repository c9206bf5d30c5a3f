/**
 * A socket file at its place: put there whole, never over another that answers, and only ever removed while
 * it is our own.
 */
import { chmodSync, linkSync, lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../std/system-code.ts';
import { checkSocketPath, ensureRuntimeDir } from './address.ts';
import { probe } from './dial.ts';
import { AlreadyListening, NotASocket, RuntimeDirUnsafe } from './failures.ts';

/** How long to wait for the answer to "does somebody listen here", in ms. */
const probeTimeoutMs = 1_000;

type OnAcceptError = ((error: Error) => void) | undefined;

export interface Bound {
  readonly server: Server;
  readonly path: string;
  readonly identity: string;
}

/** The first of the paths that can be had; throws what stood against the first. */
export async function bindAtFirst(
  paths: readonly string[],
  accept: (socket: Socket) => void,
  { onAcceptError }: { onAcceptError?: OnAcceptError },
): Promise<Bound> {
  let first: unknown;
  for (const path of new Set(paths)) {
    try {
      return await bindAt(path, accept, onAcceptError);
    } catch (error) {
      first ??= error;
      // Another place helps against a directory that cannot be had, and nothing else.
      if (!(error instanceof RuntimeDirUnsafe)) throw error;
    }
  }
  throw first;
}

/**
 * Binds under a name of its own and puts the finished socket, mode 0600, in its place by `link`, which never
 * takes a place from another. So nobody sees it half done, and what Node unlinks when this server closes is
 * that other name, never a successor's socket.
 */
async function bindAt(
  path: string,
  accept: (socket: Socket) => void,
  onAcceptError: OnAcceptError,
): Promise<Bound> {
  checkSocketPath(path);
  const dir = dirname(path);
  ensureRuntimeDir(dir);
  await removeLeftovers(path);
  const provisional = provisionalName(path);
  const server = createServer({ allowHalfOpen: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(provisional, () => {
      server.off('error', reject);
      server.on('error', (error) => onAcceptError?.(error));
      resolve();
    });
  });
  try {
    chmodSync(provisional, 0o600);
    const identity = identityAt(provisional)!;
    await takePlace(provisional, path);
    rmSync(provisional, { force: true });
    return { server, path, identity };
  } catch (error) {
    server.close();
    throw error;
  }
}

/** Not longer than the socket's own name, whose length has been looked at. */
const mark = { digits: 4, base: 36 };

function provisionalName(path: string): string {
  const random = Math.floor(Math.random() * mark.base ** mark.digits);
  return `${provisionalBeginning(path)}${random.toString(mark.base).padStart(mark.digits, '0')}`;
}

function provisionalBeginning(path: string): string {
  return join(dirname(path), `.${basename(path).replace(/\.sock$|.{1,5}$/, '')}`);
}

/** What starts that were killed in the middle have left of this address. */
async function removeLeftovers(path: string): Promise<void> {
  const beginning = basename(provisionalBeginning(path));
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(beginning)) continue;
    const left = join(dirname(path), name);
    // Another that starts it just now, elsewhere: `link` decides between the two.
    if ((await probe(left, probeTimeoutMs)) !== 'listening') rmSync(left, { force: true });
  }
}

/** Puts the socket there. Throws `AlreadyListening` and `NotASocket`. */
async function takePlace(provisional: string, path: string): Promise<void> {
  while (!linked(provisional, path)) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    if (!stats.isSocket()) throw new NotASocket(path);
    if ((await probe(path, probeTimeoutMs)) === 'listening') throw new AlreadyListening(path);
    await setAside(path);
  }
}

/** False where something is there. */
function linked(provisional: string, path: string): boolean {
  try {
    linkSync(provisional, path);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return false;
    // A file system without links for sockets: there the lock alone keeps two apart.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    if (identityAt(path) !== undefined) return false;
    renameSync(provisional, path);
    return true;
  }
}

/**
 * Looked at again under its other name: in between another may have put a living one there, which gets its
 * place back.
 */
async function setAside(path: string): Promise<void> {
  const aside = provisionalName(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  if ((await probe(aside, probeTimeoutMs)) === 'listening') linked(aside, path);
  rmSync(aside, { force: true });
}

/**
 * Device and inode, or undefined where there is nothing. A listening socket keeps its inode from being used
 * again.
 */
export function identityAt(path: string): string | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
  } catch (error) {
    // Its directory has become something else.
    if (systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** What cannot be removed is found stale by the next process. */
export function removeOwn({ path, identity }: Bound): void {
  try {
    if (identityAt(path) === identity) rmSync(path, { force: true });
  } catch {
    // Said nowhere: this pod has ended in order all the same.
  }
}
