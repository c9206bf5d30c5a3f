/** What the facts begin with, what closes work, how usage is summed, and the answers of people. */
import { newChild } from '../../../src/session/facts/new-child.ts';
import { describe, expect, it } from 'vitest';
import {
  addUsage,
  allTokens,
  closesAssignments,
  emptyFacts,
  sessionOf,
} from '../../../src/session/facts/facts.ts';
import { rememberedKey } from '../../../src/session/facts/replay-approvals.ts';
import type { PodEvent } from '../../../src/protocol/pod-event.ts';
import {
  type Line,
  called,
  completed,
  died,
  ended,
  errored,
  factsOf,
  finished,
  interrupted,
  kid,
  scopeReport,
  shutDown,
  timeOf,
  unreachable,
  working,
} from '../machine-rig.ts';
import { answering, asking, closedBy } from '../pod/machine/asked-approvals.ts';

describe('facts', () => {
  it('[facts.empty] of an empty log are nothing, and no session', () => {
    expect(emptyFacts()).toMatchObject({
      session: null,
      lastSeq: 0,
      lastTime: '',
      incarnation: 0,
      stopped: false,
      paused: false,
      outbox: { emitted: 0, acked: 0 },
      usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
    });
    expect(sessionOf(factsOf([])).name).toBe('me');
    expect(() => sessionOf(emptyFacts())).toThrow('the log has no session entry');
    expect(emptyFacts().usage).not.toBe(emptyFacts().usage);
  });

  it('[facts.empty] of a child of which only the name is known', () => {
    expect(newChild(kid.name, kid.instance)).toEqual({
      ...kid,
      state: 'reserved',
      tokenHash: '',
      scope: null,
      holds: null,
      isToWait: false,
      waitsSince: null,
      own: [],
      task: '',
      call: null,
      incarnation: 0,
      process: null,
      host: null,
      begun: false,
      received: 0,
      terminal: 0,
      terminalKind: null,
      stopReported: 0,
      unreachable: false,
      refused: null,
      outstanding: [],
      lastReportAt: null,
    });
  });

  it.each<[string, PodEvent, boolean]>([
    ['a settled finish', finished(), true],
    ['a finish that is not settled', finished({ settled: false }), false],
    ['a limit, settled or not', finished({ outcome: 'limitReached', settled: false }), true],
    ['a cancel', finished({ outcome: 'cancelled' }), true],
    ['a pause, whatever it says', finished({ outcome: 'paused' }), false],
    ['an error', errored({ settled: false }), true],
    ['a shutdown', shutDown(), true],
    ['a death', died(), true],
    ['a death that a later incarnation has followed', died({ restored: true }), false],
    ['an unreachable episode', unreachable, false],
    ['a scope report', scopeReport(kid, 1), false],
  ])('[facts.closes] %s', (_, event, closes) => {
    expect(closesAssignments(event)).toBe(closes);
  });

  const used = (inputTokens: number, outputTokens: number, cost: number | null) => ({
    inputTokens,
    outputTokens,
    cost,
  });
  it.each([
    ['tokens and cost', used(1, 2, 0.5), used(10, 20, 0.25), used(11, 22, 0.75)],
    ['an unknown price makes the sum unknown', used(1, 2, null), used(10, 20, 0.25), used(11, 22, null)],
    ['an unknown price of the second too', used(1, 2, 0.5), used(10, 20, null), used(11, 22, null)],
    [
      'no more than a whole number can be',
      used(Number.MAX_SAFE_INTEGER, 2, 0),
      used(10, 20, 0),
      used(Number.MAX_SAFE_INTEGER, 22, 0),
    ],
  ])('[facts.usage] is summed: %s', (_, a, b, sum) => {
    expect(addUsage(a, b)).toEqual(sum);
  });

  it('[facts.usage] holds what steps and requests without a response used, of the turn and of all', () => {
    const lost = { type: 'requestFailed', turn: 't2', step: 1, usage: used(100, 7, 0.5) } as const;
    const step = (turn: string) => completed(turn, 1, { usage: used(1, 2, 0.25) });
    const lines = [
      ...working('t1', 'r1'),
      step('t1'),
      ended('t1'),
      ...working('t2', 'r2'),
      lost,
      lost,
      step('t2'),
    ];
    const facts = factsOf(lines);
    expect(facts.turn).toMatchObject({ usage: used(201, 16, 1.25), steps: 1 });
    expect(facts.usage).toEqual(used(202, 18, 1.5));
  });

  it('[facts.usage] counts tokens of both ways', () => {
    expect(allTokens(used(3, 4, null))).toBe(7);
  });
});

const open: Line[] = [...working('t1', 'r1'), called('t1', 'c1'), asking('q1', 'c1')];
const always = JSON.stringify(['Bash', 'ls', false]);

describe('approvals', () => {
  it.each<[string, Line[], [string, unknown, string][]]>([
    ['an open one', open, [['q1', null, timeOf(7)]]],
    ['asked again, since the first time', [...open, asking('q1', 'c2')], [['q1', null, timeOf(7)]]],
    ['answered for a call: none', [...open, answering('q1', { call: 'c1' })], []],
    [
      'answered while no call waits: kept',
      [...open, answering('q1', { reason: 'fine' })],
      [['q1', { decision: 'allow', reason: 'fine' }, timeOf(7)]],
    ],
    [
      'kept without a reason',
      [...open, answering('q1', { decision: 'deny' })],
      [['q1', { decision: 'deny', reason: null }, timeOf(7)]],
    ],
    ['closed by a cancel: none', [...open, closedBy('q1', 'cancel')], []],
    [
      'taken: none',
      [...open, answering('q1'), { type: 'approval', state: 'taken', request: 'q1', call: 'c2' }],
      [],
    ],
    ['over an interruption', [...open, interrupted('t1')], [['q1', null, timeOf(7)]]],
    ['behind the end of the turn: none', [...open, ended('t1')], []],
    ['an answer to what is not known', [answering('q9')], []],
  ])('[facts.approvals] %s', (_, log, approvals) => {
    expect(
      [...factsOf(log).approvals.values()].map(({ request, answer, askedAt }) => [request, answer, askedAt]),
    ).toEqual(approvals);
  });

  it.each<[string, Line[], string[]]>([
    ['a yes for always', [...open, answering('q1', { decision: 'allowAlways', call: 'c1' })], [always]],
    ['no yes for once', [...open, answering('q1', { call: 'c1' })], []],
    ['no no', [...open, answering('q1', { decision: 'deny', call: 'c1' })], []],
    ['nothing of an approval that is not known', [answering('q9', { decision: 'allowAlways' })], []],
  ])('[facts.approvals] remembers %s', (_, log, remembered) => {
    expect([...factsOf(log).remembered]).toEqual(remembered);
  });

  it('[facts.approvals] know every answer that was ever given', () => {
    expect([...factsOf([...open, answering('q1', { call: 'c1' }), closedBy('q9', 'stop')]).answered]).toEqual(
      [
        ['q1', { decision: 'allow', by: 'person' }],
        ['q9', { decision: 'deny', by: 'stop' }],
      ],
    );
    expect(rememberedKey({ tool: 'Bash', exact: null, outside: true })).toBe('["Bash",null,true]');
  });
});
