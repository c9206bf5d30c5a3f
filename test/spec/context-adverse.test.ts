/**
 * What befalls real pods while they compact: deaths, controls, a provider that fails, a child that reports.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/session/facts/entries.ts';
import { deferred } from '../../src/std/deferred.ts';
import { SmallWindow, type SmallReply, type SmallRequest } from '../support/small-window.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
let provider: SmallWindow;
beforeEach(async () => {
  home = new TestHome();
  home.file('tiny.txt', 'a word\n');
  provider = await SmallWindow.start(window, talks);
});
afterEach(async () => {
  try {
    await home.close();
  } finally {
    await provider.stop();
  }
});

/** Two steps more fit above the part of it at which a compaction is tried. */
const window = 26_000;
const steps = 18;

/** Long answers and short outputs: no pruning helps. */
function talks(asked: SmallRequest, nth: number): SmallReply {
  if (asked.pod !== 'root') return { say: 'report of kid: the sum is 31' };
  if (nth % (steps + 1) === 0) return { say: 'All is said.' };
  return { say: `step ${nth} ${'thoughts '.repeat(500)}`, call: ['Read', { path: 'tiny.txt' }] };
}

async function rootWith(environment: NodeJS.ProcessEnv = {}): Promise<TestPod> {
  return await home.startRoot({
    model: provider.model,
    models: provider.settings,
    environment: { ...provider.environment, ...environment },
  });
}

const ended = (turns: number) => (entries: Entry[]) =>
  entries.filter(({ type }) => type === 'turnEnded').length >= turns;
const textOf = ({ prompt }: SmallRequest) => prompt.map(({ text }) => text).join('\n');

/** The first summary is answered once this is let go. */
function heldSummary() {
  const reached = deferred<void>();
  const go = deferred<void>();
  provider.gate = async ({ isSummary }) => {
    if (!isSummary) return;
    reached.resolve();
    await go.promise;
  };
  return { reached: reached.promise, go: () => go.resolve() };
}

describe('a death', () => {
  it.each([
    ['compaction.asked', 0],
    ['compaction.answered', 0],
    ['compaction.committed', 1],
    ['checkpoint.written', 1],
  ])(
    '[context.crash][context.replay] at %s: what is asked afterwards is, byte for byte, what it would have been',
    async (point, made) => {
      const root = await rootWith({ PODKIN_CRASH_AT: `root:${point}` });
      home.expectsNoSockets = false;
      await root.run('The task: talk.');
      await root.exit();
      const asked = provider.requests.length;
      expect(await root.entriesOf('compaction')).toHaveLength(made);
      await root.start(provider.environment);
      await root.until('the turn ends', ended(1));
      const [before, after] = [provider.requests[asked - 1]!, provider.requests[asked]!];
      if (made === 1) {
        // Not asked for again: the next request begins with it.
        expect(after.isSummary).toBe(false);
        expect(textOf(after).split('SUMMARY of the work so far.')).toHaveLength(2);
      } else {
        // Asked for again, in the same words; before the first request nobody had been asked.
        expect(after.isSummary).toBe(true);
        const [first, second] = [before, after].map(({ prompt }) => prompt);
        if (before.isSummary) expect(second).toEqual(first);
        else expect(second!.slice(0, first!.length)).toEqual(first);
      }
      expect((await root.entriesOf('turnEnded')).map(({ outcome }) => outcome)).toEqual(['finished']);
      expect(provider.refusals).toBe(0);
      const { usage } = await root.call('status', {});
      // An answer that came as it died is in no log.
      const all = provider.requests.reduce((sum, { tokens }) => sum + tokens, 0);
      const lost = { 'compaction.answered': [before.tokens], 'checkpoint.written': [0, before.tokens] }[
        point
      ];
      expect((lost ?? [0]).map((tokens) => all - tokens)).toContain(usage.inputTokens);
      expect((await home.run(['verify'])).code).toBe(0);
    },
  );
});

describe('a control', () => {
  it('[context.failure] a pause: the summary that is paid for is taken, and the turn goes on from it', async () => {
    const root = await rootWith();
    const { reached, go } = heldSummary();
    await root.run('The task: talk.');
    await reached;
    await home.run(['pause', 'root']);
    go();
    await root.untilStatus('paused');
    expect(await root.entriesOf('compaction')).toHaveLength(1);
    await home.run(['resume', 'root']);
    await root.until('the turn ends', ended(2));
    expect((await root.entriesOf('turnEnded')).map(({ outcome }) => outcome)).toEqual(['paused', 'finished']);
    const at = provider.requests.findIndex(({ isSummary }) => isSummary);
    expect(textOf(provider.requests[at + 1]!)).toContain('SUMMARY of the work so far.');
  });
  it('[context.failure] a cancel: nothing is changed, and the next turn has its own', async () => {
    const root = await rootWith();
    const { reached, go } = heldSummary();
    await root.run('The task: talk.');
    await reached;
    expect((await home.run(['cancel', 'root'])).code).toBe(0);
    await root.until('the turn ends', ended(1));
    expect(await root.entriesOf('turnEnded')).toMatchObject([{ outcome: 'cancelled' }]);
    expect([...(await root.entriesOf('compaction')), ...(await root.entriesOf('compactionFailed'))]).toEqual(
      [],
    );
    go();
    await root.run('Go on.');
    await root.until('the second turn ends', ended(2));
    expect((await root.entriesOf('turnEnded'))[1]).toMatchObject({ outcome: 'finished' });
    expect((await root.entriesOf('compaction')).length).toBeGreaterThan(0);
    expect(textOf(provider.requests.at(-1)!)).toContain('The task: talk.');
  });
});

describe('a provider', () => {
  it.each<[string, () => SmallReply, RegExp]>([
    [
      'that refuses the request',
      () => {
        throw new Error('no summaries today');
      },
      /no summaries today/,
    ],
    [
      'whose summary is longer than what it replaces',
      () => ({ say: 'z'.repeat(90_000) }),
      /no shorter than what it replaces/,
    ],
  ])(
    '[context.failure] %s, twice: the turn goes on with what it had, and ends well',
    async (_, fails, reason) => {
      let tries = 0;
      // So that the steps of two tries fit above it.
      await provider.stop();
      provider = await SmallWindow.start(window + 1_000, talks);
      provider.summary = () => ((tries += 1) <= 2 ? fails() : { say: 'SUMMARY of the work so far.' });
      const root = await rootWith();
      await root.run('The task: talk.');
      await root.until('the turn ends', ended(1));
      expect(await root.entriesOf('turnEnded')).toMatchObject([{ outcome: 'finished' }]);
      const failed = await root.entriesOf('compactionFailed');
      expect(failed.map((entry) => entry.reason)).toEqual([
        expect.stringMatching(reason),
        expect.stringMatching(reason),
      ]);
      expect((await root.entriesOf('compaction')).length).toBeGreaterThan(0);
      expect(provider.refusals).toBe(0);
      const logs = await home.run(['logs', 'root']);
      expect(logs.stdout).toContain('— the history was not compacted: ');
    },
  );
});

describe('a child', () => {
  it('[context.seen] that reports while its parent compacts is in no summary, and read right after it', async () => {
    const reached = deferred<void>();
    const go = deferred<void>();
    const kidGo = deferred<void>();
    provider.gate = async ({ pod, isSummary }) => {
      if (pod === 'kid') return await kidGo.promise;
      if (!isSummary) return;
      reached.resolve();
      await go.promise;
    };
    const first: SmallReply = { call: ['SpawnPod', { name: 'kid', task: 'count' }] };
    let isFirst = true;
    provider.script = (asked, nth) => {
      const spawns = asked.pod === 'root' && isFirst;
      if (spawns) isFirst = false;
      return spawns ? first : talks(asked, nth);
    };
    const root = await rootWith();
    await root.run('The task: talk.');
    await reached.promise;
    kidGo.resolve();
    const has = (entries: Entry[]) =>
      entries.some((entry) => entry.type === 'podEventReceived' && entry.event.kind === 'turnEnded');
    await root.until('the report is here', has);
    go.resolve();
    await root.until('the turn ends', ended(1));
    const [compaction] = await root.entriesOf('compaction');
    const [item] = await root.entriesOf('systemItem');
    expect(item!.seq).toBeGreaterThan(compaction!.seq);
    expect(compaction!.table).toContain('kid (not ended), task: count; it has not reported yet');
    const at = provider.requests.findIndex(({ isSummary }) => isSummary);
    expect(textOf(provider.requests[at]!)).not.toContain('the sum is 31');
    const next = provider.requests.slice(at + 1).find(({ pod }) => pod === 'root')!;
    expect(textOf(next)).toContain('the sum is 31');
    expect((await home.run(['verify'])).code).toBe(0);
  });
});
