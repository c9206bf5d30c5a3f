import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lessened, readSentEvent } from '../../src/protocol/read-event.ts';
import { eventBounds, sentPodEvent } from '../../src/protocol/pod-event.ts';

const turn = {
  kind: 'turnEnded' as const,
  outcome: 'finished' as const,
  usage: { inputTokens: 3, outputTokens: 4, cost: 0.5 },
  turn: 'turn-1',
  durationMs: 7,
  hops: 1,
  assignments: ['a'],
  outstanding: ['below'],
  settled: false,
  text: 'Done.',
  textChars: 5,
};
const errored = {
  ...turn,
  kind: 'errored',
  outcome: undefined,
  error: { category: 'auth', message: 'no key' },
};
const shutDown = {
  kind: 'shutDown',
  reason: 'asked',
  by: 'parent',
  assignments: ['a'],
  notStarted: ['b'],
  outstanding: [],
};
const instance = '019aac00-0000-7000-8000-000000000001';
const scoped = {
  kind: 'scopeSubDelegated',
  to: { name: 'below', instance },
  by: { name: 'kid', instance },
  scope: { read: [], write: ['/w'] },
  origin: { instance, seq: 3 },
};

/** [what is sent in the place of the right one, what it is taken for, what is named] */
const counts: [unknown, number][] = [1.5, -1, 1e308, 2 ** 53, '7', null, undefined, [], {}].map((odd) => [
  odd,
  0,
]);
const table: { of: object; field: string; odd: unknown; taken: object; named?: string }[] = [
  ...counts.flatMap(([odd]) => [
    { of: turn, field: 'hops', odd, taken: { hops: 0 } },
    { of: turn, field: 'textChars', odd, taken: { textChars: 5 } },
    {
      of: turn,
      field: 'usage',
      odd: { ...turn.usage, inputTokens: odd },
      taken: { usage: { ...turn.usage, inputTokens: 0 } },
      named: 'usage.inputTokens',
    },
  ]),
  ...[-1, '1', undefined, Number.NaN].flatMap((odd) => [
    {
      of: turn,
      field: 'usage',
      odd: { ...turn.usage, cost: odd },
      taken: { usage: { ...turn.usage, cost: null } },
      named: 'usage.cost',
    },
    { of: turn, field: 'durationMs', odd, taken: { durationMs: 0 } },
  ]),
  {
    of: turn,
    field: 'usage',
    odd: 'much',
    taken: { usage: { inputTokens: 0, outputTokens: 0, cost: null } },
    named: 'usage.cost',
  },
  { of: turn, field: 'text', odd: 7, taken: { text: '' } },
  { of: turn, field: 'text', odd: 'é'.repeat(70_000), taken: { text: 'é'.repeat(eventBounds.textCharsMax) } },
  { of: turn, field: 'turn', odd: null, taken: { turn: '' } },
  { of: turn, field: 'outstanding', odd: ['x', 3, 'y'], taken: { outstanding: ['x', 'y'] } },
  { of: turn, field: 'assignments', odd: 'a', taken: { assignments: [] } },
  { of: turn, field: 'by', odd: 'ghost', taken: {} },
  { of: { ...turn, outstanding: [] }, field: 'settled', odd: 'yes', taken: { settled: true } },
  { of: turn, field: 'settled', odd: undefined, taken: { settled: false } },
  { of: turn, field: 'reason', odd: { why: 'x' }, taken: { reason: '' } },
  {
    of: turn,
    field: 'outcome',
    odd: 'exploded',
    taken: { kind: 'errored', error: { category: 'unknownOutcome' }, assignments: ['a'], text: 'Done.' },
  },
  {
    of: errored,
    field: 'error',
    odd: 'no key',
    taken: { error: { category: 'unknown', message: 'what went wrong cannot be read' } },
    named: 'error.message',
  },
  {
    of: errored,
    field: 'error',
    odd: { category: { a: 1 }, message: 'no key' },
    taken: { error: { category: 'unknown', message: 'no key' } },
    named: 'error.category',
  },
  { of: shutDown, field: 'reason', odd: 7, taken: { reason: '' } },
  { of: shutDown, field: 'notStarted', odd: undefined, taken: { notStarted: [] } },
  { of: shutDown, field: 'by', odd: 1, taken: {} },
  {
    of: scoped,
    field: 'to',
    odd: { name: 'Ünlike', instance },
    taken: { to: { name: 'unknown', instance } },
    named: 'to.name',
  },
  { of: scoped, field: 'scope', odd: '/w', taken: { scope: { read: [], write: [] } } },
];

describe('what a child reports', () => {
  it.each(table)('[outcome.details] $field as $odd', ({ of, field, odd, taken, named }) => {
    const read = readSentEvent({ ...of, [field]: odd });
    expect(read).toMatchObject({ ...taken, unread: expect.arrayContaining([named ?? field]) });
    // Every other field is as it was sent.
    const others = Object.keys(of).filter((key) => !(key in taken) && key !== 'outcome' && key !== field);
    for (const key of others) expect(read).toHaveProperty(key, (of as Record<string, unknown>)[key]);
    expect(sentPodEvent().safeParse(read).success).toBe(true);
  });

  it('[outcome.details] whatever is sent as one of the four kinds comes out as an event that the schema takes', () => {
    const bodies = fc.constantFrom<object>(turn, errored, shutDown, scoped);
    const field = fc.constantFrom(
      'usage',
      'error',
      'text',
      'assignments',
      'outstanding',
      'hops',
      'to',
      'origin',
      'by',
      'settled',
      'outcome',
    );
    const property = fc.property(
      bodies,
      fc.array(fc.tuple(field, fc.jsonValue()), { maxLength: 4 }),
      (of, odd) => {
        const read = readSentEvent({ ...of, ...Object.fromEntries(odd) });
        expect(sentPodEvent().safeParse(read).success).toBe(true);
      },
    );
    fc.assert(property, { numRuns: 2_000 });
  });

  it('[outcome.said] only the receiver names fields as unread', () => {
    expect(readSentEvent({ ...turn, unread: ['text'] })).toEqual(turn);
    expect(readSentEvent(turn)).toEqual(turn);
  });

  it('[outcome.unknown-kind] of an unknown kind is told as an error; what is none, or a parent’s own, is not taken', () => {
    expect(readSentEvent({ kind: 'dreamt', of: 'sheep' })).toMatchObject({
      kind: 'errored',
      error: { category: 'unknownEvent', message: expect.stringContaining('"dreamt"') },
      assignments: [],
    });
    for (const none of [
      null,
      7,
      [],
      {},
      { kind: 7 },
      { kind: 'died' },
      { kind: 'unreachable', sinceMs: 1 },
    ]) {
      expect(readSentEvent(none)).toBeNull();
    }
  });

  it('[outcome.details] what no line could hold keeps its kind, its outcome and the beginning of its text', () => {
    const assignments = Array.from({ length: 5_000 }, () => 'a'.repeat(256));
    const left = lessened({ ...turn, assignments });
    expect(left).toMatchObject({ kind: 'turnEnded', outcome: turn.outcome, text: 'Done.', assignments: [] });
    expect(left.unread).toContain('assignments');
    expect(JSON.stringify(left).length).toBeLessThan(5_000);
  });
});
