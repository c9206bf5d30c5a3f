/**
 * One round: a tree of its own in a home of its own, faults at random points while it works, then quiet, its
 * end in order, and the judgement by the logs.
 */
import { setMaxListeners } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Report, verifyHome } from '../../delivery/verify/verify.ts';
import { PodStartFailed, stderrTail } from '../../pod/process/start-process.ts';
import { defaultLimits } from '../../session/settings/settings.ts';
import { monotonicMs } from '../../std/clock.ts';
import { withErrorOutput } from '../../std/error-output.ts';
import { PodkinError } from '../../std/podkin-error.ts';
import { isRunning } from '../../std/process-identity.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';
import { ensureRuntimeDir } from '../../transport/address.ts';
import { endTree } from '../control/end-tree.ts';
import { type Root, startRoot } from '../../library/roots/create-root.ts';
import { scriptedRoot } from '../demo/scripted-root.ts';
import { Cuts } from './cuts.ts';
import { leftBelow } from './end-all.ts';
import { Faults } from './faults.ts';
import type { RoundFigures } from './figures.ts';
import { pause } from './pause.ts';
import { limitsAdvice } from './guard.ts';
import type { RoundPlace } from './place.ts';
import { at, faultsOf, type Work, workOf } from './plan.ts';
import { growTask, scenarioText, shapeOf, taskText } from './scenario.ts';
import { type ChaosPod, ChaosTree, isParent, refusedSpawns } from './tree.ts';
import { wakeLatencies, wasFree } from './wakes.ts';

/**
 * What ends or delays is quicker than usual, so that a minute sees much; how long siblings are waited for is
 * not.
 */
const limits = {
  ...defaultLimits,
  deathGraceMs: 200,
  unreachableMs: 2_000,
  sweepMs: 1_000,
  reconnectBaseMs: 10,
  reconnectMaxMs: 250,
  retryBaseMs: 50,
  retryMaxMs: 500,
  shutDownAckMs: 1_000,
  spawnMs: 60_000,
  wakesPerMinute: 1_000_000,
  hops: 1_000_000,
  children: 100,
  pods: 1_000,
  quarantineDeaths: 1_000_000,
};

const pollMs = 100;
const deliverMs = 3_000;
/** More than so many that wait make the tree no busier. */
const waitingRunsMax = 3;
const idleTwigsMax = 2;
/** Without any new entry in any log for so long, nothing is to come any more. */
const patienceMs = 45_000;
const quietMaxMs = 300_000;
const stopGraceMs = 30_000;
const termMs = 5_000;

export interface RoundOptions {
  readonly place: RoundPlace;
  readonly seed: number;
  readonly durationMs: number;
  /** Aborted: nothing is begun any more, and `playRound` rejects. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface Progress {
  readonly phase: 'start' | 'faults' | 'quiet' | 'check';
  readonly elapsedMs: number;
  readonly kills: number;
  readonly freezes: number;
  readonly cuts: number;
}

export interface PlayedRound {
  /** Rejects with the signal's reason, or with why it could not be played at all. Ends no process then. */
  readonly figures: Promise<RoundFigures>;
  /** Of what has been done, not judged. */
  soFar(): RoundFigures;
}

export function playRound(options: RoundOptions): PlayedRound {
  const round = new Round(options);
  return { figures: playedToEnd(round), soFar: () => round.figures([], null) };
}

async function playedToEnd(round: Round): Promise<RoundFigures> {
  try {
    return await round.play();
  } finally {
    await round.leave();
  }
}

/** Nothing had been done to it yet. */
class TrialNotBegun extends PodkinError {
  constructor(why: string) {
    const isStarved = /\b(EMFILE|ENFILE|EAGAIN)\b/.test(why);
    const next = isStarved ? limitsAdvice : '"podkin doctor" looks for what is amiss here';
    super(`the trial could not begin: ${why}; ${next}`);
    this.name = 'TrialNotBegun';
  }
}

class Round {
  readonly #options: RoundOptions;
  readonly #tree: ChaosTree;
  readonly #cuts: Cuts;
  readonly #faults: Faults;
  readonly #root: Root;
  readonly #problems: string[] = [];
  #elapsedMs = 0;

  constructor(options: RoundOptions) {
    const { place, seed, signal } = options;
    this.#options = options;
    writeFileSync(place.scenario, scenarioText(seed));
    ensureRuntimeDir(place.home.runtime);
    this.#tree = new ChaosTree(place.home);
    this.#cuts = new Cuts(join(place.path, 'cut'));
    const { environment } = place;
    this.#faults = new Faults({ tree: this.#tree, cuts: this.#cuts, environment, signal });
    this.#root = chaosRoot(place);
  }

  async play(): Promise<RoundFigures> {
    const early = await this.#grow();
    const stranded = early.length > 0 ? early : await this.#disturb();
    return this.figures(stranded, await this.#end());
  }

  /** Faults, work and then quiet. Answers with what did not come to rest. */
  async #disturb(): Promise<string[]> {
    const { signal, durationMs } = this.#options;
    const startedMs = monotonicMs();
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    setMaxListeners(0, until);
    const playing = [this.#giveFaults(until), this.#giveWork(until), this.#watch(until)];
    try {
      await Promise.race([pause(durationMs, signal), ...playing]);
    } finally {
      over.abort();
      await Promise.allSettled(playing);
    }
    signal.throwIfAborted();
    this.#elapsedMs = monotonicMs() - startedMs;
    return await this.#quiet();
  }

  async leave(): Promise<void> {
    await this.#cuts.close();
  }

  /** Until the tree stands and everybody has had their first turn. Answers with what did not come to rest. */
  async #grow(): Promise<string[]> {
    const { place, signal, seed } = this.#options;
    this.#progress('start');
    try {
      const givenUp = aborted(signal);
      await startRoot(this.#root, place.environment, { spawnMs: limits.spawnMs, givenUp });
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof PodStartFailed ? new TrialNotBegun(error.message) : error;
    }
    await this.#tree.refresh();
    await this.#cover();
    await this.#run('root', growTask);
    const count = shapeOf(seed).kids.reduce((sum, { leaves }) => sum + 1 + leaves.length, 1);
    const isGrown = () => this.#tree.living.length >= count && this.#tree.unrest().length === 0;
    const isDecided = () => isGrown() || refusedSpawns(this.#tree).length > 0;
    const isOver = await this.#until(isDecided);
    // What the machine does not give is no finding, and leaves more behind than what was refused.
    const [refusal] = refusedSpawns(this.#tree);
    if (refusal !== undefined) throw new TrialNotBegun(refusal);
    if (isOver) return [];
    this.#problems.push(...this.#faults.failures);
    const unrest = this.#tree.unrest();
    if (unrest.length > 0) return unrest;
    return [`of ${count} pods ${this.#tree.living.length} are there`];
  }

  async #giveFaults(until: AbortSignal): Promise<void> {
    for (const fault of faultsOf(this.#options.seed)) {
      await pause(fault.afterMs, until);
      await this.#tree.refresh();
      until.throwIfAborted();
      this.#faults.play(fault);
    }
  }

  /** People speak to the pods; whom they do not reach they do not ask twice. */
  async #giveWork(until: AbortSignal): Promise<void> {
    let number = 0;
    for (const work of workOf(this.#options.seed)) {
      await pause(work.afterMs, until);
      number += 1;
      const pod = this.#hearerOf(work);
      if (pod === undefined || waitingRuns(pod) >= waitingRunsMax) continue;
      await this.#run(pod.name, taskText(number, work.variant));
    }
  }

  #hearerOf({ aside }: Work): ChaosPod | undefined {
    const kids = this.#tree.pods.filter(({ name }) => name.startsWith('kid-'));
    return aside === undefined ? this.#tree.named('root') : at(kids, aside);
  }

  async #watch(until: AbortSignal): Promise<void> {
    const startedMs = monotonicMs();
    for (;;) {
      await pause(pollMs, until);
      await this.#tree.refresh();
      await this.#cover();
      this.#elapsedMs = monotonicMs() - startedMs;
      this.#progress('faults');
      await this.#endTwigs();
    }
  }

  async #cover(): Promise<void> {
    await Promise.all(this.#tree.living.filter(isParent).map((pod) => this.#cuts.cover(pod)));
  }

  /** Pods made for one task that nobody has ended: a person does. */
  async #endTwigs(): Promise<void> {
    const twigs = this.#tree.living.filter(
      ({ name, state }) => name.startsWith('twig-') && state.open.length === 0,
    );
    for (const { socket } of twigs.slice(0, -idleTwigsMax)) {
      await connectAndSend(socket, 'shutdown', { cascade: true }, { deadlineMs: deliverMs });
    }
  }

  async #run(name: string, input: string): Promise<void> {
    const pod = this.#tree.named(name);
    if (pod === undefined) return;
    await connectAndSend(pod.socket, 'run', { input }, { deadlineMs: deliverMs });
  }

  /** No fault any more: everybody runs, and everything that is open has to come to its end. */
  async #quiet(): Promise<string[]> {
    this.#progress('quiet');
    this.#faults.thawAll();
    await this.#cuts.close();
    await this.#faults.settled();
    await this.#until(() => this.#tree.unrest().length === 0);
    this.#problems.push(...this.#faults.failures);
    return this.#tree.unrest();
  }

  /**
   * Looks until it holds, or nothing has changed for long. Who died of a fault is started again, parents
   * first; who died of nothing is a finding, and started again too.
   */
  async #until(holds: () => boolean): Promise<boolean> {
    const { signal } = this.#options;
    const deadlineAt = monotonicMs() + quietMaxMs;
    let changedAt = monotonicMs();
    for (;;) {
      if (await this.#tree.refresh()) changedAt = monotonicMs();
      await this.#startDead();
      // Logs are read one after another: only where none has grown over a second look was it one moment.
      if (holds() && !(await this.#tree.refresh()) && holds()) return true;
      if (monotonicMs() > Math.min(deadlineAt, changedAt + patienceMs)) return false;
      await pause(pollMs, signal);
    }
  }

  async #startDead(): Promise<void> {
    for (const pod of this.#tree.pods) {
      const { newest, state } = pod;
      if (newest === undefined || state.stopped || isRunning(newest)) continue;
      // Its last words may be younger than what was read of its log.
      await this.#tree.refresh();
      if (pod.newest !== newest || pod.state.stopped) continue;
      if (!this.#faults.wasKilled(newest)) this.#reportDeath(pod);
      await this.#faults.start(pod);
    }
  }

  #reportDeath(pod: ChaosPod): void {
    const text = `${pod.name} (pid ${pod.newest?.pid}) ended by itself`;
    this.#problems.push(withErrorOutput(text, stderrTail(pod.folder)));
  }

  /** The tree is stopped in order, and nothing may be left of it but its logs. */
  async #end(): Promise<Report> {
    const { place, signal } = this.#options;
    this.#progress('check');
    await this.#cuts.close();
    const signalled = await endTree({
      home: place.home,
      rootInstance: this.#root.spec.instance,
      reason: 'the trial is over',
      graceMs: stopGraceMs,
      termMs,
      hurry: signal,
    });
    signal.throwIfAborted();
    this.#problems.push(...signalled.map((name) => `${name} did not end when it was asked to`));
    this.#problems.push(...(await leftBelow(place.path)));
    this.#problems.push(...socketsIn(place.home.runtime).map((name) => `socket ${name} was left behind`));
    await this.#tree.refresh();
    const report = await verifyHome(place.home);
    signal.throwIfAborted();
    return report;
  }

  /** `report`: null where the logs were not judged. */
  figures(stranded: readonly string[], report: Report | null): RoundFigures {
    const { pods } = this.#tree;
    const wakesMs = pods.flatMap((pod) =>
      wakeLatencies(podLog(pod), pods.map(podLog))
        .filter((wake) => wasFree(wake, this.#faults.frozenTimes(pod)))
        .map(({ sinceReceivedMs }) => sinceReceivedMs),
    );
    const { kills, freezes, cuts, restores } = this.#faults;
    const counts = { kills, freezes, cuts, restores, pods: this.#tree.everSeen };
    const { seed } = this.#options;
    const durationMs = this.#elapsedMs;
    const problems = [...this.#problems];
    return { seed, durationMs, ...counts, wakesMs, stranded, problems, report };
  }

  #progress(phase: Progress['phase']): void {
    const { kills, freezes, cuts } = this.#faults;
    this.#options.onProgress({ phase, elapsedMs: this.#elapsedMs, kills, freezes, cuts });
  }
}

function chaosRoot({ home, work, scenario }: RoundPlace): Root {
  const scope = { cwd: work, read: [work], write: [work] };
  return scriptedRoot(home, scenario, { ...scope, permissionMode: 'bypassPermissions', limits });
}

function waitingRuns({ log }: ChaosPod): number {
  const waiting = new Set<string>();
  for (const entry of log.entries) {
    if (entry.type === 'inputReceived' && entry.kind === 'run') waiting.add(entry.submission);
    if (entry.type === 'inputDropped') waiting.delete(entry.submission);
    if (entry.type === 'turnStarted') for (const id of entry.submissions) waiting.delete(id);
  }
  return waiting.size;
}

function podLog({ instance, log }: ChaosPod): { instance: string; entries: typeof log.entries } {
  return { instance, entries: log.entries };
}

function socketsIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.sock')) : [];
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
