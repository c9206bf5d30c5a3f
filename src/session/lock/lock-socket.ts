/**
 * A lock as listening abstract sockets, one for each of its names: the kernel takes them away with their
 * process. All of them are the lock, none is it alone.
 *
 * A name that another user holds (`lock-strangers.ts`) is passed over, and counts as free. Who has passed
 * over one takes the lock file as well, then looks at the passed names again; who has got all names only
 * looks whether a living process has that file. So two of ours exclude each other whenever the stranger comes
 * or goes. Where both pass over names, one has the file. Where one has all names, it had them before it
 * looked for the file: it finds the file of the other, or the other, which looks again after it took the
 * file, finds it. Earlier builds know no such file: they are excluded by the names that are not a stranger's.
 */
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileHolder, probeFile, takeFile } from './lock-file.ts';
import {
  type Holder,
  type LockPurpose,
  type LockState,
  holderOf,
  parseHolder,
  stateOf,
} from './lock-holder.ts';
import { isStrangers, wasStrangers } from './lock-strangers.ts';

/**
 * Time for a holder to say who it is. It is only asked for its name: who holds the lock is decided by then.
 */
const holderAnswerMs = 250;
/**
 * What our own answers in, mostly. A stranger need not answer at all, and whoever asks may hold other names.
 */
const firstAnswerMs = 25;

export interface TakenSockets {
  release(): Promise<void>;
}

/** What is locked, under which names, and what for. */
export interface Wanted {
  readonly names: readonly string[];
  /** Where the lock file would be. */
  readonly folder: string;
  readonly purpose: LockPurpose;
}

/** All names in their order, or none. Who holds the first that is not free, where that could be learnt. */
export async function takeSockets(wanted: Wanted): Promise<TakenSockets | { holder: Holder | null }> {
  const releases: (() => Promise<void>)[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(releases.map((one) => one()));
  };
  try {
    const refused = await takeAll(wanted, releases);
    if (refused === null) return { release };
    await release();
    return refused;
  } catch (error) {
    await release();
    throw error;
  }
}

/** Null when all is taken. What has been taken is to be given back by `releases`. */
async function takeAll(
  wanted: Wanted,
  releases: (() => Promise<void>)[],
): Promise<{ holder: Holder | null } | null> {
  const passedOver: string[] = [];
  for (const name of wanted.names) {
    const taken = await takeName(name, wanted, { again: false });
    if (taken === 'strangers') passedOver.push(name);
    else if ('holder' in taken) return taken;
    else releases.push(() => closed(taken.server));
  }
  if (passedOver.length === 0) {
    const holder = fileHolder(wanted.folder);
    return holder === null ? null : { holder };
  }
  const file = takeFile(wanted.folder, wanted.purpose);
  if ('holder' in file) return file;
  releases.push(async () => file.release());
  for (const name of passedOver) {
    const taken = await takeName(name, wanted, { again: true });
    if (taken === 'strangers') continue;
    if ('holder' in taken) return taken;
    releases.push(() => closed(taken.server));
  }
  return null;
}

/** Whether any of the names is held, or the lock file. */
export async function probeSockets({ names, folder }: Omit<Wanted, 'purpose'>): Promise<LockState> {
  for (const name of names) {
    const { state, holder } = await askHolder(name, holderAnswerMs);
    if (state === 'held' && !isStrangers(name, folder, holder?.pid)) return stateOf(holder);
  }
  return probeFile(folder);
}

/**
 * Whoever looks again holds all that can be held: others wait, and nobody is asked who need not answer. What
 * is remembered of a stranger is enough for a first look only.
 */
async function takeName(
  name: string,
  { folder, purpose }: Wanted,
  { again }: { again: boolean },
): Promise<{ server: Server } | { holder: Holder | null } | 'strangers'> {
  for (let tries = 1; ; tries += 1) {
    const server = await listenAlone(name, purpose);
    if (server !== null) return { server };
    if (again ? isStrangers(name, folder) : wasStrangers(name)) return 'strangers';
    const { state, holder } = await askHolder(name, firstAnswerMs);
    // Bound and not yet listening, or just ended: for a few turns nobody can be asked.
    if (state === 'held' || tries === 5) {
      if (isStrangers(name, folder, holder?.pid)) return 'strangers';
      return { holder: holder ?? (await askHolder(name, holderAnswerMs)).holder };
    }
    await nextTurn();
  }
}

/** Null when the address is in use. */
function listenAlone(name: string, purpose: LockPurpose): Promise<Server | null> {
  const server = createServer((asker) => {
    asker.on('error', () => asker.destroy());
    asker.end(JSON.stringify(holderOf(purpose)), () => asker.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
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

function askHolder(
  name: string,
  answerMs: number,
): Promise<{ state: 'held' | 'free'; holder: Holder | null }> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ path: name });
    const settle = (state: 'held' | 'free'): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve({ state, holder: parseHolder(text) });
    };
    const deadline = setTimeout(settle, answerMs, 'held');
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => (text += part));
    socket.on('close', () => settle('held'));
    // EAGAIN and the like: somebody listens whose queue is full.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      settle(error.code === 'ECONNREFUSED' ? 'free' : 'held'),
    );
  });
}
