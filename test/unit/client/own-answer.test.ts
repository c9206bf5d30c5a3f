/** Histories of a pod's log, and what each submission came to in them. */
import { describe, expect, it } from 'vitest';
import { OwnAnswer } from '../../../src/client/own-answer.ts';
import type { PodEvent } from '../../../src/protocol/pod-event.ts';
import type { EntryBody, TurnKind, TurnOutcome } from '../../../src/session/facts/entries.ts';
import { answer, numbered, stopped } from '../cli-b/entries.ts';

const kid = { name: 'kid', instance: 'kid-id' };
const person = { kind: 'person' } as const;
const given = (submission: string): EntryBody => ({
  type: 'inputReceived',
  submission,
  kind: 'run',
  wake: true,
  from: person,
  text: submission,
  hops: 0,
});
const noticed = (submission: string, wake = true): EntryBody => ({
  type: 'inputReceived',
  submission,
  kind: 'notice',
  wake,
  from: person,
  text: submission,
  hops: 0,
});
const cancels: EntryBody = {
  type: 'inputReceived',
  submission: 'c',
  kind: 'cancel',
  wake: false,
  from: person,
  text: '',
  hops: 0,
};
const begins = (turn: string, submissions: string[], kind: TurnKind = 'run'): EntryBody => ({
  type: 'turnStarted',
  turn,
  kind,
  submissions,
  hops: 0,
  cause: 'person',
});
const wakes = (turn: string) => begins(turn, [], 'runForNotification');
const says = (turn: string, text: string) => answer(text, { turn });
const ends = (turn: string, outcome: TurnOutcome = 'finished', reason?: string): EntryBody => ({
  type: 'turnEnded',
  turn,
  outcome,
  settled: true,
  outstanding: [],
  usage: { inputTokens: 1, outputTokens: 1, cost: 0 },
  durationMs: 1,
  ...(reason === undefined ? {} : { reason }),
});
const shows = (turn: string, submission: string): EntryBody => ({
  type: 'systemItem',
  turn,
  item: { kind: 'notice', submission, from: person, body: 'note' },
});
const handsDown = (turn: string, assignment: string): EntryBody => ({
  type: 'assignment',
  assignment,
  child: kid,
  state: 'open',
  text: 'work',
  turn,
});
const event: PodEvent = {
  kind: 'turnEnded',
  outcome: 'finished',
  turn: 'k',
  assignments: ['a1'],
  outstanding: [],
  settled: true,
  text: 'kid has it',
  textChars: 10,
  usage: { inputTokens: 1, outputTokens: 1, cost: 0 },
  durationMs: 1,
  hops: 0,
};
const from = { ...kid, incarnation: 1 };
const reports = (assignment: string, seq = 1): EntryBody => ({
  type: 'podEventReceived',
  from,
  eventSeq: seq,
  event,
  reads: true,
  wakes: true,
  closes: [assignment],
});
const showsReport = (turn: string, seq = 1): EntryBody => ({
  type: 'systemItem',
  turn,
  item: { kind: 'podEvent', from, seq, event, body: 'kid has it' },
});
const dies = (turn: string): EntryBody[] => [
  { type: 'started', incarnation: 2, pid: 1, startTime: '1', bootId: 'b', podkin: '1' },
  { type: 'interrupted', turn, reason: 'died', calls: [] },
];
const compacts = (turn: string): EntryBody => ({
  type: 'compaction',
  turn,
  why: 'size',
  through: 1,
  model: 'm',
  kept: [],
  summary: 'S',
  table: '',
  usage: { inputTokens: 1, outputTokens: 1, cost: 0 },
  before: 9,
  after: 5,
});
const one = [given('A'), begins('1', ['A']), says('1', 'ONE'), ends('1')];
const two = [given('B'), begins('2', ['B']), says('2', 'TWO'), ends('2')];

/** What A, B … came to: text and outcome of what is over; null for what is not. */
type Expected = Record<string, readonly [string, TurnOutcome | null] | null>;
const cases: readonly (readonly [string, readonly EntryBody[], Expected])[] = [
  ['alone', one, { A: ['ONE', 'finished'] }],
  ['not taken', one, { B: null }],
  ['queued', [...one, given('B')], { A: ['ONE', 'finished'], B: null }],
  ['at work', one.slice(0, 3), { A: null }],
  ['gone on with', [...one, ...two], { A: ['ONE', 'finished'], B: ['TWO', 'finished'] }],
  [
    'two at once',
    [given('A'), begins('1', ['A']), given('B'), ...one.slice(2), ...two.slice(1)],
    { A: ['ONE', 'finished'], B: ['TWO', 'finished'] },
  ],
  [
    'a notice behind it',
    [...one, noticed('N'), wakes('2'), shows('2', 'N'), says('2', 'NOTED'), ends('2')],
    { A: ['ONE', 'finished'], N: ['NOTED', 'finished'] },
  ],
  [
    'a notice within it',
    [...one.slice(0, 2), says('1', 'before'), noticed('N'), shows('1', 'N'), ...one.slice(2)],
    { A: ['ONE', 'finished'], N: ['ONE', 'finished'] },
  ],
  [
    'a notice shown last, with no word behind it',
    [...one.slice(0, 3), noticed('N'), shows('1', 'N'), ends('1')],
    { A: ['ONE', 'finished'], N: ['', 'finished'] },
  ],
  ['a notice that wakes nobody', [...one, noticed('N', false)], { A: ['ONE', 'finished'], N: ['', null] }],
  [
    'cancelled',
    [...one.slice(0, 3), ends('1', 'cancelled'), ...two],
    { A: ['ONE', 'cancelled'], B: ['TWO', 'finished'] },
  ],
  [
    'at a limit',
    [...one.slice(0, 3), ends('1', 'limitReached', 'steps'), ...two],
    { A: ['ONE', 'limitReached'] },
  ],
  ['failed', [...one.slice(0, 2), ends('1', 'errored'), ...two], { A: ['', 'errored'] }],
  [
    'dropped',
    [given('A'), { type: 'inputDropped', submission: 'A', reason: 'dropped' }, ...two],
    { A: ['', 'cancelled'], B: ['TWO', 'finished'] },
  ],
  [
    'summed up between',
    [...one.slice(0, 2), compacts('1'), ...one.slice(2), compacts(''), ...two],
    { A: ['ONE', 'finished'] },
  ],
  ['died', [...one.slice(0, 3), ...dies('1')], { A: null }],
  [
    'died and gone on with',
    [
      ...one.slice(0, 2),
      says('1', 'half'),
      ...dies('1'),
      begins('1b', ['A'], 'resume'),
      says('1b', 'ONE'),
      ends('1b'),
      ...two,
    ],
    { A: ['ONE', 'finished'], B: ['TWO', 'finished'] },
  ],
  [
    'died, and something else in its place',
    [...one.slice(0, 3), ...dies('1'), ...two],
    { A: ['ONE', 'cancelled'], B: ['TWO', 'finished'] },
  ],
  ['stopped in the middle', [...one.slice(0, 3), stopped], { A: null }],
  ['paused', [...one.slice(0, 3), ends('1', 'paused')], { A: null }],
  [
    'paused and cancelled',
    [...one.slice(0, 3), ends('1', 'paused'), cancels, ...two],
    { A: ['ONE', 'cancelled'] },
  ],
  [
    'paused and resumed',
    [
      ...one.slice(0, 2),
      ends('1', 'paused'),
      begins('1b', ['A'], 'resume'),
      says('1b', 'ONE'),
      ends('1b'),
      ...two,
    ],
    { A: ['ONE', 'finished'] },
  ],
  ['handed down and not reported', [...one.slice(0, 2), handsDown('1', 'a1'), ...one.slice(2)], { A: null }],
  [
    'reported and not read',
    [...one.slice(0, 2), handsDown('1', 'a1'), ...one.slice(2), reports('a1')],
    { A: null },
  ],
  [
    'finished by a report',
    [
      ...one.slice(0, 2),
      handsDown('1', 'a1'),
      says('1', 'waiting'),
      ends('1'),
      reports('a1'),
      wakes('1n'),
      showsReport('1n'),
      says('1n', 'ONE'),
      ends('1n'),
      ...two,
    ],
    { A: ['ONE', 'finished'], B: ['TWO', 'finished'] },
  ],
  [
    'finished by a report, behind another submission',
    [
      ...one.slice(0, 2),
      handsDown('1', 'a1'),
      says('1', 'waiting'),
      ends('1'),
      ...two,
      reports('a1'),
      wakes('1n'),
      showsReport('1n'),
      says('1n', 'ONE'),
      ends('1n'),
    ],
    { A: ['ONE', 'finished'], B: ['TWO', 'finished'] },
  ],
  [
    'a report cut by a death',
    [
      ...one.slice(0, 2),
      handsDown('1', 'a1'),
      ends('1'),
      reports('a1'),
      wakes('1n'),
      showsReport('1n'),
      ...dies('1n'),
      begins('1r', [], 'resume'),
      says('1r', 'ONE'),
      ends('1r'),
      ...two,
    ],
    { A: ['ONE', 'finished'], B: ['TWO', 'finished'] },
  ],
  [
    'the same child for both',
    [
      ...one.slice(0, 2),
      handsDown('1', 'a1'),
      ends('1'),
      given('B'),
      begins('2', ['B']),
      handsDown('2', 'b1'),
      ends('2'),
      reports('a1'),
      wakes('1n'),
      showsReport('1n'),
      says('1n', 'ONE'),
      ends('1n'),
      reports('b1', 2),
      wakes('2n'),
      showsReport('2n', 2),
      says('2n', 'TWO'),
      ends('2n'),
    ],
    { A: ['ONE', 'finished'], B: ['TWO', 'finished'] },
  ],
  [
    'read already',
    [
      ...one.slice(0, 2),
      handsDown('1', 'a1'),
      {
        type: 'podEventReceived',
        from,
        eventSeq: 1,
        event,
        reads: true,
        wakes: true,
        closes: ['a1'],
        readAt: 4,
      },
      ...one.slice(2),
      ...two,
    ],
    { A: ['ONE', 'finished'] },
  ],
];

describe('what a submission came to', () => {
  it.for(cases)('[answer.own] %s', ([, bodies, expected]) => {
    const found = Object.keys(expected).map((submission) => {
      const own = new OwnAnswer({ name: 'x', instance: 'x-id' }, [submission]);
      for (const entry of numbered(bodies)) own.take(entry);
      const { text, lastTurn } = own.tally;
      return [submission, own.isOver ? [text, lastTurn?.outcome ?? null] : null];
    });
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  it.for(cases)('[answer.own] once over, nothing later changes it: %s', ([, bodies, expected]) => {
    for (const submission of Object.keys(expected)) {
      const own = new OwnAnswer({ name: 'x', instance: 'x-id' }, [submission]);
      let over: unknown = null;
      for (const entry of numbered([...bodies, given('Z'), begins('z', ['Z']), says('z', 'Z'), ends('z')])) {
        own.take(entry);
        if (over !== null) expect([own.isOver, own.tally.text, own.tally.lastTurn]).toEqual(over);
        else if (own.isOver) over = [true, own.tally.text, own.tally.lastTurn];
      }
    }
  });
});
