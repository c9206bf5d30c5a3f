/**
 * The texts of a pod from a cursor on, cut where there is no room: read together they are the whole, once.
 */
import { describe, expect, it } from 'vitest';
import { type Output, OutputReading, readHeldOutput } from '../../../../src/pod/machine/read-output.ts';
import type { Facts } from '../../../../src/session/facts/facts.ts';
import { forgetSaidThrough, saidFrom } from '../../../../src/session/facts/transcript.ts';
import {
  type Line,
  begun,
  called,
  ended,
  factsOf,
  interrupted,
  result,
  said,
  working,
} from '../../machine-rig.ts';

/** From memory; entry by entry, as it comes from a log, it is the same. */
function readOutput(facts: Facts, since: string | undefined, maxChars: number): Output {
  const held = readHeldOutput(facts, since, maxChars);
  const reading = new OutputReading(facts, since, maxChars);
  for (const entry of saidFrom(facts, 0)) if (!reading.take(entry)) break;
  const read = reading.end();
  expect(read).toEqual(held);
  return read;
}

const cursor = (seq: number, offset = 0) =>
  Buffer.from(JSON.stringify({ seq, offset })).toString('base64url');
/** The first text is entry 6, the second entry 9, the last entry 10. */
const two: Line[] = [
  ...working('t1', 'r1'),
  said('t1', 'hello'),
  called('t1', 'c1'),
  result('t1', 'c1'),
  said('t1', 'world', 2),
];
const log = [...two, ended('t1')];
const facts = factsOf(log);

const whole = { text: 'hello\n\nworld', cursor: cursor(10), truncated: false, coversTurn: 't1' };
const cut = (text: string, at: string) => ({ text, cursor: at, truncated: true, coversTurn: null });

describe('reading', () => {
  it.each<[string, string | undefined, number, object]>([
    ['all, from the beginning', undefined, 100, whole],
    ['all, with just enough room', undefined, 12, whole],
    ['what fits', undefined, 11, cut('hello\n\nworl', cursor(9, 4))],
    ['up to the end of a text', undefined, 5, cut('hello', cursor(9, -2))],
    ['up to the middle of what stands between two texts', undefined, 6, cut('hello\n', cursor(9, -1))],
    ['up to the next text', undefined, 7, cut('hello\n\n', cursor(9, 0))],
    ['a part of the first text', undefined, 3, cut('hel', cursor(6, 3))],
    ['on in the first text', cursor(6, 3), 100, { ...whole, text: 'lo\n\nworld' }],
    ['on with what stands between', cursor(9, -2), 100, { ...whole, text: '\n\nworld' }],
    ['on in the middle of that', cursor(9, -1), 100, { ...whole, text: '\nworld' }],
    ['on with the next text', cursor(9, 0), 100, { ...whole, text: 'world' }],
    ['on in the next text, again cut', cursor(9, 1), 2, cut('or', cursor(9, 3))],
    ['from an entry that is no text', cursor(7), 100, { ...whole, text: 'world' }],
    ['from behind everything', cursor(10), 100, { ...whole, text: '' }],
    ['from behind the whole log', cursor(99), 100, { ...whole, text: '', cursor: cursor(99) }],
    ['from a cursor that is none', 'nonsense', 100, whole],
    ['from a cursor before the first entry', cursor(0), 100, whole],
    ['from a cursor with a place that no text has', cursor(9, -3), 100, whole],
    ['from a cursor with half an entry', cursor(6.5), 100, whole],
  ])('[read-output.cursor] %s', (...[, since, room, output]) => {
    expect(readOutput(facts, since, room)).toEqual(output);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 12])(
    '[read-output.whole] in pieces of %i, read together they are the whole',
    (room) => {
      let text = '';
      let since: string | undefined;
      for (let pieces = 0; pieces < 20; pieces += 1) {
        const output = readOutput(facts, since, room);
        text += output.text;
        since = output.cursor;
        if (!output.truncated) break;
      }
      expect(text).toBe('hello\n\nworld');
    },
  );

  it.each<[string, string, number, string]>([
    ['is left for the next piece', 'ab\u{1F600}c', 3, 'ab'],
    ['is left for the next piece, the first of those that have two', 'ab\u{10000}c', 3, 'ab'],
    ['is left for the next piece, the last of those that have two', 'ab\u{10FFFF}c', 3, 'ab'],
    ['is in it where it fits', 'ab\u{1F600}c', 4, 'ab\u{1F600}'],
    ['is divided where there would be no step forward otherwise', '\u{1F600}c', 1, '\uD83D'],
    ['is not divided for a step forward of two', '\u{1F600}\u{1F600}', 3, '\u{1F600}'],
    ['ends where the last half of one is the last character', 'a\uDE00c', 2, 'a\uDE00'],
  ])('[read-output.characters] a character of two halves %s', (...[, said1, room, text]) => {
    expect(readOutput(factsOf([...working('t1', 'r1'), said('t1', said1)]), undefined, room).text).toBe(text);
  });

  it('[read-output.characters] a character of two halves waits for the next piece also behind another text', () => {
    const behind = factsOf([...working('t1', 'r1'), said('t1', 'a'), said('t1', '\u{1F600}', 2)]);
    expect(readOutput(behind, undefined, 4)).toEqual(cut('a\n\n', cursor(7, 0)));
  });

  it.each<[string, Line[], string | null]>([
    ['a finished turn', log, 't1'],
    ['no turn that goes on', two, null],
    [
      'the turn that finished last, behind one that was interrupted',
      [...log, begun('t2'), interrupted('t2')],
      't1',
    ],
    ['no turn that is open again', [...log, begun('t2')], null],
    ['no turn that ended otherwise', [...two, ended('t1', 'cancelled')], null],
    ['nothing where no turn ever was', [], null],
  ])('[read-output.covers] to the end, it covers %s', (_, lines, coversTurn) => {
    expect(readOutput(factsOf(lines), undefined, 100).coversTurn).toBe(coversTurn);
  });

  it('[read-output.cursor] of a pod that never spoke is the beginning', () => {
    expect(readOutput(factsOf([]), undefined, 100)).toEqual({
      ...whole,
      text: '',
      cursor: cursor(1),
      coversTurn: null,
    });
  });

  it('[read-output.cursor] texts without a word and other entries are passed over', () => {
    const lines = [
      ...working('t1', 'r1'),
      said('t1', ''),
      said('t1', 'a'),
      called('t1', 'c1'),
      said('t1', ''),
      said('t1', 'b'),
    ];
    expect(readOutput(factsOf(lines), undefined, 100)).toMatchObject({ text: 'a\n\nb', cursor: cursor(11) });
  });

  it('[checkpoint.said] what memory does not hold any more is not answered from memory', () => {
    const known = factsOf(log);
    forgetSaidThrough(known, 8);
    expect(readHeldOutput(known, cursor(8), 100)).toBeNull();
    expect(readHeldOutput(known, cursor(9), 100)).toMatchObject({ text: 'world', coversTurn: 't1' });
  });
});
