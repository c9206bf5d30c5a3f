/**
 * What a start costs: the command, a pod's process, a spawned child up to its first request; and what an idle
 * pod holds. Beside it bare Node.
 */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { commandFile } from '../test/support/rig.ts';
import type { BenchOptions } from './options.ts';
import { turned } from './callback.ts';
import { ModelServer, modelName } from './model-server.ts';
import { type Figures, type Report, Samples } from './report.ts';
import { type Stage, memoryOf, onStage } from './stage.ts';
import { cliStarts } from './start-clis.ts';

/** Other agents' command lines take seconds each. */
const cliRoundsMax = 5;
/** How long a process is left alone before its memory is looked at. */
const idleMs = 500;

export function measureStart({ smoke, rounds }: BenchOptions): Promise<Report> {
  return onStage(async (stage) => {
    const [samples, memory] = [new Samples(), new Samples()];
    const clis = cliStarts(stage, memory);
    const alive: { label: string; pid: number; end: () => void }[] = [];
    const starts: Record<string, (round: number) => Promise<Figures>> = {
      'node -e 0, to its end': () => timed(() => ran(stage, ['-e', '0'])),
      'podkin --version': () => timed(() => ran(stage, [commandFile, '--version'])),
      'podkin ps --all': () => timed(() => ran(stage, [commandFile, 'ps', '--all'])),
      'bare node, to its socket': async (round) => {
        const from = performance.now();
        const { pid, end } = await startBare(stage, `b${round}.sock`);
        const ms = performance.now() - from;
        alive.push({ label: 'bare node, to its socket', pid, end });
        return { ms };
      },
      'pod, to its socket': async (round) => {
        const pod = stage.home.makeRoot({ name: `pod${round + 1}` });
        const from = performance.now();
        await pod.start();
        const ms = performance.now() - from;
        alive.push({ label: 'pod, to its socket', pid: (await pod.process()).pid, end: () => undefined });
        return { ms };
      },
      ...(smoke ? {} : clis.starts),
    };
    for (let n = 0; n < 4; n += 1) stage.home.makeRoot({ name: `idle${n}` });
    try {
      for (let round = smoke ? 0 : -1; round < rounds; round += 1) {
        for (const label of turned(Object.keys(starts), round)) {
          if (label in clis.starts && round >= cliRoundsMax) continue;
          const figures = await starts[label]!(round);
          if (round >= 0) samples.add(label, figures);
        }
      }
      await wait(smoke ? 0 : idleMs);
      for (const { label, pid } of alive) memory.add(label, memoryFigures(pid));
      await spawnTimes(stage, samples, smoke ? 1 : rounds);
      return report({ samples, memory, rounds, missing: clis.missing });
    } finally {
      for (const { end } of alive) end();
    }
  });
}

interface Measured {
  samples: Samples;
  memory: Samples;
  rounds: number;
  /** Command lines that are not installed. */
  missing: string[];
}

function report({ samples, memory, rounds, missing }: Measured): Report {
  const times = samples.rows([
    {
      column: 'ms',
      as: '× bare',
      to: (label) => (/socket|ready/.test(label) ? 'bare node, to its socket' : 'node -e 0, to its end'),
    },
  ]);
  const bare = () => 'bare node, to its socket';
  const held = memory.rows([
    { column: 'RSS MB', as: '× RSS', to: bare },
    { column: 'PSS MB', as: '× PSS', to: bare },
  ]);
  return {
    name: 'start',
    title: `starts, and what is held when idle (${rounds + 1} of each alive), ${rounds} rounds`,
    rows: times.map(({ label, figures }) => ({
      label,
      figures: { ...figures, ...held.find((row) => row.label === label)?.figures },
    })),
    notes: [
      'Targets: pod to its socket × bare ≤ 1.50, × RSS ≤ 1.60; sooner and smaller than every other agent is ready.',
      ...(missing.length === 0
        ? []
        : [`Not measured: ${missing.join(', ')} (not installed: npm install --prefix bench/clis).`]),
    ],
  };
}

function memoryFigures(pid: number): Figures {
  const { rssMb, pssMb } = memoryOf(pid);
  return Number.isNaN(rssMb) ? {} : { 'RSS MB': rssMb, 'PSS MB': pssMb };
}

/**
 * From the end of the answer that calls SpawnPod to the child's first request, which loads the provider's
 * package on its way.
 */
async function spawnTimes(stage: Stage, samples: Samples, rounds: number): Promise<void> {
  let round = 0;
  const server = await ModelServer.listen((body) =>
    body.includes('spawn one') && !body.includes('"role":"tool"')
      ? { call: 'c1', tool: 'SpawnPod', input: { name: `child${round}`, task: 'say something' } }
      : { say: 'Done.' },
  );
  try {
    for (; round < rounds; round += 1) {
      const pod = stage.home.makeRoot({ name: `root${round}`, model: modelName });
      await pod.start(server.environment);
      const parentAsks = server.next();
      await pod.run('spawn one');
      await parentAsks;
      const child = await untilAsks(server, 'say something');
      samples.add("SpawnPod to the child's first request", { ms: child.atMs - child.askedAtMs });
      await pod.untilSettled();
      await pod.stop();
    }
  } finally {
    await server.close();
  }
}

async function untilAsks(server: ModelServer, text: string): Promise<{ atMs: number; askedAtMs: number }> {
  const askedAtMs = server.answeredAtMs;
  for (;;) {
    const { atMs, body } = await server.next();
    if (!body.includes('spawn one') && body.includes(text)) return { atMs, askedAtMs };
  }
}

async function timed(work: () => Promise<void>): Promise<Figures> {
  const from = performance.now();
  await work();
  return { ms: performance.now() - from };
}

function ran(stage: Stage, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env: stage.home.environment, cwd: stage.home.work }, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

/** As a pod is started: detached, its first word on descriptor 3. */
function startBare(stage: Stage, socket: string): Promise<{ pid: number; end: () => void }> {
  const child = spawn(process.execPath, [stage.script('bare'), join(stage.home.path, socket)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: stage.home.environment,
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.stdio[3]!.once('data', () => resolve({ pid: child.pid!, end: () => void child.kill('SIGKILL') }));
  });
}
