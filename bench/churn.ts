/**
 * What children that have come and gone leave behind in their parent: nothing. One root has children, one
 * after the other, each spawned, heard and stopped; in one series they stay, in the other a person removes
 * them. Told by tenths of the way: time and processor time a child, what the root holds, and what it uses
 * when nothing happens.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Entry } from '../src/session/facts/entries.ts';
import { LogTail } from '../test/support/big-history.ts';
import type { TestPod } from '../test/support/rig.ts';
import type { BenchOptions } from './options.ts';
import { type Figures, type Report, Samples } from './report.ts';
import { type Stage, memoryOf, onStage, processorMs } from './stage.ts';

const tenthsOfAll = 10;
const limits = { children: 1_000, coalesceMs: 0, wakesPerMinute: 1_000_000, sweepMs: 1_000 };
const scenario = `rules:
  - { pod: root, last: user, matches: '^spawn (\\S+)', call: [{ SpawnPod: { name: '{{match.1}}', task: say something } }] }
  - { pod: root, last: user, matches: '^stop (\\S+)', call: [{ StopPod: { name: '{{match.1}}' } }] }
  - { say: noted }
`;

export async function measureChurn({ smoke, big }: BenchOptions): Promise<Report> {
  const tenths = smoke ? 3 : tenthsOfAll;
  const count = smoke ? tenths : big ? 500 : 200;
  const samples = new Samples();
  for (const series of ['stopped', 'removed'] as const) {
    await onStage((stage) => churn(stage, { series, count, tenths, idleMs: smoke ? 50 : 10_000, samples }));
  }
  const to = (label: string) => `${label.split(' ')[0]!} 1/${tenths}`;
  return {
    name: 'churn',
    title: `${count} children one after the other, ratios to the first tenth of the same series, one round`,
    rows: samples.rows([
      { column: 'ms/child', as: '× ms', to },
      { column: 'CPU ms/child', as: '× CPU', to },
      { column: 'RSS MB', as: '× RSS', to },
    ]),
    notes: [
      'Of the root; inotify: instances of it and of the last child, while both live. Idle: processor time of the root in a minute of nothing.',
      'Targets in the last tenth: × ms and × CPU ≤ 1.50, × RSS ≤ 1.50, descriptors as in the first, inotify 0, idle ≤ 2 × the first.',
    ],
  };
}

interface Series {
  series: 'stopped' | 'removed';
  count: number;
  tenths: number;
  idleMs: number;
  samples: Samples;
}

async function churn({ home }: Stage, { series, count, tenths, idleMs, samples }: Series): Promise<void> {
  const root = home.makeRoot({ name: 'root', scenario, limits });
  await root.start();
  const { pid } = await root.process();
  const each = count / tenths;
  for (let tenth = 1; tenth <= tenths; tenth += 1) {
    const names = Array.from({ length: each }, (_, i) => `kid-${tenth}-${i + 1}`);
    const [fromMs, from] = [performance.now(), processorMs([pid])];
    let inotify = 0;
    for (const name of names) inotify = await comeAndGo(root, home.pod(name));
    const figures: Figures = {
      'ms/child': (performance.now() - fromMs) / each,
      // A tick is 10 ms: what is less than one counts as one.
      'CPU ms/child': Math.max(10, processorMs([pid]) - from) / each,
    };
    if (series === 'removed') await home.run(['rm', ...names]);
    Object.assign(figures, { 'RSS MB': memoryOf(pid).rssMb, descriptors: linksOf(pid).length, inotify });
    if (tenth === 1 || tenth === tenths) figures['idle ms/min'] = await idle(pid, idleMs);
    samples.add(`${series} ${tenth}/${tenths}`, figures);
  }
}

/**
 * Spawned, heard by the root's model, stopped by it. Answers the instances of inotify that both of them had
 * while both lived.
 */
async function comeAndGo(root: TestPod, child: TestPod): Promise<number> {
  await turn(root, `spawn ${child.name}`, (entry) => entry.type === 'systemItem');
  const pids = await Promise.all([root, child].map(async (pod) => (await pod.process()).pid));
  const links = pids.flatMap(linksOf);
  await turn(root, `stop ${child.name}`, (entry) => entry.type === 'toolResult');
  return links.filter((link) => link.includes('inotify')).length;
}

/**
 * Until a turn has ended behind such an entry. Only what is new of the log is read, by this process: the root
 * pays for nothing of it.
 */
async function turn(root: TestPod, input: string, fits: (entry: Entry) => boolean): Promise<void> {
  const tail = new LogTail(root);
  await root.run(input);
  await tail.until(input, (entries) => {
    const at = entries.findIndex(fits);
    return at >= 0 && entries.slice(at).some(({ type }) => type === 'turnEnded');
  });
}

function linksOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((fd) => {
      try {
        return [readlinkSync(join(folder, fd))];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

/**
 * In nanoseconds as the scheduler counts them: an idle pod uses less in a minute than a tick of the other
 * clock.
 */
async function idle(pid: number, forMs: number): Promise<number> {
  const from = onProcessorMs(pid);
  await wait(forMs);
  return ((onProcessorMs(pid) - from) / forMs) * 60_000;
}

function onProcessorMs(pid: number): number {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    return tasks.reduce((sum, task) => {
      const [ns] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ');
      return sum + Number(ns) / 1e6;
    }, 0);
  } catch {
    return Number.NaN;
  }
}
