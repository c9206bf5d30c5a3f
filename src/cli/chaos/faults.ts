/**
 * What is done to the pods of a round: kills, freezes, cuts, and the starts after them. Counts what has
 * really happened.
 */
import { PodStartFailed, startPodProcess } from '../../pod/process/start-process.ts';
import { processIdentity, type ProcessIdentity } from '../../std/process-identity.ts';
import { signalProcess } from '../../std/signal-process.ts';
import type { Cuts } from './cuts.ts';
import { at, type Fault } from './plan.ts';
import { pause } from './pause.ts';
import { type ChaosPod, type ChaosTree, isParent, keyOf } from './tree.ts';
import type { Interval } from './wakes.ts';

export interface FaultsOptions {
  readonly tree: ChaosTree;
  readonly cuts: Cuts;
  /** Of the pods. */
  readonly environment: NodeJS.ProcessEnv;
  /** Aborted: nothing is started any more. */
  readonly signal: AbortSignal;
}

export class Faults {
  kills = 0;
  freezes = 0;
  restores = 0;
  readonly #options: FaultsOptions;
  /** Processes that were ended from here. */
  readonly #killed = new Set<string>();
  readonly #frozen = new Map<string, { pod: ChaosPod; process: ProcessIdentity; sinceMs: number }>();
  /** When each pod was frozen, by the wall's clock. */
  readonly #freezeTimes = new Map<string, Interval[]>();
  /** Thaws and starts that are to come. */
  readonly #pending = new Set<Promise<void>>();
  readonly #failures: string[] = [];

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  get cuts(): number {
    return this.#options.cuts.count;
  }

  /** Starts that failed though nothing had been done to them, as sentences. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  frozenTimes({ instance }: Pick<ChaosPod, 'instance'>): readonly Interval[] {
    return this.#freezeTimes.get(instance) ?? [];
  }

  wasKilled(process: ProcessIdentity): boolean {
    return this.#killed.has(keyOf(process));
  }

  play(fault: Fault): void {
    const { tree, cuts } = this.#options;
    if (fault.kind === 'cut') {
      const link = cuts.linkAt(fault.victim);
      if (link === undefined) return;
      cuts.cut(link, fault.bytes);
      this.#later(fault.withinMs, async () => cuts.cut(link, 0));
      return;
    }
    const victim = at(tree.living, fault.victim);
    if (victim === undefined) return;
    if (fault.kind === 'freeze') {
      this.#freeze(victim, fault.forMs);
      return;
    }
    for (const pod of this.#those(victim, fault.who)) this.#kill(pod, fault.downMs);
  }

  #those(victim: ChaosPod, who: 'one' | 'pair' | 'all'): ChaosPod[] {
    if (who === 'all') return this.#options.tree.living;
    const parent = this.#options.tree.parentOf(victim);
    return who === 'pair' && parent !== undefined ? [victim, parent] : [victim];
  }

  #kill(pod: ChaosPod, downMs: number): void {
    const { newest } = pod;
    if (newest === undefined || !signalProcess(newest, 'SIGKILL', { group: true })) return;
    this.#options.cuts.uncover(pod);
    this.#killed.add(keyOf(newest));
    this.#endFreeze(pod);
    this.kills += 1;
    this.#later(downMs, () => this.start(pod));
  }

  #freeze(pod: ChaosPod, forMs: number): void {
    const { newest, instance } = pod;
    if (newest === undefined || this.#frozen.has(instance)) return;
    if (!signalProcess(newest, 'SIGSTOP', { group: false })) return;
    this.freezes += 1;
    this.#frozen.set(instance, { pod, process: newest, sinceMs: Date.now() });
    this.#later(forMs, async () => {
      const frozen = this.#frozen.get(instance);
      // A later incarnation has a freeze of its own.
      if (frozen?.process === newest) this.#thaw(instance);
    });
  }

  #thaw(instance: string): void {
    const frozen = this.#frozen.get(instance);
    if (frozen === undefined) return;
    signalProcess(frozen.process, 'SIGCONT', { group: false });
    this.#endFreeze(frozen.pod);
  }

  #endFreeze({ instance }: ChaosPod): void {
    const frozen = this.#frozen.get(instance);
    if (frozen === undefined) return;
    this.#frozen.delete(instance);
    const times = this.#freezeTimes.get(instance) ?? [];
    times.push({ fromMs: frozen.sinceMs, toMs: Date.now() });
    this.#freezeTimes.set(instance, times);
  }

  thawAll(): void {
    for (const instance of this.#frozen.keys()) this.#thaw(instance);
  }

  /** Until every start under way has come to its end. Rejects with what was a defect, or `Interrupted`. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Starts a pod again from its log; one that runs by now is left as it is. */
  async start(pod: ChaosPod): Promise<void> {
    const { signal, environment, tree, cuts } = this.#options;
    await tree.refresh();
    // Undone by its parent, started by its parent, or ended in order.
    if (tree.named(pod.name) !== pod || pod.isAlive || pod.state.stopped) return;
    signal.throwIfAborted();
    let process: ProcessIdentity | undefined;
    try {
      const started = startPodProcess(pod.folder, environment);
      process = processIdentity(started.pid) ?? undefined;
      const covered = isParent(pod) && process !== undefined && cuts.coverStart(pod, process, started.ready);
      await Promise.all([started.ready, covered]);
      this.restores += 1;
    } catch (error) {
      // Undone while it was in its start: its files go one after the other, and its folder is one of them.
      await tree.refresh();
      if (tree.named(pod.name) !== pod) return;
      if (!(error instanceof PodStartFailed)) throw error;
      const expected = error.code === 'alreadyRunning' || process === undefined || this.wasKilled(process);
      if (!expected) this.#failures.push(`${pod.name} did not start again: ${error.message}`);
    }
  }

  #later(afterMs: number, work: () => Promise<void>): void {
    const done = pause(afterMs, this.#options.signal)
      .then(work)
      .finally(() => this.#pending.delete(done));
    // Heard by `settled`; after an interruption by nobody.
    done.catch(() => undefined);
    this.#pending.add(done);
  }
}
