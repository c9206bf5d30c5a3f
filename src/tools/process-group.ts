/**
 * Runs a program at the head of a process group of its own and sees to it that nothing of the group outlives
 * the call, nor what carries its mark
 * elsewhere (`marked-processes.ts`).
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { type Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../std/clock.ts';
import { deferred } from '../std/deferred.ts';
import { errorCode } from '../scope/paths/refusal.ts';
import { within } from '../std/within.ts';
import { dismissGuard } from '../scope/sandbox/start-guard.ts';
import { type InsideProcesses, openInside } from './inside-processes.ts';
import { outputEnds } from './output-end.ts';
import { groupMembers } from './group-members.ts';
import type { GroupMember } from './group-members.ts';
import { type MarkedProcess, markedProcesses, signalMarked } from './marked-processes.ts';

const groupTimes = {
  /**
   * After the program's exit, what it left behind gets this long to end by itself and to close the output.
   */
  leftBehindMs: 500,
  /** From SIGTERM to SIGKILL. */
  graceMs: 2000,
  /** After SIGKILL; only a process stuck in the kernel is still there then, and is reported. */
  killedMs: 2000,
} as const;

const filterIndex = 6;
/** Descriptors 3 to 7. */
const sandboxPipes = ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'] as const;
const guardPipe = ['ignore', 'ignore', 'ignore', 'ignore', 'pipe'] as const;

export interface GroupProgram {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /**
   * In `env` under `markVariable`: what carries it belongs to the program wherever it is. Null where that is
   * not looked for.
   */
  readonly mark?: string | null;
  /** What it finds on its standard input, as far as it reads it. */
  readonly input?: string;
  /** Its error output, piece by piece, as far as it comes while the program and its group are there. */
  readonly onErrors?: (piece: Buffer) => void;
  /**
   * The program is a sandbox that tells on descriptor 3 which process is the first inside; whoever is inside
   * may name on 4 what is left. On 7 waits the guard of its start.
   */
  readonly isSandbox?: boolean;
  /** Of a sandbox, which reads it on 6: the filter on system calls. */
  readonly filter?: Uint8Array | null;
  /** Of a sandbox, which waits for it on 5 and its shell on 4: see `InsideProcesses.release`. */
  readonly differs?: ((firstPid: number) => string | null) | null;
  /** It talks over its input and output; outside of a sandbox a guard on 7 ends it with this one. */
  readonly apart?: boolean;
}

export interface GroupControl {
  /** Null: for as long as it takes. */
  readonly timeoutMs: number | null;
  readonly signal: AbortSignal;
  /**
   * Told the group's leader as soon as it runs; the answer is called when nothing of the group is left to
   * end. Must not throw.
   */
  onStarted(leaderPid: number): () => void;
  /** Of a program that talks, at once. Must not throw. */
  onStreams?(streams: { readonly input: Writable; readonly errors: Readable }): void;
  /** Called with each piece of standard output in order, the next when this has settled. Must not reject. */
  onOutput(piece: Buffer): Promise<void>;
  /** A member that is the caller's own machinery: not reported. */
  isOwn(member: GroupMember): boolean;
}

export interface GroupRun {
  readonly cause: 'exited' | 'timedOut' | 'aborted';
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly durationMs: number;
  /** False where the program is a sandbox and nothing inside of it ever began. */
  readonly hasBegun: boolean;
  /**
   * A path that was another thing in the sandbox than planned, so that nothing was let begin; null where
   * there was none.
   */
  readonly differing: string | null;
  /** Left behind after an exit of the program's own, and ended. */
  readonly leftBehind: readonly GroupMember[];
  /** As `leftBehind`, of a sandbox: as told from inside, so not to be trusted beyond being shown. */
  readonly leftInside: readonly string[];
  /** Still there after SIGKILL. */
  readonly stuck: readonly GroupMember[];
  /** Somebody outside the group kept the output open; it was closed on our side. */
  readonly outputHeld: boolean;
}

type Exit = { exitCode: number | null; signal: NodeJS.Signals | null };

/**
 * Rejects with the system's error when the program cannot be started. Standard input and error are /dev/null
 * but where the program says otherwise.
 */
export async function runGroup(program: GroupProgram, control: GroupControl): Promise<GroupRun> {
  const startedMs = monotonicMs();
  const { child, stdout } = start(program);
  const exited = deferred<Exit>();
  child.once('error', (error) => exited.reject(error));
  child.once('exit', (exitCode, signal) => exited.resolve({ exitCode, signal }));
  if (child.pid === undefined) {
    await exited.promise;
    throw new Error('a program without a pid has ended');
  }
  const group = child.pid;
  const forget = control.onStarted(group);
  handOver(child, program, control);
  const inside = program.isSandbox === true ? openInside(child) : null;
  giveFilter(child, program);
  const released = holdUntilChecked(inside, program, group);
  const reading = readAll(stdout, control);
  const cause = await firstOf(exited.promise, control);
  const durationMs = monotonicMs() - startedMs;
  // A sandbox is in a session of its own: in our group are its starter and our machinery alone, and looking
  // costs more than starting.
  const others: Others = async (meet) =>
    inside === null ? await membersOf(group, program, control, meet) : [];
  if (cause === 'exited') await untilEmpty(() => others(), groupTimes.leftBehindMs);
  // What is in the group at a timeout or a cancel is the command itself.
  const leftBehind = (await others()).filter((one) => cause === 'exited' || 'identity' in one);
  if (cause !== 'exited') await inside?.askToEnd(exited.promise, groupTimes.graceMs);
  if (cause !== 'exited' || leftBehind.length > 0) await endGroup(group, others);
  const relays = async (): Promise<GroupMember[]> =>
    (await groupMembers(group)).filter((member) => inside !== null || control.isOwn(member));
  const outputHeld = !(await outputEnds({ reading, relays, checkMs: groupTimes.leftBehindMs }));
  if (outputHeld) {
    signalGroup(group, 'SIGKILL');
    stdout.destroy();
    await reading;
  }
  const gone = await within(exited.promise, groupTimes.killedMs);
  const exit = gone ? await exited.promise : { exitCode: null, signal: null };
  const leftInside = (await inside?.ended(groupTimes.killedMs)) ?? [];
  const stuck = [...(await others()), ...(inside?.stuck() ?? [])];
  if (stuck.length === 0) forget();
  // Somebody else may hold them open.
  child.stdin?.destroy();
  child.stderr?.destroy();
  const hasBegun = inside?.hasBegun() ?? true;
  const differing = await released;
  return { cause, hasBegun, differing, ...exit, durationMs, leftBehind, leftInside, stuck, outputHeld };
}

function start(program: GroupProgram): { child: ChildProcess; stdout: Readable } {
  const { file, args, cwd, env, isSandbox = false, apart = false, input, onErrors } = program;
  const more = isSandbox ? sandboxPipes : apart ? guardPipe : [];
  const ends = [
    apart || input !== undefined ? 'pipe' : 'ignore',
    'pipe',
    apart || onErrors ? 'pipe' : 'ignore',
  ] as const;
  const child = spawn(file, args, { cwd, env, stdio: [...ends, ...more], detached: true });
  // Whoever does not read it, or has ended, is no failure of ours.
  if (!apart) child.stdin?.on('error', () => undefined).end(input);
  if (onErrors) child.stderr?.on('error', () => undefined).on('data', onErrors);
  if (child.stdout === null) throw new Error('a piped output has no stream');
  return { child, stdout: child.stdout };
}

function handOver(child: ChildProcess, { isSandbox, apart }: GroupProgram, control: GroupControl): void {
  const [input, , errors] = child.stdio;
  if (apart !== true || input === null || errors === null) return;
  if (isSandbox !== true) child.once('exit', () => dismissGuard(child));
  control.onStreams?.({ input, errors });
}

function giveFilter(child: ChildProcess, { filter }: GroupProgram): void {
  const stream = [...child.stdio][filterIndex];
  if (filter !== undefined && filter !== null && stream instanceof Writable)
    stream.on('error', () => undefined).end(filter);
}

/** What differs is ended before it began. */
async function holdUntilChecked(
  inside: InsideProcesses | null,
  { differs }: GroupProgram,
  group: number,
): Promise<string | null> {
  if (inside === null || differs === undefined || differs === null) return null;
  const differing = await inside.release(differs);
  if (differing !== null) signalGroup(group, 'SIGKILL');
  return differing;
}

async function readAll(stdout: Readable, control: GroupControl): Promise<void> {
  try {
    const pieces: AsyncIterable<Buffer> = stdout;
    for await (const piece of pieces) await control.onOutput(piece);
  } catch (error) {
    // Destroyed by us, with the output still held open elsewhere.
    if (!stdout.destroyed) throw error;
  }
}

async function firstOf(exited: Promise<Exit>, control: GroupControl): Promise<GroupRun['cause']> {
  const stopped = deferred<'timedOut' | 'aborted'>();
  const { timeoutMs } = control;
  const timer = timeoutMs === null ? undefined : setTimeout(() => stopped.resolve('timedOut'), timeoutMs);
  const abort = (): void => stopped.resolve('aborted');
  control.signal.addEventListener('abort', abort, { once: true });
  if (control.signal.aborted) abort();
  try {
    return await Promise.race([exited.then(() => 'exited' as const), stopped.promise]);
  } finally {
    clearTimeout(timer);
    control.signal.removeEventListener('abort', abort);
  }
}

type Member = GroupMember | MarkedProcess;
/** Who is there now; `meet` hears at once of what was started while we looked. */
type Others = (meet?: (one: MarkedProcess) => void) => Promise<Member[]>;

/** Each once. */
async function membersOf(
  group: number,
  { mark }: GroupProgram,
  control: GroupControl,
  meet?: (one: MarkedProcess) => void,
): Promise<Member[]> {
  const members = new Map<number, Member>();
  for (const one of mark === undefined || mark === null ? [] : await markedProcesses(mark, meet))
    members.set(one.pid, one);
  for (const one of await groupMembers(group)) members.set(one.pid, one);
  return [...members.values()].filter((member) => !control.isOwn(member));
}

async function endGroup(group: number, others: Others): Promise<void> {
  const signalAll = (members: readonly Member[], signal: NodeJS.Signals): void => {
    signalGroup(group, signal);
    signalMarked(
      members.filter((one) => 'identity' in one),
      signal,
    );
  };
  signalAll(await others(), 'SIGTERM');
  if (await untilEmpty(() => others(), groupTimes.graceMs)) return;
  // What starts something anew while it is ended is met at the next look.
  const kill = async (): Promise<Member[]> => {
    const left = await others((one) => signalMarked([one], 'SIGKILL'));
    signalAll(left, 'SIGKILL');
    return left;
  };
  await untilEmpty(kill, groupTimes.killedMs);
}

/** No event tells that a group is empty, so this looks again and again, ever more rarely. */
async function untilEmpty(others: () => Promise<readonly Member[]>, timeMs: number): Promise<boolean> {
  const endMs = monotonicMs() + timeMs;
  for (let stepMs = 1; ; stepMs = Math.min(stepMs * 2, 50)) {
    if ((await others()).length === 0) return true;
    if (monotonicMs() >= endMs) return false;
    await pause(stepMs);
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    // Nobody there, or (macOS) nobody but zombies.
    if (errorCode(error) !== 'ESRCH' && errorCode(error) !== 'EPERM') throw error;
  }
}
