/** The pure parts of `podkin chaos`. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { figuresLine, figuresOf, quantile, type RoundFigures } from '../../../../src/cli/chaos/figures.ts';
import { makeChaosFolder, removeChaosFolder, roundPlace } from '../../../../src/cli/chaos/place.ts';
import { at, type Fault, faultsOf, workOf } from '../../../../src/cli/chaos/plan.ts';
import { scenarioText, shapeOf } from '../../../../src/cli/chaos/scenario.ts';
import { stateOf } from '../../../../src/cli/chaos/pod-state.ts';
import { wasFree } from '../../../../src/cli/chaos/wakes.ts';
import { verifyLogs } from '../../../../src/delivery/verify/verify.ts';
import { parseScenario } from '../../../../src/model/scenario.ts';
import type { PodEvent } from '../../../../src/protocol/pod-event.ts';
import { socketPath } from '../../../../src/transport/address.ts';
import { uuidv7 } from '../../../../src/std/uuid.ts';
import { logHome } from '../../../support/log-builder.ts';

function take<T>(from: Generator<T, never>, count: number): T[] {
  return Array.from({ length: count }, () => from.next().value);
}

const seeds = Array.from({ length: 25 }, (_, index) => index * 7_919);

describe('the plan', () => {
  it('[chaos.plan] the same seed is the same, another is another', () => {
    expect(take(faultsOf(5), 300)).toEqual(take(faultsOf(5), 300));
    expect(take(faultsOf(5), 300)).not.toEqual(take(faultsOf(6), 300));
    expect(take(workOf(5), 300)).toEqual(take(workOf(5), 300));
    expect(scenarioText(5)).toBe(scenarioText(5));
    expect(new Set(seeds.map(scenarioText)).size).toBe(seeds.length);
  });

  it('[chaos.plan] every kind of fault comes, in about its share', () => {
    const faults = take(faultsOf(1), 10_000);
    const share = (holds: (fault: Fault) => boolean) => faults.filter(holds).length / faults.length;
    expect(share(({ kind }) => kind === 'kill')).toBeCloseTo(0.45, 1);
    expect(share(({ kind }) => kind === 'freeze')).toBeCloseTo(0.25, 1);
    expect(share(({ kind }) => kind === 'cut')).toBeCloseTo(0.3, 1);
    for (const who of ['one', 'pair', 'all'] as const)
      expect(share((fault) => fault.kind === 'kill' && fault.who === who)).toBeGreaterThan(0.005);
    // Long enough for a child to be told as unreachable, and at once.
    expect(share((fault) => fault.kind === 'freeze' && fault.forMs > 2_000)).toBeGreaterThan(0.01);
    expect(share((fault) => fault.kind === 'kill' && fault.downMs === 0)).toBeGreaterThan(0.05);
  });

  it('[chaos.plan] a place in a list is one of its own, and none of an empty one', () => {
    const all = ['a', 'b', 'c'];
    expect([0, 0.34, 0.67, 0.999_999].map((place) => at(all, place))).toEqual(['a', 'b', 'c', 'c']);
    expect(at([], 0.5)).toBeUndefined();
  });
});

describe('the scenario', () => {
  it('[chaos.scenario] is right for every seed, and no tree is larger than seven', () => {
    for (const seed of seeds) {
      expect(() => parseScenario(scenarioText(seed), 's')).not.toThrow();
      const count = shapeOf(seed).kids.reduce((sum, { leaves }) => sum + 1 + leaves.length, 1);
      expect(count).toBeGreaterThanOrEqual(5);
      expect(count).toBeLessThanOrEqual(7);
    }
  });

  it('[chaos.scenario] each task of each pod has an answer, which calls several tools', () => {
    for (const seed of seeds) {
      const { rules } = parseScenario(scenarioText(seed), 's');
      const { kids } = shapeOf(seed);
      const pods = ['root', 'twig-3', ...kids.flatMap(({ name, leaves }) => [name, ...leaves])];
      for (const pod of pods) {
        for (let variant = 0; variant < 6; variant += 1) {
          const text = `${pod === 'root' ? 'round' : 'work'} 3 v${variant}`;
          const rule = rules.find(
            (one) =>
              one.fail === null &&
              one.last === 'user' &&
              one.podMatches(pod) &&
              one.matches?.test(text) === true,
          );
          expect(rule?.calls.length, `${seed} ${pod} ${text}`).toBeGreaterThanOrEqual(3);
        }
      }
    }
  });
});

describe('the figures', () => {
  const clean = verifyLogs([]);
  const round = (given: Partial<RoundFigures>): RoundFigures => ({
    seed: 7,
    durationMs: 30_000,
    pods: 7,
    kills: 20,
    freezes: 10,
    cuts: 5,
    restores: 19,
    wakesMs: [100, 101],
    stranded: [],
    problems: [],
    report: { ...clean, events: 50 },
    ...given,
  });

  it('[chaos.figures] are sums, and one line says them', () => {
    const figures = figuresOf(7, [round({}), round({ seed: 8, wakesMs: [103, 900] })]);
    expect(figures).toMatchObject({ seed: 7, rounds: 2, pods: 14, kills: 40, restores: 38, events: 100 });
    expect(figures).toMatchObject({ stranded: 0, findings: [], durationMs: 60_000 });
    expect(figures.wake).toEqual({ count: 4, p50Ms: 103, p99Ms: 900 });
    expect(figuresLine(figures)).toBe(
      '40 kills, 20 freezes, 10 cuts in 60 s of 14 pods; 100 events: 0 lost, 0 duplicated, 0 out of order, 0 stranded; wake p50 103 ms, p99 900 ms of 4',
    );
  });

  it('[chaos.figures] a finding names the seed of its round', () => {
    const broken = {
      ...clean,
      lost: 2,
      violations: [{ rule: 'I1' as const, pod: 'kid', text: 'event 3 is lost' }],
    };
    const bad = round({ seed: 8, report: broken, stranded: ['root: it is paused'], problems: ['a socket'] });
    const figures = figuresOf(7, [round({}), bad]);
    expect(figures).toMatchObject({ lost: 2, stranded: 1 });
    expect(figures.findings).toEqual([
      { seed: 8, text: 'I1 kid: event 3 is lost' },
      { seed: 8, text: 'stranded: root: it is paused' },
      { seed: 8, text: 'a socket' },
    ]);
  });

  it('[chaos.figures] what was noticed twice is one finding', () => {
    const twice = round({ problems: ['root (pid 5) ended by itself', 'root (pid 5) ended by itself'] });
    const text = 'root (pid 5) ended by itself';
    expect(figuresOf(7, [twice]).findings).toEqual([{ seed: 7, text }]);
  });

  it('[chaos.partial] of an interrupted trial the line says what was judged', () => {
    const broken = round({ kills: 1, wakesMs: [], report: null });
    const figures = figuresOf(7, [round({ wakesMs: [] }), broken]);
    expect(figures).toMatchObject({ rounds: 2, judged: 1, kills: 21, events: 50 });
    expect(figuresLine(figures)).toBe(
      '21 kills, 20 freezes, 10 cuts in 60 s of 14 pods; 50 events: 0 lost, 0 duplicated, 0 out of order, 0 stranded; no wake was timed; interrupted: the logs of the last tree were not judged',
    );
  });

  it('[chaos.figures] without a wake no number is made up', () => {
    expect(figuresOf(7, [round({ wakesMs: [] })]).wake).toEqual({ count: 0, p50Ms: null, p99Ms: null });
    expect(figuresLine(figuresOf(7, [round({ wakesMs: [], kills: 1, cuts: 0 })]))).toBe(
      '1 kill, 10 freezes, 0 cuts in 30 s of 7 pods; 50 events: 0 lost, 0 duplicated, 0 out of order, 0 stranded; no wake was timed',
    );
    const hundred = Array.from({ length: 100 }, (_, index) => index);
    expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile([4], 0.99)]).toEqual([50, 99, 4]);
  });

  it('[chaos.wakes] a freeze that touches the time of a wake takes it out', () => {
    const wake = { receivedAtMs: 1_000, sinceReceivedMs: 100, sinceEmittedMs: null };
    const frozen = (fromMs: number, toMs: number) => wasFree(wake, [{ fromMs, toMs }]);
    expect([frozen(900, 999), frozen(1_101, 1_200)]).toEqual([true, true]);
    expect([frozen(900, 1_000), frozen(1_050, 1_060), frozen(1_100, 1_300), frozen(0, 9_999)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('what a log says of a pod', () => {
  const ended = (stopped: number | null) => {
    const home = logHome();
    const root = home.pod('root');
    const kid = home.pod('kid', root);
    const from = { name: 'kid', instance: kid.instance, incarnation: 2 };
    const event: PodEvent = { kind: 'shutDown', assignments: [], notStarted: [], outstanding: [] };
    const common = { seq: 90, time: '2026-01-01T00:00:00.000Z' };
    const receipt = { from, eventSeq: 1, event, reads: true, wakes: true, closes: [], ...common };
    const result = {
      turn: 't',
      step: 1,
      call: 'c',
      tool: 'StopPod',
      text: 'ended',
      isError: false,
      ...common,
    };
    const told = stopped === null ? {} : { stopped: { instance: kid.instance, incarnation: stopped } };
    const { open } = stateOf([
      ...root.log().entries,
      { type: 'podEventReceived', ...receipt },
      { type: 'toolResult', ...result, ...told },
    ]);
    return open.filter((text) => text.startsWith('shutDown'));
  };

  it('[chaos.standing] the result of StopPod tells the end that it names, and those before', () => {
    expect(ended(2)).toEqual([]);
    expect(ended(3)).toEqual([]);
  });

  it('[chaos.standing] no other end is told by it', () => {
    const unread = ['shutDown 1 of kid (incarnation 2) was received and is not in the history'];
    expect(ended(1)).toEqual(unread);
    expect(ended(null)).toEqual(unread);
  });
});

describe('the place', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const below = (): string => {
    const path = realpathSync(mkdtempSync(join(tmpdir(), 'pk-')));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  };

  it('[chaos.place] is among the temporary files, with everything of a round below it', () => {
    const base = below();
    vi.stubEnv('TMPDIR', base);
    const folder = makeChaosFolder();
    expect(dirname(folder.path)).toBe(base);
    const given = { PATH: '/bin', HOME: '/home/me', ANTHROPIC_API_KEY: 'k', PODKIN_MODEL: 'm' };
    const { home, environment } = roundPlace(folder, 1, given);
    expect(Object.keys(environment).sort()).toEqual(['HOME', 'PATH', 'PODKIN_HOME', 'TMPDIR']);
    const places = [home.config, home.state, home.runtime, environment['HOME'], environment['TMPDIR']];
    for (const path of places) expect(path).toContain(`${folder.path}/1/`);
    expect(removeChaosFolder(folder)).toBe(true);
    expect(existsSync(folder.path)).toBe(false);
  });

  it.each([
    ['is too long for sockets', (base: string) => join(base, 'x'.repeat(80))],
    ['is not there', (base: string) => join(base, 'nowhere')],
    ['is a file', (base: string) => join(base, 'file')],
  ])('[chaos.place] is elsewhere where TMPDIR %s', (_, of) => {
    const base = below();
    mkdirSync(join(base, 'x'.repeat(80)));
    writeFileSync(join(base, 'file'), '');
    vi.stubEnv('TMPDIR', of(base));
    const folder = makeChaosFolder();
    onTestFinished(() => void removeChaosFolder(folder));
    expect(folder.path.startsWith(base)).toBe(false);
    expect(() => socketPath(roundPlace(folder, 99_999, {}).home.runtime, uuidv7())).not.toThrow();
  });

  it('[chaos.place] is elsewhere where others may put a folder of theirs in the place of TMPDIR', () => {
    const base = below();
    chmodSync(base, 0o777);
    mkdirSync(join(base, 't'));
    vi.stubEnv('TMPDIR', join(base, 't'));
    const folder = makeChaosFolder();
    onTestFinished(() => void removeChaosFolder(folder));
    expect(folder.path.startsWith(base)).toBe(false);
    expect(readdirSync(join(base, 't'))).toEqual([]);
  });

  it('[chaos.place] what was not made by it is not removed, whatever its name', () => {
    const base = below();
    vi.stubEnv('TMPDIR', base);
    const folder = makeChaosFolder();
    const others = join(base, 'pk-chaos-others');
    mkdirSync(others);
    expect(removeChaosFolder({ path: others, mark: '' })).toBe(false);
    expect(removeChaosFolder({ path: folder.path, mark: 'another' })).toBe(false);
    expect([others, folder.path].map((path) => existsSync(path))).toEqual([true, true]);
    expect(basename(folder.path)).toMatch(/^pk-chaos-/);
  });
});
