/** Whether a tree is settled, asked of pods that answer what a test wants. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { treeState } from '../../../src/client/settled-tree.ts';
import type { StatusResult } from '../../../src/protocol/status-result.ts';
import { homeOf } from '../../../src/session/home/home.ts';
import { socketInTree, type TreePlace } from '../../../src/session/home/pod-place.ts';
import { serve, tempDir } from '../transport/rig.ts';

const instanceOf = (name: string) =>
  `0190a1b2-0000-7000-8000-${Buffer.from(name).toString('hex').padStart(12, '0')}`;

function status(name: string, fields: Partial<StatusResult> = {}): StatusResult {
  return {
    name,
    instance: instanceOf(name),
    incarnation: 1,
    status: 'idle',
    pid: 1,
    parent: null,
    children: [],
    pending: { received: 0, unseen: 0, outgoing: 0, queued: 0 },
    settled: true,
    model: 'script/none',
    usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
    turns: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    lastActivityAt: '2026-01-01T00:00:00.000Z',
    lastTurn: null,
    attention: null,
    waiting: null,
    activity: null,
    refusal: null,
    sandbox: 'working',
    context: null,
    budget: null,
    watchdogRescues: 0,
    ...fields,
  };
}

const child = (name: string) => ({ name, instance: instanceOf(name), status: 'linked' });

/** Each pod answers the next of its states, and the last one again and again. */
async function tree(pods: Record<string, StatusResult[]>): Promise<TreePlace> {
  const home = homeOf({ PODKIN_HOME: join(await tempDir(), 'h') });
  const whole = { home, root: instanceOf('root') };
  for (const [name, states] of Object.entries(pods)) {
    let asked = 0;
    const next = () => {
      asked += 1;
      return states[Math.min(asked, states.length) - 1]!;
    };
    await serve({ status: next }, { path: socketInTree(whole, { name, instance: instanceOf(name) }) });
  }
  return whole;
}

const root = { name: 'root', instance: instanceOf('root') };
const settledRoot = status('root', { children: [child('kid')] });
const settledKid = status('kid', { children: [child('low')] });

it('[tree.below-counts] what a person gave a grandchild is waited for, though nobody above knows of it', async () => {
  const low = status('low', { status: 'running', settled: false });
  const home = await tree({ root: [settledRoot], kid: [settledKid], low: [low, low, status('low')] });
  expect(await treeState(home, root)).toEqual({
    kind: 'working',
    why: { kind: 'status', pod: 'low', status: 'running' },
  });
  expect(await treeState(home, root)).toMatchObject({ kind: 'working' });
  expect(await treeState(home, root)).toMatchObject({ kind: 'settled', status: { name: 'root' } });
});

it('[tree.below-counts] a report that is still to be delivered counts, at whatever depth', async () => {
  const low = status('low', { pending: { received: 0, unseen: 0, outgoing: 2, queued: 0 } });
  const home = await tree({ root: [settledRoot], kid: [settledKid], low: [low] });
  expect(await treeState(home, root)).toEqual({
    kind: 'working',
    why: { kind: 'undelivered', pod: 'low', events: 2 },
  });
});

it('[tree.last-word] a pod that was called back while those below it were asked is not settled', async () => {
  const again = status('root', { children: [child('kid')], turns: 2 });
  const home = await tree({ root: [settledRoot, again], kid: [status('kid')] });
  expect(await treeState(home, root)).toEqual({ kind: 'working', why: { kind: 'calledBack', pod: 'root' } });
  // The same at both looks: it is.
  expect(await treeState(home, root)).toMatchObject({ kind: 'settled', status: { turns: 2 } });
});

it('[tree.last-word] nor is one that works by then', async () => {
  const again = status('root', { status: 'running', settled: false, turns: 2 });
  const home = await tree({ root: [settledRoot, again], kid: [status('kid')] });
  expect(await treeState(home, root)).toMatchObject({
    kind: 'working',
    why: { kind: 'status', pod: 'root', status: 'running' },
  });
});
