/**
 * For tests of the command as a user runs it: one that runs on while the test looks, what a home still has
 * alive, and its result line.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Home } from '../../src/session/home/home.ts';
import { folderNamed, namesIn } from './pod-folders.ts';
import { readEntries } from '../../src/session/log/read-log.ts';
import { isRunning } from '../../src/std/process-identity.ts';
import type { RunResult } from '../../src/client/run-result.ts';
import { type Ran, type TestHome, commandFile } from './rig.ts';
import { patienceMs, pause } from './waiting.ts';

/** Names of pods any of whose processes still runs. */
export async function livingPods({ home }: { home: Home }): Promise<string[]> {
  const living = new Set<string>();
  for (const name of namesIn(home)) {
    const { log } = folderNamed(home, name);
    if (!existsSync(log)) continue;
    for await (const { entry } of readEntries(log)) {
      if (entry.type === 'started' && isRunning(entry)) living.add(name);
    }
  }
  return [...living];
}

/** Sockets in the folder where those of this home are. */
export function socketsOf({ home }: { home: Home }): string[] {
  const { runtime } = home;
  return existsSync(runtime) ? readdirSync(runtime).filter((name) => name.endsWith('.sock')) : [];
}

/** The object on the last line of what `podkin run -p` printed as JSON. */
export function resultOf(ran: Pick<Ran, 'stdout' | 'stderr'>): RunResult {
  const line = ran.stdout.trimEnd().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`the last line is no object: ${line}\n${ran.stderr}`);
  return JSON.parse(line) as RunResult;
}

/** Every object of output that has one a line. */
export function linesOf<T>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** Paths of all files below a folder that hold a text. */
export function filesHolding(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .filter((path) => readFileSync(path).includes(text));
}

/** A command under way. */
export class RunningCommand {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ran>;
  readonly #child: ChildProcess;
  #changed: () => void = () => undefined;
  #over = false;

  /** Ended with the home at the latest. The stdin of `attach` stays open; others have none. */
  constructor(home: TestHome, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [commandFile, ...args], {
      cwd: home.work,
      env: { ...home.environment, ...environment },
      stdio: [args[0] === 'attach' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    const take = (stream: 'stdout' | 'stderr') => (chunk: string) => {
      this[stream] += chunk;
      this.#changed();
    };
    this.#child.stdout?.setEncoding('utf8').on('data', take('stdout'));
    this.#child.stderr?.setEncoding('utf8').on('data', take('stderr'));
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        this.#over = true;
        this.#changed();
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    home.beforeClose(async () => {
      if (this.#over) return;
      this.#child.kill('SIGKILL');
      await this.ended;
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** As `head` does when it has enough. */
  stopReading(): void {
    this.#child.stdout?.destroy();
  }

  /** Waits until what it has written so far satisfies. */
  async until(what: string, holds: (command: RunningCommand) => boolean): Promise<void> {
    const deadlineAt = performance.now() + patienceMs;
    while (!holds(this)) {
      if (this.#over || performance.now() > deadlineAt) {
        throw new Error(`waited in vain for: ${what}\n${this.stdout}\n${this.stderr}`);
      }
      await Promise.race([pause(100), new Promise<void>((resolve) => (this.#changed = resolve))]);
    }
  }
}
