/**
 * The shape of a tool. One file a tool; a tool knows nothing of pods, sockets or logs: what it needs of those
 * is handed to it as a function.
 */
import type { FoundImage } from '../std/image.ts';
import type { JsonObject, JsonValue } from '../std/json.ts';
import type { OwnPrograms } from '../scope/sandbox/own-programs.ts';
import type { ToolNeed } from '../scope/permissions/permission.ts';
import type { MadeRepositories } from '../scope/set-aside/own-git.ts';
import type { FolderPlace } from '../session/facts/repository-entries.ts';
import type { Sandbox, SandboxExtras } from '../scope/sandbox/sandbox.ts';
import type { PathScope, PodRef, ToolResultEntry } from '../session/facts/entries.ts';
import type { Home } from '../session/home/home.ts';
import type { CommandEndedEntry } from '../session/facts/command-entries.ts';
import type { CommandFacts } from '../session/facts/command-facts.ts';
import type { CommandOutput } from './background/command-output.ts';
import type { FileView } from './file-view.ts';
import type { ShellLimits } from './shell-script.ts';

export type { ToolNeed } from '../scope/permissions/permission.ts';

/** An input as `run` takes it; or what is wrong with it, for the model. */
export type ParsedInput =
  | { readonly ok: true; readonly input: unknown }
  | { readonly ok: false; readonly problem: string };

/**
 * A tool as a value: podkin's own and, later, one of a server or a program are the same to the worker. `C` is
 * what it is handed: one that comes from outside takes no more than `CallContext`, and is given no more
 * (`tool-set.ts`).
 */
export interface Tool<C extends CallContext = ToolContext> {
  /** As the model calls it. */
  readonly name: string;
  /** What the model reads about it. */
  readonly description: string;
  /** JSON Schema of an object. */
  inputSchema(): JsonObject;
  /** Of what the model wrote. Must not throw or touch the disk. */
  parse(input: JsonValue): ParsedInput;
  /**
   * `parallel`: calls of one step may run side by side (reads, spawns). `alone`: waits for those before it
   * and holds those after it.
   */
  readonly order: 'parallel' | 'alone';
  /** What a model may do with this tool instead of a call that was too long. */
  readonly whenTooLong?: string;
  /**
   * Null when the pod's rights allow the call, else the sentence that the model reads. Called once, before
   * `run`; must not throw or touch the disk.
   */
  denied?(input: unknown, context: C): string | null;
  /**
   * What the call is about, for whoever decides whether it runs without an approval. Called once, after
   * `denied`; must not throw or touch the disk.
   */
  needs(input: unknown, context: C): ToolNeed;
  /**
   * Does the work. May be called again with the same input by a later call, never for the same call. A
   * failure that the model can act on is an
   * answer with `isError`; a throw is a defect and becomes an error result with the message. Must settle soon
   * after `context.signal` aborts.
   */
  run(input: unknown, context: C): Promise<ToolAnswer>;
}

export interface ToolAnswer {
  readonly text: string;
  readonly isError?: boolean;
  /**
   * The pod's rights did not allow the call, as only its run could tell: a link that leads out, a file with
   * several names.
   */
  readonly denied?: boolean;
  /** Of a command that has run; in no log. */
  readonly ended?: { readonly exitCode: number | null; readonly isTimedOut: boolean };
  /** Recorded with the result. */
  readonly stopped?: ToolResultEntry['stopped'];
  readonly readOutput?: ToolResultEntry['readOutput'];
  readonly plan?: ToolResultEntry['plan'];
  readonly instructed?: ToolResultEntry['instructed'];
  /** Shown to a model that takes images; the text says what they are. */
  readonly images?: readonly FoundImage[];
}

/** What every tool is handed. */
export interface CallContext {
  /** Id of the call, unique in the session. */
  readonly call: string;
  /** Absolute. Relative paths of inputs are taken from here. */
  readonly cwd: string;
  readonly scope: PathScope;
  /** Aborts when the turn is cancelled or the pod stops. */
  readonly signal: AbortSignal;
  /** A folder of the pod's own for outputs too long for a result; made on demand. */
  readonly outputDir: string;
  /** Shown to observers while the call runs; never committed. */
  progress(text: string): void;
}

/** And what podkin's own tools are handed beside it. */
export interface ToolContext extends CallContext {
  /** The span of this call, as W3C traceparent; absent where nothing is traced. */
  readonly traceparent?: string | undefined;
  /** The turn's hops: what this call causes elsewhere carries them on. */
  readonly hops: number;
  /** As it is now: others may have claimed a part since the call began. */
  scopeNow(): PathScope;
  /** Repositories that commands of this pod have made, and the note of one more. */
  readonly repositories?: { made(): MadeRepositories; note(path: string, place: FolderPlace): void };
  /** Whose call it is. */
  readonly pod: PodRef;
  /** Podkin's own places, which no scope opens. */
  readonly home: Home;
  /** What podkin runs itself: ripgrep for searches; none of it is a pod's to change. */
  readonly programs: OwnPrograms;
  readonly permissionMode: string;
  /** Folders of skills, which file tools may read beside the scope; what it denies stays denied. */
  readonly skillFolders?: readonly string[];
  /** Where commands run, and within which bounds. One sandbox a pod. */
  readonly shell: {
    readonly sandbox: Sandbox;
    readonly limits: ShellLimits;
    /** Of a program that is no command of the model's. */
    readonly extras?: SandboxExtras;
  };
  /** One a pod; absent where none may run beyond its call. */
  readonly commands?: CommandsInBackground;
  /** What was read and when, for Edit and Write. One a pod. */
  readonly fileViews: FileViews;
  /**
   * Takes note, on disk, that a command begins outside of any sandbox; answers the mark for all that it
   * starts.
   */
  markCommand(): string;
  /**
   * Takes note, on disk, of a process group that this call has started, so that it can be ended should the
   * pod die; the answer forgets it.
   */
  noteGroup(leaderPid: number): () => void;
  /** For the person: committed to the log and shown to observers. Must not throw. */
  alert(code: string, text: string, level?: 'warning' | 'error'): void;
}

/**
 * Remembers what the model has seen of each file, by its absolute real path. Not durable: after a restore a
 * file is read again first.
 */
export interface FileViews {
  remember(path: string, view: FileView): void;
  seen(path: string): FileView | undefined;
}

export type EndedInBackground = Omit<CommandEndedEntry, 'type'>;

export interface RunningInBackground {
  readonly output: CommandOutput;
  /** Fulfils when its end is noted; null where nobody could note it. */
  readonly ended: Promise<EndedInBackground | null>;
  /** Fulfils with the next piece of its output, or its end. */
  news(): Promise<void>;
}

/** Commands that run on when their call has ended, by the names that they were given. */
export interface CommandsInBackground {
  readonly facts: CommandFacts;
  /** Where the last read of each one's output ended. */
  readonly cursors: Map<string, number>;
  running(command: string): RunningInBackground | undefined;
  start(text: string, context: ToolContext): Promise<ToolAnswer>;
  /** Ends it; null where no such command runs, or its end could not be noted. */
  stop(command: string): Promise<EndedInBackground | null>;
}
