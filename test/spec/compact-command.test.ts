/**
 * `podkin compact` of real pods: idle, running, paused, dead, with nothing to compact; controls and deaths
 * meanwhile.
 */
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/session/facts/entries.ts';
import { deferred } from '../../src/std/deferred.ts';
import { SmallWindow, type SmallReply, type SmallRequest } from '../support/small-window.ts';
import { TestHome, type TestPod, eventually } from '../support/rig.ts';

let home: TestHome;
let provider: SmallWindow;
beforeEach(() => {
  home = new TestHome();
  home.file('notes.txt', 'words of a long file, one after the other\n'.repeat(150));
});
afterEach(async () => {
  try {
    await home.close();
  } finally {
    await provider.stop();
  }
});

const window = 40_000;

/** Three readings a turn. */
const reads = (_: SmallRequest, nth: number): SmallReply =>
  nth % 4 === 0 ? { say: 'All is read.' } : { say: `step ${nth}`, call: ['Read', { path: 'notes.txt' }] };

async function idleRoot(environment: NodeJS.ProcessEnv = {}): Promise<TestPod> {
  provider = await SmallWindow.start(window, reads);
  const root = await rootOf(environment);
  await root.run('The task: read.');
  await root.until('the turn ends', hasEnded(1));
  return root;
}

async function rootOf(environment: NodeJS.ProcessEnv = {}): Promise<TestPod> {
  return await home.startRoot({
    model: provider.model,
    models: provider.settings,
    environment: { ...provider.environment, ...environment },
  });
}

const hasEnded = (turns: number) => (entries: Entry[]) =>
  entries.filter(({ type }) => type === 'turnEnded').length >= turns;
const has = (type: Entry['type']) => (entries: Entry[]) => entries.some((entry) => entry.type === type);
const summaries = () => provider.requests.filter(({ isSummary }) => isSummary);

/** The first request that it is about is answered once this is let go. */
function held(isMeant: (asked: SmallRequest) => boolean) {
  const reached = deferred<void>();
  const go = deferred<void>();
  provider.gate = async (asked) => {
    if (!isMeant(asked)) return;
    reached.resolve();
    await go.promise;
  };
  return { reached: reached.promise, go: () => go.resolve() };
}

describe('an idle pod', () => {
  it('[context.asked][context.meter] is compacted at once, without a turn, and the tokens before and after are said', async () => {
    const root = await idleRoot();
    const before = await root.call('status', {});
    const compacted = await home.run(['compact', 'root', '--instructions', 'keep the colours']);
    const [entry] = await root.entriesOf('compaction');
    expect(entry).toMatchObject({ why: 'asked', turn: '', summary: 'SUMMARY of the work so far.' });
    const { before: was, after: is, usage } = entry!;
    expect(was).toBe(before.context?.tokens);
    expect(is).toBeLessThan(was / 2);
    expect([compacted.code, compacted.stderr]).toEqual([0, '']);
    const shown = (tokens: number) => tokens.toLocaleString('en-US');
    expect(compacted.stdout).toMatch(
      new RegExp(
        String.raw`^root: ${shown(was)} → ${shown(is)} tokens \(the summary took ${shown(usage.inputTokens + 20)} tokens, \$0\.\d+\)\n$`,
      ),
    );
    expect(summaries().map(({ prompt }) => prompt.at(-1)?.text)).toEqual([
      expect.stringContaining('A person asks of this summary: keep the colours'),
    ]);
    // No turn, no answer, and the meter says at once how full it is.
    const after = await root.call('status', {});
    expect(after).toMatchObject({ status: 'idle', turns: 1, settled: true, context: { tokens: is, window } });
    expect(after.lastTurn).toEqual(before.lastTurn);
    expect(after.usage.inputTokens).toBe(before.usage.inputTokens + usage.inputTokens);
    const percent = Math.round((100 * is) / window);
    expect((await home.run(['ps'])).stdout).toMatch(new RegExp(String.raw`CONTEXT.*\n.* ${percent}% `));
    // What was said is what the next request comes to, but for the new words.
    await root.run('Go on.');
    await root.until('the second turn ends', hasEnded(2));
    const next = provider.requests[provider.requests.indexOf(summaries()[0]!) + 1]!;
    expect(Math.abs(next.tokens - is)).toBeLessThan(0.05 * window);
    expect(next.prompt.map(({ text }) => text).join('\n')).toContain('The task: read.');
  });
  it('[context.meter] a restored pod says the same of its context, from its log and from a checkpoint', async () => {
    const often = { PODKIN_CHECKPOINT_BYTES: '1000' };
    const root = await idleRoot(often);
    await home.run(['compact', 'root']);
    const { context } = await root.call('status', {});
    const [entry] = await root.entriesOf('compaction');
    expect(context).toEqual({ tokens: entry!.after, window });
    const checkpoints = () =>
      readdirSync(dirname(root.folder.log)).filter((name) => name.includes('checkpoint-'));
    expect((await home.run(['stop', 'root'])).code).toBe(0);
    expect(checkpoints()).not.toEqual([]);
    await root.start({ ...provider.environment, ...often });
    expect((await root.call('status', {})).context).toEqual(context);
    expect((await home.run(['stop', 'root'])).code).toBe(0);
    for (const name of checkpoints()) rmSync(join(dirname(root.folder.log), name));
    await root.start({ ...provider.environment, ...often });
    expect((await root.call('status', {})).context).toEqual(context);
  });
  it('[context.asked] with nothing to compact says so, and it is no failure', async () => {
    const root = await idleRoot();
    expect((await home.run(['compact', 'root'])).code).toBe(0);
    const again = await home.run(['compact', 'root']);
    expect([again.code, again.stdout]).toEqual([0, 'root: there is nothing to compact yet\n']);
    expect(summaries()).toHaveLength(1);
    const json = await home.run(['compact', 'root', '--json']);
    expect(JSON.parse(json.stdout)).toEqual({
      name: 'root',
      outcome: 'nothing',
      before: null,
      after: null,
      usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
      reason: 'there is nothing to compact yet',
    });
    // Four of them end no turn.
    await root.run('Go on.');
    await root.until('the second turn ends', hasEnded(2));
    expect((await root.entriesOf('turnEnded')).map(({ outcome }) => outcome)).toEqual([
      'finished',
      'finished',
    ]);
  });
  it('[context.asked] whose model writes no summary says so with exit status 1, and is as before', async () => {
    const root = await idleRoot();
    const { context } = await root.call('status', {});
    provider.summary = () => ({ call: ['Read', { path: 'notes.txt' }] });
    const failed = await home.run(['compact', 'root']);
    expect([failed.code, failed.stdout, failed.stderr]).toEqual([
      1,
      '',
      'root: nothing is changed: the model called a tool instead of writing a summary\n',
    ]);
    expect((await root.call('status', {})).context).toEqual(context);
    provider.summary = () => ({ say: 'SUMMARY' });
    const { stdout } = await home.run(['compact', 'root', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'root', outcome: 'done', reason: null });
  });
  it('[context.asked] takes a run that comes meanwhile behind it', async () => {
    const root = await idleRoot();
    const { reached, go } = held(({ isSummary }) => isSummary);
    const compacted = home.run(['compact', 'root']);
    await reached;
    expect((await root.call('status', {})).status).toBe('running');
    await root.run('Go on.');
    go();
    expect((await compacted).code).toBe(0);
    await root.until('the second turn ends', hasEnded(2));
    const types = (await root.entries()).map(({ type }) => type);
    expect(types.lastIndexOf('turnStarted')).toBeGreaterThan(types.indexOf('compaction'));
  });
});

it('[budget.summary][context.asked] between two turns is paid out of the budget, and waits for it', async () => {
  const root = await idleRoot();
  await home.run(['budget', 'root', '0.0001']);
  const late = await home.run(['compact', 'root', '--timeout', '0.5']);
  expect(late.code).toBe(124);
  await root.until('it is asked for', has('compactionAsked'));
  await eventually(
    home.path,
    async () => (await root.call('status', {})).waiting?.kind === 'budget',
    'it waits',
  );
  expect(summaries()).toEqual([]);
  await home.run(['budget', 'root', '5']);
  await root.until('it is compacted', has('compaction'));
  await root.untilStatus('idle');
  const { usage, budget } = await root.call('status', {});
  expect(budget?.usd).toMatchObject({ bound: 5, reserved: 0, lent: 0 });
  expect(budget?.usd?.spent).toBeCloseTo(usage.cost ?? 0, 6);
  expect((await home.run(['verify'])).code).toBe(0);
});

it('[context.asked] /compact of an attached pod, with words, says that it begins and what it has become', async () => {
  const root = await idleRoot();
  const { stdout, stderr, code } = await home.run(['attach', 'root'], {
    input: '/compact keep the colours\n',
  });
  expect(code).toBe(0);
  expect(stderr).toContain('Its history is being summed up.\n');
  expect(stdout).toMatch(/— the history is being summed up \([\d,]+ of 40,000 tokens\)\n/);
  expect(stdout).toMatch(
    /— the history before was replaced by a summary \([\d,]+ → [\d,]+ tokens\):\nSUMMARY of the work so far\.\n/,
  );
  expect(summaries()[0]?.prompt.at(-1)?.text).toContain('A person asks of this summary: keep the colours');
  expect((await root.call('status', {})).turns).toBe(1);
});

describe('a pod that is not idle', () => {
  it('[context.asked] running: before its next request, and the turn goes on', async () => {
    provider = await SmallWindow.start(window, reads);
    const root = await rootOf();
    const { reached, go } = held(() => provider.requests.length === 3);
    await root.run('The task: read.');
    await reached;
    const compacted = home.run(['compact', 'root']);
    await root.until('it is asked for', has('compactionAsked'));
    go();
    const { code, stdout, stderr } = await compacted;
    expect([code, stderr]).toEqual([
      0,
      'root is running: this comes before its next request to the model.\n',
    ]);
    expect(stdout).toMatch(/^root: [\d,]+ → [\d,]+ tokens/);
    await root.until('the turn ends', hasEnded(1));
    expect(await root.entriesOf('turnEnded')).toMatchObject([{ outcome: 'finished' }]);
    expect(provider.requests.map(({ isSummary }) => isSummary)).toEqual([false, false, false, true, false]);
  });
  it('[context.asked] running its last request: right behind the turn', async () => {
    provider = await SmallWindow.start(window, reads);
    const root = await rootOf();
    const { reached, go } = held(() => provider.requests.length === 4);
    await root.run('The task: read.');
    await reached;
    const compacted = home.run(['compact', 'root']);
    await root.until('it is asked for', has('compactionAsked'));
    go();
    expect((await compacted).code).toBe(0);
    const types = (await root.entries()).map(({ type }) => type);
    expect(types.indexOf('compaction')).toBeGreaterThan(types.indexOf('turnEnded'));
  });
  it('[context.asked] running, and waited for no longer than is said', async () => {
    provider = await SmallWindow.start(window, reads);
    const root = await rootOf();
    const { reached, go } = held(() => provider.requests.length === 2);
    await root.run('The task: read.');
    await reached;
    const late = await home.run(['compact', 'root', '--timeout', '0.1']);
    expect(late.code).toBe(124);
    expect(late.stderr).toMatch(/root: timed out; what was asked for is still to come\n$/);
    go();
    await root.until('it is compacted', has('compaction'));
    await root.until('the turn ends', hasEnded(1));
  });
  it('[context.asked] paused: it says when, and does it then', async () => {
    const root = await idleRoot();
    await home.run(['pause', 'root']);
    const asked = await home.run(['compact', 'root']);
    expect([asked.code, asked.stdout]).toEqual([
      0,
      'root: it is paused: this comes when it goes on ("podkin resume root")\n',
    ]);
    expect(summaries()).toEqual([]);
    await home.run(['resume', 'root']);
    await root.until('it is compacted', has('compaction'));
    expect((await root.call('status', {})).turns).toBe(1);
  });
  it('[context.asked] dead, or unknown: what to do instead', async () => {
    const root = await idleRoot();
    await root.kill();
    const dead = await home.run(['compact', 'root']);
    expect(dead.code).toBe(1);
    expect(dead.stderr).toContain('"root" is not running: "podkin restore root"');
    expect((await home.run(['compact', 'roof'])).code).toBe(3);
    expect((await home.run(['compact', 'root', '--timeout', 'soon'])).code).toBe(2);
  });
});

describe('a compaction between two turns', () => {
  async function underWay(): Promise<{
    root: TestPod;
    compacted: ReturnType<TestHome['run']>;
    go: () => void;
  }> {
    const root = await idleRoot();
    const { reached, go } = held(({ isSummary }) => isSummary);
    const compacted = home.run(['compact', 'root']);
    await reached;
    return { root, compacted, go };
  }
  it('[context.failure] is cancelled, and not begun again', async () => {
    const { root, compacted } = await underWay();
    expect((await home.run(['cancel', 'root'])).code).toBe(0);
    const { code, stderr } = await compacted;
    expect([code, stderr]).toEqual([1, 'root: nothing is changed: it was cancelled\n']);
    expect(await root.call('status', {})).toMatchObject({ status: 'idle', settled: true });
    expect(summaries()).toHaveLength(1);
    expect(await root.entriesOf('turnStarted')).toHaveLength(1);
  });
  it('[context.failure] is paused: what was asked for is made, and nothing after it until it is resumed', async () => {
    const { root, compacted, go } = await underWay();
    await home.run(['pause', 'root']);
    await root.run('Go on.');
    go();
    expect((await compacted).code).toBe(0);
    await root.until('it is paused', (entries) =>
      entries.some((entry) => entry.type === 'inputReceived' && entry.kind === 'pause'),
    );
    expect(await root.call('status', {})).toMatchObject({ status: 'paused', turns: 1 });
    await home.run(['resume', 'root']);
    await root.until('the second turn ends', hasEnded(2));
  });
  it('[context.failure] is stopped: it is not made, and a restored pod does not make it', async () => {
    const { root, compacted } = await underWay();
    expect((await home.run(['stop', 'root'])).code).toBe(0);
    const { code, stderr } = await compacted;
    expect([code, stderr]).toEqual([1, 'root: nothing is changed: it was stopped before this was done\n']);
    provider.gate = () => undefined;
    await root.start(provider.environment);
    expect(await root.call('status', {})).toMatchObject({ status: 'idle' });
    expect(summaries()).toHaveLength(1);
  });
  it.each(['compaction.asked', 'compaction.answered', 'compaction.committed'])(
    '[context.crash] dies at %s: the restored pod has made it, or makes it',
    async (point) => {
      const root = await idleRoot({ PODKIN_CRASH_AT: `root:${point}` });
      home.expectsNoSockets = false;
      const compacted = home.run(['compact', 'root']);
      await root.exit();
      const isMade = point === 'compaction.committed';
      expect(await root.entriesOf('compaction')).toHaveLength(isMade ? 1 : 0);
      await root.start(provider.environment);
      await root.until('it is compacted', has('compaction'));
      expect((await compacted).code).toBe(0);
      expect(await root.entriesOf('compaction')).toHaveLength(1);
      expect((await root.call('status', {})).turns).toBe(1);
      await root.run('Go on.');
      await root.until('the second turn ends', hasEnded(2));
      expect(await root.entriesOf('interrupted')).toEqual([]);
    },
  );
});
