/**
 * What a session log says, folded into memory. `replay.ts` is the only writer: a living pod applies each
 * entry right after committing it, a restored one applies them all. Nothing is known from anywhere else.
 */
import type { ImageRef } from '../../std/image.ts';
import { noRestrictions } from './restrictions.ts';
import { type ContextFacts, emptyContext } from './context-facts.ts';
import type { UnmetCounts } from './demand-entries.ts';
import type { EngineFacts } from './engine-entries.ts';
import type { EndedCommandContent } from './command-entries.ts';
import type { PodIdentity } from '../../protocol/names.ts';
import type { PodEvent, SentPodEvent, Usage } from '../../protocol/pod-event.ts';
import type { ApprovalAskedEntry, ApprovalDecision } from './approval-entries.ts';
import type { TraceFacts } from './trace-entries.ts';
import type { PlanItem } from './plan.ts';
import type { OfferedTool } from './own-tools.ts';
import type { FolderPlace } from './repository-entries.ts';
import type { DueHook } from './hook-entries.ts';
import { type BudgetFacts, emptyBudget } from './replay-budget.ts';
import { type CommandFacts, noCommands } from './command-facts.ts';
import type { MailboxFacts } from './mailbox-facts.ts';
import type {
  Restrictions,
  AssistantMessageEntry,
  Entry,
  InputSource,
  PathScope,
  PodRef,
  SessionEntry,
  StartedEntry,
  SystemItemEntry,
  ToolCallEntry,
  ToolResultEntry,
  TurnKind,
  TurnOutcome,
  UserMessageEntry,
} from './entries.ts';

export type HistoryEntry = Entry<
  UserMessageEntry | AssistantMessageEntry | ToolCallEntry | ToolResultEntry | SystemItemEntry
>;

/** A run that waits for its turn. */
export interface QueuedRun {
  submission: string;
  from: InputSource;
  text: string;
  images?: ImageRef[];
  hops: number;
  trace?: string;
}

export interface OpenTurn {
  turn: string;
  /** It and the interrupted or paused ones that it goes on with: all are for this work. */
  turns: string[];
  /** Entry seq of its start. */
  entrySeq: number;
  kind: TurnKind;
  submissions: string[];
  hops: number;
  cause: 'person' | 'parent';
  startedAt: string;
  /** As far as it was committed, of all of `turns`. */
  usedMs: number;
  unmet: UnmetCounts;
  steps: number;
  /** The model of its newest answer. */
  answeredBy: string | null;
  usage: Usage;
  /** Calls without a result yet, in order. */
  dangling: Map<string, Entry<ToolCallEntry>>;
}

/** A child as this pod's own log knows it. */
export interface ChildFacts {
  name: string;
  instance: string;
  state: 'reserved' | 'started' | 'linked' | 'undone' | 'ended' | 'removed';
  tokenHash: string;
  scope: PathScope | null;
  /** What it holds of this pod's scope and this pod does not; null where it holds nothing to write in. */
  holds: PathScope | null;
  /** It was spawned with `wait`, and that was not given up. */
  isToWait: boolean;
  /** Since when it is in the queue for its paths; null where it is not. */
  waitsSince: string | null;
  /** Of that what this pod never had, and what nobody else is given: a clone made for it. */
  own: readonly string[];
  task: string;
  /** The SpawnPod call that made it. */
  call: string | null;
  /** The newest incarnation known; 0 before the first link. */
  incarnation: number;
  process: { pid: number; startTime: string; bootId: string } | null;
  /** Another machine that it lives on; null: this one. There `process` is null: it says nothing here. */
  host: string | null;
  /** It was given a run, or has said something: its spawn is not undone any more. */
  begun: boolean;
  /** Highest event number on disk here (P2). */
  received: number;
  /** Highest incarnation whose terminal event (shutDown or died) stands here (I7). */
  terminal: number;
  terminalKind: 'shutDown' | 'died' | null;
  /** Highest incarnation whose end a StopPod result told. */
  stopReported: number;
  /** An `unreachable` episode has been told and has not ended. */
  unreachable: boolean;
  /** Refused for good, with this code, and not linked since. */
  refused: string | null;
  /** Own children that it reported as still working. */
  outstanding: string[];
  lastReportAt: string | null;
}

/** A run that this pod gave to a child and whose end it has not been told. */
export interface OpenAssignment {
  assignment: string;
  child: PodRef;
  turn: string | null;
  text: string;
  openedAt: string;
}

/** Received, and the model has not been given it: together these are the notify buffer. */
export interface BufferedItem {
  /** Entry seq of its receipt; orders the buffer. */
  entrySeq: number;
  wakes: boolean;
  hops: number;
  receivedAt: string;
  /** When the pod died while a turn was taking this item in. */
  deathsAt: string[];
  content:
    | {
        kind: 'podEvent';
        from: PodIdentity;
        seq: number | null;
        event: PodEvent;
        closes: string[];
        asked: string;
      }
    | { kind: 'notice'; submission: string; from: InputSource; text: string; images?: ImageRef[] }
    | { kind: 'assignment'; assignment: string; child: PodRef; outcome: string; text: string }
    | EndedCommandContent;
}

/** In the history, and no completed response stands behind it yet. */
export interface UnseenItem {
  entrySeq: number;
  /** Null where the line of its receipt is damaged. */
  receivedAt: string | null;
  /** When the pod died while a turn had this item in hand (delivery §5, quarantine). */
  deathsAt: string[];
  wakes: boolean;
  hops: number;
}

export interface PendingEvent {
  incarnation: number;
  event: SentPodEvent;
  committedAt: string;
}

/** An approval to a person that is open, or answered while no call waited for it. */
export interface Approval extends Omit<ApprovalAskedEntry, 'type' | 'state'> {
  askedAt: string;
  /** Null while it is open. */
  answer: { decision: ApprovalDecision; reason: string | null } | null;
}

export interface StoppedTurn {
  turns: string[];
  usedMs: number;
  unmet: UnmetCounts;
  submissions: string[];
  hops: number;
  cause: 'person' | 'parent';
}

export interface Facts {
  /** With what was set since it was made (`replay-set.ts`). */
  session: Entry<SessionEntry> | null;
  /** Its mode is another than it was made with, or was one. */
  isModeSet: boolean;
  /** The newest change of the model that a provider has made necessary. */
  switched: { from: string; to: string; why: string } | null;
  lastSeq: number;
  lastTime: string;
  incarnation: number;
  started: Entry<StartedEntry> | null;
  /** The newest incarnation ended in order. */
  stopped: boolean;
  history: HistoryEntry[];
  /** Every submission ever taken in: what makes a resend harmless. */
  submissions: Set<string>;
  queue: QueuedRun[];
  turn: OpenTurn | null;
  /** What an interrupted or paused turn was working on, for `resume`. */
  resumable: StoppedTurn | null;
  /** What an orderly stop has cut of a root: gone on with only where a person says so. */
  cut: StoppedTurn | null;
  paused: boolean;
  /** Who the newest turn was for. */
  lastCause: 'person' | 'parent' | null;
  lastTurn: {
    turn: string;
    outcome: TurnOutcome;
    reason: string | null;
    at: string;
    /** Nothing was left for others to do. */
    settled: boolean;
  } | null;
  /**
   * What a turn that failed for good, met a limit or was cancelled had in hand waits for something new: items
   * consumed up to `through`, and items that were in the buffer when it began (`before`). What arrived during
   * the turn is something new.
   */
  held: { why: 'failed' | 'limit' | 'cancelled'; through: number; before: number } | null;
  /** Of the configuration, beyond the session's, through all lives. */
  restrictions: Restrictions;
  children: Map<string, ChildFacts>;
  /** What the parent said last that this pod holds; null: the session's scope. */
  granted: PathScope | null;
  /** Nothing begins until the parent says that this pod holds its paths; `reason` in its words. */
  scopeWait: { since: string; reason: string } | null;
  assignments: Map<string, OpenAssignment>;
  /** Runs that the parent gave this pod and whose end it has not been told. */
  ownAssignments: Map<string, 'queued' | 'begun'>;
  /** Closed by an event with this number, which the parent has not acknowledged. */
  closedAssignments: Map<string, number>;
  notifyBuffer: BufferedItem[];
  unseen: UnseenItem[];
  outbox: { emitted: number; acked: number; pending: Map<number, PendingEvent> };
  /** Pods below the children, as far as scope reports told of them: instance → name and giver. */
  descendants: Map<string, { name: string; by: string }>;
  /** Origins of re-emitted scope reports: instance → highest seq (one number a sender). */
  origins: Map<string, number>;
  /** ReadPodOutput's place in each child. */
  readCursors: Map<string, string>;
  /** Turns of children whose whole end ReadPodOutput has given: turn → entry seq of that result. */
  readTurns: Map<string, number>;
  /** Items whose content is kept from the model: entry seqs of their systemItems. */
  quarantined: Set<number>;
  /** By request, in the order of asking. */
  approvals: Map<string, Approval>;
  /** Every request that was ever answered, and how: a second answer is told so. */
  answered: Map<string, { decision: ApprovalDecision; by: string }>;
  /** What a person said "always" to: `rememberedKey` of each. */
  remembered: Set<string>;
  /** Rules by which a person has answered; each once, in that order. */
  allowed: string[];
  /** Write roots that a person has added in an answer, each once. */
  widened: string[];
  /** Such roots that were offered, and a person answered without. */
  declined: Set<string>;
  /** Repositories that this pod has made: `.git` by path. */
  repositories: Map<string, FolderPlace>;
  /** Of programs, as they were offered last. */
  offeredTools: readonly OfferedTool[];
  /** Of the token of the program that it belongs to. */
  ownerHash: string | null;
  /** The parent has refused this incarnation for good. */
  refusal: { code: string; text: string; at: string } | null;
  /** Since when notices wait because the wake budget is used up; null once a turn has begun. */
  overBudgetAt: string | null;
  /** Everything at or below it was in a completed request. */
  seenThrough: number;
  usage: Usage;
  turns: number;
  context: ContextFacts;
  /** Of what was said below this entry, `history` holds at most parts: the rest is read from the log. */
  heldFrom: number;
  /** The model's last text since the newest input; empty where it wrote none. */
  lastText: string;
  /** What it may spend, has spent and has lent. */
  budget: BudgetFacts;
  commands: CommandFacts;
  plan: readonly PlanItem[];
  /** Hooks that are to run for entries of this log, in their order. */
  hooksDue: DueHook[];
  trace: TraceFacts | null;
  /** Of a pod without a model that stands for a session outside; null for every other. */
  mailbox: MailboxFacts | null;
  /** Of the session that another agent keeps; null before it has begun, and where the worker drives. */
  engine: EngineFacts | null;
}

export function emptyFacts(): Facts {
  return {
    session: null,
    isModeSet: false,
    switched: null,
    lastSeq: 0,
    lastTime: '',
    incarnation: 0,
    started: null,
    stopped: false,
    history: [],
    submissions: new Set(),
    queue: [],
    turn: null,
    resumable: null,
    cut: null,
    paused: false,
    lastCause: null,
    lastTurn: null,
    held: null,
    restrictions: noRestrictions,
    children: new Map(),
    granted: null,
    scopeWait: null,
    assignments: new Map(),
    ownAssignments: new Map(),
    closedAssignments: new Map(),
    notifyBuffer: [],
    unseen: [],
    outbox: { emitted: 0, acked: 0, pending: new Map() },
    descendants: new Map(),
    origins: new Map(),
    readCursors: new Map(),
    readTurns: new Map(),
    quarantined: new Set(),
    approvals: new Map(),
    answered: new Map(),
    remembered: new Set(),
    allowed: [],
    widened: [],
    declined: new Set(),
    repositories: new Map(),
    offeredTools: [],
    ownerHash: null,
    refusal: null,
    overBudgetAt: null,
    seenThrough: 0,
    usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
    turns: 0,
    context: emptyContext(),
    heldFrom: 0,
    lastText: '',
    budget: emptyBudget(),
    commands: noCommands(),
    plan: [],
    hooksDue: [],
    trace: null,
    ...ofNobodyElse,
  };
}

/** Neither a session outside nor another agent. */
const ofNobodyElse = { mailbox: null, engine: null };

/** Sums tokens and cost; an unknown price makes the sum unknown. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: sum(a.inputTokens, b.inputTokens),
    outputTokens: sum(a.outputTokens, b.outputTokens),
    cost: a.cost === null || b.cost === null ? null : a.cost + b.cost,
  };
}

/** Both as a provider counted them: what is more than a whole number can be stays at the largest. */
function sum(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER);
}

export function allTokens({ inputTokens, outputTokens }: Usage): number {
  return sum(inputTokens, outputTokens);
}

/** The session entry of a log that has one; a log without it is not a pod's. */
export function sessionOf(facts: Facts): Entry<SessionEntry> {
  if (facts.session === null) throw new Error('the log has no session entry');
  return facts.session;
}

/** True when this event ends the assignments that it names (delivery §3). */
export function closesAssignments(event: PodEvent): boolean {
  switch (event.kind) {
    case 'turnEnded':
      return event.outcome === 'finished' ? event.settled : event.outcome !== 'paused';
    case 'died':
      return !event.restored;
    case 'errored':
    case 'shutDown':
      return true;
    case 'scopeSubDelegated':
    case 'unreachable':
      return false;
  }
}
