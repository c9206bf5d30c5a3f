/**
 * What every measure stands on: a home of its own, pods with children that this bench plays, processes of
 * comparators and senders, and their end.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultLimits, type Limits } from '../src/session/settings/settings.ts';
import { writeHistory } from '../test/support/big-history.ts';
import { type FakeChild, fakeChildren } from '../test/support/fake-child.ts';
import { TestHome, type TestPod } from '../test/support/rig.ts';
import type { ChildTicket, Command, Outcome, Reading, Target } from './commands.ts';
import type { Load, Seen } from './load.ts';

/** Where the bundled processes are. */
const here = fileURLToPath(new URL('.', import.meta.url));

/** Of a measure's own process; on Linux only, NaN elsewhere. */
export interface Memory {
  rssMb: number;
  pssMb: number;
  /** What would be free if it ended: pages that it shares with nobody. */
  privateMb: number;
  peakMb: number;
}

/** What `floor.ts` can play. */
export type FloorKind = 'echo' | 'durable' | 'stream' | 'snapshotFirst';

export interface StagedPod {
  pod: TestPod;
  children: FakeChild[];
  tickets: ChildTicket[];
}

const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs `work` on a stage and takes everything away behind it, also when it fails. */
export function onStage<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
  return onStages(1, ([stage]) => work(stage!));
}

/** The same with several homes. */
export async function onStages<T>(count: number, work: (stages: readonly Stage[]) => Promise<T>): Promise<T> {
  const stages = Array.from({ length: count }, () => new Stage());
  const close = async () => {
    for (const stage of stages) await stage.close();
  };
  // Everything runs in sessions of its own and would outlive the terminal's signal.
  const interrupted = (_: NodeJS.Signals, number: number) =>
    void close().finally(() => process.exit(128 + number));
  for (const signal of endSignals) process.once(signal, interrupted);
  try {
    return await work(stages);
  } finally {
    for (const signal of endSignals) process.off(signal, interrupted);
    await close();
  }
}

export class Stage {
  readonly home = new TestHome();
  readonly #processes: ChildProcess[] = [];

  /** A running root with that many children to be played and that many bytes of past. */
  async pod(options: {
    name: string;
    children: number;
    historyBytes?: number;
    /** Writes another past than that. */
    past?: (pod: TestPod) => Promise<void>;
    limits?: Partial<Limits>;
    model?: string;
    environment?: NodeJS.ProcessEnv;
  }): Promise<StagedPod> {
    const { name, children, historyBytes = 0, model, environment } = options;
    const limits: Limits = { ...defaultLimits, unreachableMs: 86_400_000, ...options.limits };
    const pod = this.home.makeRoot({ name, limits, ...(model === undefined ? {} : { model }) });
    const played = await fakeChildren(this.home, pod, children, { prefix: `${name}-` });
    await (options.past ?? ((one) => writeHistory(one, historyBytes)))(pod);
    await pod.start(environment);
    const tickets = played.map(({ name, instance, token, assignments }) => ({
      name,
      instance,
      token,
      assignments,
    }));
    return { pod, children: played, tickets };
  }

  /** Starts a comparator (see floor.ts) and answers its socket. */
  async floor(kind: FloorKind, file = ''): Promise<string> {
    const path = join(this.home.path, `${kind}${this.#processes.length}.sock`);
    await this.fork('floor', [kind, path, file]);
    return path;
  }

  /** The parent's side of a peer, in a process of its own. */
  async host(peer: string, address: string): Promise<void> {
    await this.fork('peers/host', [peer, address]);
  }

  /** Ends that process, too, when the stage is cleared. */
  keep(child: ChildProcess): void {
    this.#processes.push(child);
  }

  sender(): Sender {
    return new Sender(this.#fork('sender', []));
  }

  /** Runs a bundled script to its one message and its end. */
  async once(script: string, args: string[]): Promise<unknown> {
    const child = this.#fork(script, args);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const message = await Promise.race([
      new Promise<unknown>((resolve) => child.once('message', resolve)),
      exited.then((code) => Promise.reject(new Error(`${script} ended without a word (${String(code)})`))),
    ]);
    await exited;
    return message;
  }

  script(name: string): string {
    return join(here, `${name}.mjs`);
  }

  /** Another process of the bench; what it says is the measure's affair. Answers with its first message. */
  async fork(
    script: string,
    args: string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<{ child: ChildProcess; first: unknown }> {
    const child = this.#fork(script, args, environment);
    const first = await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error(`${script} ended before it was ready`)));
    });
    return { child, first };
  }

  #fork(script: string, args: string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
    const { PODKIN_BENCH_PACKAGES } = process.env;
    const env = { ...this.home.environment, PODKIN_BENCH_PACKAGES, ...environment };
    // A session of its own, as a pod has: Linux shares the processors out among sessions first.
    const child = fork(this.script(script), args, { execArgv: [], env, detached: true });
    this.keep(child);
    return child;
  }

  async close(): Promise<void> {
    const ends = this.#processes.map(
      (child) =>
        new Promise((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) return resolve(null);
          child.once('exit', resolve);
          child.kill('SIGKILL');
        }),
    );
    await Promise.all(ends);
    await this.home.close();
  }
}

export class Sender {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<
    number,
    { resolve: (outcome: Outcome) => void; reject: (error: Error) => void }
  >();
  #lastId = 0;

  constructor(process: ChildProcess) {
    this.#process = process;
    process.on('message', (message: { id: number; outcome?: Outcome; error?: string }) => {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.outcome === undefined) waiting?.reject(new Error(`a sender failed: ${message.error}`));
      else waiting?.resolve(message.outcome);
    });
    process.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('a sender ended'));
    });
  }

  async open(as: string, targets: Target[]): Promise<void> {
    await this.#ask({ do: 'open', as, targets });
  }

  async drive(as: string, load: Load): Promise<Seen> {
    return (await this.#ask({ do: 'drive', as, load })).seen!;
  }

  async begin(as: string, pauseMs: number): Promise<void> {
    await this.#ask({ do: 'begin', as, pauseMs });
  }

  async end(as: string): Promise<Seen> {
    return (await this.#ask({ do: 'end', as })).seen!;
  }

  async read(
    path: string,
    observers: number,
    what: Reading,
  ): Promise<{ firstMs: number; wholeMs: number }[]> {
    return (await this.#ask({ do: 'read', path, observers, what })).reads!;
  }

  async watch(paths: string[]): Promise<void> {
    await this.#ask({ do: 'watch', paths });
  }

  async lags(): Promise<{ tokens: number; lagsMs: number[] }> {
    return (await this.#ask({ do: 'lags' })).lags!;
  }

  async unwatch(): Promise<void> {
    await this.#ask({ do: 'unwatch' });
  }

  #ask(command: Command): Promise<Outcome> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#process.send({ id, command });
    });
  }
}

/** What a process holds; `peakMb` since `forgetPeak`. */
export function memoryOf(pid: number): Memory {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const smaps = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    return {
      rssMb: kilobytes(status, 'VmRSS') / 1024,
      peakMb: kilobytes(status, 'VmHWM') / 1024,
      pssMb: kilobytes(smaps, 'Pss') / 1024,
      privateMb: (kilobytes(smaps, 'Private_Clean') + kilobytes(smaps, 'Private_Dirty')) / 1024,
    };
  } catch {
    const { NaN: none } = Number;
    return { rssMb: none, pssMb: none, privateMb: none, peakMb: none };
  }
}

/**
 * Milliseconds of processor time that these processes have used so far; NaN elsewhere than on Linux. Steps of
 * 10 ms each.
 */
export function processorMs(pids: readonly number[]): number {
  const tickMs = 10;
  return pids.reduce((sum, pid) => {
    try {
      // The second field is the command in parentheses and may hold anything.
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/.*\) /s, '').split(' ');
      return sum + (Number(fields[11]) + Number(fields[12])) * tickMs;
    } catch {
      return Number.NaN;
    }
  }, 0);
}

/** Processor time of all threads that a process has, finer than that; NaN elsewhere than on Linux. */
export function threadsMs(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const ns = threads.map((id) => readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'latin1').split(' ')[0]);
    return ns.reduce((sum, one) => sum + Number(one) / 1e6, 0);
  } catch {
    return Number.NaN;
  }
}

function kilobytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}
