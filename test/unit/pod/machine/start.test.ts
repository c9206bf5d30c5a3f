/** When a turn starts, and which: `evaluate` over logs, as tables of what is committed and performed. */
import { describe, expect, it } from 'vitest';
import type { Effect, Live } from '../../../../src/pod/machine/core.ts';
import { boot, evaluate } from '../../../../src/pod/machine/state.ts';
import type { EntryBody, InputSource } from '../../../../src/session/facts/entries.ts';
import {
  type Line,
  type MachineOptions,
  above,
  asked,
  assigned,
  begun,
  called,
  child,
  completed,
  ended,
  finished,
  fromAbove,
  input,
  interrupted,
  kid,
  machineOf,
  notice,
  person,
  received,
  run,
  working,
} from '../../machine-rig.ts';

const starts = (turn: string): Effect[] => [{ type: 'startTurn', turn }, { type: 'statusChanged' }];
const coalesce: Effect = { type: 'timer', name: 'coalesce', delayMs: 100 };
const notified = (fields: object = {}): EntryBody[] => [
  begun('id-1', { kind: 'runForNotification', hops: 1, counted: true, ...fields }),
];

interface Case extends MachineOptions {
  log?: Line[];
  urgent?: boolean;
  commits?: EntryBody[][];
  performs?: Effect[];
  /** What is otherwise than before. */
  live?: Partial<Live>;
  after?: Partial<Live>;
}

function check({ log = [], urgent = true, commits = [], performs = [], after = {}, ...options }: Case): void {
  const machine = machineOf(log, options);
  const before = structuredClone(machine.core.live);
  evaluate(machine.core, { urgent });
  expect(machine.committed).toStrictEqual(commits);
  expect(machine.performed).toEqual(performs);
  expect(machine.core.live).toEqual({ ...before, ...after });
}

const running = { mode: 'running', control: null, coalescing: false } as const;
const spent = { ...running, spentAtMs: [1_000_000] };

const nothing: Record<string, Case> = {
  'nothing waits': {},
  'a turn runs': { log: [run('r1')], live: { mode: 'running' } },
  'the pod is stopping': { log: [run('r1')], live: { mode: 'stopping' } },
  'the log cannot be written': { log: [run('r1')], live: { storage: 'no space' } },
  'the pod is paused': { log: [run('r1'), input('pause')] },
  'what waits wakes nobody': { log: [notice('n1', { wake: false })] },
  'nothing waits any more: the budget is there again': {
    live: { overBudget: 'hops' },
    after: { overBudget: null },
  },
};

describe('nothing starts', () => {
  it.each(Object.entries(nothing))('[state.idle] where %s', (_, row) => check(row));
});

const resume = (fields: object) => begun('id-1', { kind: 'resume', ...fields });
const from = (source: InputSource) => [run('r1', { from: source, hops: 3 })];
const begin = (source: InputSource, fields: object) => [
  begun('id-1', { submissions: ['r1'], ...fields }),
  asked('id-1', 'r1', source),
];
const far: InputSource = { kind: 'pod', name: 'far' };

const started: Record<string, Case> = {
  'a person’s run': {
    log: from(person),
    commits: [begin(person, { hops: 3 })],
    performs: starts('id-1'),
    after: running,
  },
  'the parent’s run': {
    log: from(fromAbove),
    commits: [begin(fromAbove, { hops: 3, cause: 'parent' })],
    performs: starts('id-1'),
    after: running,
  },
  'another pod’s run': {
    log: from(far),
    commits: [begin(far, { hops: 3 })],
    performs: starts('id-1'),
    after: running,
  },
  'the first of several runs, before notices, at once': {
    log: [notice('n1'), run('r1'), run('r2')],
    urgent: false,
    commits: [begin(person, {})],
    performs: starts('id-1'),
    after: running,
  },
  'an interrupted turn before any run': {
    log: [
      run('r1'),
      run('r2'),
      begun('t1', { submissions: ['r1'], hops: 2, cause: 'parent' }),
      asked('t1', 'r1'),
      interrupted('t1'),
    ],
    commits: [[resume({ submissions: ['r1'], hops: 2, cause: 'parent' })]],
    performs: starts('id-1'),
    after: running,
  },
  'a paused turn after the resume': {
    log: [run('r1'), ...working('t1', 'r0'), ended('t1', 'paused'), input('resume')],
    commits: [[resume({ submissions: ['r0'] })]],
    performs: starts('id-1'),
    after: running,
  },
  'a run, what is left of a control and a coalescing timer forgotten': {
    log: from(person),
    live: { control: { kind: 'pause', by: 'person' }, coalescing: true },
    commits: [begin(person, { hops: 3 })],
    performs: starts('id-1'),
    after: running,
  },
  'what a failed write left open, closed first': {
    log: [...working('t1', 'r1'), called('t1', 'c1')],
    commits: [
      [
        expect.objectContaining({ type: 'toolResult', call: 'c1', interrupted: true }),
        { type: 'interrupted', turn: 't1', reason: 'the log could not be written', calls: ['c1'] },
      ],
      [resume({ submissions: ['r1'] })],
    ],
    performs: starts('id-1'),
    after: running,
  },
};

describe('what starts', () => {
  it.each(Object.entries(started))('[state.order] %s', (_, row) => check(row));

  it.each<[string, Line[]]>([
    ['an open turn', working('t1', 'r1')],
    ['what is behind an open turn', [...working('t1', 'r1'), run('r2')]],
    ['a run', [run('r1')]],
    ['a notice', [notice('n1')]],
  ])('[state.commit-first] nothing of %s where the log refuses', (_, log) => {
    const machine = machineOf(log);
    machine.refusal = new Error('no space');
    evaluate(machine.core, { urgent: true });
    expect(machine.committed).toEqual([]);
    expect(machine.performed).toEqual([
      { type: 'alert', level: 'error', code: 'storageFailed', text: 'no space' },
      { type: 'timer', name: 'storage', delayMs: 1_000 },
    ]);
    expect(machine.core.live).toMatchObject({ mode: 'idle', storage: 'no space', spentAtMs: [] });
  });
});

const report = [child(kid, 'linked'), assigned('a1'), received(1, finished({ hops: 4 }), { closes: ['a1'] })];

const woken: Record<string, Case> = {
  'a notice, at once': {
    log: [notice('n1', { hops: 6 })],
    commits: [notified({ hops: 7 })],
    performs: starts('id-1'),
    after: spent,
  },
  'a notice, where nothing is to be waited for': {
    log: [notice('n1')],
    urgent: false,
    limits: { coalesceMs: 0 },
    commits: [notified()],
    performs: starts('id-1'),
    after: spent,
  },
  'a notice waits for its siblings': {
    log: [notice('n1')],
    urgent: false,
    performs: [coalesce],
    after: { coalescing: true },
  },
  'the time that the first of them set holds for the others': {
    log: [notice('n1'), notice('n2')],
    urgent: false,
    live: { coalescing: true },
  },
  'the time is over': {
    log: [notice('n1')],
    live: { coalescing: true },
    commits: [notified()],
    performs: starts('id-1'),
    after: spent,
  },
  'turns of more than a minute ago are forgotten': {
    log: [notice('n1')],
    live: { spentAtMs: [939_999, 940_000, 940_001] },
    commits: [notified()],
    performs: starts('id-1'),
    after: { ...running, spentAtMs: [940_001, 1_000_000] },
  },
  'a report that closes own work costs none of the minute’s turns': {
    log: report,
    live: { overBudget: 'turnsPerMinute' },
    commits: [[begun('id-1', { kind: 'runForNotification', hops: 5 })]],
    performs: starts('id-1'),
    after: { ...running, overBudget: null },
  },
};

describe('a notification turn', () => {
  it.each(Object.entries(woken))('[state.notified] %s', (_, row) => check(row));

  const seen = (cause: 'person' | 'parent') => [begun('t1', { cause }), ended('t1')];
  it.each<[string, Line[], MachineOptions, 'person' | 'parent']>([
    ['a root that nobody has given work', [], {}, 'person'],
    ['a child that nobody has given work', [], { parent: above }, 'parent'],
    ['a child that spoke with a person last', seen('person'), { parent: above }, 'person'],
    ['a child that worked for its parent last', seen('parent'), { parent: above }, 'parent'],
    [
      'a child with open work, whoever spoke last',
      [...working('t0', 'a0', fromAbove), completed('t0', 5), ended('t0'), ...seen('person')],
      { parent: above },
      'parent',
    ],
  ])('[state.cause] of %s is for whom its work is', (_, log, options, cause) => {
    const machine = machineOf([...log, notice('n1')], options);
    evaluate(machine.core, { urgent: true });
    expect(machine.committed).toEqual([notified({ cause })]);
  });

  it('[state.notified] at the start of a process waits for siblings too', () => {
    const machine = machineOf([notice('n1')]);
    boot(machine.core);
    expect(machine.performed).toEqual([coalesce]);
  });
});
