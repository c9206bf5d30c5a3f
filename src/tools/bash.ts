/**
 * Bash: a shell command, inside the pod's sandbox where that works. Whether it runs without asking is
 * decided where the pod's mode and rules are known (`scope/permissions/permission.ts`).
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { once } from '../std/once.ts';
import { errorCode } from '../scope/paths/refusal.ts';
import { makesRepository } from '../scope/permissions/git-writes.ts';
import { folderPlace, ownGit } from '../scope/set-aside/own-git.ts';
import type { WatchReport } from '../scope/set-aside/protected-watch.ts';
import type { Entered } from '../scope/sandbox/sandbox.ts';
import { notTested } from '../scope/sandbox/state.ts';
import { setAsideMoreText, setAsideText, staysText } from '../scope/set-aside/set-aside.ts';
import { sandboxEnvironment, shellEnvironment } from '../scope/sandbox/shell-environment.ts';
import { systemCode } from '../std/system-code.ts';
import { failureNotes } from './failed-command.ts';
import { failed } from './input-path.ts';
import { outputCap } from './output-cap.ts';
import { runGroup } from './process-group.ts';
import { boundsMet } from './shell-bounds.ts';
import { type GroupMember, quotedCommand } from './group-members.ts';
import type { GroupProgram, GroupRun } from './process-group.ts';
import { type ShellLimits, relayName, shellArgs } from './shell-script.ts';
import { shellProgram } from './shell-program.ts';
import { markVariable } from './marked-processes.ts';
import { throttledProgress } from './throttled-progress.ts';
import { defineTool } from './define-tool.ts';
import type { ToolAnswer, ToolContext } from './tool.ts';

const timeoutMsDefault = 120_000;
const timeoutMsMax = 600_000;
/** Processes named in an answer. */
const membersShown = 10;
const input = once(() =>
  z.object({
    command: z
      .string()
      .min(1, 'a command cannot be empty')
      .refine((command) => !command.includes('\0'), 'a command cannot hold a NUL character'),
    timeoutMs: z
      .int()
      .min(1)
      .max(timeoutMsMax)
      .default(timeoutMsDefault)
      .describe('Milliseconds after which the command and all that it started are ended.'),
    description: z.string().optional().describe('What the command is for, in a few words.'),
  }),
);

export const bashTool = defineTool({
  name: 'Bash',
  description:
    'Runs a shell command in the working directory, without input, and gives its output (standard output and error as they come) and exit code. Each call is a new shell. Processes still in the background when the shell exits are ended.',
  input,
  order: 'alone',
  needs: ({ command }) => ({ kind: 'shell', command }),
  async run(wanted, context) {
    const missing = await cwdMissing(context.cwd);
    if (missing !== null) return failed(missing);
    const timeoutMs = Math.min(wanted.timeoutMs, context.shell.limits.shellTimeoutMs);
    let complaint = '';
    let refused: string | null = null;
    for (const waitMs of attemptWaitsMs) {
      await pause(waitMs);
      if (context.signal.aborted) return failed('The call was cancelled before the command began.');
      const entered = await enter(context);
      if ('refused' in entered) {
        refused = entered.refused;
        continue;
      }
      refused = null;
      const tried = await runOnce({ command: wanted.command, timeoutMs, place: entered.place }, context);
      if ('answer' in tried) return tried.answer;
      ({ complaint } = tried);
    }
    if (refused !== null) return failed(refused);
    return failed(
      `The sandbox could not be started, so nothing was run: ${complaint} Try again in a moment; "podkin doctor" tests the sandbox.`,
    );
  },
});

/**
 * What failed before anything inside had begun is the sandbox's own failure, and can be tried again without
 * doing anything twice.
 */
const attemptWaitsMs = [0, 20, 100, 500] as const;

interface Attempt {
  readonly command: string;
  readonly timeoutMs: number;
  readonly place: Entered | null;
}

/** Runs the command; `complaint` where the sandbox failed before the command began. */
export async function runOnce(
  { command, timeoutMs, place }: Attempt,
  context: ToolContext,
): Promise<{ answer: ToolAnswer } | { complaint: string }> {
  const output = outputCap(context.outputDir, context.call);
  const progress = throttledProgress((text) => context.progress(text));
  const guard = guardOf(context, command);
  let hasRun = false;
  let ended: Pick<Ended, 'run' | 'notes'> | null = null;
  try {
    place?.watch(guard.report);
    const mark = place === null ? context.markCommand() : null;
    const inside = { cwd: context.cwd, limits: context.shell.limits, place, mark };
    const run = await runGroup(shellIn(command, inside), {
      timeoutMs,
      signal: AbortSignal.any([context.signal, guard.signal]),
      onStarted: (leaderPid) => context.noteGroup(leaderPid),
      onOutput: async (piece) => progress.add(await output.add(piece)),
      isOwn: (member) => member.command.startsWith(relayName),
    });
    hasRun = run.hasBegun;
    ended = { run, notes: place?.notes ?? [] };
  } catch (error) {
    return { answer: failed(notStarted(error, command)) };
  } finally {
    place?.leave(hasRun);
    progress.end();
  }
  const text = await output.end();
  if (!hasRun && ended.run.cause === 'exited') {
    const { differing } = ended.run;
    const changed = `the folder changed while it was made ready: ${differing} is another thing now.`;
    return { complaint: differing === null ? lastLine(text) : changed };
  }
  const { limits } = context.shell;
  const isHeld = place !== null && (ended.run.cause !== 'exited' || ended.run.exitCode !== 0);
  const met = isHeld ? await failureNotes({ command, output: text }, context) : [];
  const notes = [...ended.notes, ...met];
  return {
    answer: answer(text, { ...ended, notes, limits, timeoutMs, guarded: guard.notes(), lost: guard.lost() }),
  };
}

/** What the watch over protected names has to say: to the model at the end, to the person at once. */
function guardOf(context: ToolContext, command: string) {
  const stop = new AbortController();
  const notes: string[] = [];
  let lost: string | null = null;
  const report: WatchReport = {
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
async function enter(context: ToolContext): Promise<{ place: Entered | null } | { refused: string }> {
  const { sandbox } = context.shell;
  // What was permitted was permitted for this state.
  const state = sandbox.known.kind === 'unknown' ? await sandbox.state() : sandbox.known;
  if (state.kind === 'unknown') return { refused: notTested(state) };
  if (state.kind !== 'working') return { place: null };
  try {
    const { pod, cwd, outputDir: outputs } = context;
    const scope = context.scopeNow();
    const judged = ownGit(context.repositories?.made() ?? new Map(), scope);
    const rights = { ...scope, write: [...scope.write, ...judged] };
    const place = sandbox.enter({ pod, scope: rights, cwd, outputs, judged });
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

/** `mark`: for what it starts outside of any sandbox; in one all ends with it. */
export function shellIn(
  command: string,
  {
    cwd,
    limits,
    place,
    mark = null,
  }: { cwd: string; limits: ShellLimits; place: Entered | null; mark?: string | null },
): GroupProgram {
  const file = shellProgram();
  const relayed = file === '/bin/bash' && existsSync('/bin/cat');
  const isSandbox = place !== null && place.infoDescriptor !== null;
  const args = shellArgs(
    { file, relayed, limits, prefix: place?.prefix ?? null, isHeld: isSandbox },
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
    env,
    mark,
    isSandbox,
    differs: place?.differs ?? null,
    filter: place?.filter ?? null,
  };
}

interface Ended {
  readonly run: GroupRun;
  readonly limits: ShellLimits;
  readonly timeoutMs: number;
  /** What the sandbox allowed less than the scope; told where the command failed, which may be why. */
  readonly notes: readonly string[];
  /** What the watch over protected names did; told always. */
  readonly guarded: readonly string[];
  /** Why the watch has ended the command; null where it has not. */
  readonly lost: string | null;
}

function answer(output: string, ended: Ended): ToolAnswer {
  const { run, limits, timeoutMs } = ended;
  const notes: string[] = [];
  const seconds = `${(run.durationMs / 1000).toFixed(1)} s`;
  if (ended.lost !== null) {
    notes.push(`Ended after ${seconds}, because ${ended.lost}. The command itself may be run again.`);
  } else if (run.cause === 'timedOut') {
    notes.push(
      `Timed out after ${timeoutMs} ms (ran ${seconds}); the command and all that it started were ended.`,
    );
  } else if (run.cause === 'aborted') {
    notes.push(`Cancelled after ${seconds}; the command and all that it started were ended.`);
  } else if (run.signal !== null) {
    notes.push(`Ended by signal ${run.signal}.`);
  } else if (run.exitCode !== 0) {
    notes.push(`Exit code ${run.exitCode}.`);
  }
  const left = [...run.leftBehind.map(nameOf), ...run.leftInside.map(quotedCommand)];
  if (left.length > 0) {
    notes.push(`The shell left processes in the background, which were ended: ${listed(left)}.`);
  }
  if (run.stuck.length > 0) notes.push(`Still there after SIGKILL: ${listed(run.stuck.map(nameOf))}.`);
  notes.push(...ended.guarded.slice(0, membersShown));
  if (ended.guarded.length > membersShown)
    notes.push(`And ${ended.guarded.length - membersShown} more were set aside.`);
  if (run.outputHeld) notes.push('A process in a group of its own kept the output open; it was left alone.');
  const isError = ended.lost !== null || run.cause !== 'exited' || run.exitCode !== 0;
  if (isError) notes.push(...boundsMet(run, output, limits), ...ended.notes);
  const body = output === '' ? '(no output)' : output.replace(/\n$/, '');
  const isCut = ended.lost !== null || run.cause !== 'exited';
  return {
    text: [body, ...notes.map((note) => `[${note}]`)].join('\n'),
    ...(isError ? { isError } : {}),
    ended: { exitCode: isCut ? null : run.exitCode, isTimedOut: run.cause === 'timedOut' },
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

async function cwdMissing(cwd: ToolContext['cwd']): Promise<string | null> {
  try {
    if ((await stat(cwd)).isDirectory()) return null;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
  return `The working directory ${cwd} is not there or not a directory, so no command can run in it. Do not make it again: say so in your answer, and a person puts it back.`;
}

function notStarted(error: unknown, command: string): string {
  const code = errorCode(error);
  if (code === undefined) throw error;
  if (code === 'E2BIG') {
    return `The command is too long to start (${Buffer.byteLength(command)} bytes). Put it into a file with Write and run that.`;
  }
  return `The shell could not be started: ${code}. Try again in a moment.`;
}
