/** Bash: a shell command. Whether it runs without a question is decided where the pod's mode and rules are known (`scope/permission.ts`). */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { errorCode } from '../scope/refusal.ts';
import { failed } from './input-path.ts';
import { outputCap } from './output-cap.ts';
import { runGroup } from './process-group.ts';
import type { GroupMember } from './group-members.ts';
import type { GroupProgram, GroupRun } from './process-group.ts';
import { throttledProgress } from './throttled-progress.ts';
import { defineTool } from './tool.ts';
import type { ToolAnswer, ToolContext } from './tool.ts';

const timeoutMsDefault = 120_000;
const timeoutMsMax = 600_000;
/** Processes named in an answer. */
const membersShown = 10;
/** The name under which the output's relay runs. */
const relayName = 'podkin-output';

/** What a command sees of the environment. Nothing else: the pod's own holds the keys of providers. */
const envNames = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'TERM', 'TZ', 'TMPDIR', 'SHELL']);

const input = z.object({
  command: z
    .string()
    .min(1, 'a command can not be empty')
    .refine((command) => !command.includes('\0'), 'a command can not hold a NUL character'),
  timeoutMs: z
    .int()
    .min(1)
    .max(timeoutMsMax)
    .default(timeoutMsDefault)
    .describe('Milliseconds after which the command and all that it started are ended.'),
  description: z.string().optional().describe('What the command is for, in a few words.'),
});
type BashInput = z.output<typeof input>;

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
    if (context.signal.aborted) return failed('The call was cancelled before the command began.');
    const output = outputCap(context.outputDir, context.call);
    const progress = throttledProgress((text) => context.progress(text));
    try {
      const run = await runGroup(shell(wanted.command, context.cwd), {
        timeoutMs: wanted.timeoutMs,
        signal: context.signal,
        onStarted: (leaderPid) => context.noteGroup(leaderPid),
        onOutput: async (piece) => progress.add(await output.add(piece)),
        isOwn: (member) => member.command.startsWith(relayName),
      });
      return answer(run, await output.end(), wanted);
    } catch (error) {
      return failed(notStarted(error, wanted.command));
    } finally {
      progress.end();
    }
  },
});

/**
 * The command under a shell whose standard output and error are one pipe, so that they come in the order written. Node gives a child sockets, on
 * which `> /dev/stderr` fails; hence, where it can be, a relay with a true pipe stands between. It outlasts SIGTERM to pass on the last words.
 */
function shell(command: string, cwd: string): GroupProgram {
  const bash = existsSync('/bin/bash');
  const relayed = bash && existsSync('/bin/cat');
  const file = bash ? '/bin/bash' : '/bin/sh';
  const relay = `> >(trap "" HUP INT TERM; exec -a ${relayName} /bin/cat)`;
  const script = `exec "$0" -c "$1" ${relayed ? relay : ''} 2>&1`;
  return { file, args: ['-c', script, file, command], cwd, env: commandEnv(process.env) };
}

function commandEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = Object.entries(env).filter(([name]) => envNames.has(name) || name.startsWith('LC_'));
  return Object.fromEntries(passed);
}

function answer(run: GroupRun, output: string, wanted: BashInput): ToolAnswer {
  const notes: string[] = [];
  const seconds = `${(run.durationMs / 1000).toFixed(1)} s`;
  if (run.cause === 'timedOut') {
    notes.push(
      `Timed out after ${wanted.timeoutMs} ms (ran ${seconds}); the command and all that it started were ended.`,
    );
  } else if (run.cause === 'aborted') {
    notes.push(`Cancelled after ${seconds}; the command and all that it started were ended.`);
  } else if (run.signal !== null) {
    notes.push(`Ended by signal ${run.signal}.`);
  } else if (run.exitCode !== 0) {
    notes.push(`Exit code ${run.exitCode}.`);
  }
  if (run.leftBehind.length > 0) {
    notes.push(`The shell left processes in the background, which were ended: ${named(run.leftBehind)}.`);
  }
  if (run.stuck.length > 0) notes.push(`Still there after SIGKILL: ${named(run.stuck)}.`);
  if (run.outputHeld) notes.push('A process in a group of its own kept the output open; it was left alone.');
  const body = output === '' ? '(no output)' : output.replace(/\n$/, '');
  const isError = run.cause !== 'exited' || run.exitCode !== 0;
  return { text: [body, ...notes.map((note) => `[${note}]`)].join('\n'), ...(isError ? { isError } : {}) };
}

function named(members: readonly GroupMember[]): string {
  const shown = members.slice(0, membersShown).map((member) => `${member.pid} (${member.command})`);
  const left = members.length - shown.length;
  return shown.join(', ') + (left > 0 ? ` and ${left} more` : '');
}

async function cwdMissing(cwd: ToolContext['cwd']): Promise<string | null> {
  try {
    if ((await stat(cwd)).isDirectory()) return null;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
  return `The working directory ${cwd} is not there or not a directory, so no command can run in it. Make it again first.`;
}

function notStarted(error: unknown, command: string): string {
  const code = errorCode(error);
  if (code === undefined) throw error;
  if (code === 'E2BIG') {
    return `The command is too long to start (${Buffer.byteLength(command)} bytes). Put it into a file with Write and run that.`;
  }
  return `The shell could not be started: ${code}. Try again in a moment.`;
}
