/**
 * The simulated machine as one process sees it: what `pod/host.ts` asks for, over the world's files, locks,
 * processes and wire. Each place where something can go wrong is a `point`.
 */
import type { Host, HostClock, Processes, StartedProcess, Wire, Worktrees } from '../../src/pod/host.ts';
import { PodStartFailed } from '../../src/pod/process/start-process.ts';
import { noSkills } from '../../src/project/skills.ts';
import { noInstructions } from '../../src/project/instructions.ts';
import type { PodFolder } from '../../src/session/home/home.ts';
import type { HeldLock, LockOptions, LockRefused } from '../../src/session/lock/lock.ts';
import { sendOver } from '../../src/transport/connect-and-send.ts';
import type { Connection } from '../../src/transport/connection.ts';
import { AlreadyListening, NotThere, RefusedConnection } from '../../src/transport/failures.ts';
import type { HeldSocket } from '../../src/transport/server.ts';
import { simDisk } from './host-disk.ts';
import { simHome, socketPathOf } from './host-home.ts';
import { scriptedModel } from './model.ts';
import type { SimProcess } from './process.ts';
import { imageStore } from './images.ts';
import { workTool } from './tools.ts';
import { home } from './pods.ts';
import { type Listener, asConnection, joined } from './wire.ts';

export function simHost(process: SimProcess): Host {
  const { world } = process;
  return {
    clock: clockOf(process),
    chance: {
      random: () => world.random.next(),
      uuid: () => world.newId(),
      word: () => world.newId(),
    },
    self: {
      identity: () => process.identity,
      namespaces: () => ({ network: 'sim', process: 'sim' }),
      complain: (text) => world.note(process, `says: ${text}`),
      crash: (_pod, point) => process.point(point),
      crashPointsSleep: false,
      onSignal: (act) => {
        process.signalled = act;
      },
      fail: (error) => {
        world.note(process, error.message);
        if (!process.dead) {
          world.hit('process.failed');
          process.die();
        }
      },
      say: (message) => world.said(process, message),
      takesOver: () => false,
      checkpointBytes: world.checkpoints.everyBytes,
    },
    home: simHome(process),
    locks: {
      take: (options) => process.later(world.random.delay(1), () => takeLock(process, options)),
      probe: ({ folder }) =>
        process.later(world.random.delay(1), () => (world.locks.has(folder) ? 'held' : 'free')),
    },
    logs: simDisk(process),
    claims: {
      all: () => (world.homeIsAway ? [] : world.registry.claims),
      waits: () => (world.homeIsAway ? [] : world.registry.waits),
      writers: () => [],
      update: async (change) => {
        for (;;) {
          const lock = await process.later(world.random.delay(1), () =>
            takeLock(process, { instance: 'scope-registry', folder: home.state }),
          );
          if (!lock.taken) continue;
          try {
            const before = world.registry;
            const { claims, waits = before.waits, answer } = await change(before.claims, before.waits);
            process.point('claims.written');
            world.registry = { claims, waits };
            return answer;
          } finally {
            if (!process.dead) await lock.release();
          }
        }
      },
      statusOf: ({ maker, process: owner }) =>
        (owner !== null && world.isRunning(owner)) || world.isRunning(maker) ? 'alive' : 'dead',
      ask: () =>
        process.later(
          0,
          () =>
            ({ maker, process: owner }) =>
              (owner !== null && world.isRunning(owner)) || world.isRunning(maker) ? 'alive' : 'dead',
        ),
    },
    processes: processesOf(process),
    wire: wireOf(process),
    work: {
      engine: () => world.engine,
      model: async (_worker, name) => scriptedModel(process, name),
      modelProblem: () => null,
      tools: [workTool(process)],
      sandbox: () => ({
        known: { kind: 'absent', text: 'simulated' } as never,
        state: async () => ({ kind: 'absent', text: 'simulated' }) as never,
        enter: () => {
          throw new Error('nothing is run here');
        },
      }),
      programs: { closed: [] } as never,
      instructions: async () => noInstructions,
      instructionsFor: async () => noInstructions,
      skills: async () => noSkills,
      skill: async () => ({ kind: 'gone', why: 'is simulated' }),
      namedFile: async () => null,
      completions: async () => [],
      images: imageStore(process),
      machine: { system: 'a simulation', shell: 'none' },
      repository: async () => null,
      hasUncommitted: async () => null,
      worktrees: () => worktreesOf(process),
      realScope: async (scope) => scope,
      heldGit: async () => null,
      hookProtection: () => () => undefined,
      noteOutside: () => undefined,
      noteGroup: () => () => undefined,
      runHook: async () => ({ kind: 'exited', code: 0, errors: '' }),
    },
  };
}

function clockOf(process: SimProcess): HostClock {
  const { world } = process;
  const { clock } = world;
  return {
    now: () => clock.nowMs,
    wallMs: () => clock.wallMs,
    wallTime: () => clock.wallTime(),
    after: (delayMs, act) => process.after(timerMs(delayMs), act),
    every(periodMs, act) {
      let ended = false;
      const next = (): void => {
        process.after(periodMs, () => {
          if (ended) return;
          next();
          act();
        });
      };
      next();
      return () => {
        ended = true;
      };
    },
    soon: (act) => void process.after(0, act),
    nextTurn: () => process.later(0, () => undefined),
    pause: (delayMs) => process.later(timerMs(delayMs), () => undefined),
  };
}

/** As Node's: whole milliseconds, at least one. */
function timerMs(delayMs: number): number {
  return Math.max(1, Math.trunc(delayMs));
}

function takeLock(process: SimProcess, { folder }: LockOptions): HeldLock | LockRefused {
  const { world } = process;
  process.point('lock');
  world.mustBeHere();
  const holder = world.locks.get(folder);
  if (holder !== undefined) return { taken: false };
  world.locks.set(folder, process);
  let held = true;
  return {
    taken: true,
    folder,
    get held() {
      return held;
    },
    release: async () => {
      process.mustLive();
      if (held && world.locks.get(folder) === process) world.locks.delete(folder);
      held = false;
      await Promise.resolve();
    },
  };
}

function processesOf(process: SimProcess): Processes {
  const { world } = process;
  return {
    identity: (pid) => world.processes.get(pid)?.identity ?? null,
    isRunning: (identity) => world.isRunning(identity),
    signal(identity, name) {
      process.mustLive();
      const target = world.running(identity);
      if (target === null) return false;
      world.clock.after(world.random.delay(1), () => {
        if (name === 'SIGKILL') target.die();
        else target.run(() => target.signalled?.(name));
      });
      return true;
    },
    start: (folder) => startProcess(process, folder),
    statusOf: () => process.later(0, () => 'dead' as const),
    statusAt: () => process.later(0, () => 'dead' as const),
    endLeft: () => Promise.resolve(null),
    endLeftOfDead: () => Promise.resolve(null),
  };
}

function startProcess(process: SimProcess, folder: PodFolder): StartedProcess {
  process.point('process.starting');
  const { world } = process;
  const started = world.startProcess(folder.path);
  const exited = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    world.whenDead(started, () =>
      process.after(world.random.delay(1), () =>
        resolve({ exitCode: started.exitCode, signal: started.signal }),
      ),
    );
  });
  const ready = new Promise<Awaited<StartedProcess['ready']>>((resolve, reject) => {
    world.whenSaid(started, (message) =>
      process.after(world.random.delay(1), () => {
        if (message.kind === 'ready') resolve(message);
        else reject(new PodStartFailed(message.code, message.message, ''));
      }),
    );
    world.whenDead(started, () =>
      process.after(world.random.delay(2), () => reject(new PodStartFailed('ended', 'it ended', ''))),
    );
  });
  ready.catch(() => undefined);
  return { pid: started.identity.pid, ready, exited };
}

function wireOf(process: SimProcess): Wire {
  const { world } = process;
  const clock = clockOf(process);
  const dial = (path: string, options: { timeoutMs: number }): Promise<Connection> =>
    process.later(world.random.delay(1), () => connect(process, path, options.timeoutMs));
  return {
    dial,
    send: (path, method, params, options) =>
      sendOver(
        {
          clock,
          dial: async (to, { timeoutMs }) => {
            const connection = await dial(to, { timeoutMs });
            world.maySlow(connection);
            world.mayCut(connection);
            return connection;
          },
        },
        { path, method, params },
        options,
      ),
    hold: (instance) => process.later(world.random.delay(1), () => hold(process, socketPathOf(instance))),
  };
}

function connect(process: SimProcess, path: string, _timeoutMs: number): Connection {
  const { world } = process;
  const listener = world.listeners.get(path);
  if (listener === undefined) throw new NotThere(path);
  if (listener.process.dead) throw new RefusedConnection(path, 'ECONNREFUSED');
  const ends = joined(process, listener.process);
  listener.accept(ends.server);
  return asConnection(ends.client);
}

function hold(process: SimProcess, path: string): HeldSocket {
  const { world } = process;
  process.point('socket');
  const before = world.listeners.get(path);
  if (before !== undefined && !before.process.dead) throw new AlreadyListening(path);
  const listener: Listener = world.listen(process, path);
  const release = async (): Promise<void> => {
    process.mustLive();
    world.unlisten(listener);
    await Promise.resolve();
  };
  return {
    path,
    release,
    answer({ handlers }) {
      process.mustLive();
      process.listening = true;
      listener.answer(handlers);
      return {
        path,
        connections: new Set(),
        ensurePresent: async () => 'present',
        close: release,
      };
    },
  };
}

/** What is said of a clone matters here, and that it is said; nothing is cloned. */
function worktreesOf(process: SimProcess): Worktrees {
  const { world } = process;
  const later = <T>(mostMs: number, answer: () => T): Promise<T> =>
    process.later(world.random.delay(mostMs), answer);
  return {
    folder: async () => '/worktrees',
    store: async (_, store) => ({ objects: [`${store}/objects`], format: 'sha1' }),
    survey: async () => await later(20, () => ({ kind: 'found', base: 'a'.repeat(40) })),
    make: async () => await later(200, () => null),
    handOver: async ({ branch, base, holder }, { mayReturn }) =>
      await later(200, () => ({ branch, base, folder: `${holder}/repo`, fetched: mayReturn, commits: 1 })),
    discard: async () => await later(20, () => undefined),
  };
}
