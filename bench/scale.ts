/**
 * One tree of 2 to 100 living pods (`--big`: 300): what each costs in time and memory, how long the root
 * takes to wake as there are more of them, whether every report of every pod arrives (also when all report at
 * once), and whether any of it grows faster than the number of pods.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { verifyHome } from '../src/delivery/verify/verify.ts';
import { isRunning } from '../src/std/process-identity.ts';
import { LogTail } from '../test/support/big-history.ts';
import type { TestPod } from '../test/support/rig.ts';
import { type Fit, fitLine } from './line-fit.ts';
import type { BenchOptions } from './options.ts';
import { type Figures, type Report, Samples, median, quantile } from './report.ts';
import { memoryOf, onStage, processorMs } from './stage.ts';

/**
 * Raised above the sizes below; a hundred processes that start at once on two processors take their time to
 * link.
 */
const limits = {
  children: 1_000,
  pods: 1_000,
  coalesceMs: 0,
  wakesPerMinute: 1_000_000,
  hops: 1_000_000,
  spawnMs: 600_000,
  stopGraceMs: 120_000,
  shutDownAckMs: 60_000,
};
const patienceMs = 600_000;
/**
 * How long a child that is woken alone waits before it answers: the root has ended the turn that gave it the
 * work by then.
 */
const slowlyMs = 500;
/** A tree of 100 takes a minute: three rounds of all sizes say what there is to say. */
const roundsMax = 3;

export async function measureScale({ smoke, big, rounds }: BenchOptions): Promise<Report> {
  const sizes = smoke ? [2, 3, 4] : [2, 10, 25, 50, 100, ...(big ? [200, 300] : [])];
  const samples = new Samples();
  const notes: string[] = [];
  const repeats = Math.min(rounds, roundsMax);
  for (let round = 0; round < repeats; round += 1) {
    for (const size of sizes) {
      const { figures, next } = await measureTree(size, smoke);
      samples.add(`${size} pods`, figures);
      notes.splice(0, notes.length, next);
    }
  }
  const rows = samples.rows([{ column: 'wake p50 ms', as: '× wake', to: () => `${sizes[0]} pods` }]);
  const total = (column: string) => (count: number, figures: Figures) => count * figures[column]!;
  const lines: Record<string, (count: number, figures: Figures) => number> = {
    'spawn all, ms': total('spawn ms/pod'),
    'report all at once, ms': total('burst ms/pod'),
    'PSS of all, MB': total('PSS MB/pod'),
    'wake p50, ms': (_, figures) => figures['wake p50 ms']!,
  };
  for (const [what, of] of Object.entries(lines)) {
    const points = rows.map(({ figures }, i) => ({ x: sizes[i]!, y: of(sizes[i]!, figures) }));
    notes.push(told(what, fitLine(points)));
  }
  return {
    name: 'scale',
    title: `one tree of living pods, scripted model, ${repeats} rounds`,
    rows,
    notes: [
      'lost: reports that the root has not received, and violations that verify finds. × wake is to the smallest tree.',
      ...notes,
    ],
  };
}

function told(what: string, { base, slope, r2 }: Fit): string {
  return `${what}: ${base.toFixed(1)} + ${slope.toFixed(2)} × pods (r² ${r2.toFixed(3)})`;
}

/** One tree from its first pod to its end. `next` says which bound of this machine comes first. */
function measureTree(size: number, smoke: boolean): Promise<{ figures: Figures; next: string }> {
  return onStage(async ({ home }) => {
    const names = Array.from({ length: size - 1 }, (_, i) => `child${i + 1}`);
    // In the scope of the root, which may name no other.
    home.file('child.yaml', childScenario);
    const root = home.makeRoot({
      name: 'root',
      scenario: scenarioFor(names, 'script/child.yaml'),
      limits,
    });
    await root.start();
    const children = names.map((name) => home.pod(name));
    const spawnMs = await untilReported(root, children, async () => {
      await root.run('spawn');
    });
    await wait(smoke ? 0 : 1_000);
    const pids = await Promise.all([root, ...children].map(async (pod) => (await pod.process()).pid));
    const held = pids.map(memoryOf);
    const idle = await idleShare(pids, smoke ? 50 : 3_000);
    const wakesMs: number[] = [];
    for (let n = 0; n < (smoke ? 2 : 20); n += 1) {
      wakesMs.push(await wakeMs(root, children[n % children.length]!));
    }
    const burstMs = await untilReported(root, children, async () => {
      await root.run('all');
    });
    const lost = await lostReports(root, children);
    const next = nextLimit(pids[0]!, median(held.map((one) => one.privateMb)));
    await endOf(root);
    const { violations } = await verifyHome(home.home);
    return {
      next,
      figures: {
        'spawn ms/pod': spawnMs / size,
        'burst ms/pod': burstMs / size,
        'wake p50 ms': median(wakesMs),
        'wake p99 ms': quantile(wakesMs, 0.99),
        ...memoryFigures(held),
        'root RSS MB': held[0]!.rssMb,
        'idle CPU %/pod': idle,
        lost: lost + violations.length,
      },
    };
  });
}

/**
 * Of its own: a child that had to read what the root says to each of three hundred would cost more the more
 * there are of them.
 */
const childScenario = `rules:
  - { matches: "slowly", delayMs: ${slowlyMs}, say: "{{pod}} is done." }
  - { say: "{{pod}} is done." }
`;

/**
 * The root gives work by the first word of its input: to all in one step, so that they go side by side, or to
 * one, who begins when the root is idle again.
 */
function scenarioFor(names: readonly string[], childModel: string): string {
  const calls = (tool: string, fields: string) =>
    names.map((name) => `      - ${tool}: { name: ${name}, ${fields} }`).join('\n');
  return `rules:
  - last: user
    matches: "^spawn"
    call:
${calls('SpawnPod', `task: say something, model: ${JSON.stringify(childModel)}`)}
  - last: user
    matches: "^all"
    call:
${calls('SendToPod', 'message: say something')}
  - last: user
    matches: "^one (.+)"
    call:
      - SendToPod: { name: "{{match.1}}", message: slowly }
  - say: noted
`;
}

/** Milliseconds from `begin` until the root has one more report of each child and has nothing left to do. */
async function untilReported(
  root: TestPod,
  children: readonly TestPod[],
  begin: () => Promise<void>,
): Promise<number> {
  const before = await reportsAt(root);
  const from = performance.now();
  await begin();
  const wanted = before + children.length;
  for (;;) {
    const { settled, status } = await root.call('status', {});
    if (settled && status === 'idle' && (await reportsAt(root)) >= wanted) return performance.now() - from;
    if (performance.now() - from > patienceMs)
      throw new Error(`of ${wanted} reports ${await reportsAt(root)} came`);
    await wait(20);
  }
}

async function reportsAt(root: TestPod): Promise<number> {
  return (await root.entriesOf('podEventReceived')).filter(({ event }) => event.kind === 'turnEnded').length;
}

/** What the children have committed and the root does not hold exactly once. */
async function lostReports(root: TestPod, children: readonly TestPod[]): Promise<number> {
  const received = (await root.entriesOf('podEventReceived')).map(
    ({ from, eventSeq }) => `${from.instance} ${eventSeq}`,
  );
  const twice = received.length - new Set(received).size;
  const sent = await Promise.all(
    children.map(async (child) =>
      (await child.entriesOf('podEventEmitted')).map(({ eventSeq }) => `${child.instance} ${eventSeq}`),
    ),
  );
  const missing = sent.flat().filter((one) => !received.includes(one));
  return twice + missing.length;
}

/**
 * From the child's commit of its report to the root's commit of the request that tells it, by the times of
 * the entries: whole milliseconds.
 */
async function wakeMs(root: TestPod, child: TestPod): Promise<number> {
  const [above, below] = [new LogTail(root), new LogTail(child)];
  await untilReported(root, [child], async () => {
    await root.run(`one ${child.name}`);
  });
  const entries = await above.entries();
  const woken = entries.findIndex(
    (entry) => entry.type === 'turnStarted' && entry.kind === 'runForNotification',
  );
  const told = entries.slice(woken).find((entry) => entry.type === 'systemItem');
  const sent = (await below.entries()).find((entry) => entry.type === 'podEventEmitted');
  if (woken < 0 || told === undefined || sent === undefined)
    throw new Error(`the report of ${child.name} did not wake the root: was it still busy?`);
  return Date.parse(told.time) - Date.parse(sent.time);
}

/** Asks the root to end with all below it, and waits for as long as a hundred ends take. */
async function endOf(root: TestPod): Promise<void> {
  const identity = await root.process();
  const from = performance.now();
  await root.call('shutdown', {});
  while (isRunning(identity)) {
    if (performance.now() - from > patienceMs) throw new Error('the root did not end');
    await wait(20);
  }
}

/** Percent of one processor that an idle pod uses. */
async function idleShare(pids: readonly number[], forMs: number): Promise<number> {
  const [fromMs, from] = [performance.now(), processorMs(pids)];
  await wait(forMs);
  return ((processorMs(pids) - from) / (performance.now() - fromMs) / pids.length) * 100;
}

function memoryFigures(held: readonly ReturnType<typeof memoryOf>[]): Figures {
  if (held.some((one) => Number.isNaN(one.rssMb))) return {};
  return {
    'RSS MB/pod': median(held.map((one) => one.rssMb)),
    // Shared pages are counted once over all of them: only the sum means something.
    'PSS MB/pod': held.reduce((sum, one) => sum + one.pssMb, 0) / held.length,
    'private MB/pod': median(held.map((one) => one.privateMb)),
  };
}

/** What more pods would run into first on this machine, as far as the system tells. */
function nextLimit(pid: number, privateMb: number): string {
  const number = (path: string, pattern: RegExp): number => {
    try {
      return Number(pattern.exec(readFileSync(path, 'latin1'))?.[1] ?? Number.NaN);
    } catch {
      return Number.NaN;
    }
  };
  const threads = number(`/proc/${pid}/status`, /^Threads:\s+(\d+)/m);
  const bounds: Record<string, number> = {
    memory: number('/proc/meminfo', /^MemAvailable:\s+(\d+)/m) / 1024 / privateMb,
    'process numbers': number('/proc/sys/kernel/pid_max', /(\d+)/) / threads,
    threads: number('/proc/sys/kernel/threads-max', /(\d+)/) / threads,
    "the root's descriptors": number(`/proc/${pid}/limits`, /^Max open files\s+(\d+)/m),
  };
  const sorted = Object.entries(bounds)
    .filter(([, count]) => Number.isFinite(count))
    .toSorted(([, a], [, b]) => a - b);
  const list = sorted.map(([what, count]) => `${what} ${Math.floor(count).toLocaleString('en-US')}`);
  return `Room on this machine, in pods: ${list.join(', ')}.`;
}
