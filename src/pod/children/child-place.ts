/**
 * Where a child lives, for what its parent asks about it there: its process, its lock, its log. Whoever asks
 * knows no more than this of processes and locks.
 */
import { thrownText } from '../../std/thrown-text.ts';
import type { Restrictions } from '../../session/facts/entries.ts';
import type { ChildFacts } from '../../session/facts/facts.ts';
import type { SetAtStart } from '../../session/settings/wanted.ts';
import { HostSilent } from '../../transport/host-client.ts';
import type { ProcessExit } from '../host.ts';
import type { OtherHosts, PodElsewhere } from '../other-hosts.ts';
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
   * Has `whileDead` done where nothing of it runs, and nobody can start it meanwhile; with a reason where
   * that is all that will be known of its end. Rejects as that does, and where nothing can be known.
   */
  check(whileDead: (reason?: string) => Promise<void>): Promise<ChildStatus>;
  /** From here on its folder says what it had committed. Null: it always does. */
  bringLog(): Promise<void> | null;
  stop(order: Omit<StopOrder, 'socket' | 'process'>): Promise<Stopped>;
  /** As `Processes.endLeftOfDead`. */
  endLeft(): Promise<string | null>;
}

export function placeOf(pod: Pod, child: ChildFacts): ChildPlace {
  return child.host === null
    ? new PlaceHere(pod, child)
    : new PlaceElsewhere(pod, { ...child, host: child.host });
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

  bringLog(): null {
    return null;
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

/** On another machine, of which its `podkin host` tells: no process, lock or file of it is here. */
class PlaceElsewhere implements ChildPlace {
  readonly #pod: Pod;
  readonly #child: ChildFacts & { readonly host: string };

  constructor(pod: Pod, child: ChildFacts & { readonly host: string }) {
    this.#pod = pod;
    this.#child = child;
  }

  get #others(): OtherHosts {
    const { others } = this.#pod.host;
    if (others === undefined) throw new HostSilent('this pod has no way to other machines');
    return others;
  }

  get #there(): PodElsewhere {
    const { name, instance } = this.#child;
    return {
      name,
      instance,
      root: this.#pod.session.root.instance,
      folder: this.#pod.folderOf(this.#child),
    };
  }

  /** Its link, and its host, tell of its end. */
  isGone(): boolean {
    return false;
  }

  async start({ restrictions }: HowToStart): Promise<StartedChild> {
    const { session, core } = this.#pod;
    const { folder: _here, ...there } = this.#there;
    const { ask, deny } = restrictions?.rules ?? this.#pod.facts.restrictions.rules;
    await this.#others.start(this.#child.host, {
      ...there,
      most: session.permissionMode,
      ask: [...ask],
      deny: [...deny],
      spawnMs: core.limits.spawnMs,
    });
    return { exited: null };
  }

  /** Whoever cannot be asked is not known to be dead. */
  async check(whileDead: (reason?: string) => Promise<void>): Promise<ChildStatus> {
    const status = await this.#others.check(this.#child.host, this.#there, whileDead);
    return status === 'dead' ? 'dead' : 'alive';
  }

  async bringLog(): Promise<void> {
    await this.#others.bringLog(this.#child.host, this.#there);
  }

  async stop({ cascade, graceMs, reason }: Omit<StopOrder, 'socket' | 'process'>): Promise<Stopped> {
    const { folder: _here, ...there } = this.#there;
    const parent = this.#pod.session.instance;
    try {
      const order = { ...there, cascade, graceMs, reason, parent };
      const { kind, by, message } = await this.#others.stop(this.#child.host, order);
      if (kind === 'wasGone') return { kind };
      return kind === 'ended' ? { kind, by: by ?? 'asked' } : { kind, message };
    } catch (error) {
      const why = thrownText(error);
      return { kind: 'stillThere', message: `its host "${this.#child.host}" did not answer: ${why}` };
    }
  }

  /** Its host has, before it said that it is dead. */
  endLeft(): Promise<null> {
    return Promise.resolve(null);
  }
}
