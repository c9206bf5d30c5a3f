/** What is closed at a start, what the timers and the watchdog do, and the way out of a disk that refuses. */
import { describe, expect, it } from 'vitest';
import {
  type Effect,
  type Live,
  controlEntry,
  freshLive,
  noteStorageProblem,
  statusOf,
  tryCommit,
} from '../../../../src/pod/machine/core.ts';
import {
  closeInterrupted,
  onTimer,
  recoverPreviousRun,
  watchdog,
} from '../../../../src/pod/machine/state.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import { type Line, begun, called, input, machineOf, notice, run, working } from '../../machine-rig.ts';
import { asking } from './asked-approvals.ts';

const coalesce: Effect = { type: 'timer', name: 'coalesce', delayMs: 100 };
const retry: Effect = { type: 'timer', name: 'storage', delayMs: 1_000 };
const starts: Effect[] = [{ type: 'startTurn', turn: 'id-1' }, { type: 'statusChanged' }];
const notified = begun('id-1', { kind: 'runForNotification', hops: 1, counted: true });

describe('an earlier incarnation', () => {
  it('[state.recover] has its turn closed: results for its calls, approvals stay, and nothing is begun yet', () => {
    const { core, committed, performed } = machineOf([
      ...working('t1', 'r1'),
      called('t1', 'c1'),
      called('t1', 'c2'),
      asking('q2', 'c2'),
    ]);
    recoverPreviousRun(core);
    const closed = (call: string, text: string) =>
      expect.objectContaining({ type: 'toolResult', call, text: expect.stringContaining(text) });
    expect(committed).toEqual([
      [
        closed('c1', 'This call was interrupted before it ended'),
        closed('c2', 'The approval request stays open'),
        { type: 'interrupted', turn: 't1', reason: 'the process ended during the turn', calls: ['c1', 'c2'] },
      ],
    ]);
    expect(performed).toEqual([]);
    expect(core.facts.resumable).toMatchObject({ submissions: ['r1'] });
  });

  it('[state.recover] that was at rest leaves nothing to close', () => {
    const { core, committed } = machineOf([run('r1')]);
    recoverPreviousRun(core);
    closeInterrupted(core, 'why');
    expect(committed).toEqual([]);
  });
});

interface Case {
  log?: Line[];
  timer: 'coalesce' | 'refill' | 'storage';
  live?: Partial<Live>;
  refusal?: Error;
  commits?: EntryBody[][];
  performs?: Effect[];
  after?: Partial<Live>;
}

const recovered: EntryBody = {
  type: 'alert',
  level: 'warning',
  code: 'storageRecovered',
  text: 'the log can be written again (it could not: full)',
};
const running: Partial<Live> = { mode: 'running', coalescing: false, spentAtMs: [1_000_000] };

const timers: Record<string, Case> = {
  'the coalescing time is over: what waits starts': {
    log: [notice('n1')],
    timer: 'coalesce',
    live: { coalescing: true },
    commits: [[notified]],
    performs: starts,
    after: running,
  },
  'the coalescing time is over and nothing waits any more': {
    timer: 'coalesce',
    live: { coalescing: true },
    after: { coalescing: false },
  },
  'the budget is there again: what waits may still have siblings': {
    log: [notice('n1')],
    timer: 'refill',
    live: { overBudget: 'turnsPerMinute' },
    performs: [coalesce],
    after: { coalescing: true, overBudget: null },
  },
  'the budget is there again while a coalescing time runs: its end is waited for': {
    log: [notice('n1')],
    timer: 'refill',
    live: { coalescing: true },
  },
  'the disk takes a line again: said, and on with what waits': {
    log: [notice('n1')],
    timer: 'storage',
    live: { storage: 'full' },
    commits: [[recovered]],
    performs: [coalesce],
    after: { storage: null, coalescing: true },
  },
  'the disk refuses still': {
    log: [notice('n1')],
    timer: 'storage',
    live: { storage: 'full' },
    refusal: new Error('still full'),
    performs: [retry],
    after: { storage: 'still full' },
  },
  'the disk had come back before': {
    log: [notice('n1')],
    timer: 'storage',
    performs: [coalesce],
    after: { coalescing: true },
  },
  'another timer asks nothing of a disk that refuses': {
    log: [notice('n1')],
    timer: 'refill',
    live: { storage: 'full' },
  },
};

describe('a timer', () => {
  it.each(Object.entries(timers))(
    '[state.timers] %s',
    (_, { log = [], timer, live = {}, refusal = null, commits = [], performs = [], after = {} }) => {
      const machine = machineOf(log, { live });
      machine.refusal = refusal;
      onTimer(machine.core, timer);
      expect(machine.committed).toEqual(commits);
      expect(machine.performed).toEqual(performs);
      expect(machine.core.live).toEqual({ ...freshLive(), ...live, ...after });
    },
  );
});

describe('the watchdog', () => {
  it.each<[string, Line[], Partial<Live>, Live['mode'], number]>([
    ['starts what nobody started, and counts it', [notice('n1')], {}, 'running', 1],
    ['counts a run too', [run('r1')], { watchdogRescues: 2 }, 'running', 3],
    [
      'does not count what a full minute had kept',
      [notice('n1')],
      { overBudget: 'turnsPerMinute' },
      'running',
      0,
    ],
    [
      'counts what only a person could have gone on with',
      [notice('n1')],
      { overBudget: 'hops' },
      'running',
      1,
    ],
    ['leaves a coalescing time its end', [notice('n1')], { coalescing: true }, 'idle', 0],
    ['has nothing to do at a pod at rest', [], {}, 'idle', 0],
    ['does nothing to a pod at work', [notice('n1')], { mode: 'running' }, 'running', 0],
    ['does nothing to a pod that stops', [run('r1')], { mode: 'stopping' }, 'stopping', 0],
  ])('[state.watchdog] %s', (...[, log, live, mode, watchdogRescues]) => {
    const { core } = machineOf(log, { live });
    watchdog(core);
    expect(core.live).toMatchObject({ mode, watchdogRescues });
  });
});

describe('a commit', () => {
  it('[state.storage] that the log takes leaves no trace', () => {
    const machine = machineOf([]);
    expect(tryCommit(machine.core, [run('r1')])).toBe(true);
    expect([machine.performed, machine.core.live]).toEqual([[], freshLive()]);
  });

  it('[state.storage] that it refuses is said once, since when too, and tried again', () => {
    const machine = machineOf([]);
    machine.refusal = new Error('full');
    expect(tryCommit(machine.core, [run('r1')])).toBe(false);
    machine.wallMs += 5_000;
    machine.refusal = 'fuller' as unknown as Error;
    expect(tryCommit(machine.core, [run('r1')])).toBe(false);
    expect(machine.performed).toEqual([
      { type: 'alert', level: 'error', code: 'storageFailed', text: 'full' },
      retry,
      retry,
    ]);
    expect(machine.core.live).toEqual({
      ...freshLive(),
      storage: 'fuller',
      storageAt: '2026-01-01T01:00:00.000Z',
    });
  });

  it('[state.storage] is tried again at the latest after a minute', () => {
    const machine = machineOf([], { live: { turnsAbandoned: 6, storage: 'full' } });
    noteStorageProblem(machine.core, 'full');
    expect(machine.performed).toEqual([{ type: 'timer', name: 'storage', delayMs: 60_000 }]);
  });
});

describe('a pod', () => {
  it.each<[string, Line[], Live['mode']]>([
    ['idle', [], 'idle'],
    ['paused', [input('pause')], 'idle'],
    ['running', [], 'running'],
    ['running', [input('pause')], 'running'],
    ['stopping', [input('pause')], 'stopping'],
  ])('[state.status] is %s', (status, log, mode) => {
    expect(statusOf(machineOf(log, { live: { mode } }).core)).toBe(status);
  });

  it('[state.status] begins at rest, with nothing behind it', () => {
    expect(freshLive()).toEqual({
      mode: 'idle',
      modesHeard: 0,
      control: null,
      coalescing: false,
      spentAtMs: [],
      overBudget: null,
      overBudgetAt: '',
      overBudgetUntil: null,
      storage: null,
      storageAt: '',
      provider: { askedAt: null, failing: null },
      budget: null,
      time: null,
      turnsAbandoned: 0,
      watchdogRescues: 0,
      stopReason: null,
    });
  });

  it.each(['pause', 'resume', 'cancel'] as const)(
    '[state.status] a %s is a person’s entry and no work',
    (kind) => {
      expect(controlEntry('s1', kind)).toEqual({
        type: 'inputReceived',
        submission: 's1',
        kind,
        wake: false,
        from: { kind: 'person' },
        text: '',
        hops: 0,
      });
    },
  );
});
