/**
 * The entries of a session log: what a pod has committed. One JSON object each, the same on the wire, in
 * `podkin logs --json` and, inside its checksummed line, in the file (`line.ts`). Unknown types and fields
 * are kept and passed over, so that an older podkin can read a newer log.
 */
import type { ImageRef } from '../../std/image.ts';
import type { JsonObject, JsonValue } from '../../std/json.ts';
import type { ApprovalEntry } from './approval-entries.ts';
import type { CommandEntry } from './command-entries.ts';
import type { ContextEntry, MeasuredSize } from './context-entries.ts';
import type { DeliveryEntry } from './delivery-entries.ts';
import type { AnswerEnd, EngineEntry } from './engine-entries.ts';
import type { Evidence, TurnTimeEntry, UnmetItem } from './demand-entries.ts';
import type { PlanItem } from './plan.ts';
import type { RepositoryMadeEntry } from './repository-entries.ts';
import type { BudgetEntry } from './budget-entries.ts';
import type { HookDoneEntry } from './hook-entries.ts';
import type { ScopeWaitEntry } from './scope-entries.ts';
import type { MailboxEntry } from './mailbox-entries.ts';
import type { TracedEntry } from './trace-entries.ts';
import type { SettingEntry } from './set-entries.ts';
import type { Totals } from './totals.ts';
import type { PodIdentity } from '../../protocol/names.ts';
import type { PodEvent, Usage } from '../../protocol/pod-event.ts';

/** +1 whenever an entry that exists changes its meaning; a log with a higher number is refused. */
export const schemaVersion = 1;

export interface PodRef {
  readonly name: string;
  readonly instance: string;
}
export type PathRight = 'read' | 'write';
/**
 * What may be touched. A path means the whole tree below it, one that ends in `/*` only what lies directly in
 * that directory. `write` implies `read`. A deny caps below its right: without `write` a path may still be
 * read, without `read` it may not be touched at all.
 */
export interface PathScope {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly deny?: readonly ScopeDeny[];
}
export interface ScopeDeny {
  readonly path: string;
  readonly right: PathRight;
  /** The pod that holds this path now; never on disk, since it ends with that pod. */
  readonly holder?: string;
}
/** What a person's configuration takes from a pod. */
export interface Restrictions {
  readonly deny: readonly ScopeDeny[];
  /** Rules as text. */
  readonly rules: { readonly ask: readonly string[]; readonly deny: readonly string[] };
}
export type InputSource = { kind: 'person' } | ({ kind: 'parent' } & PodRef) | { kind: 'pod'; name: string };

/** First entry of every log; everything that a restore needs to know about who this pod is. */
export interface SessionEntry {
  type: 'session';
  schema: number;
  podkin: string;
  name: string;
  instance: string;
  parent: PodRef | null;
  root: PodRef;
  /** 0 for a root. */
  depth: number;
  cwd: string;
  model: string;
  instructions: string | null;
  permissionMode: string;
  scope: PathScope;
  settings: JsonObject;
}
/** An incarnation opened the log for writing. */
export interface StartedEntry {
  type: 'started';
  incarnation: number;
  pid: number;
  startTime: string;
  bootId: string;
  podkin: string;
  /** Where it listens; entries of earlier builds do not say. */
  address?: string;
  namespaces?: { network: string | null; process: string | null };
  /**
   * What came into the configuration since the pod was made, as far as no earlier incarnation was told of it.
   */
  restrictions?: Restrictions;
}
/** A run, a notice or a person's control, on its arrival. */
export interface InputReceivedEntry {
  type: 'inputReceived';
  submission: string;
  kind: 'run' | 'notice' | 'pause' | 'resume' | 'cancel';
  wake: boolean;
  from: InputSource;
  text: string;
  images?: ImageRef[];
  hops: number;
  /** The span that it was given in. */
  trace?: string;
}
/** A queued run was dropped before it began. */
export interface InputDroppedEntry {
  type: 'inputDropped';
  submission: string;
  reason: string;
}
export interface UserMessageEntry {
  type: 'userMessage';
  turn: string;
  submission: string;
  from: InputSource;
  text: string;
  images?: ImageRef[];
}
export type TurnKind = 'run' | 'runForNotification' | 'resume';
export interface TurnStartedEntry {
  type: 'turnStarted';
  turn: string;
  kind: TurnKind;
  /** The runs that this turn answers; empty for a notification. */
  submissions: string[];
  hops: number;
  /** Who the work is for in the end: a turn that a person caused is not reported to the parent. */
  cause: 'person' | 'parent';
  trace?: string;
  /** A notification turn that the wake budget counts. */
  counted?: boolean;
}
/** Text and reasoning of one response; its tool calls follow as entries of their own. */
export interface AssistantMessageEntry {
  type: 'assistantMessage';
  turn: string;
  step: number;
  model: string;
  parts: AssistantPart[];
  /** Cut off by a cancel; what had been streamed until then. */
  partial?: boolean;
}
export type AssistantPart =
  | { type: 'text'; text: string; providerMetadata?: JsonObject }
  | { type: 'reasoning'; text: string; providerMetadata?: JsonObject };
export interface ToolCallEntry {
  type: 'toolCall';
  turn: string;
  step: number;
  call: string;
  tool: string;
  input: JsonValue;
  providerMetadata?: JsonObject;
  /**
   * Parts of the assistantMessage of its step that the model gave before it; absent where it was all of them,
   * as in logs of earlier versions.
   */
  partsBefore?: number;
}
export interface ToolResultEntry {
  type: 'toolResult';
  turn: string;
  step: number;
  call: string;
  tool: string;
  text: string;
  images?: ImageRef[];
  isError: boolean;
  /** The call did not run to its end: the pod died, was cancelled or paused (I12). */
  interrupted?: boolean;
  /** A right was missing. */
  denied?: boolean;
  /** StopPod: the incarnation whose end this result tells; its shutDown or death is not told again. */
  stopped?: { instance: string; incarnation: number };
  /**
   * ReadPodOutput: where the next read of that child begins, and the turn whose whole final text this result
   * holds.
   */
  readOutput?: { instance: string; cursor: string; coversTurn: string | null };
  /** Plan: the list as it is from now on. */
  plan?: PlanItem[];
  /** Files of instructions that it holds or has shown whole: its call was the first to touch them. */
  instructed?: string[];
}
export type SystemItem =
  | { kind: 'podEvent'; from: PodIdentity; seq: number | null; event: PodEvent; body: string }
  | { kind: 'notice'; submission: string; from: InputSource; body: string; images?: ImageRef[] }
  | { kind: 'assignment'; assignment: string; child: PodRef; outcome: string; body: string }
  | { kind: 'command'; command: string; body: string }
  | UnmetItem;
/** A notification, consumed: `body` is the exact text that the model reads. */
export interface SystemItemEntry {
  type: 'systemItem';
  turn: string;
  item: SystemItem;
}
/**
 * `said`: what the provider counted instead, which no request comes to. Absent in logs of earlier versions.
 */
export type StepUsage = Usage & { said?: { inputTokens: number; outputTokens: number } };
/** A completed response: every item at or below `seenThrough` (an entry seq) was in its request. */
export interface StepCompletedEntry {
  type: 'stepCompleted';
  turn: string;
  step: number;
  finishReason: string;
  usage: StepUsage;
  seenThrough: number;
  /** Absent where the engine did not measure, and in logs of earlier versions. */
  size?: MeasuredSize;
  /** What the turn comes to by another agent's answer; absent: it finishes, or the engine goes on. */
  comesTo?: AnswerEnd;
}
/**
 * A request without a response, one of the tries of its step: it failed or was ended. What it used is in no
 * `stepCompleted`; absent where that was nothing, and in logs of earlier versions.
 */
export interface RequestFailedEntry {
  type: 'requestFailed';
  turn: string;
  step: number;
  usage: StepUsage;
}
export type TurnOutcome = 'finished' | 'limitReached' | 'paused' | 'cancelled' | 'errored';
/** Evidence: of a root that has finished, where a person has asked for it; a child's go with its report. */
export interface TurnEndedEntry extends Evidence {
  type: 'turnEnded';
  turn: string;
  outcome: TurnOutcome;
  by?: 'person' | 'parent';
  reason?: string;
  error?: { category: string; message: string };
  settled: boolean;
  outstanding: string[];
  usage: Usage;
  durationMs: number;
}
/** What an earlier incarnation left open was closed, dangling calls by synthetic results in this append. */
export interface InterruptedEntry {
  type: 'interrupted';
  turn: string | null;
  reason: string;
  calls: string[];
}
/**
 * A run that this pod gives a child: committed before it is sent. Closed by the child's report, or here when
 * it was never begun.
 */
export interface AssignmentEntry {
  type: 'assignment';
  assignment: string;
  child: PodRef;
  state: 'open' | 'closed';
  text: string;
  /** The turn that gave it, and its hops; absent on closing. */
  turn?: string;
  outcome?: string;
  /** Closed assignments whose closing the model must hear of by itself. */
  tell?: boolean;
}
export interface AlertEntry {
  type: 'alert';
  level: 'warning' | 'error';
  code: string;
  text: string;
  /** Entry seq of a systemItem whose content the model is not shown any more. */
  quarantines?: number;
  /**
   * The parent has refused this pod for good, with this code: what is pending stays so until a later
   * incarnation or an acknowledgement says otherwise.
   */
  refusal?: string;
  /** This pod has refused that child for good, with this code, until it links or has ended. */
  refuses?: { child: PodRef; code: string };
  /** From now on `to` is asked and not `from`, whose provider has said why. */
  switched?: { from: string; to: string; why: string };
}
export type ChildState = 'reserved' | 'started' | 'linked' | 'undone' | 'ended' | 'removed';
export interface ChildEntry {
  type: 'child';
  child: PodRef;
  state: ChildState;
  tokenHash?: string;
  scope?: PathScope;
  task?: string;
  call?: string;
  /** Reserved with `wait`: it begins nothing without all of `scope`. */
  isToWait?: true;
  /** Of its scope to write, what this pod never had: a clone made for it. */
  own?: readonly string[];
  /** The host that it lives on, by the name that the person gave it; absent: this one. */
  host?: string;
  incarnation?: number;
  pid?: number;
  startTime?: string;
  bootId?: string;
  reason?: string;
}
/**
 * A scope to write in changed hands. `delegated`: a child holds it and this pod does not; `reclaimed`: it is
 * this pod's again, once each. `granted`: what this pod's own parent says that it holds now, in the place of
 * the session's scope.
 */
export interface ScopeEntry {
  type: 'scope';
  change: 'delegated' | 'reclaimed' | 'granted';
  /** The other side: absent for `granted`. */
  child?: PodRef;
  scope: PathScope;
  /** Why it was reclaimed. */
  reason?: string;
}
/** The pod's process ended in order. Without it, an incarnation has died. */
export interface StoppedEntry {
  type: 'stopped';
  incarnation: number;
  reason: string;
  /** What the log comes to, for those who list pods; absent in logs of earlier versions. */
  totals?: Totals;
}
export type EntryBody =
  | SessionEntry
  | StartedEntry
  | InputReceivedEntry
  | InputDroppedEntry
  | UserMessageEntry
  | TurnStartedEntry
  | AssistantMessageEntry
  | ToolCallEntry
  | ToolResultEntry
  | SystemItemEntry
  | StepCompletedEntry
  | RequestFailedEntry
  | TurnEndedEntry
  | TurnTimeEntry
  | InterruptedEntry
  | AssignmentEntry
  | AlertEntry
  | ChildEntry
  | DeliveryEntry
  | ApprovalEntry
  | RepositoryMadeEntry
  | ScopeEntry
  | ScopeWaitEntry
  | StoppedEntry
  | ContextEntry
  | BudgetEntry
  | CommandEntry
  | SettingEntry
  | HookDoneEntry
  | TracedEntry
  | EngineEntry
  | MailboxEntry;

/**
 * `seq` numbers the entries of one log: 1, 2, 3 … Never to be mixed up with an event's number, which is
 * called `eventSeq` here. `time` is for people.
 */
export type Entry<B extends EntryBody = EntryBody> = { seq: number; time: string } & B;
