/**
 * Where a child lives, for what its parent asks about it there: its process, its lock, its log. Whoever asks
 * knows no more than this of processes and locks.
 */
import type { Restrictions } from '../../session/facts/entries.ts';
import type { ChildFacts } from '../../session/facts/facts.ts';
import type { SetAtStart } from '../../session/settings/wanted.ts';
import type { ProcessExit } from '../host.ts';
import { readyWithin } from '../process/start-process.ts';
import { type StopOrder, type Stopped, stopProcess } from '../process/stop-process.ts';
import type { Pod } from '../pod.ts';

export interface HowToStart {
  readonly restrictions?: Restrictions;
  readonly set?: SetAtStart;
  /** At once, with the number of its process. */
  readonly onStarted?: (pid: number) => void;
  readonly onExit: (exit: ProcessExit & { pid: number }) => void;
}

export interface StartedChild {
  /** Null where nobody here hears of its end. */
  readonly exited: Promise<ProcessExit> | null;
}

/** `dead`: what was to be done while nothing of it runs has been done. `alive`: it is not known to be so. */
export type ChildStatus = 'alive' | 'dead';

export interface ChildPlace {
  /** What is known at once; an end that is not known is none. */
  isGone(): boolean;
  /** Fulfils when it listens. Rejects with `PodStartFailed`. */
  start(how: HowToStart): Promise<StartedChild>;
  /**
   * Has `whileDead` done where nothing of it runs, and nobody can start it meanwhile. Rejects as that does,
   * and where nothing can be known.
   */
  check(whileDead: () => Promise<void>): Promise<ChildStatus>;
  stop(order: Omit<StopOrder, 'socket' | 'process'>): Promise<Stopped>;
  /** As `Processes.endLeftOfDead`. */
  endLeft(): Promise<string | null>;
}

export function placeOf(pod: Pod, child: ChildFacts): ChildPlace {
  return new PlaceHere(pod, child);
}

/** In this home, on this machine. */
class PlaceHere implements ChildPlace {
  readonly #pod: Pod;
  readonly #child: ChildFacts;

  constructor(pod: Pod, child: ChildFacts) {
    this.#pod = pod;
    this.#child = child;
  }

  isGone(): boolean {
    const { process } = this.#child;
    return process !== null && !this.#pod.host.processes.isRunning(process);
  }

  async start({ restrictions, set, onStarted, onExit }: HowToStart): Promise<StartedChild> {
    const { host, core } = this.#pod;
    const started = host.processes.start(this.#pod.folderOf(this.#child), restrictions, set);
    const { pid } = started;
    onStarted?.(pid);
    void started.exited.then((exit) => onExit({ ...exit, pid }));
    await readyWithin(host.clock, started, core.limits.spawnMs);
    return started;
  }

  async check(whileDead: () => Promise<void>): Promise<ChildStatus> {
    const { host } = this.#pod;
    const { instance } = this.#child;
    const folder = this.#pod.folderOf(this.#child);
    const lock = await host.locks.take({ instance, folder: folder.path, purpose: 'loan' });
    if (!lock.taken) return 'alive';
    try {
      // In another network namespace it holds locks that are not seen here: nobody is dead who answers, or
      // who cannot be asked.
      if ((await host.processes.statusOf({ instance, folder })) !== 'dead') return 'alive';
      await whileDead();
      return 'dead';
    } finally {
      await lock.release();
    }
  }

  async stop(order: Omit<StopOrder, 'socket' | 'process'>): Promise<Stopped> {
    const socket = this.#pod.socketOf(this.#child);
    return await stopProcess(this.#pod.host, { ...order, socket, process: this.#child.process });
  }

  async endLeft(): Promise<string | null> {
    const { instance } = this.#child;
    return await this.#pod.host.processes.endLeftOfDead(this.#pod.folderOf(this.#child), instance);
  }
}
