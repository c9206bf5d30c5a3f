/**
 * What a turn needs of its pod, and who drives it. An engine knows no socket, no log file and no other pod;
 * the pod knows of an engine nothing but this.
 */
import type { FoundImage, ImageRef } from '../std/image.ts';
import type { JsonValue } from '../std/json.ts';
import type { ShownEvent } from '../protocol/live-events.ts';
import type { Model, ModelFailure, ModelRequest, RequestUsage } from '../model/port.ts';
import type { Window } from '../model/window.ts';
import type { EntryBody } from '../session/facts/entries.ts';
import type { Facts } from '../session/facts/facts.ts';
import type { Transcript } from '../session/facts/transcript.ts';
import type { Tool, ToolAnswer, ToolContext, ToolNeed } from '../tools/tool.ts';
import type { PromptFacts } from './system-prompt.ts';

/** A call that the scope does not forbid, before it runs. */
export interface CallRequest {
  readonly step: number;
  readonly call: string;
  readonly tool: string;
  /** As the model wrote it. */
  readonly input: JsonValue;
  readonly need: ToolNeed;
  /** Of another agent's: tools of podkin's that do the same, whose rules hold for it too. */
  readonly alsoNamed?: readonly string[];
  /** Why a person has to be asked whatever else allows it; absent where nobody demands that. */
  readonly asks?: string;
  /** Aborts when nobody needs the answer and the turn goes on: the call is closed, its approval is not. */
  readonly ends?: AbortSignal;
}
export type CallApproval =
  | { readonly kind: 'allowed' }
  /** `text` is the call's result. */
  | { readonly kind: 'denied'; readonly text: string }
  /** What it takes is not there at this moment: nobody's no. `text` is the call's result. */
  | { readonly kind: 'failed'; readonly text: string }
  /** The waiting for a person was ended: the call has its result already, or gets it with the turn's end. */
  | { readonly kind: 'closed' };

/** `ask`: it may run, by a person's word alone; who comes later in the list is told so. */
export type CallVerdict = CallApproval | { readonly kind: 'ask'; readonly why: string };

/** What came of one try of a request. */
export type RequestOutcome =
  | { readonly kind: 'answered' }
  /** The next try comes after the delay; `why` is what people are told of it. */
  | { readonly kind: 'failed'; readonly delayMs: number; readonly why: string };

/**
 * Looks at what a turn sends, runs and gets back, and may change it. A call stands in the log as the model
 * wrote it before it is looked at: it runs as it is or not at all.
 */
export interface Interceptor {
  /** Each try, just before it is sent; what the pod had for it is on disk. */
  beforeRequest?(request: ModelRequest): ModelRequest | Promise<ModelRequest>;
  /** A part of the answer has come. Must not throw. */
  answerBegun?(): void;
  /** Not for a try that ends the turn. Must not throw. */
  afterRequest?(outcome: RequestOutcome): void;
  /**
   * A call that is valid and inside the scope. May wait for a person for as long as it takes; what it answers
   * is on disk by then. Settles as `closed` when the turn is cancelled or paused or the pod stops. Rejects
   * with `StorageFailed`.
   */
  beforeCall?(call: CallRequest): CallVerdict | Promise<CallVerdict>;
  /** It asks a person where the call says that one has to be. */
  readonly asksPerson?: true;
  /** What the call has given, before it is committed. A throw is a defect and becomes the call's result. */
  afterCall?(call: CallRequest, answer: ToolAnswer): ToolAnswer | Promise<ToolAnswer>;
}

/** What a request is made of, and how much it may hold. */
export interface ContextPort {
  /** The pod's own, as they are now: to be read. */
  readonly facts: Facts;
  /** Said in the place of what was put aside. */
  readonly putAside: string;
  readonly window: Window;
}

export type BudgetAdmission =
  | { readonly kind: 'go' }
  /** What this pod may spend in all is spent: the turn ends at that limit. */
  | { readonly kind: 'capped'; readonly reason: string }
  /** To be tried again after so long, or when `wait` ends sooner. */
  | { readonly kind: 'wait'; readonly ms: number };

/** What is known of a request before it is sent. */
export interface RequestSize {
  /** All of it, with an answer of ordinary length. */
  readonly estimate: RequestUsage;
  /** What it holds more than the last one that was answered and counted. */
  readonly beyond?: RequestUsage;
  /** All of it by that count, where it does not go on from the last one. */
  readonly least?: RequestUsage;
}

export interface BudgetPlace {
  readonly step: number;
  /** What was taken before is said to be used together with this: several requests make one summary. */
  readonly adds?: boolean;
}

/** What the pod may spend, before each request. */
export interface TurnBudget {
  /** `go` resolves once what the request may take is on disk. Rejects with `StorageFailed`. */
  admit(size: RequestSize, place: BudgetPlace): Promise<BudgetAdmission>;
  /** Something was taken for a request of which nothing has been committed yet. */
  readonly isReserved: boolean;
}

/** Which model is asked, and until when the others rest. */
export interface RestsPort {
  /** More than one model may be asked, or one is waited for. */
  readonly isUsed: boolean;
  /** The first that does not rest; the first of all where all do. */
  readonly current: string;
  /** From now on it is asked no more for as long as its failure says. */
  note(model: string, failure: ModelFailure): void;
  /**
   * How long until one may be asked, 0 where one does not rest; null where none is waited for. `untilMs`:
   * when a provider said that it will answer again, if one did.
   */
  wait(): { readonly ms: number | null; readonly untilMs: number | null };
}

/** Where the images of a session are. */
export interface ImagesPort {
  /** On disk once it resolves. Rejects with the file system's error. */
  keep(image: FoundImage): Promise<ImageRef>;
  /** Null where it is gone. */
  bytes(image: ImageRef): Promise<Uint8Array | null>;
  /** Why this model is not shown it, before anybody is asked; null where it may be. */
  unshownBy(model: string, image: ImageRef): string | null;
}

export interface TurnPorts {
  readonly turn: string;
  readonly pod: string;
  readonly promptFacts: PromptFacts;
  readonly tools: readonly Tool[];
  /** Absent where requests are sent as they are, however long they get. */
  readonly context?: ContextPort;
  /** Absent: images are named to the model in words. */
  readonly images?: ImagesPort;
  /** The one to ask now. May throw `ModelConfigError`: the turn then ends as errored. */
  model(): Promise<Model>;
  /** Absent: there is one model, and it is not waited for. */
  readonly rests?: RestsPort;
  /**
   * Before each request, retries included: commits what waits in the notify buffer and
   * answers what is to be said. Resolves once that is on disk. Rejects with `StorageFailed`: the turn is
   * abandoned.
   */
  preLlmRequest(): Promise<{ transcript: Transcript; seenThrough: number }>;
  /** Resolves once the entries are on disk. Rejects with `StorageFailed`. */
  commit(bodies: EntryBody[]): Promise<void>;
  /**
   * False once the call has a result, synthetic or not, or the turn is over: a result that comes later is
   * dropped (I12).
   */
  isOpen(call: string): boolean;
  /** Whether somebody wants this turn to end, and how. Read at every boundary. */
  control(): 'none' | 'pause' | 'cancel';
  /** Aborts on cancel and when the pod stops; never on pause. */
  readonly signal: AbortSignal;
  /** Steps that this turn, with those it resumes, has taken; and what limits it. */
  readonly limits: {
    steps: number;
    requestTries: number;
    retryBaseMs: number;
    retryMaxMs: number;
    retryAfterMaxMs: number;
  };
  /**
   * Somebody waits for an answer: an assignment or a person's input began this turn, or one that it resumes.
   */
  isAwaited(): boolean;
  /** Absent: nothing bounds what is spent. */
  readonly budget?: TurnBudget;
  /** The name of a limit that the pod has reached, or null. Asked before each request. */
  limitReached(): string | null;
  toolContext(call: string): ToolContext;
  /** Outermost first. */
  readonly interceptors: readonly Interceptor[];
  /** The live lane: shown to observers, never committed. Must not throw. */
  show(event: ShownEvent): void;
  /** A named point at which tests end the process (delivery §8). */
  crashPoint(name: string): void;
  /** Resolves after the time, and at once when the signal aborts or the turn is to pause. */
  wait(delayMs: number): Promise<void>;
  /** Calls back once. */
  after(delayMs: number, act: () => void): void;
  /** 0 ≤ x < 1. */
  random(): number;
}

/** Drives the turns of one pod: the worker, or another agent in its place. */
export interface Engine {
  /**
   * Never rejects for what a provider, a tool or the disk does; those are results. `resumed`: the turn goes
   * on where another was interrupted. `taken`: steps of this very turn, whose last answer did not do; it is
   * gone on with. One turn at a time.
   */
  driveTurn(ports: TurnPorts, options: { resumed: boolean; taken?: number }): Promise<TurnResult>;
  /**
   * Between two turns: the compaction that a person has asked for, or an entry that says why there is none.
   * Absent where the engine keeps its own history. Never rejects.
   */
  compact?(ports: TurnPorts): Promise<TurnResult>;
  /**
   * What the pod may touch is another now. Fulfils when nothing runs with more, but for a turn. Never
   * rejects.
   */
  scopeChanged?(): Promise<void>;
  /** No turn runs, and none will: nothing of it is left once this fulfils. Never rejects. */
  end?(): Promise<void>;
}

/** How an engine says that a turn is over; the pod commits it. */
export type TurnResult =
  | { kind: 'finished' }
  | { kind: 'limitReached'; reason: string }
  | { kind: 'paused' }
  | { kind: 'cancelled' }
  | { kind: 'errored'; category: string; message: string }
  /** The log could not be written; nothing was said of the turn's end. */
  | { kind: 'abandoned'; message: string };
