/**
 * Ends what chaos has started when chaos itself was killed or has crashed: a process of its own, in a session
 * of its own, that does nothing until the pipe from chaos is closed. If it is the guard that dies, chaos
 * still ends everything itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CommandFailed, exitStatus } from '../invocation/context.ts';
import { endAllBelow } from './end-all.ts';
import { guardCommand, keepWord } from './guard-command.ts';
import { type ChaosFolder, isChaosFolder, removeChaosFolder } from './place.ts';

/** Chaos has ended everything itself, and the folder is its own affair. */
const released = 'released';
/** What the guard says once, when it listens. */
const listening = 'listening\n';
/** A Node that gets no threads hangs in its start for ever. */
const startMs = 15_000;
const endMs = 5_000;

/** For what fails where the system gives too little. */
export const limitsAdvice =
  'raise the limits on open files and processes ("ulimit -n", "ulimit -u"), then try again';

export interface Guard {
  /** Fulfils when the guard's process is gone. */
  release(): Promise<void>;
}

export interface GuardOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** It ends the pods and leaves the folder. */
  readonly keep: boolean;
  /** Aborted: nobody waits for its start any more. */
  readonly signal: AbortSignal;
}

/** Rejects with `CommandFailed` where it does not start, or the signal's reason; no guard is left then. */
export async function startGuard(
  { path, mark }: ChaosFolder,
  { environment, keep, signal }: GuardOptions,
): Promise<Guard> {
  const command = process.env['PODKIN_COMMAND'] ?? process.argv[1] ?? fileURLToPath(import.meta.url);
  const words = [command, guardCommand, path, mark, ...(keep ? [keepWord] : [])];
  const child = spawn(process.execPath, [...process.execArgv, ...words], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'pipe', 'ignore'],
    env: environment,
  });
  const gone = new Promise<string>((resolve) => {
    child.on('exit', (code, killedBy) => resolve(`it ended with ${killedBy ?? code}`));
    child.on('error', (error) => resolve(error.message));
  });
  const release = async (): Promise<void> => {
    const { stdin } = pipesOf(child);
    child.ref();
    stdin?.end(released);
    await Promise.race([gone, pause(endMs, undefined, { ref: false })]);
    child.kill('SIGKILL');
    await gone;
    stdin?.destroy();
  };
  const listens = heard(child).then(() => undefined);
  const late = pause(startMs, `it did not listen within ${startMs / 1_000} s`, { signal, ref: false });
  late.catch(() => undefined);
  try {
    const failure = await Promise.race([listens, gone, late]);
    if (failure !== undefined) throw new CommandFailed(exitStatus.failed, notStarted(failure));
  } catch (error) {
    child.kill('SIGKILL');
    await gone;
    signal.throwIfAborted();
    throw error;
  }
  child.unref();
  return { release };
}

function notStarted(why: string): string {
  return `the process that guards the trial could not be started (${why}): ${limitsAdvice}`;
}

/** Missing where the process could not be started at all. */
function pipesOf({ stdin, stdout }: ChildProcess): { stdin: Writable | null; stdout: Readable | null } {
  return { stdin: stdin ?? null, stdout: stdout ?? null };
}

/** Fulfils with its word; never where it says none. */
function heard(child: ChildProcess): Promise<void> {
  const { stdin, stdout } = pipesOf(child);
  stdin?.on('error', () => undefined);
  stdout?.on('error', () => undefined);
  return new Promise((resolve) => {
    stdout?.once('data', () => {
      stdout.destroy();
      resolve();
    });
  });
}

/** The guard's own body. */
export async function guardFolder(
  { stdin, stdout }: { stdin: Readable; stdout: { write(text: string): void } },
  folder: ChaosFolder,
  { keep }: { keep: boolean },
): Promise<void> {
  stdout.write(listening);
  let text = '';
  for await (const chunk of stdin) text += String(chunk);
  if (text === released || !isChaosFolder(folder)) return;
  await endAllBelow(folder.path);
  if (!keep) removeChaosFolder(folder);
}
