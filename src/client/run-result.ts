/**
 * What a run of a tree came to: the `result` object from the folds over its pods. Pure.
 */
import { type Denial, podOutcome, type PodOutcome, type PodTally } from './pod-tally.ts';
import { type CheckReport, endOfCheck } from '../session/facts/demand-entries.ts';
import type { JsonValue } from '../std/json.ts';
import { addUsage } from '../session/facts/facts.ts';

/** What ends a command from outside. */
export type InterruptionSignal = 'SIGINT' | 'SIGQUIT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE';

export interface ChildResult {
  name: string;
  instance: string;
  status: PodOutcome;
  turns: number;
  tokens: number;
  cost: number | null;
}

export interface RunResult {
  type: 'result';
  status: 'done' | 'failed' | 'denied' | 'limit';
  name: string;
  instance: string;
  /** The root's final answer. */
  text: string;
  /** The same as data, where --output-schema asked for it and it fits. */
  data?: JsonValue;
  /** Of --check. */
  check?: CheckReport;
  /** Why it was not `done`; null where it was. */
  reason: string | null;
  /** Of what the last turn failed of, as `contextTooLong`; null where none failed. */
  category: string | null;
  /** Sums over the whole tree; cost is null where a price is not known. */
  usage: { inputTokens: number; outputTokens: number };
  cost: number | null;
  durationMs: number;
  children: ChildResult[];
  permissionDenials: Denial[];
}

/** How the run ended, as `run` saw it. `limit`: the pod sits on work that it may not begin any more. */
export type RunEnd =
  | { kind: 'settled' }
  | { kind: 'limit'; reason: string }
  /** What a pod below has to say is refused for good: nobody waits for it. */
  | { kind: 'refused'; reason: string }
  /** A provider lets its work wait for longer than anybody who has it done with -p. */
  | { kind: 'providerLimit'; reason: string }
  /**
   * `isStopped`: in order, by somebody else; a turn that it broke off is given up. `isRemoved`: nothing is
   * left of it. `isTaskLost`: it had not taken in what it was to do (two commands, of which one ended it).
   */
  | { kind: 'died'; reason: string; isStopped?: boolean; isRemoved?: boolean; isTaskLost?: boolean }
  /** `signal`: that is what ended its start. */
  | { kind: 'notStarted'; reason: string; signal: InterruptionSignal | null }
  /** `isTaskLost`: the root had not taken in what it was to do. */
  | { kind: 'interrupted'; signal: InterruptionSignal; isTaskLost?: boolean };

export interface RunOutcome {
  readonly root: PodTally;
  readonly descendants: readonly PodTally[];
  readonly end: RunEnd;
  readonly durationMs: number;
}

export function runResult(outcome: RunOutcome): RunResult {
  const { root, descendants, end } = outcome;
  const all = [root, ...descendants];
  const usage = all.map((pod) => pod.usage).reduce(addUsage);
  const denials = all.flatMap((pod) => pod.denials);
  const { check, result } = root.lastTurn ?? { check: null, result: null };
  return {
    type: 'result',
    ...statusOf(root, end, denials),
    category: root.lastTurn?.category ?? null,
    name: root.name,
    instance: root.instance,
    text: root.text,
    ...(result?.fits === true ? { data: result.data } : {}),
    ...(check === null ? {} : { check }),
    usage: { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens },
    cost: usage.cost,
    durationMs: Math.round(outcome.durationMs),
    children: descendants.map((pod) => ({
      name: pod.name,
      instance: pod.instance,
      status: podOutcome(pod),
      turns: pod.turns,
      tokens: pod.usage.inputTokens + pod.usage.outputTokens,
      cost: pod.usage.cost,
    })),
    permissionDenials: denials,
  };
}

function statusOf(
  root: PodTally,
  end: RunEnd,
  denials: readonly Denial[],
): Pick<RunResult, 'status' | 'reason'> {
  if (end.kind === 'interrupted') return { status: 'failed', reason: `ended by ${end.signal}` };
  if (end.kind === 'died' || end.kind === 'notStarted') return { status: 'failed', reason: end.reason };
  if (end.kind === 'refused' || end.kind === 'providerLimit') return { status: 'failed', reason: end.reason };
  if (end.kind === 'limit') return { status: 'limit', reason: end.reason };
  const outcome = root.lastTurn?.outcome;
  const reason = root.lastTurn?.reason ?? null;
  if (outcome === 'limitReached') return { status: 'limit', reason };
  if (outcome !== 'finished') return { status: 'failed', reason: reason ?? outcome ?? 'no turn was started' };
  const lacking = lackOf(root);
  if (lacking !== null) return { status: 'failed', reason: lacking };
  if (denials.length > 0) return { status: 'denied', reason: denials[0]?.text ?? null };
  return { status: 'done', reason: null };
}

const whyCharsMax = 300;

/** In podkin's own words: nothing has run that could have said anything. */
function whyNotRun({ why, tail }: CheckReport): string {
  if (why !== 'notRun') return '';
  const text = tail.replaceAll(/\s+/g, ' ').trim().slice(0, whyCharsMax);
  return text === '' ? '' : `: ${text.toWellFormed()}`;
}

/** What was asked for with the task and is not there. */
function lackOf({ lastTurn }: PodTally): string | null {
  const { check = null, result = null } = lastTurn ?? {};
  if (check?.passed === false) return `its check did not pass (${endOfCheck(check)}${whyNotRun(check)})`;
  return result?.fits === false ? `its answer does not fit the schema: ${result.problem}` : null;
}
