/**
 * Runs git for podkin itself, inside a sandbox and never outside: what a repository holds may be anybody's.
 * Nothing that a repository names is run there either: git is given a directory of its own with settings of
 * ours, in which only objects and references are the repository's (`git-scripts.ts`).
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Entered, Sandbox } from '../../scope/sandbox/sandbox.ts';
import { systemCode } from '../../std/system-code.ts';
import type { PathScope, PodRef } from '../../session/facts/entries.ts';
import { shellIn } from '../shell-run.ts';
import { runGroup } from '../process-group.ts';
import { type ShellLimits, relayName } from '../shell-script.ts';

/** Whose sandbox it is run in. */
export interface GitPlace {
  readonly sandbox: Sandbox;
  readonly limits: ShellLimits;
  readonly pod: PodRef;
  /** The pod's folder for outputs; nothing of them is shown. */
  readonly outputs: string;
  readonly signal: AbortSignal;
  readonly noteGroup: (leaderPid: number) => () => void;
}

export interface GitScript {
  readonly script: string;
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly timeoutMs: number;
}

/**
 * `said`: what the script found, by name. `text`: for whoever reads of the failure; not all of it is ours.
 */
export type GitRun =
  | { readonly kind: 'done'; readonly said: ReadonlyMap<string, string> }
  | { readonly kind: 'timedOut' | 'aborted' | 'noSandbox' | 'failed'; readonly text: string };

const saidBytesMax = 64 * 1024;
const textCharsMax = 2_000;
/** What failed before anything had begun is the sandbox's own failure. */
const attemptWaitsMs = [0, 20, 100, 500] as const;

export async function runGit(script: GitScript, place: GitPlace): Promise<GitRun> {
  const state = await place.sandbox.state();
  if (state.kind !== 'working') return { kind: 'noSandbox', text: state.text };
  let last: GitRun = { kind: 'failed', text: 'the sandbox could not be started' };
  for (const waitMs of attemptWaitsMs) {
    await pause(waitMs);
    if (place.signal.aborted) return { kind: 'aborted', text: 'it was ended' };
    const tried = await runOnce(script, place);
    if (tried.hasRun) return tried.run;
    last = tried.run;
  }
  return last;
}

async function runOnce(
  { script, read, write, timeoutMs }: GitScript,
  { sandbox, limits, pod, outputs, signal, noteGroup }: GitPlace,
): Promise<{ run: GitRun; hasRun: boolean }> {
  const scope: PathScope = { read: [...new Set(read)], write: [...new Set(write)] };
  let entered: Entered | null = null;
  let hasRun = false;
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    // Not watched: protected names that a checkout makes are a part of it.
    entered = sandbox.enter({ pod, scope, cwd: '/', outputs });
    const run = await runGroup(shellIn(script, { cwd: '/', limits, place: entered }), {
      timeoutMs: Math.min(timeoutMs, limits.shellTimeoutMs),
      signal,
      onStarted: noteGroup,
      onOutput: async (piece) => {
        await Promise.resolve();
        if (bytes >= saidBytesMax) return;
        pieces.push(piece.subarray(0, saidBytesMax - bytes));
        bytes += piece.length;
      },
      isOwn: (member) => member.command.startsWith(relayName),
    });
    hasRun = run.hasBegun || run.cause !== 'exited';
    const text = Buffer.concat(pieces).toString();
    if (run.cause === 'timedOut') return { hasRun, run: { kind: 'timedOut', text: 'its time was over' } };
    if (run.cause === 'aborted') return { hasRun, run: { kind: 'aborted', text: 'it was ended' } };
    return { hasRun, run: resultOf(text, run.exitCode) };
  } catch (error) {
    if (systemCode(error) === undefined || !(error instanceof Error)) throw error;
    return { hasRun, run: { kind: 'failed', text: error.message } };
  } finally {
    entered?.leave(hasRun);
  }
}

/** Lines `@name value`; behind `@problem` all is text. */
function resultOf(output: string, exitCode: number | null): GitRun {
  const at = output.search(/^@problem$/m);
  const said = new Map<string, string>();
  for (const line of (at < 0 ? output : output.slice(0, at)).split('\n')) {
    const [, name, value] = /^@([a-z]+) (.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) said.set(name, value);
  }
  if (exitCode === 0 && at < 0) return { kind: 'done', said };
  const words = at < 0 ? output : output.slice(at + '@problem'.length);
  const text = words.trim().slice(0, textCharsMax).toWellFormed();
  return { kind: 'failed', text: text === '' ? `git ended with exit code ${exitCode ?? 'none'}` : text };
}
