/**
 * Bash: a shell command, inside the pod's sandbox where that works. Whether it runs without asking is
 * decided where the pod's mode and rules are known (`scope/permissions/permission.ts`).
 */
import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { once } from '../std/once.ts';
import { errorCode } from '../scope/paths/refusal.ts';
import type { Entered } from '../scope/sandbox/sandbox.ts';
import { failureNotes } from './failed-command.ts';
import { failed } from './input-path.ts';
import { outputCap } from './output-cap.ts';
import { type EndedShell, attemptWaitsMs, complaintOf, enter, notesOf, runShell } from './shell-run.ts';
import type { ShellLimits } from './shell-script.ts';
import { throttledProgress } from './throttled-progress.ts';
import { defineTool } from './define-tool.ts';
import type { ToolAnswer, ToolContext } from './tool.ts';

/** Of one argument, on Linux: 32 pages with the byte that ends it. */
const commandBytesMax = 131_071;
const tooLongCommand = `a command of more than ${commandBytesMax} bytes is too long to start: put it into a file with Write and run that`;
const timeoutMsDefault = 120_000;
const timeoutMsMax = 600_000;
const input = once(() =>
  z.object({
    command: z
      .string()
      .min(1, 'a command cannot be empty')
      .refine((command) => Buffer.byteLength(command) <= commandBytesMax, tooLongCommand)
      .refine((command) => !command.includes('\0'), 'a command cannot hold a NUL character'),
    timeoutMs: z
      .int()
      .min(1)
      .max(timeoutMsMax)
      .default(timeoutMsDefault)
      .describe('Milliseconds after which the command and all that it started are ended.'),
    background: z
      .boolean()
      .optional()
      .describe(
        'Do not wait for it: it runs on, without a time limit, until it ends, StopCommand or the end of this pod. For servers and long builds.',
      ),
    description: z.string().optional().describe('What the command is for, in a few words.'),
  }),
);

export const bashTool = defineTool({
  name: 'Bash',
  description:
    'Runs a shell command in the working directory, without input, and gives its output (standard output and error as they come) and exit code. Each call is a new shell. Processes still in the background when the shell exits are ended: for what is to run on, such as a server, set background.',
  input,
  order: 'alone',
  needs: ({ command, background }) => ({
    kind: 'shell',
    command,
    ...(background === true ? { background } : {}),
  }),
  async run(wanted, context) {
    const missing = await cwdMissing(context.cwd);
    if (missing !== null) return failed(missing);
    if (wanted.background === true)
      return (await context.commands?.start(wanted.command, context)) ?? failed(nothingRunsOn);
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

const nothingRunsOn = 'Nothing can run in the background here. Leave background out.';

/** Runs the command; `complaint` where the sandbox failed before the command began. */
export async function runOnce(
  { command, timeoutMs, place }: { command: string; timeoutMs: number; place: Entered | null },
  context: ToolContext,
): Promise<{ answer: ToolAnswer } | { complaint: string }> {
  const output = outputCap(context.outputDir, context.call);
  const progress = throttledProgress((text) => context.progress(text));
  const onOutput = async (piece: Buffer) => progress.add(await output.add(piece));
  const ended = await runShell({ command, timeoutMs, place, onOutput }, context).finally(() =>
    progress.end(),
  );
  if (ended.kind === 'notStarted') return { answer: failed(ended.text) };
  const text = await output.end();
  if (ended.kind === 'notBegun') return { complaint: complaintOf(ended, text) };
  const isHeld = place !== null && (ended.run.cause !== 'exited' || ended.run.exitCode !== 0);
  const met = isHeld ? await failureNotes({ command, output: text }, context) : [];
  const { limits } = context.shell;
  return { answer: answer(text, { ...ended, notes: [...ended.notes, ...met], limits, timeoutMs }) };
}

interface AnswerParts extends EndedShell {
  readonly limits: ShellLimits;
  readonly timeoutMs: number;
}

function answer(output: string, ended: AnswerParts): ToolAnswer {
  const { run, timeoutMs } = ended;
  const seconds = `${(run.durationMs / 1000).toFixed(1)} s`;
  const how: string[] = [];
  if (ended.lost !== null) {
    how.push(`Ended after ${seconds}, because ${ended.lost}. The command itself may be run again.`);
  } else if (run.cause === 'timedOut') {
    how.push(
      `Timed out after ${timeoutMs} ms (ran ${seconds}); the command and all that it started were ended.`,
    );
  } else if (run.cause === 'aborted') {
    how.push(`Cancelled after ${seconds}; the command and all that it started were ended.`);
  } else if (run.signal !== null) {
    how.push(`Ended by signal ${run.signal}.`);
  } else if (run.exitCode !== 0) {
    how.push(`Exit code ${run.exitCode}.`);
  }
  const isError = ended.lost !== null || run.cause !== 'exited' || run.exitCode !== 0;
  const notes = [...how, ...notesOf(ended, output, ended.limits)];
  const body = output === '' ? '(no output)' : output.replace(/\n$/, '');
  const isCut = ended.lost !== null || run.cause !== 'exited';
  return {
    text: [body, ...notes.map((note) => `[${note}]`)].join('\n'),
    ...(isError ? { isError } : {}),
    ended: { exitCode: isCut ? null : run.exitCode, isTimedOut: run.cause === 'timedOut' },
  };
}

async function cwdMissing(cwd: ToolContext['cwd']): Promise<string | null> {
  try {
    if ((await stat(cwd)).isDirectory()) return null;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
  return `The working directory ${cwd} is not there or not a directory, so no command can run in it. Do not make it again: say so in your answer, and a person puts it back.`;
}
