/**
 * What a program sees of trees: options, events, results. Types alone, which name neither zod nor Node, so
 * that a program's compiler needs none of them.
 */
/// <reference lib="esnext.disposable" preserve="true" />

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface HomeOptions {
  /** Configuration, state and sockets in one place, as `PODKIN_HOME`; default: this user's home. */
  readonly directory?: string | undefined;
  /** Default: that of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface Cancellable {
  /** Aborted: the call rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `run` of the command line; what is left out is as the configuration has it. */
export interface StartOptions extends TreeOptions {
  /** Left out: the root waits for `send`. */
  readonly task?: string | undefined;
  /** Default: the first free one of `root`, `root-2` … */
  readonly name?: string | undefined;
  /** `provider/model`, or `script/FILE.yaml`. */
  readonly model?: string | undefined;
  /** The working directory; default: that of the process. */
  readonly cwd?: string | undefined;
  /** What it may touch; default: the working directory. */
  readonly read?: readonly string[] | undefined;
  readonly write?: readonly string[] | undefined;
  readonly deny?: readonly string[] | undefined;
  readonly denyWrite?: readonly string[] | undefined;
  readonly permissionMode?: PermissionModeName | undefined;
  /** Rules as of the command line: `Bash(npm test*)`, `Write`; and names of `tools`. */
  readonly permissions?: Readonly<Partial<Record<'allow' | 'ask' | 'deny', readonly string[]>>> | undefined;
  readonly effort?: 'low' | 'medium' | 'high' | undefined;
  /** A role of the configuration. */
  readonly profile?: string | undefined;
  /** What the whole tree may spend, in US dollars and in tokens. */
  readonly maxCost?: number | undefined;
  readonly maxTokens?: number | undefined;
  /** Requests of one turn. */
  readonly maxSteps?: number | undefined;
  /** Of one turn: how long it may work, and how long it may be silent. */
  readonly timeoutMinutes?: number | undefined;
  readonly idleMinutes?: number | undefined;
  /** JSON Schema of the final answer, which is then in `data` of the result. */
  readonly schema?: object | undefined;
  /** A command that has to end with 0 behind the final answer. */
  readonly check?: { readonly command: string; readonly tries?: number | undefined } | undefined;
}

export type PermissionModeName = 'plan' | 'dontAsk' | 'default' | 'acceptEdits' | 'bypassPermissions';

/** Of a tree that is started, and of one that is restored. */
export interface TreeOptions extends Cancellable {
  /**
   * Answers what a person would be asked. Left out, nobody can be asked: what would be a question is a
   * denial. Undefined as an answer leaves it to a person (`podkin approvals`). A throw and what
   * is no answer deny, and an `alert` says so.
   */
  readonly onQuestion?:
    | ((question: Question) => QuestionAnswer | undefined | Promise<QuestionAnswer | undefined>)
    | undefined;
  /** `textDelta` events of the root. */
  readonly deltas?: boolean | undefined;
  /** Of this program, for the root's model (`defineTool`). Asked and ruled as any tool. */
  readonly tools?: readonly OwnTool[] | undefined;
  /**
   * `program` (the default): the tree ends in order once this program has been away for ten seconds. `own`:
   * it lives until it is stopped.
   */
  readonly lifetime?: 'program' | 'own' | undefined;
}

export interface OwnToolContext {
  /** Id of the call, unique in the root's session. */
  readonly call: string;
  /** Aborts when the turn is ended or the root is gone: an answer is of no use then. */
  readonly signal: AbortSignal;
}

export interface OwnToolAnswer {
  /** What the model reads. */
  readonly text: string;
  readonly isError?: boolean | undefined;
}

/**
 * A tool that lives in this program. A throw is an answer with `isError`. What else it gives back is told as
 * text or JSON.
 */
export interface OwnTool {
  readonly name: string;
  /** What the model reads about it, at most 2,000 characters. */
  readonly description: string;
  /** JSON Schema of an object. */
  readonly inputSchema: object;
  run(input: Json, context: OwnToolContext): string | OwnToolAnswer | Promise<string | OwnToolAnswer>;
}

export interface PodName {
  readonly name: string;
  readonly instance: string;
  /** 0 for the root. */
  readonly depth: number;
}

export interface Question {
  readonly request: string;
  readonly pod: { readonly name: string; readonly instance: string };
  readonly tool: string;
  /** What the call is to do, as the model wrote it. */
  readonly summary: string;
  readonly why: string;
  /** The whole of it; undefined where it is too long for a request. */
  readonly input?: Json | undefined;
  /** No call that waits to run: an MCP server asks for this in the middle of one. */
  readonly form?: QuestionForm | undefined;
}

export interface QuestionForm {
  readonly message: string;
  readonly fields: readonly {
    readonly name: string;
    readonly kind: 'text' | 'number' | 'integer' | 'yesNo' | 'choice' | 'choices';
    readonly about: string;
    readonly required: boolean;
    readonly choices?: readonly string[] | undefined;
    /** Of a text its length, of a number its value, of choices how many. */
    readonly least?: number | undefined;
    readonly most?: number | undefined;
  }[];
}

export type Decision = 'allow' | 'deny' | 'allowAlways';
export type QuestionAnswer =
  | Decision
  | {
      readonly decision: Decision;
      /** Behind a no: what the model is told. */
      readonly reason?: string | undefined;
      /** With a yes: what else is allowed from now on, as `Bash(npm test:*)`. */
      readonly rule?: string | undefined;
      /** With a yes to a form: what it is filled in with. */
      readonly content?: Readonly<Record<string, string | number | boolean | readonly string[]>> | undefined;
    };

/** What every event of a tree has. */
interface Happened {
  readonly pod: PodName;
  /** As the pod's log has it. */
  readonly time: string;
}

/** One thing that a pod of the tree did. In each pod's own order; of different pods as they come. */
export type TreeEvent =
  | (Happened & { readonly type: 'input'; readonly from: 'person' | 'parent' | 'pod'; readonly text: string })
  | (Happened & { readonly type: 'turnStarted'; readonly turn: string })
  | (Happened & { readonly type: 'text'; readonly turn: string; readonly text: string })
  | (Happened & { readonly type: 'textDelta'; readonly turn: string; readonly text: string })
  | (Happened & {
      readonly type: 'toolCall';
      readonly turn: string;
      readonly call: string;
      readonly tool: string;
      readonly input: Json;
    })
  | (Happened & {
      readonly type: 'toolResult';
      readonly turn: string;
      readonly call: string;
      readonly tool: string;
      readonly text: string;
      readonly isError: boolean;
      readonly isDenied: boolean;
    })
  | (Happened & {
      readonly type: 'turnEnded';
      readonly turn: string;
      readonly outcome: 'finished' | 'limitReached' | 'paused' | 'cancelled' | 'errored';
      readonly reason: string | null;
    })
  /** The pod has a new child. */
  | (Happened & { readonly type: 'spawned'; readonly child: { name: string; instance: string } })
  /** The outcome of a child has reached the pod: once. */
  | (Happened & {
      readonly type: 'report';
      readonly from: { readonly name: string; readonly instance: string };
      /** With the instance, the identity of what was reported; null for what the parent found out itself. */
      readonly seq: number | null;
      readonly kind: string;
      readonly text: string;
    })
  | (Happened & { readonly type: 'question'; readonly question: Question })
  | (Happened & {
      readonly type: 'questionClosed';
      readonly request: string;
      readonly decision: Decision;
      readonly by: string;
    })
  | (Happened & {
      readonly type: 'alert';
      readonly level: 'warning' | 'error';
      readonly code: string;
      readonly text: string;
    })
  /** The pod's process began, or ended in order. */
  | (Happened & { readonly type: 'started'; readonly incarnation: number })
  | (Happened & { readonly type: 'stopped'; readonly reason: string })
  /** So many events came while nobody read, and were given up. */
  | (Happened & { readonly type: 'missed'; readonly events: number });

export interface ChildOutcome {
  readonly name: string;
  readonly instance: string;
  readonly status: 'done' | 'failed' | 'limit' | 'cancelled' | 'paused' | 'died' | 'idle';
  readonly turns: number;
  readonly tokens: number;
  /** US dollars; null where a price is not known. */
  readonly cost: number | null;
}

export interface TreeResult {
  /** `denied`: it is done, and a tool that it wanted was denied. */
  readonly status: 'done' | 'failed' | 'denied' | 'limit';
  /** The final answer. */
  readonly text: string;
  /** The same as data, where a schema asked for it and it fits. */
  readonly data?: Json | undefined;
  /** Why it was not `done`; null where it was. */
  readonly reason: string | null;
  /** Of what the last turn failed of; null where none failed. */
  readonly category: string | null;
  /** Of the whole tree, since this program has it. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
  readonly cost: number | null;
  readonly durationMs: number;
  readonly children: readonly ChildOutcome[];
  readonly denials: readonly { readonly pod: string; readonly tool: string; readonly text: string }[];
}

/** A pod that is running, and may be anybody's. */
export interface RunningPod {
  readonly name: string;
  readonly instance: string;
  /** Hands it a text; fulfils when that is on its disk. */
  send(text: string, options?: Cancellable): Promise<void>;
  /** A notice, which an idle pod takes up by itself. */
  notify(text: string, options?: Cancellable): Promise<void>;
  /** Ends its turn, and those below that work for it. */
  cancel(options?: Cancellable): Promise<void>;
}

/** One pod of a tree that this program watches. Its events come from the time on that it was asked for. */
export interface PodOfTree extends RunningPod, AsyncIterable<TreeEvent> {}

/**
 * A tree that this program has. Its events are a stream: whoever iterates again goes on where the last
 * iteration ended, and one iteration ends when the tree is settled, or ended.
 */
export interface Tree extends PodOfTree, AsyncDisposable {
  /** By this `restore` finds it again, from another program too. Whoever has it may speak for the owner. */
  readonly handle: string;
  /** What the configuration says to people about this start. */
  readonly notes: readonly string[];
  /**
   * Of what was sent last. Never rejects; asked for before anything was sent it says that nothing is to be
   * done.
   */
  readonly settled: Promise<TreeResult>;
  pod(name: string): PodOfTree;
  /** The tree stays when this program ends, and is let go: restore it by its handle. */
  detach(): Promise<void>;
  /** Ends its processes, those below first; its logs stay. Fulfils when none is left. Harmless twice. */
  close(options?: Cancellable): Promise<void>;
}

export interface ListedTreePod {
  readonly name: string;
  /** `root/child/leaf`. */
  readonly path: string;
  readonly instance: string;
  readonly status: 'idle' | 'running' | 'paused' | 'stopping' | 'stopped' | 'dead' | 'unreachable';
  readonly parent: string | null;
  readonly cwd: string;
  /** The first line of what it was first asked. */
  readonly task: string;
  readonly model: string;
  readonly turns: number;
  readonly tokens: number;
  readonly cost: number | null;
  /** Why a person is needed; null when all is well. */
  readonly attention: string | null;
}

/** Where one report is: identity is `instance` with `seq`. */
export interface ReportDelivery {
  readonly from: string;
  readonly to: string;
  readonly instance: string;
  readonly seq: number | null;
  readonly kind: string;
  readonly state:
    | 'committed'
    | 'sent'
    | 'received'
    | 'consumed'
    | 'seen'
    | 'waiting'
    | 'refused'
    | 'discarded';
  readonly attempts: number;
  readonly reason: string | null;
}

export interface VerifyReport {
  readonly pods: number;
  readonly events: number;
  readonly violations: readonly { readonly rule: string; readonly text: string }[];
}

/** Where pods are kept: this user's, or a directory of the program's own. */
export interface PodkinHome {
  /**
   * Rejects with `BadSetting`, `NameTaken`, `PathHeld`, `StartFailed`. Then nothing of it runs; its log stays
   * where it had begun.
   */
  start(options: StartOptions): Promise<Tree>;
  /**
   * A root by its name, or a tree by its `handle`: what of it does not run is started again from its logs.
   * Rejects with `NoSuchPod`, `TreeRunning` (by name alone), `BadSetting`, `StartFailed`, and with
   * `CallRefused` where the handle counts no more.
   */
  restore(called: string, options?: TreeOptions): Promise<Tree>;
  /** A pod that is running. Rejects with `NoSuchPod`, `AmbiguousName`, `PodNotRunning`. */
  pod(called: string): Promise<RunningPod>;
  list(): Promise<readonly ListedTreePod[]>;
  deliveries(): Promise<readonly ReportDelivery[]>;
  /** Checks in all logs that nothing was lost, duplicated or reordered. */
  verify(): Promise<VerifyReport>;
  /** Ends a pod and all below it. Rejects with `NoSuchPod`, `NotEnded`. */
  stop(called: string, options?: Cancellable): Promise<void>;
}
