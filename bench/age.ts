/**
 * What a pod's age costs: its start, its memory, its place in a list, the last of its past for an observer
 * and for a person, its deliveries, its first callback. Pods with pasts of different length, compacted as
 * they would have been; each is started, asked, killed, listed, started again and stopped in every round.
 */
import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { processIdentity } from '../src/std/process-identity.ts';
import { commandFile, gone } from '../test/support/rig.ts';
import type { BenchOptions } from './options.ts';
import { turned } from './callback.ts';
import type { ChildTicket } from './commands.ts';
import { type Past, writePast } from './past.ts';
import { type Figures, type Report, Samples } from './report.ts';
import { type Sender, type Stage, type StagedPod, memoryOf, onStages, threadsMs } from './stage.ts';

const megabyte = 1024 * 1024;
/** How long a pod is left alone before its memory is looked at. */
const idleMs = 500;
const lastEntries = 50;
const callbacks = 300;

interface Aged {
  readonly stage: Stage;
  readonly staged: StagedPod;
  readonly past: Past;
}

export function measureAge({ smoke, big, rounds }: BenchOptions): Promise<Report> {
  const sizesMb = smoke ? [0, 0.25, 1] : [0, 10, 64, 256, ...(big ? [1_024] : [])];
  // A home for each: a list of pods shows all of its home.
  return onStages(sizesMb.length, async (stages) => {
    const aged = new Map<string, Aged>();
    for (const [i, stage] of stages.entries()) {
      const one = await agedPod(stage, sizesMb[i]! * megabyte);
      aged.set(labelOf(sizesMb[i]!, one.past), one);
    }
    const sender = stages[0]!.sender();
    const samples = new Samples();
    // The round before the first warms up; where no time counts it would only be one more.
    for (let round = smoke ? 0 : -1; round < rounds; round += 1) {
      for (const label of turned([...aged.keys()], round)) {
        const figures = await figuresOf(aged.get(label)!, sender, smoke ? 0 : idleMs);
        if (round >= 0) samples.add(label, figures);
      }
    }
    const to = () => [...aged.keys()][0]!;
    const columns = [
      'start ms',
      'start CPU ms',
      'RSS MB',
      'killed: start ms',
      'ps ms',
      `last ${lastEntries} ms`,
    ];
    const last = ['logs --since ms', 'deliveries ms', 'first callback ms', 'callback p50 ms'];
    return {
      name: 'age',
      title: `a pod by what is behind it, ratios to one with nothing, ${rounds} rounds`,
      rows: samples.rows([...columns, ...last].map((column) => ({ column, as: `× ${short(column)}`, to }))),
      notes: [
        'CPU: processor time to the answer of its first status, which a busy machine bears on less.',
        'Started after an end in order, and after SIGKILL; ps lists the killed one.',
        'logs --since: what was written since the start; deliveries: of a log in which hardly anything is one.',
        'Targets: × start and × RSS ≤ 1.30 with 256 MB; × start ≤ 1.50 with 100,000 entries; callbacks unchanged.',
      ],
    };
  });
}

function labelOf(sizeMb: number, { entries }: Past): string {
  return `${sizeMb.toLocaleString('en-US')} MB, ${entries.toLocaleString('en-US')} entries`;
}

const short = (column: string): string => column.replace(/ (ms|MB)$/, '');

/** Has run once since: what it could write beside its log is written. */
async function agedPod(stage: Stage, bytes: number): Promise<Aged> {
  let past: Past = { entries: 0, bytes: 0 };
  const staged = await stage.pod({
    name: 'old',
    children: 1,
    past: async (pod) => {
      past = await writePast(pod, bytes);
    },
  });
  await stop({ stage, staged, past });
  return { stage, staged, past };
}

async function figuresOf(aged: Aged, sender: Sender, restMs: number): Promise<Figures> {
  const { stage, staged } = aged;
  const { pod, tickets } = staged;
  const since = new Date().toISOString();
  const startMs = await timed(() => pod.start());
  const { pid } = await pod.call('status', {});
  const processorMs = threadsMs(pid);
  await wait(restMs);
  const { rssMb } = memoryOf(pid);
  const [read] = await sender.read(pod.socket, 1, { last: lastEntries });
  const asked = await askedBy(sender, pod.socket, tickets[0]!);
  stage.home.expectsNoSockets = false;
  await ended(pid, () => void process.kill(pid, 'SIGKILL'));
  const psMs = await timed(() => told(stage, ['ps', '--all']));
  const sinceMs = await timed(() => told(stage, ['logs', pod.name, '--since', since]));
  const deliveriesMs = await timed(() => told(stage, ['deliveries']));
  const killedMs = await timed(() => pod.start());
  await stop(aged);
  return {
    'start ms': startMs,
    ...(Number.isNaN(processorMs) ? {} : { 'start CPU ms': processorMs }),
    ...(Number.isNaN(rssMb) ? {} : { 'RSS MB': rssMb }),
    'killed: start ms': killedMs,
    'ps ms': psMs,
    [`last ${lastEntries} ms`]: read!.wholeMs,
    'logs --since ms': sinceMs,
    'deliveries ms': deliveriesMs,
    ...asked,
  };
}

async function askedBy(sender: Sender, path: string, child: ChildTicket): Promise<Figures> {
  await sender.open('aged', [{ kind: 'child', path, child }]);
  const first = await sender.drive('aged', { window: 1, count: 1 });
  const { latenciesMs } = await sender.drive('aged', { window: 1, count: callbacks });
  const [middle] = latenciesMs.toSorted((a, b) => a - b).slice(callbacks / 2);
  return { 'first callback ms': first.latenciesMs[0]!, 'callback p50 ms': middle! };
}

/** The rig's own stop would read all of the log. */
async function stop({ staged: { pod } }: Aged): Promise<void> {
  const { pid } = await pod.call('status', {});
  await ended(pid, () => pod.call('shutdown', {}));
}

async function ended(pid: number, end: () => unknown): Promise<void> {
  const identity = processIdentity(pid);
  await end();
  if (identity !== null) await gone(identity);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function told({ home }: Stage, args: readonly string[]): Promise<void> {
  const options = { env: home.environment, cwd: home.work };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [commandFile, ...args], options, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}
