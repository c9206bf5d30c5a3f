/**
 * A tree at work before a person or a program: watched until it is settled (docs/delivery.md §3), and ended
 * then, unless others want it to stay.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { thrownText } from '../../std/thrown-text.ts';
import { statusOf } from '../../client/budget-bound.ts';
import { whyNothingGoesOn } from '../../client/stuck-tree.ts';
import { OwnAnswer } from '../../client/own-answer.ts';
import { newTally, type PodTally } from '../../client/pod-tally.ts';
import { hasPart, type KnownPod, TreeWatch } from '../../client/tree-watch.ts';
import { stderrTail } from '../../pod/process/start-process.ts';
import { podSocket } from '../../session/home/pod-address.ts';
import type { StatusResult } from '../../protocol/status-result.ts';
import type { PodFolder } from '../../session/home/home.ts';
import type { Limits } from '../../session/settings/settings.ts';
import { monotonicMs } from '../../std/clock.ts';
import { withErrorOutput } from '../../std/error-output.ts';
import type { Client } from '../../transport/client.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';
import { RunApprovals } from '../approvals/run-approvals.ts';
import { endTree } from '../control/end-tree.ts';
import { refusedText } from '../format/unsettled.ts';
import { canAsk } from '../invocation/ask-person.ts';
import { type CommandContext, exitStatus } from '../invocation/context.ts';
import {
  catchSignals,
  type Interruption,
  interruptionStatus,
  stalledReaderMs,
} from '../invocation/interruption.ts';
import { type RunEnd, runResult } from '../../client/run-result.ts';
import { exitOf } from './exit-of.ts';
import type { RunReport, RunScreen } from './run-report.ts';

/** What is to be watched, and what this command may do to it. */
export interface Work {
  readonly context: CommandContext;
  readonly name: string;
  readonly instance: string;
  readonly folder: PodFolder;
  readonly limits: Limits;
  /** Nobody is there who could answer, or raise what the tree may spend. */
  readonly headless: boolean;
  /** Of pods that have a past: what they say from now on is counted, and shown. */
  readonly known?: readonly KnownPod[];
  /** What it does is said while it does it: a screen opens behind it, on a tree that runs. */
  readonly isStartSaid?: true;
  /** Null: the root listens. */
  start(interruption: Interruption): Promise<Extract<RunEnd, { kind: 'notStarted' }> | null>;
  /** Of what is handed over: its answer is the result. Null: only what was cut is gone on with. */
  readonly submission: string | null;
  /** Hands over what is to be done. */
  begin(client: Client): Promise<unknown>;
  /** False: the tree was there before, and stays when the work is done. */
  readonly endsTree: boolean;
}

/** Answers the exit status. */
export async function foreground(work: Work, report: RunReport): Promise<number> {
  const { context, name, instance } = work;
  const startedAt = monotonicMs();
  const interruption = catchSignals();
  const own = work.submission === null ? null : new OwnAnswer(work, [work.submission]);
  const watch = new TreeWatch({
    home: context.home,
    deltas: report.deltas,
    known: work.known ?? [],
    onEvent: (pod, event) => {
      report.event(pod, event);
      if (pod.depth > 0) return;
      if (event.type === 'entry') own?.take(event.entry);
      approvals?.event(event);
    },
  });
  const { screen = null } = report;
  const approvals = screen === null ? runApprovals(work, report, watch) : null;
  try {
    const ended = await worked(work, { watch, own, screen }, interruption);
    if (ended.kind === 'left') {
      await watch.close();
      await screen?.close();
      return exitStatus.done;
    }
    report.ending(ended);
    await watch.close();
    const killed = await (work.endsTree ? stopAll(work, ended, interruption.hurry) : leave(work, ended));
    await screen?.close();
    // Not into a screen.
    if (killed.length > 0) context.stderr.write(`Ended by force: ${killed.join(', ')}.\n`);
    await watch.catchUp();
    const [whole = newTally(name, instance), ...descendants] = talliesOf(watch, work);
    const isTaskLost = own?.isTaken === false;
    const end = unlessRemoved(
      work,
      ended.kind === 'interrupted' || ended.kind === 'died' ? { ...ended, isTaskLost } : ended,
    );
    const durationMs = monotonicMs() - startedAt;
    // What was sent from the screen is answered by the last of it.
    const root = screen?.hasSent === true ? whole : answered(whole, own);
    const result = runResult({ root, descendants, end, durationMs });
    report.result(result, end);
    return (await readOrLeft(context, interruption, end)) ?? exitOf(result, end, work);
  } finally {
    approvals?.close();
    await screen?.close();
    interruption.release();
  }
}

/** Somebody may have removed it before it had begun (`podkin prune` beside `run -c`). */
function unlessRemoved({ folder }: Work, end: RunEnd): RunEnd {
  if (end.kind !== 'died' || existsSync(folder.path)) return end;
  return { kind: 'died', reason: 'it was removed (podkin prune, podkin rm)', isRemoved: true };
}

/** At the keyboard, where no screen has it. */
function runApprovals(work: Work, report: RunReport, watch: TreeWatch): RunApprovals {
  const { context } = work;
  return new RunApprovals(context, {
    keyboard: !work.headless && canAsk(context),
    headless: work.headless,
    client: () => watch.pods[0]?.stream?.client ?? null,
    say: (text) => report.say(text),
    obey: async (line) => {
      const client = watch.pods[0]?.stream?.client ?? null;
      const { obeyTyped } = await import('../control/typed-set.ts');
      report.say(await obeyTyped(context, line, client));
    },
  });
}

/** What was spent is the tree's; what was said, and denied, the submission's own. */
function answered(whole: PodTally, own: OwnAnswer | null): PodTally {
  if (own === null) return whole;
  const { text, denials, lastTurn } = own.tally;
  return { ...whole, text, denials, lastTurn };
}

interface Watched {
  readonly watch: TreeWatch;
  readonly own: OwnAnswer | null;
  readonly screen: RunScreen | null;
}

/** `left`: the person has left its screen, and the tree goes on. */
type WatchEnd = RunEnd | { readonly kind: 'left' };

/**
 * Waits until the output is read. A reader that has stopped reading keeps nobody from ending the run: then
 * the signal's status.
 */
async function readOrLeft(
  { stdout }: CommandContext,
  { first }: Interruption,
  { kind }: RunEnd,
): Promise<number | null> {
  const drained = stdout.drained().then(() => null);
  if (kind !== 'interrupted')
    return await Promise.race([drained, first.then((signal) => interruptionStatus[signal])]);
  return await Promise.race([drained, sleep(stalledReaderMs, null, { ref: false })]);
}

/** From the start of the root to the end of the work, whichever way it ends. */
async function worked(work: Work, watched: Watched, interruption: Interruption): Promise<WatchEnd> {
  const { name, instance, endsTree, isStartSaid = false } = work;
  const open = async (): Promise<void> => await watched.screen?.open({ name, instance, ownsTree: endsTree });
  if (!isStartSaid) await open();
  const failed = await work.start(interruption);
  if (failed !== null) return failed;
  const interrupted = interruption.first.then((signal): RunEnd => ({ kind: 'interrupted', signal }));
  if (isStartSaid) {
    const early = await Promise.race([interrupted, Promise.resolve(null)]);
    if (early !== null) return early;
    await open();
  }
  const left = watched.screen?.left.then((): WatchEnd => ({ kind: 'left' }));
  const looking = new AbortController();
  try {
    const ends = [interrupted, handedOver(work, watched, looking.signal), ...(left ? [left] : [])];
    return await Promise.race(ends);
  } finally {
    looking.abort();
  }
}

/** Rejects when `signal` aborts. */
async function handedOver(work: Work, watched: Watched, signal: AbortSignal): Promise<RunEnd> {
  const { name, instance } = work;
  try {
    // Watching comes first, so that nothing of the work can be missed.
    const client = await watched.watch.start(name, instance);
    signal.throwIfAborted();
    await work.begin(client);
    watched.screen?.begun();
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'died', reason: withErrorOutput(thrownText(error), stderrTail(work.folder)) };
  }
  return await untilSettled(work, watched, signal);
}

/** Live events say when to check; this is for what no event shows. */
const pollMs = 250;

/** Rejects when `signal` aborts. */
async function untilSettled(work: Work, watched: Watched, signal: AbortSignal): Promise<RunEnd> {
  const { watch, screen } = watched;
  const { headless } = work;
  for (;;) {
    signal.throwIfAborted();
    const changed = watch.changed();
    const status = await watch.status();
    switch (status.kind) {
      case 'settled':
        if ((await screen?.goesOn()) === true) continue;
        return { kind: 'settled' };
      case 'overBudget':
        return {
          kind: 'limit',
          reason: 'the wake budget is used up: what has arrived waits for a person',
        };
      case 'refused':
        return { kind: 'refused', reason: refusedText(status.refused) };
      case 'rootGone':
        return whyGone(work, watched);
      case 'working':
        break;
    }
    const hopeless = headless ? await hopelessEnd(work, status.status ?? null) : null;
    if (hopeless !== null) return hopeless;
    await Promise.race([changed, sleep(pollMs, undefined, { ref: false })]);
  }
}

/** Why nobody should wait on who cannot be asked. `known`: the root's status, where it was asked just now. */
async function hopelessEnd(work: Work, known: StatusResult | null): Promise<RunEnd | null> {
  const { context, instance, endsTree, limits } = work;
  const { home } = context;
  const status = known ?? (await statusOf({ home, root: instance }, work));
  if (status === null) return null;
  const bound = await whyNothingGoesOn(home, status);
  if (bound !== null) return { kind: 'limit', reason: bound };
  // What this command has started itself is told at its start to wait for none.
  if (endsTree) return null;
  const { longWait } = await import('./long-wait.ts');
  const reason = await longWait(home, status, limits.retryAfterMaxMs);
  return reason === null ? null : { kind: 'providerLimit', reason };
}

function whyGone({ folder }: Work, { watch, own }: Watched): RunEnd {
  const isStopped = watch.pods[0]?.tally.stopped === true;
  // Whoever had started it ended it, once nothing was left to do.
  if (isStopped && own?.isOver === true) return { kind: 'settled' };
  if (isStopped) return { kind: 'died', reason: 'it was stopped before its work was done', isStopped: true };
  const tail = stderrTail(folder);
  return { kind: 'died', reason: withErrorOutput('its process died', tail) };
}

const cancelTimeoutMs = 2_000;
/** Beyond the time that the pods give each other. */
const stopSlackMs = 5_000;
const termMs = 2_000;

/**
 * What a turn was at is gone on with when the tree is started again: nothing is cancelled. Answers who had to
 * be ended by force.
 */
async function stopAll(work: Work, end: RunEnd, hurry: AbortSignal): Promise<readonly string[]> {
  const { context, instance, limits } = work;
  if (end.kind === 'notStarted') return [];
  return await endTree({
    home: context.home,
    rootInstance: instance,
    reason: end.kind === 'interrupted' ? `interrupted by ${end.signal}` : 'podkin run has ended',
    graceMs: 2 * limits.stopGraceMs + stopSlackMs,
    termMs,
    hurry,
  });
}

/** Whoever interrupts the watching of a tree that stays, or waits no longer, means its turn. */
async function leave({ context, instance, folder }: Work, { kind }: RunEnd): Promise<readonly string[]> {
  if (kind !== 'interrupted' && kind !== 'providerLimit') return [];
  // Its failure changes nothing: there was nothing to cancel.
  await connectAndSend(
    podSocket(context.home, { instance, folder }),
    'cancel',
    {},
    { deadlineMs: cancelTimeoutMs },
  );
  return [];
}

/** The root's first; of those that have a past only who has done something. */
function talliesOf(watch: TreeWatch, { endsTree }: Work): PodTally[] {
  return watch.pods
    .filter(hasPart)
    .map(({ tally, state }) => ({ ...tally, isRunning: !endsTree && state !== 'gone' }));
}
