/**
 * `podkin ps` in a home that has been in use for long: fifty living pods, then five hundred more that have
 * stopped, each with a past of some turns.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { foldLog } from '../src/session/log/fold-log.ts';
import { encodeLines } from '../src/session/log/line.ts';
import { stoppedEntry } from '../src/session/log/totals.ts';
import { readSpec } from '../src/session/home/home.ts';
import type { EntryBody } from '../src/session/facts/entries.ts';
import { writeHistory } from '../test/support/big-history.ts';
import { commandFile } from '../test/support/rig.ts';
import type { BenchOptions } from './options.ts';
import { turned } from './callback.ts';
import { type Report, Samples } from './report.ts';
import { type Stage, onStage } from './stage.ts';

/** Two to three turns with long answers. */
const pastBytes = 32 * 1024;
const bare = 'node -e 0';

export function measurePs({ smoke, rounds }: BenchOptions): Promise<Report> {
  const [living, stopped] = smoke ? [2, 5] : [50, 500];
  return onStage(async (stage) => {
    const samples = new Samples();
    for (let n = 0; n < living; n += 1) await stage.home.makeRoot({ name: `living${n}` }).start();
    await repeat(stage, samples, { rounds, home: `${living} living`, pods: living });
    for (let n = 0; n < stopped; n += 1) await stoppedPod(stage, `stopped${n}`);
    const home = `${living} living, ${stopped} stopped`;
    await repeat(stage, samples, { rounds, home, pods: living + stopped });
    return {
      name: 'ps',
      title: `the pods of a home, ratios to "${bare}", ${rounds} rounds`,
      rows: samples.rows([
        { column: 'ms', as: '× bare', to: (label) => label.replace(/^.*: /, `${bare}: `) },
      ]),
      notes: ['Target: ps --all with all of them ≤ 300 ms.'],
    };
  });
}

async function repeat(
  stage: Stage,
  samples: Samples,
  { rounds, home, pods }: { rounds: number; home: string; pods: number },
): Promise<void> {
  const commands: Record<string, string[]> = {
    [bare]: ['-e', '0'],
    'podkin ps': [commandFile, 'ps', '--quiet'],
    'podkin ps --all': [commandFile, 'ps', '--all', '--quiet'],
  };
  for (let round = -1; round < rounds; round += 1) {
    for (const label of turned(Object.keys(commands), round)) {
      const from = performance.now();
      const lines = await linesOf(stage, commands[label]!);
      if (round >= 0) samples.add(`${label}: ${home}`, { ms: performance.now() - from });
      if (label.endsWith('--all') && lines !== pods)
        throw new Error(`ps shows ${lines} of ${pods} pods: the measure is worth nothing`);
    }
  }
}

/** A pod that worked for a while and was stopped in order, by a process that nobody has. */
async function stoppedPod(stage: Stage, name: string): Promise<void> {
  const pod = stage.home.makeRoot({ name });
  const spec = readSpec(pod.folder);
  if (spec === null) throw new Error(`there is no pod ${name}`);
  const process = { pid: 1, startTime: 'never', bootId: 'never' };
  writeEntries(pod.folder.log, 1, [
    { type: 'session', ...spec },
    { type: 'started', incarnation: 1, ...process, podkin: spec.podkin },
  ]);
  const last = await writeHistory(pod, pastBytes);
  writeEntries(pod.folder.log, last + 1, [stoppedEntry(await foldLog(pod.folder.log), 'asked')]);
}

function writeEntries(path: string, firstSeq: number, bodies: readonly EntryBody[]): void {
  const time = new Date().toISOString();
  const entries = bodies.map((body, i) => ({ seq: firstSeq + i, time, ...body }));
  writeFileSync(path, encodeLines(entries).bytes, { flag: 'a', mode: 0o600 });
}

function linesOf(stage: Stage, args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { env: stage.home.environment, cwd: stage.home.work };
    execFile(process.execPath, args, options, (error, stdout) =>
      error === null ? resolve(stdout.split('\n').length - 1) : reject(error),
    );
  });
}
