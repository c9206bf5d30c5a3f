/**
 * What the pod's state machine stands on: facts (from the log), the little that is not in the log, and the
 * ports through which it acts. No I/O here and none in `state.ts`, `inputs.ts`, `reports.ts`: a simulation
 * drives them as well as `pod.ts` does.
 */
import { thrownText } from '../../std/thrown-text.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import type { Facts } from '../../session/facts/facts.ts';
import type { Limits } from '../../session/settings/settings.ts';
import type { PodStatus } from '../../protocol/status-result.ts';

export interface Core {
  readonly facts: Facts;
  readonly live: Live;
  readonly limits: Limits;
  readonly ports: CorePorts;
}

/** Who asks the running turn to end, and how. */
export type TurnControl =
  | { kind: 'cancel'; by: 'person' | 'parent' }
  | { kind: 'pause'; by: 'person' | 'parent' }
  /** As a cancel, but for what it is called. `pauses`: a pause was asked for. */
  | { kind: 'limit'; reason: string; pauses: boolean };

export interface Live {
  mode: 'idle' | 'running' | 'stopping';
  control: TurnControl | null;
  /** The coalescing timer runs. */
  coalescing: boolean;
  /** When the counted notification turns of the last minute began. */
  spentAtMs: number[];
  overBudget: 'turnsPerMinute' | 'hops' | null;
  /** Since when `overBudget`, and until when where it fills again by itself; wall time, as in the entries. */
  overBudgetAt: string;
  overBudgetUntil: string | null;
  /** Why the log cannot be written at the moment, and since when. */
  storage: string | null;
  storageAt: string;
  provider: ProviderWait;
  /** Of the running turn, where its time is limited. */
  time: TurnTime | null;
  /** A request of this pod or of one below it waits for what it may spend. */
  budget: { since: string; reason: string } | null;
  /** Turns that the disk cut off since one was last committed to its end. */
  turnsAbandoned: number;
  watchdogRescues: number;
  /** How often the parent has said which mode it is in. */
  modesHeard: number;
  stopReason: { reason: string; by: 'person' | 'parent' | 'signal' } | null;
}

/** How the running turn's request fares. */
export interface ProviderWait {
  /** Sent, and nothing of an answer has come yet. */
  askedAt: string | null;
  /** It has failed and is tried again; `until` is null while a try is under way. */
  failing: { since: string; until: string | null; reason: string } | null;
}

/** Of the running turn, where it is limited. All but the limits moves. */
export interface TurnTime {
  readonly timeoutMs: number;
  readonly idleMs: number;
  usedMs: number;
  committedMs: number;
  /** Up to when `usedMs` is right. */
  atMs: number;
  /** Since then it counts: it waited for no person. */
  counts: boolean;
  /** The last sign of work. */
  heardAtMs: number;
}

export interface CorePorts {
  /**
   * Writes all entries in one append and applies them to the facts; durable only once the log's sync has been
   * awaited. Throws `StorageFailed` with nothing written and the facts untouched.
   */
  commit(bodies: EntryBody[]): void;
  /**
   * Takes note of what is to be done; must not call back into the machine before the current input has been
   * handled.
   */
  perform(effect: Effect): void;
  /** Monotonic milliseconds. */
  now(): number;
  /** Milliseconds since 1970, for what people read and for other processes; may jump. */
  wallMs(): number;
  newId(): string;
}

export type TimerName = 'coalesce' | 'refill' | 'storage' | 'time';
export type Effect =
  | { type: 'startTurn'; turn: string }
  /** Between two turns: what `context.asked` says. */
  | { type: 'compact' }
  /** Ends the running turn: at once for a cancel, before the next request for a pause. */
  | { type: 'controlTurn' }
  | { type: 'timer'; name: TimerName; delayMs: number }
  /** An event was committed: the outbox has work. */
  | { type: 'emitted' }
  | { type: 'cancelChildren'; assignments: string[] }
  | { type: 'stop' }
  | { type: 'statusChanged' }
  | { type: 'alert'; level: 'warning' | 'error'; code: string; text: string };

export function freshLive(): Live {
  return {
    mode: 'idle',
    control: null,
    coalescing: false,
    spentAtMs: [],
    overBudget: null,
    overBudgetAt: '',
    overBudgetUntil: null,
    storage: null,
    storageAt: '',
    provider: { askedAt: null, failing: null },
    time: null,
    budget: null,
    turnsAbandoned: 0,
    watchdogRescues: 0,
    modesHeard: 0,
    stopReason: null,
  };
}

/** A pause was asked for, and nothing has taken it back. */
export function isToPause({ control }: Live): boolean {
  return control?.kind === 'pause' || (control?.kind === 'limit' && control.pauses);
}

export function statusOf(core: Core): PodStatus {
  if (core.live.mode !== 'idle') return core.live.mode;
  return core.facts.paused ? 'paused' : 'idle';
}

/** What steers turns and is none itself. */
export function controlEntry(submission: string, kind: 'pause' | 'resume' | 'cancel'): EntryBody {
  return {
    type: 'inputReceived',
    submission,
    kind,
    wake: false,
    from: { kind: 'person' },
    text: '',
    hops: 0,
  };
}

/**
 * Commits, or goes into storage trouble and answers false: nothing was written then, and a timer will try
 * again.
 */
export function tryCommit(core: Core, bodies: EntryBody[]): boolean {
  try {
    core.ports.commit(bodies);
    return true;
  } catch (error) {
    noteStorageProblem(core, thrownText(error));
    return false;
  }
}

const storageRetryMs = 1_000;
const storageRetryMaxMs = 60_000;

export function noteStorageProblem(core: Core, text: string): void {
  if (core.live.storage === null) {
    core.ports.perform({ type: 'alert', level: 'error', code: 'storageFailed', text });
    core.live.storageAt = new Date(core.ports.wallMs()).toISOString();
  }
  core.live.storage = text;
  // A disk that takes a small entry and refuses each turn's answer must not cost a request a second.
  const delayMs = Math.min(storageRetryMaxMs, storageRetryMs * 2 ** core.live.turnsAbandoned);
  core.ports.perform({ type: 'timer', name: 'storage', delayMs });
}
