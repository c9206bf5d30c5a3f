/**
 * The world that a pod stands on: one door for time and chance, the home's files, locks, processes, the wire,
 * and what a turn works with. Everything in `pod/` that is not pure goes through it, so the simulation runs
 * the code that ships, and other hosts can carry pods.
 *
 * Contracts
 * - H1 What a process has asked for ends with the process: on a host whose process is gone nothing that was
 *   awaited settles, and what is asked at once throws.
 * - H2 Nothing calls back within the call that asked for it.
 * - H3 What is written is there for every reader at once, and survives a loss of power only from a sync on.
 */
import type { SetAtStart } from '../session/settings/wanted.ts';
import type { Model } from '../model/port.ts';
import type { Instructions } from '../project/instructions.ts';
import type { Repository } from '../project/repository.ts';
import type { Skill, SkillText, Skills } from '../project/skills.ts';
import type { Claim, StatusOf } from '../scope/ownership/claims.ts';
import type { Changed } from '../scope/ownership/registry.ts';
import type { Wait } from '../scope/ownership/waits.ts';
import type { OwnPrograms } from '../scope/sandbox/own-programs.ts';
import type { Sandbox } from '../scope/sandbox/sandbox.ts';
import type { Restrictions, PathScope, PodRef, SessionEntry } from '../session/facts/entries.ts';
import type { Facts } from '../session/facts/facts.ts';
import type { Home, PodFolder, PodSpec } from '../session/home/home.ts';
import type { Placed, PodAddress } from '../session/home/pod-address.ts';
import type { Burial } from '../session/home/remove.ts';
import type { HeldLock, LockOptions, LockRefused } from '../session/lock/lock.ts';
import type { LockState } from '../session/lock/lock-holder.ts';
import type { LogDisk } from '../session/log/log-disk.ts';
import type { Limits } from '../session/settings/settings.ts';
import type { Clock } from '../std/clock.ts';
import type { Namespaces } from '../std/namespaces.ts';
import type { ProcessIdentity } from '../std/process-identity.ts';
import type { MethodName, ParamsIn, Result } from '../protocol/methods.ts';
import type { Completion, CompletionLimits } from '../tools/completions.ts';
import type { NamedFile } from '../tools/named-file.ts';
import type { Tool, ToolContext } from '../tools/tool.ts';
import type { Failed as GitFailed, Survey } from '../tools/worktree/worktree.ts';
import type { Surveyed } from '../tools/worktree/git-scripts.ts';
import type { GitStore } from '../project/git-store.ts';
import type { Worktree } from '../session/settings/worktree.ts';
import type { WorktreeReport } from '../protocol/pod-event.ts';
import type { McpServers, ServersPlace } from '../mcp/servers.ts';
import type { OtherHosts } from './other-hosts.ts';
import type { SpanSink } from './trace/spans.ts';
import type { Engine } from '../worker/turn-ports.ts';
import type { Sent } from '../transport/connect-and-send.ts';
import type { Connection } from '../transport/connection.ts';
import type { HeldSocket } from '../transport/server.ts';

export interface Host {
  readonly clock: HostClock;
  readonly chance: Chance;
  readonly self: Self;
  readonly home: HostHome;
  readonly locks: Locks;
  readonly logs: LogDisk;
  readonly claims: ClaimRegistry;
  readonly processes: Processes;
  readonly wire: Wire;
  readonly work: Work;
  /** Absent: no pod of this host has children on another machine. */
  readonly others?: OtherHosts;
}

/** Ends what was begun with it; harmless twice, and when it is over. */
export type End = () => void;

export interface HostClock extends Clock {
  /** Milliseconds since 1970, for people and for other processes; may jump. */
  wallMs(): number;
  every(periodMs: number, act: () => void): End;
  /** In the next turn of the loop, behind what leaves in this one. */
  soon(act: () => void): void;
  nextTurn(): Promise<void>;
  /** Keeps the process alive. */
  pause(delayMs: number): Promise<void>;
}

export interface Chance {
  /** 0 ≤ x < 1. */
  random(): number;
  /** A new instance, submission, turn …: never twice, and later ones sort behind earlier ones. */
  uuid(): string;
  /** Short, and not to be guessed. */
  word(): string;
}

/** The process itself. */
export interface Self {
  identity(): ProcessIdentity;
  namespaces(): Namespaces;
  /** Into its error output, a line. */
  complain(text: string): void;
  /** A named point at which tests end the process as SIGKILL would (delivery §8). */
  crash(pod: string, point: string): void;
  /** True: no point will ever end this process. */
  readonly crashPointsSleep: boolean;
  /** SIGTERM, SIGINT, SIGHUP. */
  onSignal(act: (name: string) => void): void;
  /** The disk under the log is lost: the process ends at once, with the error in its output. */
  fail(error: Error): void;
  /** To whoever started it, once. */
  say(message: ReadyMessage): void;
  /** A person has said, for this one start, that no earlier incarnation goes on where it cannot be asked. */
  takesOver(): boolean;
  /** After so many bytes of a log its state is written beside it, so that a start reads no more. */
  readonly checkpointBytes: number;
}

/** The pod's own first words. */
export type ReadyMessage =
  | { kind: 'ready'; pid: number; incarnation: number; socket: string }
  | { kind: 'failed'; code: string; message: string };

/** Folders of pods, tombstones, addresses. Each throws the file system's error where nothing else is said. */
export interface HostHome {
  readonly places: Home;
  /** False for a home that was moved away or deleted. */
  isThere(): boolean;
  /** Of every pod, sorted by name. */
  folders(): PodFolder[];
  /** Of a pod of the tree with this root, also where it is gone or an older build has put it. */
  folderOf(pod: PodRef, root: string): PodFolder;
  /** Differs once a pod was made or removed. */
  version(): bigint | null;
  /** Null where there is no such pod. Throws `BadPodFile`. */
  spec(folder: PodFolder): PodSpec | null;
  /** As `spec`, and also what the log says where the file is damaged. */
  knownSpec(folder: PodFolder): PodSpec | null;
  token(folder: PodFolder): string;
  /** Throws `NameTaken`. */
  create(spec: PodSpec): { folder: PodFolder; token: string };
  /** A tombstone first; the answer deletes the files. */
  remove(burial: Burial): () => void;
  /** Without a word: of a pod that nobody has heard of. */
  discard(folder: PodFolder): void;
  /** What this pod was making when it ended: drafts are removed, folders without a log answered. */
  halfMadeBy(maker: PodRef): { folder: PodFolder; child: PodRef }[];
  isRemoved(instance: string): boolean;
  hasLog(folder: PodFolder): boolean;
  /** Bytes; 0 where there is none. */
  logSize(folder: PodFolder): number;
  /** What the pod's process wrote last, for people; empty where nothing is known. */
  errorTail(folder: PodFolder): string;
  hasSetAside(folder: PodFolder): boolean;
  /** Where a pod is to be reached from here. */
  socketOf(pod: Placed): string;
  removeSocket(path: string): void;
  /** Differs once something else is at these paths. Never throws. */
  identityOf(paths: readonly string[]): string;
  readonly addresses: Addresses;
  /** What a killed pod's shell of an older build has left. */
  removeLeftovers(): void;
}

/** Where pods listen, beside their logs. */
export interface Addresses {
  /** Its being there tells of a log that has begun. */
  isThere(folder: PodFolder): boolean;
  text(folder: PodFolder): string;
  last(folder: PodFolder, instance: string): PodAddress | null;
  claims(folder: PodFolder, instance: string): { path: string; address: PodAddress | null }[];
  /** `before`: its text when the incarnation that it names was judged. Throws `StorageFailed`. */
  claim(folder: PodFolder, address: PodAddress, before: string): AddressClaim;
  removeClaim(path: string): void;
  rewrite(folder: PodFolder, address: PodAddress): void;
}

export interface AddressClaim {
  /** False where another incarnation begins, or has begun since. */
  isAlone(): boolean;
  settle(): void;
  withdraw(): void;
}

/** One writer a pod. Each throws `LockUnavailable`. */
export interface Locks {
  take(options: LockOptions): Promise<HeldLock | LockRefused>;
  probe(options: LockOptions): Promise<LockState>;
}

/** Who holds which paths of the home. */
export interface ClaimRegistry {
  /** As it is now. */
  all(): readonly Claim[];
  /** Who waits for what, in their order. */
  waits(): readonly Wait[];
  /** It is damaged or missing; both are what was last read of it. Absent: never. */
  isLost?(): boolean;
  /** Changes both with nobody else in between. Throws `RegistryBusy`. */
  update<T>(change: (claims: readonly Claim[], waits: readonly Wait[]) => Promise<Changed<T>>): Promise<T>;
  /** At once, and so not known of an owner in another container until somebody has asked. */
  readonly statusOf: StatusOf;
  ask(claims: readonly Claim[]): Promise<StatusOf>;
  /** Other pods whose commands run at this moment and may write where it claims. */
  writers(claim: Claim): readonly PodRef[];
}

export interface Processes {
  /** Null where there is none under this number. */
  identity(pid: number): ProcessIdentity | null;
  /** Exactly this process: not a zombie, not another one under its number. */
  isRunning(process: ProcessIdentity): boolean;
  /** To it and its group; false where it is gone. */
  signal(process: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): boolean;
  /** Starts the process of a pod from its folder. Throws what starting a process throws. */
  start(folder: PodFolder, restrictions?: Restrictions, set?: SetAtStart): StartedProcess;
  /** Of a pod whose lock could be taken here. */
  statusOf(pod: Placed): Promise<ProcessStatus>;
  statusAt(address: PodAddress): Promise<ProcessStatus>;
  /** Ends what commands of a pod have left running, for the holder of its lock; a sentence on it, or null. */
  endLeft(folder: PodFolder, instance: string, graceMs?: number): Promise<string | null>;
  /** As `endLeft`, of a pod that does not run; null also where it runs again. */
  endLeftOfDead(folder: PodFolder, instance: string): Promise<string | null>;
}

export interface ProcessExit {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

export interface StartedProcess {
  readonly pid: number;
  /**
   * Fulfils when the pod listens. Rejects with `PodStartFailed` when it has ended, with what it said of why
   * where it did.
   */
  readonly ready: Promise<Extract<ReadyMessage, { kind: 'ready' }>>;
  /** Fulfils when the process is gone, while this process lives. */
  readonly exited: Promise<ProcessExit>;
}

/** `unknown`: it cannot be asked, and its process cannot be seen. */
export type ProcessStatus = 'alive' | 'dead' | 'unknown';

export interface DialOptions {
  readonly timeoutMs: number;
  /** A notification of the other side; synchronously, in order of arrival. */
  readonly onEvent?: (method: string, params: unknown, context: { readonly connection: Connection }) => void;
}

export interface Wire {
  /** Throws `NotThere`, `RefusedConnection`, `TimedOut`, `SocketPathTooLong`. */
  dial(path: string, options: DialOptions): Promise<Connection>;
  /** One method over a connection of its own; never throws. */
  send<M extends MethodName>(
    path: string,
    method: M,
    params: ParamsIn<M>,
    options?: { deadlineMs?: number | undefined },
  ): Promise<Sent<Result<M>>>;
  /** The pod's own socket, in its place, answering nothing yet. Throws as `hold` does. */
  hold(instance: string): Promise<HeldSocket>;
}

/** The pod whose turns work. */
export interface Worker {
  readonly session: SessionEntry;
  readonly folder: PodFolder;
  readonly facts: Facts;
  readonly limits: Limits;
}

/** Images of sessions, by their content. */
export interface ImageStore {
  /** Its hash, once it is on disk. Rejects with the file system's error. */
  keep(folder: PodFolder, content: Uint8Array): Promise<string>;
  /** Null where it is gone. */
  bytes(folder: PodFolder, sha256: string): Promise<Uint8Array | null>;
}

/** Clones for children to work in. Each rejects with the file system's error where nothing else is said. */
export interface Worktrees {
  /** The folder that clones are in, a real path; null where it is not this user's own. */
  folder(): Promise<string | null>;
  /** What git keeps of a repository; a sentence's end where that cannot be read. */
  store(deny: PathScope['deny'], store: string): Promise<GitStore | string>;
  survey(repository: Surveyed, context: ToolContext): Promise<Survey>;
  /** Null, or why there is none; then nothing of it is left. */
  make(
    worktree: Worktree,
    given: { author: string; cwd: string },
    context: ToolContext,
  ): Promise<GitFailed | null>;
  /** Null where it was ended; done again it changes nothing. */
  handOver(
    worktree: Worktree,
    given: { mayReturn: boolean },
    context: ToolContext,
  ): Promise<WorktreeReport | null>;
  /** Of a child that never began. */
  discard(worktree: Worktree): Promise<void>;
}

/** A hook, and what it is told. */
export interface HookRun {
  /** Of the pod, and a name among what it runs. */
  readonly instance: string;
  readonly call: string;
  /** A line for the shell, or a program and its arguments. */
  readonly command: string | readonly string[];
  readonly folder: string;
  readonly timeoutMs: number;
  readonly input: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** How a hook has ended. */
export type HookRan =
  | { readonly kind: 'exited'; readonly code: number; readonly errors: string }
  | { readonly kind: 'signalled'; readonly signal: string; readonly errors: string }
  | { readonly kind: 'timedOut' | 'flooded'; readonly errors: string }
  /** Nothing of it has run. */
  | { readonly kind: 'notStarted'; readonly why: string }
  /** Ended by the pod: what it was about is over, or the pod is. */
  | { readonly kind: 'aborted' };

/** What turns work with. */
export interface Work {
  /** Who drives the turns. */
  engine(worker: Worker): Engine;
  /** May reject with `ModelConfigError`. */
  model(worker: Worker, name: string): Promise<Model>;
  /** Null, or why this model cannot be had, for the model that asked. */
  modelProblem(name: string): string | null;
  /** Of `acp/NAME`, for a pod of these settings; absent: there are no other agents on this host. */
  engineProblem?(name: string, session: Pick<SessionEntry, 'settings'>): Promise<string | null>;
  /** Files and commands; the tools for other pods are the pod's own. */
  readonly tools: readonly Tool[];
  sandbox(worker: Worker): Sandbox;
  readonly programs: OwnPrograms;
  /** Null: the person's own alone. */
  instructions(deny: PathScope['deny'], cwd: string | null): Promise<Instructions>;
  /** Of the folders on the way to a path, but for the files that are known. */
  instructionsFor(
    deny: PathScope['deny'],
    cwd: string,
    touched: { path: string; known: (path: string) => boolean },
  ): Promise<Instructions>;
  /** Null: the person's own alone. */
  skills(deny: PathScope['deny'], cwd: string | null): Promise<Skills>;
  skill(deny: PathScope['deny'], skill: Skill): Promise<SkillText>;
  /** Null where that names no file. */
  namedFile(
    named: string,
    context: ToolContext,
    isRefused: (absolute: string) => Promise<string | null>,
  ): Promise<NamedFile | null>;
  /** Of a path that is being typed. */
  completions(typed: string, context: ToolContext, limits: CompletionLimits): Promise<readonly Completion[]>;
  readonly images: ImageStore;
  /** In words for a model. */
  readonly machine: { readonly system: string; readonly shell: string };
  /** The one that a folder is in. */
  repository(deny: PathScope['deny'], cwd: string): Promise<Repository | null>;
  /** Null where that cannot be said. */
  hasUncommitted(context: ToolContext, read: readonly string[]): Promise<boolean | null>;
  worktrees(worker: Pick<Worker, 'session' | 'limits'>): Worktrees;
  /** Links resolved, where the paths are and where they are not yet. */
  realScope(scope: PathScope): Promise<PathScope>;
  /** Of these write roots: why one of them is where git takes hooks from, and so no pod's. */
  hookProtection(scope: PathScope, write: readonly string[]): (path: string) => string | undefined;
  /** The `.git` that a command is to write and that is read-only in this scope for its name alone. */
  heldGit(
    command: string,
    cwd: string,
    rights: { readonly scope: PathScope; readonly made: Facts['repositories'] },
  ): Promise<string | null>;
  /** A command begins outside of any sandbox. */
  noteOutside(folder: PodFolder): void;
  noteGroup(folder: PodFolder, leaderPid: number): End;
  /** Nothing of it is left once this fulfils. Never rejects. */
  runHook(folder: PodFolder, run: HookRun): Promise<HookRan>;
  /** Absent: there are no servers on this host. */
  mcp?(given: McpGiven): Promise<McpServers>;
  /** Where what turns do is sent as spans; null or absent: nowhere. `onLost`: once, with why. */
  spans?(onLost: (why: string) => void): SpanSink | null;
}

/** What a pod's MCP servers are started with. */
export interface McpGiven extends Pick<ServersPlace, 'servers' | 'context' | 'isOffered' | 'ask'> {
  session(): SessionEntry;
  readonly limits: Limits;
}
