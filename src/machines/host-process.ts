/**
 * `podkin host`: the process of a machine that parents on other machines ask to start pods here and to look
 * after them. One a home, by a lock of the kernel's. It keeps nothing in mind that a death of its own would
 * lose: what it says, it reads from folders, locks and logs at that moment.
 */
import { mkdirSync } from 'node:fs';
import { ownHostId } from './own-host.ts';
import { pieceOf } from '../session/log/log-pieces.ts';
import { type HostHandlers, hostDispatch } from './host-dispatch.ts';
import { claimForChild } from './claim-child.ts';
import { refused, specOfChild } from './make-child.ts';
import { nodeHost } from '../pod/node-host.ts';
import type { End, Host } from '../pod/host.ts';
import { endLeft } from '../pod/process/command-groups.ts';
import { PodStartFailed, readyWithin, startPodProcess } from '../pod/process/start-process.ts';
import { gone, stopProcess } from '../pod/process/stop-process.ts';
import { stopBelow } from '../pod/children/stop-below.ts';
import { WireError } from '../protocol/errors.ts';
import type { HostParams, HostResult, PodThere } from '../protocol/host-methods.ts';
import { protocolVersion } from '../protocol/limits.ts';
import { createPodFolder } from '../session/home/create-folder.ts';
import {
  type Home,
  type PodFolder,
  type PodSpec,
  isRemoved,
  readSpec,
  readToken,
  writeTombstone,
} from '../session/home/home.ts';
import {
  hasParentElsewhere,
  ownHostFolder,
  ownHostProcess,
  ownHostSocket,
} from '../session/home/host-places.ts';
import { NameTaken } from '../session/home/name-taken.ts';
import { podSocket } from '../session/home/pod-address.ts';
import { folderOf } from '../session/home/pod-place.ts';
import { removePodFolder } from '../session/home/remove.ts';
import { type HeldLock, takeLock } from '../session/lock/lock.ts';
import { foldLog } from '../session/log/fold-log.ts';
import { readTotals } from '../session/log/totals.ts';
import { realClock } from '../std/clock.ts';
import { writeFileAtomic } from '../std/atomic-write.ts';
import { ownIdentity, type ProcessIdentity } from '../std/process-identity.ts';
import type { Connection } from '../transport/connection.ts';
import { type PodServer, listenFor } from '../transport/server.ts';
import { version } from '../version.ts';
import { parentSocket } from './stranded-socket.ts';

export interface OwnHost {
  readonly home: Home;
  readonly environment: NodeJS.ProcessEnv;
  readonly id: string;
}

const goneWithinMs = 5_000;
const retryMs = 20;
const presenceMs = 2_000;
/** A parent takes a dead child's log in meanwhile. */
const loanMs = 60_000;

/** Null where one serves this home already. */
export async function serveHost(given: Omit<OwnHost, 'id'>): Promise<{ close(): Promise<void> } | null> {
  const folder = ownHostFolder(given.home);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const id = ownHostId(given.home);
  const lock = await takeLock({ instance: id, folder });
  if (!lock.taken) return null;
  try {
    writeFileAtomic(ownHostProcess(given.home), `${JSON.stringify(ownIdentity())}\n`, 0o600);
    const host = new HostProcess({ ...given, id });
    const server = await host.listen();
    return {
      close: async () => {
        host.endPresence();
        await server.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

class HostProcess {
  readonly #own: OwnHost;
  readonly #world: Host;
  /** Locks on loan, by whom they were asked for. */
  readonly #loans = new Map<Connection, Map<string, HeldLock>>();
  #endPresence: End = () => undefined;
  /** One change of a pod at a time. */
  readonly #changing = new Map<string, Promise<unknown>>();

  constructor(own: OwnHost) {
    this.#own = own;
    this.#world = nodeHost(own.home);
  }

  async listen(): Promise<PodServer> {
    const { home } = this.#own;
    const server = await listenFor({ path: ownHostSocket(home), dispatch: hostDispatch(this.#handlers()) });
    this.#endPresence = this.#world.clock.every(presenceMs, () => {
      // Where it cannot be put back now, the next time does.
      server.ensurePresent().catch(() => undefined);
    });
    return server;
  }

  endPresence(): void {
    this.#endPresence();
  }

  #handlers(): HostHandlers {
    const { home, id } = this.#own;
    return {
      hello: () => ({ protocol: protocolVersion, podkin: version, id, socket: ownHostSocket(home) }),
      make: (request) => this.#alone(request.instance, () => this.#make(request)),
      start: (params) => this.#alone(params.instance, () => this.#start(params)),
      check: (pod, { connection }) => this.#check(pod, connection),
      release: async ({ instance }, { connection }) => {
        await this.#release(connection, instance);
        return {};
      },
      log: ({ from, sum, ...pod }) => pieceOf(this.#mine(pod).log, { from, sum }),
      stop: (params) => this.#stop(params),
      discard: (params) => this.#alone(params.instance, () => this.#discard(params)),
      carry: ({ parent, clears, ...pod }) => ({
        child: podSocket(home, { instance: pod.instance, folder: this.#mine(pod) }),
        parent: parentSocket(home, parent, { clears }),
      }),
    };
  }

  async #alone<T>(instance: string, work: () => Promise<T>): Promise<T> {
    const before = this.#changing.get(instance) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#changing.set(instance, mine);
    return await mine.finally(() => {
      if (this.#changing.get(instance) === mine) this.#changing.delete(instance);
    });
  }

  /** Asked again, it answers the same. */
  async #make(request: HostParams<'make'>): Promise<HostResult<'make'>> {
    const { home, environment } = this.#own;
    const { instance, name, root, token } = request;
    if (isRemoved(home, instance)) throw takenBack();
    const there = this.#folderIfMine({ instance, name, root: root.instance });
    const spec = there === null ? await specOfChild(home, environment, request) : readSpec(there);
    if (spec === null) throw takenBack();
    if (there !== null && readToken(there) !== token) throw refused('has that child of another parent');
    const held = await claimForChild(home, spec);
    if (held !== null) throw new WireError('busy', held);
    if (there === null) create(home, spec, token);
    return { cwd: spec.cwd, model: spec.model, scope: spec.scope };
  }

  async #start({ most, ask, deny, spawnMs, ...pod }: HostParams<'start'>): Promise<HostResult<'start'>> {
    const { home, environment } = this.#own;
    const folder = this.#mine(pod);
    const spec = readSpec(folder);
    const held = spec === null ? null : await claimForChild(home, spec);
    if (held !== null) throw new WireError('busy', held);
    const started = startPodProcess(folder, environment, {
      restrictions: { deny: [], rules: { ask, deny } },
      set: { most },
    });
    try {
      await readyWithin(realClock, started, spawnMs);
    } catch (error) {
      if (!(error instanceof PodStartFailed)) throw error;
      throw new WireError('notRunning', error.message, { start: error.code });
    }
    return {};
  }

  async #check(pod: PodThere, connection: Connection): Promise<HostResult<'check'>> {
    const { home } = this.#own;
    if (isRemoved(home, pod.instance)) return { status: 'gone', errors: '' };
    const folder = this.#folderIfMine(pod);
    if (folder === null) return { status: 'unknown', errors: '' };
    const { instance } = pod;
    const lock = await takeLock({ instance, folder: folder.path, purpose: 'loan' });
    if (!lock.taken) return { status: 'alive', errors: '' };
    try {
      const status = await this.#world.processes.statusOf({ instance, folder });
      if (status === 'dead') {
        await endLeft(folder, instance);
        this.#lend(connection, instance, lock);
        return { status, errors: this.#world.home.errorTail(folder) };
      }
      await lock.release();
      return { status, errors: '' };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  #lend(connection: Connection, instance: string, lock: HeldLock): void {
    const loans = this.#loans.get(connection) ?? new Map<string, HeldLock>();
    if (!this.#loans.has(connection)) {
      this.#loans.set(connection, loans);
      const end = (): void => {
        this.#loans.delete(connection);
        for (const lent of loans.values()) void lent.release();
      };
      const endTimer = realClock.after(loanMs, end);
      void connection.closed.then(() => {
        endTimer();
        end();
      });
    }
    loans.set(instance, lock);
  }

  async #release(connection: Connection, instance: string): Promise<void> {
    await this.#loans.get(connection)?.get(instance)?.release();
  }

  async #stop({ parent, ...order }: HostParams<'stop'>): Promise<HostResult<'stop'>> {
    const folder = this.#mine(order);
    const { instance, cascade, graceMs, reason } = order;
    const world = this.#world;
    const stopped = await stopProcess(world, {
      socket: podSocket(this.#own.home, { instance, folder }),
      process: await newest(folder),
      graceMs,
      cascade,
      reason,
      from: { instance: parent, token: readToken(folder) },
    });
    const by = stopped.kind === 'ended' ? stopped.by : null;
    const message = 'message' in stopped ? stopped.message : '';
    const isOver = stopped.kind === 'ended' || stopped.kind === 'wasGone';
    const below = isOver && cascade && by !== 'asked' ? await stopBelow(world, instance, graceMs) : [];
    return { kind: stopped.kind, by, message, below };
  }

  /** It never comes, also where the request for it is still on its way. */
  async #discard({ parent, ...pod }: HostParams<'discard'>): Promise<HostResult<'discard'>> {
    const { home } = this.#own;
    const { name, instance } = pod;
    const folder = this.#folderIfMine(pod);
    if (folder === null) {
      const nothing = { received: {}, emitted: 0, acked: 0, discarded: true };
      const removedAt = new Date().toISOString();
      if (!isRemoved(home, instance)) writeTombstone(home, { name, instance, parent, removedAt, ...nothing });
      return {};
    }
    const lock = await this.#killed(folder, instance);
    const socket = podSocket(home, { instance, folder });
    const facts = await foldLog(folder.log);
    const burial = { name, instance, folder, parent, facts, receivedAbove: 0, discarded: true };
    const deleteFiles = removePodFolder(home, burial);
    await lock.release();
    deleteFiles();
    this.#world.home.removeSocket(socket);
    return {};
  }

  async #killed(folder: PodFolder, instance: string): Promise<HeldLock> {
    const endAt = realClock.now() + goneWithinMs;
    for (;;) {
      const lock = await takeLock({ instance, folder: folder.path, purpose: 'loan' });
      if (lock.taken) return lock;
      const process = await newest(folder);
      if (process !== null && this.#world.processes.signal(process, 'SIGKILL'))
        await gone(this.#world, process, goneWithinMs);
      if (realClock.now() >= endAt) throw new WireError('busy', 'The child could not be ended; try again.');
      await this.#world.clock.pause(retryMs);
    }
  }

  /** Throws `unknownPod`: of a pod that is none of another machine's, nothing is said or done. */
  #mine(pod: PodThere): PodFolder {
    const folder = this.#folderIfMine(pod);
    if (folder === null) throw new WireError('unknownPod', 'This host has no such child.');
    return folder;
  }

  #folderIfMine({ instance, name, root }: PodThere): PodFolder | null {
    const folder = folderOf(this.#own.home, { name, instance }, root);
    const spec = readSpec(folder);
    return spec?.instance === instance && hasParentElsewhere(spec) ? folder : null;
  }
}

function takenBack(): WireError {
  return new WireError('unknownPod', 'That child was taken back.');
}

function create(home: Home, spec: PodSpec, token: string): void {
  try {
    createPodFolder(home, spec, token);
  } catch (error) {
    if (!(error instanceof NameTaken)) throw error;
    throw new WireError('busy', `There is a pod "${spec.name}" on that host already; choose another name.`);
  }
}

async function newest(folder: PodFolder): Promise<ProcessIdentity | null> {
  return (await readTotals(folder.log)).started;
}
