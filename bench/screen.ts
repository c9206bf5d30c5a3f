/**
 * The screen beside the least that could do the same: a delta in bytes and processor time beside one that is
 * put there by hand, the first frame beside `podkin ps`, memory beside a client that only subscribes, a large
 * tree beside a small one, a long history beside a short one.
 */
import { writeTurns } from '../test/support/big-history.ts';
import { Pty, hasPty, processorMsOf } from '../test/support/pty.ts';
import { type TestPod, commandFile } from '../test/support/rig.ts';
import { setTimeout as wait } from 'node:timers/promises';
import { turned } from './callback.ts';
import type { BenchOptions } from './options.ts';
import { type Figures, type Report, Samples, quantile } from './report.ts';
import { type Stage, memoryOf, onStage, threadsMs } from './stage.ts';

/** Of a terminal that is often there; the floor's region is that of the screen. */
const [columns, rows] = [100, 30];
/** 225 deltas a second, as fast as models are. */
const deltaMs = 4;
const deltasPerSecond = 225;
const roundsMax = 5;
const wordsOfParagraph = 54;
const frameEnds = '\u001B[?2026l';
const switchView = '\u001Bt';

const hand = 'a delta, by hand';
const subscribes = 'a delta, only subscribed';
const screen = 'a delta, the screen';
const ps = 'podkin ps, to its end';
const firstFrame = 'the screen, to its first frame';

export function measureScreen({ smoke, rounds }: BenchOptions): Promise<Report> {
  if (!hasPty) throw new Error('the screen is measured on Linux alone, by the program `script`');
  const repeats = Math.min(rounds, roundsMax);
  const [seconds, many, few, keys] = smoke ? [0.3, 3, 2, 5] : [8, 64, 5, 100];
  const [short, long] = smoke ? [20, 200] : [200, 50_000];
  return onStage(async (stage) => {
    const talker = await talkingPod(stage, 'talker', seconds);
    const small = await talkingTree(stage, { name: 'small', below: few - 1, seconds });
    const large = await talkingTree(stage, { name: 'large', below: many - 1, seconds });
    const [young, old] = [await pastOf(stage, 'young', short), await pastOf(stage, 'old', long)];
    const talkers = { small: few, large: smoke ? 2 : 8 };
    const smallLabel = `${few} pods, ${talkers.small} stream`;
    const samples = new Samples();
    const cases: Record<string, () => Promise<Figures>> = {
      [subscribes]: () => deltaFigures(stage, talker, floorWords(stage, talker, 'subscribe')),
      [hand]: () => deltaFigures(stage, talker, floorWords(stage, talker, 'hand')),
      [screen]: () => deltaFigures(stage, talker, null),
      [ps]: () =>
        Promise.resolve({ 'CPU ms': processorMsOf([process.execPath, commandFile, 'ps'], placeOf(stage)) }),
      [firstFrame]: () => firstFrameFigures(stage),
      [smallLabel]: () => treeFigures(stage, small, talkers.small),
      [`${many} pods, ${talkers.large} stream`]: () => treeFigures(stage, large, talkers.large),
      [`${short} entries`]: () => historyFigures(stage, young, keys),
      [`${long} entries`]: () => historyFigures(stage, old, keys),
    };
    for (let round = smoke ? 0 : -1; round < repeats; round += 1) {
      for (const label of turned(Object.keys(cases), round)) {
        const figures = await cases[label]!();
        if (round >= 0) samples.add(label, figures);
      }
    }
    return {
      name: 'screen',
      title: `the screen of ${columns}×${rows} at ${deltasPerSecond} deltas a second, ratios to the floors, ${repeats} rounds`,
      rows: samples.rows([
        { column: 'bytes/delta', as: '× bytes', to: (label) => (label === screen ? hand : label) },
        { column: 'CPU µs/delta', as: '× CPU', to: (label) => (label === screen ? hand : label) },
        { column: 'CPU ms', as: '× CPU ps', to: (label) => (label === firstFrame ? ps : label) },
        { column: 'RSS MB', as: '× RSS', to: (label) => (label === screen ? subscribes : label) },
        {
          column: 'CPU ms/s',
          as: `× ${smallLabel}`,
          to: (label) => (label.endsWith('stream') ? smallLabel : label),
        },
        { column: 'echo p95 ms', as: '× echo', to: () => `${short} entries` },
        { column: 'first ms', as: '× first', to: () => `${short} entries` },
      ]),
      notes: [
        'Targets: × bytes ≤ 1.3, × CPU ≤ 1.5, × CPU ps ≤ 1.5, RSS ≤ 15 MB above the client that only subscribes,',
        `× ${smallLabel} ≤ 2, × echo and × first ≤ 1.5.`,
      ],
    };
  });
}

function placeOf({ home }: Stage): { environment: NodeJS.ProcessEnv; cwd: string } {
  return { environment: home.environment, cwd: home.work };
}

function terminalOf(stage: Stage, words: readonly string[]): Pty {
  return new Pty([process.execPath, ...words], { ...placeOf(stage), columns, rows });
}

function talkOf(seconds: number): string {
  const paragraph = `${'all work and no play makes a dull log '.repeat(wordsOfParagraph / 9)}\n\n`;
  const say = paragraph.repeat(Math.ceil((deltasPerSecond * seconds) / wordsOfParagraph));
  return `rules:\n  - { last: user, matches: talk, say: ${JSON.stringify(say)}, tokenDelayMs: ${deltaMs} }\n`;
}

async function talkingPod(stage: Stage, name: string, seconds: number): Promise<TestPod> {
  const pod = stage.home.makeRoot({ name, model: stage.home.scenario(talkOf(seconds)) });
  await pod.start();
  return pod;
}

interface Tree {
  readonly root: TestPod;
  readonly pods: readonly TestPod[];
}

async function talkingTree(
  stage: Stage,
  { name, below, seconds }: { name: string; below: number; seconds: number },
): Promise<Tree> {
  const names = Array.from({ length: below }, (_, at) => `${name}${at}`);
  const calls = names.map((one) => `{ SpawnPod: { name: ${one}, task: "wait" } }`).join(', ');
  const rules = `  - { pod: ${name}, last: user, matches: spawn, call: [${calls}] }\n  - { say: "ok" }\n`;
  const model = stage.home.scenario(talkOf(seconds) + rules);
  const root = stage.home.makeRoot({ name, model, limits: { children: below + 1, pods: below + 2 } });
  await root.start();
  await root.run('spawn');
  // As long as so many starts take: no test's patience.
  while (!(await root.call('status', {})).settled) await wait(250);
  return { root, pods: [root, ...names.map((one) => stage.home.pod(one))] };
}

async function pastOf(stage: Stage, name: string, entries: number): Promise<TestPod> {
  const pod = stage.home.makeRoot({ name });
  writeTurns(
    pod,
    Array.from({ length: Math.ceil(entries / 6) }, (_, at) => `This is answer ${at + 1}.`),
  );
  await pod.start();
  return pod;
}

function floorWords(stage: Stage, pod: TestPod, which: 'hand' | 'subscribe'): readonly string[] {
  return [stage.script('screen-floor'), pod.socket, which, String(columns), String(rows)];
}

/** Tree, transcript and input of that pod's tree. */
async function panesOf(stage: Stage, pod: TestPod): Promise<Pty> {
  const pty = terminalOf(stage, [commandFile, 'attach', pod.name]);
  await pty.until('the pod', (shown) => shown.includes(pod.name) && shown.includes(frameEnds));
  pty.write(switchView);
  await pty.until('the tree', (shown) => shown.includes('\u001B[?1049h'));
  await still(pty);
  return pty;
}

/** Nothing has been written for a moment. */
async function still(pty: Pty): Promise<void> {
  for (let count = -1; count !== pty.count;) {
    count = pty.count;
    await wait(400);
  }
}

/** Asked seldom: the question costs the pod what is measured here. */
async function untilIdle(pods: readonly TestPod[]): Promise<void> {
  for (const pod of pods) while ((await pod.call('status', {})).status !== 'idle') await wait(200);
}

async function deltaFigures(stage: Stage, pod: TestPod, floor: readonly string[] | null): Promise<Figures> {
  const pty = floor === null ? await panesOf(stage, pod) : terminalOf(stage, floor);
  try {
    await pty.until('its first bytes', (shown) => shown !== '');
    await still(pty);
    const [count, cpuMs] = [pty.count, threadsMs(pty.pid)];
    const before = await deltasOf(pod);
    await pod.run('talk');
    await untilIdle([pod]);
    const deltas = (await deltasOf(pod)) - before;
    const usedMs = threadsMs(pty.pid) - cpuMs;
    return {
      'bytes/delta': (pty.count - count) / deltas,
      'CPU µs/delta': (usedMs * 1_000) / deltas,
      'RSS MB': memoryOf(pty.pid).rssMb,
    };
  } finally {
    await pty.end();
  }
}

/** Words that its answers have. */
async function deltasOf(pod: TestPod): Promise<number> {
  const said = await pod.entriesOf('assistantMessage');
  return said.reduce((sum, { parts }) => sum + JSON.stringify(parts).split(' ').length, 0);
}

async function firstFrameFigures(stage: Stage): Promise<Figures> {
  const pty = terminalOf(stage, [commandFile]);
  try {
    await pty.until('a frame', (shown) => shown.includes(frameEnds));
    return { 'CPU ms': threadsMs(pty.pid) };
  } finally {
    await pty.end();
  }
}

async function treeFigures(stage: Stage, { root, pods }: Tree, streams: number): Promise<Figures> {
  const talking = pods.slice(0, streams);
  const pty = await panesOf(stage, root);
  try {
    const [fromMs, cpuMs] = [performance.now(), threadsMs(pty.pid)];
    await Promise.all(talking.map((pod) => pod.run('talk')));
    await untilIdle(talking);
    const usedMs = threadsMs(pty.pid) - cpuMs;
    return { 'CPU ms/s': (usedMs * 1_000) / (performance.now() - fromMs) };
  } finally {
    await pty.end();
  }
}

async function historyFigures(stage: Stage, pod: TestPod, keys: number): Promise<Figures> {
  const fromMs = performance.now();
  const pty = terminalOf(stage, [commandFile, 'attach', pod.name]);
  try {
    await pty.until(
      'the end of the history',
      (shown) => shown.slice(shown.indexOf('restart 1')).includes(frameEnds) && shown.includes('restart 1'),
    );
    const firstMs = performance.now() - fromMs;
    pty.write(switchView);
    await pty.until('the tree', (shown) => shown.includes('\u001B[?1049h'));
    await still(pty);
    const echoesMs: number[] = [];
    for (let at = 0; at < keys; at += 1) {
      const [typedMs, before] = [performance.now(), pty.count];
      // Ctrl+U, before the line is full.
      pty.write(at % 30 === 29 ? '\u0015' : 'x');
      await pty.until('the echo', () => pty.count > before);
      echoesMs.push(performance.now() - typedMs);
      await wait(20);
    }
    return { 'first ms': firstMs, 'echo p95 ms': quantile(echoesMs, 0.95) };
  } finally {
    await pty.end();
  }
}
