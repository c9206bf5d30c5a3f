/**
 * A shell command at work, whether its call waits for it or not: into the sandbox, watched over, out again,
 * and what there is to say of it.
 */
import { existsSync } from 'node:fs';
import { errorCode } from '../scope/paths/refusal.ts';
import { makesRepository } from '../scope/permissions/git-writes.ts';
import { folderPlace, ownGit } from '../scope/set-aside/own-git.ts';
import type { WatchReport } from '../scope/set-aside/watch-report.ts';
import type { Entered } from '../scope/sandbox/sandbox.ts';
import { notTested } from '../scope/sandbox/state.ts';
import { setAsideMoreText, setAsideText, staysText } from '../scope/set-aside/set-aside.ts';
import { sandboxEnvironment, shellEnvironment } from '../scope/sandbox/shell-environment.ts';
import { systemCode } from '../std/system-code.ts';
import { type GroupMember, quotedCommand } from './group-members.ts';
import { markVariable } from './marked-processes.ts';
import { type GroupControl, type GroupProgram, type GroupRun, runGroup } from './process-group.ts';
import { boundsMet } from './shell-bounds.ts';
import { shellProgram } from './shell-program.ts';
import { type ShellLimits, relayName, shellArgs } from './shell-script.ts';
import type { ToolContext } from './tool.ts';

/**
 * What failed before anything inside had begun is the sandbox's own failure, and can be tried again without
 * doing anything twice.
 */
export const attemptWaitsMs = [0, 20, 100, 500] as const;

/** Processes named in an answer. */
const membersShown = 10;

export interface ShellAttempt {
  readonly command: string;
  /** Null: for as long as it takes. */
  readonly timeoutMs: number | null;
  readonly place: Entered | null;
  /** Must not reject. */
  onOutput(piece: Buffer): Promise<void>;
  /** It talks over its input and output: with these variables beside a shell's own. */
  readonly talks?: {
    readonly variables: Readonly<Record<string, string>>;
    readonly onStreams: NonNullable<GroupControl['onStreams']>;
  };
}

export interface EndedShell {
  readonly run: GroupRun;
  /** What the sandbox allowed less than the scope; told where the command failed, which may be why. */
  readonly notes: readonly string[];
  /** What the watch over protected names did; told always. */
  readonly guarded: readonly string[];
  /** Why the watch has ended the command; null where it has not. */
  readonly lost: string | null;
}

export type ShellRun =
  | ({ readonly kind: 'ended' } & EndedShell)
  /** The sandbox failed before the command began; `differing`: what was another thing in it than planned. */
  | { readonly kind: 'notBegun'; readonly differing: string | null }
  | { readonly kind: 'notStarted'; readonly text: string };

/** Ends with the context's signal. */
export async function runShell(attempt: ShellAttempt, context: ToolContext): Promise<ShellRun> {
  const { command, timeoutMs, place, talks } = attempt;
  const guard = guardOf(context, { command, isLasting: timeoutMs === null });
  let hasRun = false;
  try {
    place?.watch(guard.report);
    const mark = place === null ? context.markCommand() : null;
    const inside = {
      cwd: context.cwd,
      limits: context.shell.limits,
      place,
      mark,
      apart: talks !== undefined,
      traceparent: context.traceparent,
    };
    const shell = shellIn(command, inside);
    const program = { ...shell, env: { ...shell.env, ...talks?.variables } };
    const run = await runGroup(program, {
      timeoutMs,
      signal: AbortSignal.any([context.signal, guard.signal]),
      onStarted: (leaderPid) => context.noteGroup(leaderPid),
      ...(talks && { onStreams: talks.onStreams }),
      onOutput: (piece) => attempt.onOutput(piece),
      isOwn: (member) => member.command.startsWith(relayName),
    });
    hasRun = run.hasBegun;
    if (!hasRun && run.cause === 'exited') return { kind: 'notBegun', differing: run.differing };
    // Behind the watch's last look.
    place?.leave(hasRun);
    return {
      kind: 'ended',
      run,
      notes: place?.notes ?? [],
      guarded: guard.notes(),
      lost: guard.lost(),
    };
  } catch (error) {
    return { kind: 'notStarted', text: notStarted(error, command) };
  } finally {
    if (!hasRun) place?.leave(false);
  }
}

/** `output`: what was written before anything inside had begun. */
export function complaintOf({ differing }: Extract<ShellRun, { kind: 'notBegun' }>, output: string): string {
  return differing === null
    ? lastLine(output)
    : `the folder changed while it was made ready: ${differing} is another thing now.`;
}

/** What there is to say beside how it ended. */
export function notesOf(ended: EndedShell, output: string, limits: ShellLimits): string[] {
  const { run, guarded, lost } = ended;
  const left = [...run.leftBehind.map(nameOf), ...run.leftInside.map(quotedCommand)];
  const isError = lost !== null || run.cause !== 'exited' || run.exitCode !== 0;
  return [
    ...(left.length > 0
      ? [`The shell left processes in the background, which were ended: ${listed(left)}.`]
      : []),
    ...(run.stuck.length > 0 ? [`Still there after SIGKILL: ${listed(run.stuck.map(nameOf))}.`] : []),
    ...guarded.slice(0, membersShown),
    ...(guarded.length > membersShown ? [`And ${guarded.length - membersShown} more were set aside.`] : []),
    ...(run.outputHeld ? ['A process in a group of its own kept the output open; it was left alone.'] : []),
    ...(isError ? [...boundsMet(run, output, limits), ...ended.notes] : []),
  ];
}

/** What the watch over protected names has to say: to the model at the end, to the person at once. */
function guardOf(context: ToolContext, { command, isLasting }: { command: string; isLasting: boolean }) {
  const stop = new AbortController();
  const notes: string[] = [];
  let lost: string | null = null;
  const report: WatchReport = {
    isLasting,
    clean(path) {
      const place = makesRepository(command) ? folderPlace(path) : undefined;
      if (place !== undefined) context.repositories?.note(path, place);
    },
    setAside(one) {
      const why = one.reason ?? 'it is protected: something would obey it unasked';
      notes.push(
        `${one.path} ${one.isOwn === true ? 'leads git elsewhere since the command ran' : 'came to be while the command ran'} and was set aside to ${one.to}, because ${why}. The person was told.`,
      );
      context.alert('setAside', setAsideText(one));
    },
    setAsideMore(count, folder) {
      notes.unshift(`${count} more protected names were set aside to ${folder}. The person was told.`);
      context.alert('setAside', setAsideMoreText(count, folder));
    },
    stays(path, now, reason) {
      const text = staysText(path, now, reason);
      notes.unshift(text);
      context.alert('notSetAside', text, 'error');
    },
    lost(path, reason) {
      lost = `${path} was no longer protected: ${reason}`;
      stop.abort();
    },
  };
  return { report, signal: stop.signal, notes: () => notes, lost: () => lost };
}

/**
 * The sandbox where it works; `place` null where none does. A sandbox that works and cannot be entered is no
 * reason to run outside.
 */
export async function enter(context: ToolContext): Promise<{ place: Entered | null } | { refused: string }> {
  const { sandbox, extras } = context.shell;
  // What was permitted was permitted for this state.
  const state = sandbox.known.kind === 'unknown' ? await sandbox.state() : sandbox.known;
  if (state.kind === 'unknown') return { refused: notTested(state) };
  if (state.kind !== 'working') return { place: null };
  try {
    const { pod, cwd, outputDir: outputs } = context;
    const scope = context.scopeNow();
    const judged = ownGit(context.repositories?.made() ?? new Map(), scope);
    const rights = { ...scope, write: [...scope.write, ...judged] };
    const place = sandbox.enter({ pod, scope: rights, cwd, outputs, judged, extras });
    let isStill = false;
    try {
      // Who claims a part from here on finds that this command runs; who did before is seen here.
      isStill = JSON.stringify(context.scopeNow()) === JSON.stringify(scope);
    } finally {
      if (!isStill) place.leave(false);
    }
    if (isStill) return { place };
    return { refused: 'Nothing was run: what this pod may write was changing. Try again in a moment.' };
  } catch (error) {
    if (systemCode(error) === undefined || !(error instanceof Error)) throw error;
    return {
      refused: `The sandbox could not be made ready, so nothing was run: ${error.message}. Look at that path.`,
    };
  }
}

/**
 * `mark`: for what it starts outside of any sandbox; in one all ends with it. `apart`: it talks over its
 * input and output.
 */
export function shellIn(
  command: string,
  {
    cwd,
    limits,
    place,
    mark = null,
    apart = false,
    traceparent,
  }: {
    cwd: string;
    limits: ShellLimits;
    place: Entered | null;
    mark?: string | null;
    apart?: boolean;
    traceparent?: string | undefined;
  },
): GroupProgram {
  const file = shellProgram();
  const relayed = file === '/bin/bash' && existsSync('/bin/cat');
  const isSandbox = place !== null && place.infoDescriptor !== null;
  const args = shellArgs(
    { file, relayed, limits, prefix: place?.prefix ?? null, isHeld: isSandbox, apart },
    command,
  );
  const env =
    mark === null
      ? sandboxEnvironment(process.env)
      : { ...shellEnvironment(process.env), [markVariable]: mark };
  return {
    file,
    args,
    cwd,
    env: traceparent === undefined ? env : { ...env, TRACEPARENT: traceparent },
    mark,
    isSandbox,
    apart,
    differs: place?.differs ?? null,
    filter: place?.filter ?? null,
  };
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  return line === '' ? 'it ended without a word.' : `${line}.`;
}

function nameOf({ pid, command }: GroupMember): string {
  return `${pid} (${quotedCommand(command)})`;
}

function listed(names: readonly string[]): string {
  const left = names.length - membersShown;
  return names.slice(0, membersShown).join(', ') + (left > 0 ? ` and ${left} more` : '');
}

function notStarted(error: unknown, command: string): string {
  const code = errorCode(error);
  if (code === undefined) throw error;
  if (code === 'E2BIG') {
    return `The command is too long to start (${Buffer.byteLength(command)} bytes). Put it into a file with Write and run that.`;
  }
  return `The shell could not be started: ${code}. Try again in a moment.`;
}
