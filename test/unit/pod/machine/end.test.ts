/**
 * How a turn ends: what stands in the append of its end, what is done then, and what becomes of calls that
 * never end.
 */
import { describe, expect, it } from 'vitest';
import type { Effect, Live } from '../../../../src/pod/machine/core.ts';
import type { TurnEnd } from '../../../../src/pod/machine/reports.ts';
import { abandonTurn, endTurn, hasBegun, syntheticResults } from '../../../../src/pod/machine/state.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import {
  type Line,
  type MachineOptions,
  above,
  assigned,
  begun,
  called,
  child,
  completed,
  ended,
  factsOf,
  fromAbove,
  input,
  kid,
  machineOf,
  notice,
  noticeItem,
  sent,
  sib,
  some,
  working,
} from '../../machine-rig.ts';
import { asking, closedBy } from './asked-approvals.ts';

const changed: Effect = { type: 'statusChanged' };
const emitted: Effect = { type: 'emitted' };
const end = (outcome: TurnEnd['outcome'], fields: Partial<TurnEnd> = {}): TurnEnd => ({
  outcome,
  durationMs: 7,
  ...fields,
});
/** The entry of the turn's end. */
const over = (outcome: TurnEnd['outcome'], fields: object = {}): EntryBody =>
  ended('t1', outcome, { durationMs: 7, ...fields });
const unsettled = { settled: false };

interface Case extends MachineOptions {
  log: Line[];
  end: TurnEnd;
  /** Each append. */
  commits: EntryBody[][];
  performs?: Effect[];
  after?: Partial<Live>;
}

function check({ log, end, commits, performs = [changed], after = {}, live = {}, ...options }: Case): void {
  const machine = machineOf(log, { ...options, live: { mode: 'running', ...live } });
  const before = structuredClone(machine.core.live);
  endTurn(machine.core, end);
  expect(machine.committed).toStrictEqual(commits);
  expect(machine.performed).toEqual(performs);
  expect(machine.core.live).toEqual({ ...before, mode: 'idle', control: null, turnsAbandoned: 0, ...after });
}

const turn = working('t1', 'r1');
/** The item is entry 7. */
const withItem = [...turn, notice('n1'), noticeItem('t1', 'n1')];
const error = { category: 'rateLimit', message: 'no more' };
const paused = (by: 'person' | 'parent'): Partial<Live> => ({ control: { kind: 'pause', by } });

const alone: Record<string, Case> = {
  finished: { log: turn, end: end('finished'), commits: [[over('finished')]] },
  'with what it used': {
    log: [...turn, completed('t1', 5)],
    end: end('finished'),
    commits: [[over('finished', { usage: some })]],
  },
  'at a limit': {
    log: turn,
    end: end('limitReached', { reason: 'steps' }),
    commits: [[over('limitReached', { reason: 'steps' })]],
  },
  'cancelled by somebody': {
    log: turn,
    end: end('cancelled', { by: 'person' }),
    commits: [[over('cancelled', { by: 'person' })]],
  },
  'with an error': { log: turn, end: end('errored', { error }), commits: [[over('errored', { error })]] },
  'with an error of any length': {
    log: turn,
    end: end('errored', { error: { category: 'c', message: `${'x'.repeat(1_999)}\u{1F600}` } }),
    commits: [[over('errored', { error: { category: 'c', message: `${'x'.repeat(1_999)}\uFFFD` } })]],
  },
  'while a child works for it': {
    log: [...turn, child(kid, 'linked'), assigned('a1')],
    end: end('finished'),
    commits: [[over('finished', { ...unsettled, outstanding: ['kid'] })]],
  },
  'paused: never settled': { log: turn, end: end('paused'), commits: [[over('paused', unsettled)]] },
  'cancelled with an item in hand: it is held, and settled': {
    log: withItem,
    end: end('cancelled'),
    commits: [[over('cancelled')]],
  },
  'at a limit with an item in hand: it is held, and settled': {
    log: withItem,
    end: end('limitReached'),
    commits: [[over('limitReached')]],
  },
  'with an error and an item in hand: it is held, and settled': {
    log: withItem,
    end: end('errored', { error }),
    commits: [[over('errored', { error })]],
  },
  'with a pause that found no further request: it holds behind the turn': {
    log: turn,
    live: paused('person'),
    end: end('finished'),
    commits: [[over('finished'), input('pause', { submission: 'id-1' })]],
  },
  'paused by that pause': {
    log: turn,
    live: paused('parent'),
    end: end('paused'),
    commits: [[over('paused', unsettled)]],
  },
  'with a cancel that came too late': {
    log: turn,
    live: { control: { kind: 'cancel', by: 'person' } },
    end: end('finished'),
    commits: [[over('finished')]],
  },
  'after writes that failed: the disk counts as well again': {
    log: turn,
    live: { turnsAbandoned: 2 },
    end: end('finished'),
    commits: [[over('finished')]],
  },
};

describe('a turn ends', () => {
  it.each(Object.entries(alone))('[state.end] %s', (_, row) => check(row));

  it('[state.end] and what waits is begun at once', () => {
    check({
      log: withItem,
      end: end('finished'),
      commits: [
        [over('finished', unsettled)],
        [expect.objectContaining({ type: 'turnStarted', kind: 'runForNotification' })],
      ],
      performs: [changed, { type: 'startTurn', turn: 'id-1' }, changed],
      after: { mode: 'running', spentAtMs: [1_000_000] },
    });
  });

  it.each<[string, Line[], Partial<Live>]>([
    ['no turn is open', [], { mode: 'running' }],
    ['it is at rest', turn, { mode: 'idle' }],
    ['it is stopping', turn, { mode: 'stopping' }],
  ])('[state.end] of a pod of which %s: nothing', (_, log, live) => {
    const machine = machineOf(log, { live });
    endTurn(machine.core, end('finished'));
    expect([machine.committed, machine.performed]).toEqual([[], []]);
    expect(machine.core.live.mode).toBe(live.mode);
  });

  it('[state.end] which the log refuses: the turn stays open there, and nothing is sent', () => {
    const machine = machineOf(working('t1', 'a1', fromAbove), {
      parent: above,
      live: { mode: 'running', turnsAbandoned: 1, ...paused('person') },
    });
    machine.refusal = new Error('no space');
    endTurn(machine.core, end('finished'));
    expect(machine.performed).toEqual([
      { type: 'alert', level: 'error', code: 'storageFailed', text: 'no space' },
      { type: 'timer', name: 'storage', delayMs: 2_000 },
      changed,
    ]);
    expect(machine.core.live).toMatchObject({
      mode: 'idle',
      control: null,
      turnsAbandoned: 1,
      storage: 'no space',
    });
    expect(machine.core.facts.turn?.turn).toBe('t1');
  });

  it('[state.end] with its report in the same append', () => {
    const machine = machineOf(working('t1', 'a1', fromAbove), { parent: above, live: { mode: 'running' } });
    endTurn(machine.core, end('finished'));
    const report = expect.objectContaining({
      kind: 'turnEnded',
      outcome: 'finished',
      turn: 't1',
      assignments: ['a1'],
      settled: true,
      durationMs: 7,
    });
    expect(machine.committed).toEqual([[over('finished'), { ...sent(1, report), event: report }]]);
    expect(machine.performed).toEqual([emitted, changed]);
  });

  it('[state.end] unsettled in the entry and in the report alike, with the same children', () => {
    const log = [child(kid, 'linked'), ...working('t1', 'a1', fromAbove), assigned('b1')];
    const machine = machineOf(log, { parent: above, live: { mode: 'running' } });
    endTurn(machine.core, end('finished'));
    const same = { settled: false, outstanding: ['kid'] };
    expect(machine.committed[0]).toEqual([
      expect.objectContaining(same),
      expect.objectContaining({ event: expect.objectContaining(same) }),
    ]);
  });
});

const unknown = (why: string) =>
  `This call was ${why} before it ended; whether it had an effect is unknown. It was not run again.`;
const closed = (call: string, text: string): EntryBody => ({
  type: 'toolResult',
  turn: 't1',
  step: 1,
  call,
  tool: 'Bash',
  text,
  isError: true,
  interrupted: true,
});
const waited = (why: string, next: string) =>
  `This call was ${why} while it waited for a person's answer. It did not run. ${next}`;
const isClosed = 'Its approval request is closed; make the call again if it is still needed.';
const stays =
  'The approval request stays open: make the same call again to wait for its answer, or to use the answer if there is one by then.';

describe('calls that never end', () => {
  const dangling = [...turn, called('t1', 'c1'), called('t1', 'c2')];

  it.each<[TurnEnd['outcome'], string, 'cancel' | 'turnEnd']>([
    ['cancelled', 'cancelled', 'cancel'],
    ['finished', 'interrupted', 'turnEnd'],
    ['limitReached', 'interrupted', 'turnEnd'],
  ])(
    '[state.closed-calls] in a turn that ends as %s get results before its end, and their approvals are closed',
    (outcome, why, by) => {
      check({
        log: [...dangling, asking('q2', 'c2')],
        end: end(outcome),
        commits: [
          [
            closed('c1', unknown(why)),
            closed('c2', waited(why, isClosed)),
            closedBy('q2', by),
            over(outcome),
          ],
        ],
      });
    },
  );

  it('[state.closed-calls] say that the approval stays where the work goes on', () => {
    const facts = factsOf([...dangling, asking('q2', 'c2')]);
    expect(syntheticResults(facts, 'interrupted', 'stay')).toEqual([
      closed('c1', unknown('interrupted')),
      closed('c2', waited('interrupted', stays)),
    ]);
    expect(syntheticResults(facts, 'interrupted')).toEqual([
      closed('c1', unknown('interrupted')),
      closed('c2', waited('interrupted', isClosed)),
    ]);
    expect(syntheticResults(factsOf([]), 'interrupted')).toEqual([]);
  });

  const spawning = child(kid, 'reserved', { call: 'c1' });
  const undone = ' The pod "kid" that it was starting was undone.';
  it.each<[string, Line[], boolean, string]>([
    [
      'a spawn that had no work yet is undone',
      [child(sib, 'reserved', { call: 'c0' }), spawning],
      false,
      undone,
    ],
    ['a spawn that had work counts', [spawning, assigned('a1')], true, ''],
    ['a spawn of another call is not meant', [child(kid, 'reserved', { call: 'c9' })], false, ''],
    ['a child of no call is not meant', [child(kid, 'reserved')], false, ''],
  ])('[state.undone-spawn] %s', (_, log, isBegun, more) => {
    const facts = factsOf([begun('t1'), ...log, called('t1', 'c1')]);
    expect(hasBegun(facts, kid.instance)).toBe(isBegun);
    expect(syntheticResults(facts, 'interrupted')).toEqual([closed('c1', unknown('interrupted') + more)]);
  });

  it('[state.undone-spawn] a pod that is no child has not begun', () => {
    expect(hasBegun(factsOf([]), kid.instance)).toBe(false);
  });
});

describe('a turn that cannot go on because the log cannot be written', () => {
  const trouble = (delayMs: number): Effect[] => [
    { type: 'alert', level: 'error', code: 'storageFailed', text: 'no space' },
    { type: 'timer', name: 'storage', delayMs },
    changed,
  ];

  it.each<[string, Partial<Live>, Partial<Live>, Effect[]]>([
    [
      'is left, and the disk tried again in a second',
      { mode: 'running', control: { kind: 'pause', by: 'person' } },
      { mode: 'idle', turnsAbandoned: 1 },
      trouble(1_000),
    ],
    [
      'again: in twice the time',
      { mode: 'running', turnsAbandoned: 1 },
      { mode: 'idle', turnsAbandoned: 2 },
      trouble(2_000),
    ],
    [
      'for the fifth time',
      { mode: 'running', turnsAbandoned: 4 },
      { mode: 'idle', turnsAbandoned: 5 },
      trouble(16_000),
    ],
    [
      'at most in a minute',
      { mode: 'running', turnsAbandoned: 9 },
      { mode: 'idle', turnsAbandoned: 10 },
      trouble(60_000),
    ],
    [
      'of a pod that stops: it goes on stopping',
      { mode: 'stopping' },
      { mode: 'stopping', turnsAbandoned: 1 },
      trouble(1_000),
    ],
    [
      'with the trouble known: no second alert',
      { mode: 'running', storage: 'full', storageAt: 'then' },
      { mode: 'idle', turnsAbandoned: 1, storageAt: 'then' },
      trouble(1_000).slice(1),
    ],
  ])('[state.abandon] %s', (_, live, after, performs) => {
    const machine = machineOf(turn, { live });
    abandonTurn(machine.core, 'no space');
    expect(machine.committed).toEqual([]);
    expect(machine.performed).toEqual(performs);
    expect(machine.core.live).toMatchObject({
      storageAt: '2026-01-01T01:00:00.000Z',
      ...after,
      control: null,
      storage: 'no space',
    });
  });
});
