/**
 * A terminal that is only bytes: the pseudo-terminal of `script`, read as fast or as slowly as a line would
 * carry it. It answers what a terminal is asked, when the question comes out of the line.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { patienceMs, pause } from './waiting.ts';

export const hasPty = process.platform === 'linux';

export interface PtyOptions {
  readonly columns: number;
  readonly rows: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Without it each byte is shown when it comes. */
  readonly bytesPerSecond?: number;
}

const stepMs = 20;

export class Pty {
  readonly #child: ChildProcess;
  readonly #bytesPerSecond: number | null;
  readonly #exited: Promise<void>;
  #waits: (() => void)[] = [];
  #line: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;
  /** What the terminal has been given to show, and how many bytes that were. */
  shown = '';
  count = 0;
  /** The most that was written and not shown yet. */
  behindMax = 0;

  /** `words`: a program and its arguments, which has the terminal. */
  constructor(words: readonly string[], options: PtyOptions) {
    const { columns, rows, environment, cwd, bytesPerSecond } = options;
    const line = `stty cols ${columns} rows ${rows}; exec ${words.map(quoted).join(' ')}`;
    const env = { TERM: 'xterm-256color', SHELL: '/bin/sh', LANG: 'C.UTF-8', ...environment };
    this.#bytesPerSecond = bytesPerSecond ?? null;
    this.#child = spawn('script', ['-qfec', line, '/dev/null'], { cwd, env, detached: true });
    this.#exited = new Promise((resolve) => this.#child.once('close', () => resolve()));
    this.#child.stdout?.on('data', (bytes: Buffer) => this.#come(bytes));
    this.#child.stdin?.on('error', () => undefined);
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Of the program itself. */
  get pid(): number {
    const child = (of: number): number =>
      Number(readFileSync(`/proc/${of}/task/${of}/children`, 'latin1').trim().split(' ')[0]);
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('script was not started');
    return child(pid);
  }

  /** Of what has been written and not been shown. */
  get behind(): number {
    return this.#line.length;
  }

  async until(what: string, holds: (shown: string) => boolean): Promise<void> {
    const late = performance.now() + patienceMs;
    while (!holds(this.shown)) {
      if (performance.now() > late) throw new Error(`never shown: ${what}\n${this.shown.slice(-4_000)}`);
      await Promise.race([new Promise<void>((resolve) => this.#waits.push(resolve)), pause(250)]);
    }
  }

  /** The window is closed. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    await this.#exited;
  }

  /** Until the program has ended by itself. */
  async exited(): Promise<void> {
    await this.#exited;
  }

  #come(bytes: Buffer): void {
    if (this.#bytesPerSecond === null) return this.#show(bytes);
    this.#line = Buffer.concat([this.#line, bytes]);
    this.behindMax = Math.max(this.behindMax, this.#line.length);
    const portion = Math.max(1, Math.round((this.#bytesPerSecond * stepMs) / 1_000));
    this.#timer ??= setInterval(() => {
      const part = this.#line.subarray(0, portion);
      this.#line = this.#line.subarray(portion);
      if (part.length > 0) this.#show(part);
    }, stepMs);
  }

  #show(bytes: Buffer): void {
    const before = this.shown.length;
    this.shown += bytes.toString('latin1');
    this.count += bytes.length;
    // What is asked may be cut between two reads.
    const asked = this.shown.slice(Math.max(0, before - 2)).split('\u001B[c').length - 1;
    if (asked > 0) this.write('\u001B[?62;22c'.repeat(asked));
    for (const go of this.#waits.splice(0)) go();
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Milliseconds of processor time that a command took to its end. */
export function processorMsOf(
  words: readonly string[],
  { environment, cwd }: { readonly environment: NodeJS.ProcessEnv; readonly cwd: string },
): number {
  const line = `TIMEFORMAT='%3U %3S'; time ${words.map(quoted).join(' ')} > /dev/null 2>&1`;
  const { stderr } = spawnSync('bash', ['-c', line], { env: environment, cwd, encoding: 'utf8' });
  const [user, system] = stderr.trim().split(' ').map(Number);
  return 1_000 * ((user ?? Number.NaN) + (system ?? Number.NaN));
}
