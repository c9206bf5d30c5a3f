/**
 * A lock as listening abstract sockets, one for each of its names: the kernel takes them away with their
 * process. All of them are the lock, none is it alone.
 */
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Holder,
  type LockPurpose,
  type LockState,
  holderOf,
  parseHolder,
  stateOf,
} from './lock-holder.ts';

/**
 * Time for a holder to say who it is. It is only asked for its name: who holds the lock is decided by then.
 */
const holderAnswerMs = 250;

export interface TakenSockets {
  release(): Promise<void>;
}

/** All names in their order, or none. Who holds the first that is not free, where that could be learnt. */
export async function takeSockets(
  names: readonly string[],
  purpose: LockPurpose,
): Promise<TakenSockets | { holder: Holder | null }> {
  const servers: Server[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(servers.map(closed));
  };
  try {
    for (const name of names) {
      const taken = await takeName(name, purpose);
      if ('holder' in taken) {
        await release();
        return taken;
      }
      servers.push(taken.server);
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { release };
}

/** Whether any of the names is held. */
export async function probeSockets(names: readonly string[]): Promise<LockState> {
  for (const name of names) {
    const { state, holder } = await askHolder(name);
    if (state === 'held') return stateOf(holder);
  }
  return 'free';
}

async function takeName(
  name: string,
  purpose: LockPurpose,
): Promise<{ server: Server } | { holder: Holder | null }> {
  for (let tries = 1; ; tries += 1) {
    const server = await listenAlone(name, purpose);
    if (server !== null) return { server };
    const { state, holder } = await askHolder(name);
    // Bound and not yet listening, or just ended: for a few turns nobody can be asked.
    if (state === 'held' || tries === 5) return { holder };
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

function askHolder(name: string): Promise<{ state: 'held' | 'free'; holder: Holder | null }> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ path: name });
    const settle = (state: 'held' | 'free'): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve({ state, holder: parseHolder(text) });
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
