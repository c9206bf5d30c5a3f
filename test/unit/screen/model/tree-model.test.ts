/** The fold of a tree: order, sums, questions, and the events between its pods. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApprovalRequest } from '../../../../src/protocol/approval.ts';
import type { Delivery } from '../../../../src/protocol/methods.ts';
import { joinedDeliveries } from '../../../../src/screen/model/joined-deliveries.ts';
import {
  emptyTree,
  foldTree,
  type PodRow,
  type TreeNews,
  treeOf,
} from '../../../../src/screen/model/tree-model.ts';

const pod = (instance: string, parent: string | null, more: Partial<PodRow> = {}): PodRow => ({
  instance,
  parent,
  name: instance,
  path: parent === null ? instance : `${parent}/${instance}`,
  status: 'idle',
  settled: true,
  activity: null,
  attention: null,
  outcome: null,
  hasFailed: false,
  model: 'm',
  own: { tokens: 1, cost: 1 },
  context: null,
  pendingIn: 0,
  pendingOut: 0,
  since: null,
  ...more,
});
const asked = (request: string, instance: string, more: Partial<ApprovalRequest> = {}): ApprovalRequest => ({
  request,
  pod: { name: instance, instance },
  tool: 'Bash',
  summary: 'ls',
  why: 'mode',
  askedAt: '2026-01-01T00:00:00.000Z',
  ...more,
});
const all = (rows: readonly PodRow[]): TreeNews => ({ kind: 'all', rows });
const folded = (...news: TreeNews[]) => treeOf(news.reduce(foldTree, emptyTree));
const named = (...news: TreeNews[]) =>
  folded(...news).rows.map(({ depth, name }) => `${' '.repeat(depth)}${name}`);

describe('rows', () => {
  it('[screen.r21] what waits is first, then what has failed, runs, is idle, has ended; nested as spawned', () => {
    const rows = [
      pod('a', null),
      pod('b', 'a', { status: 'stopped' }),
      pod('c', 'a'),
      pod('d', 'a', { status: 'running' }),
      pod('e', 'a', { status: 'dead', hasFailed: true }),
      pod('f', 'a'),
      pod('g', 'f'),
      pod('h', 'a', { status: 'running' }),
      pod('i', 'a', { status: 'stopped', settled: false }),
    ];
    const question: TreeNews = { kind: 'asked', approval: asked('r', 'g'), atMs: 1 };
    expect(named(all(rows), question)).toEqual(['a', ' f', '  g', ' e', ' d', ' h', ' c', ' i', ' b']);
    expect(named(all(rows.toReversed()), question)).toEqual(named(all(rows), question));
  });

  it('[screen.r21] a pod whose parent is not there, and pods that name each other as parents, are shown', () => {
    expect(named(all([pod('a', 'gone')]))).toEqual(['a']);
    expect(named(all([pod('a', 'b'), pod('b', 'a')]))).toEqual(['a', ' b']);
    expect(named(all([pod('a', 'a')]))).toEqual(['a']);
  });

  it('[screen.r19] a subtree is its pod and all below it, and its cost is unknown where one is', () => {
    const rows = [pod('a', null), pod('b', 'a', { own: { tokens: 5, cost: 0.5 } }), pod('c', 'b')];
    const sums = (tree: PodRow[]) => folded(all(tree)).rows.map(({ subtree }) => subtree);
    expect(sums(rows)).toEqual([
      { tokens: 7, cost: 2.5 },
      { tokens: 6, cost: 1.5 },
      { tokens: 1, cost: 1 },
    ]);
    expect(sums([...rows, pod('d', 'a', { own: { tokens: 0, cost: null } })])[0]).toEqual({
      tokens: 7,
      cost: null,
    });
  });

  it('[screen.tree-fold] in any portions, and said twice, the same rows come to the same tree', () => {
    const rowsOf = fc
      .array(fc.record({ parent: fc.nat(12), tokens: fc.nat(1_000), runs: fc.boolean() }), {
        minLength: 1,
        maxLength: 12,
      })
      .map((said) =>
        said.map(({ parent, tokens, runs }, at) =>
          pod(`i${at}`, at === 0 ? null : `i${parent % at}`, {
            own: { tokens, cost: tokens },
            status: runs ? 'running' : 'idle',
          }),
        ),
      );
    fc.assert(
      fc.property(rowsOf, fc.array(fc.nat(11), { maxLength: 20 }), (rows, order) => {
        const portions: TreeNews[] = order.map((at) => ({
          kind: 'changed',
          rows: rows.slice(at % rows.length),
          gone: [],
        }));
        const other: TreeNews = { kind: 'changed', rows: [pod('x', 'i0')], gone: [] };
        const tree = folded(all(rows));
        expect(folded(...portions, other, { kind: 'changed', rows, gone: ['x'] })).toEqual(tree);
        expect(tree.rows).toHaveLength(rows.length);
        expect(tree.rows[0]?.subtree.tokens).toBe(rows.reduce((sum, { own }) => sum + own.tokens, 0));
      }),
    );
  });

  it('[screen.tree-fold] what says nothing new changes nothing', () => {
    const facts = [
      all([pod('a', null)]),
      { kind: 'asked', approval: asked('r', 'a'), atMs: 1 } as const,
    ].reduce(foldTree, emptyTree);
    const again: TreeNews[] = [
      all([pod('a', null)]),
      { kind: 'changed', rows: [pod('a', null)], gone: ['b'] },
      { kind: 'status', instance: 'a', status: 'idle' },
      { kind: 'status', instance: 'b', status: 'idle' },
      { kind: 'asked', approval: asked('r', 'a'), atMs: 2 },
      { kind: 'closed', requests: ['q'] },
      { kind: 'deliveries', deliveries: [], areAll: false },
      { kind: 'watching', watching: null },
    ];
    for (const news of again) expect(foldTree(facts, news)).toBe(facts);
    expect(
      treeOf(foldTree(facts, { kind: 'status', instance: 'a', status: 'running' })).rows[0]?.status,
    ).toBe('running');
  });
});

describe('questions', () => {
  const ask = (request: string, atMs: number, more: Partial<ApprovalRequest> = {}): TreeNews => ({
    kind: 'asked',
    approval: asked(request, 'a', more),
    atMs,
  });

  it('[screen.r20] they are a queue in the order of opening; one that is closed leaves the others in place', () => {
    const queue = (...news: TreeNews[]) =>
      folded(all([pod('a', null)]), ...news).questions.map(({ approval }) => approval.request);
    const open = [ask('q2', 1), ask('q1', 2), ask('q3', 3)];
    expect(queue(...open)).toEqual(['q2', 'q1', 'q3']);
    expect(queue(...open, { kind: 'closed', requests: ['q2'] }, ask('q1', 9))).toEqual(['q1', 'q3']);
    expect(folded(all([pod('a', null)]), ...open).rows[0]?.questions).toBe(3);
  });

  it('[screen.r20] one that is said again keeps when it opened and what is known of it', () => {
    const more = { input: { command: 'ls' }, path: 'root/a', call: 'c' };
    const [question] = folded(ask('q', 1, more), ask('q', 5)).questions;
    expect(question).toMatchObject({ openedAtMs: 1, path: 'root/a', approval: more });
    expect(folded(ask('q', 1), ask('q', 5, more)).questions[0]).toMatchObject({
      openedAtMs: 1,
      approval: more,
    });
  });

  it('[screen.r20] it names the path of its row', () => {
    expect(folded(ask('q', 1)).questions[0]?.path).toBe('a');
    expect(folded(all([pod('a', 'root')]), ask('q', 1)).questions[0]?.path).toBe('root/a');
  });
});

describe('events between pods', () => {
  const event = (more: Partial<Delivery>): Delivery => ({
    from: 'kid',
    to: 'root',
    seq: 1,
    kind: 'turnEnded',
    state: 'committed',
    attempts: 0,
    reason: null,
    committedAt: '1',
    sentAt: null,
    receivedAt: null,
    consumedAt: null,
    seenAt: null,
    ...more,
  });

  it('[screen.tree-fold] an event that both ends say is one, with what each knows of it, in either order', () => {
    const out = event({ state: 'sent', attempts: 2, sentAt: '2' });
    const into = event({
      state: 'consumed',
      committedAt: null,
      receivedAt: '3',
      consumedAt: '4',
      reason: 'paused',
    });
    const one = event({
      state: 'consumed',
      attempts: 2,
      sentAt: '2',
      receivedAt: '3',
      consumedAt: '4',
      reason: 'paused',
    });
    expect(joinedDeliveries([out, into])).toEqual([one]);
    expect(joinedDeliveries([into, out])).toEqual([one]);
  });

  it('[screen.tree-fold] others are apart, in the order of committing', () => {
    const events = [event({ seq: 2, committedAt: '5' }), event({}), event({ from: 'sib', committedAt: '3' })];
    expect(joinedDeliveries(events).map(({ from, seq }) => [from, seq])).toEqual([
      ['kid', 1],
      ['sib', 1],
      ['kid', 2],
    ]);
    const deaths = [event({ seq: null, committedAt: '6' }), event({ seq: null, committedAt: '7' })];
    expect(joinedDeliveries(deaths)).toHaveLength(2);
  });
});
