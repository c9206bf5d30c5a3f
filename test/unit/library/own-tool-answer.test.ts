import { describe, expect, it } from 'vitest';
import { answerIn } from '../../../src/library/own-tool-answer.ts';

const circular: Record<string, unknown> = {};
circular['self'] = circular;
const closed = new Proxy(
  {},
  {
    get() {
      throw new Error('closed');
    },
  },
);

describe('what a tool of a program gave back', () => {
  it.each([
    ['a text', 'Rain', 'Rain'],
    ['an answer', { text: 'Rain' }, 'Rain'],
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['a number', 5, '5'],
    ['no', false, 'false'],
    ['a bigint', 5n, '5'],
    ['an object', { a: 1, n: 2n, s: new Set([1]) }, '{"a":1,"n":"2","s":[1]}'],
    ['a list', [1, 'b'], '[1,"b"]'],
    ['an answer whose text is a number', { text: 5 }, '5'],
    ['an answer without a text', { text: undefined }, ''],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['bytes of a text', Buffer.from('Süd'), 'Süd'],
    ['a map', new Map([['a', 1]]), '[["a",1]]'],
    ['half a character', 'a\uD800', 'a\uFFFD'],
  ])('[library.foreign-values] %s', (_, given, text) => {
    expect(answerIn(given)).toEqual({ text, isError: false });
  });

  it.each([
    ['bytes of an image', new Uint8Array([0xff, 0xd8])],
    ['a function', () => 'x'],
    ['what holds itself', circular],
    ['what cannot be read', closed],
    ['a date that is none', new Date(Number.NaN)],
    ['what JSON drops', { toJSON: () => undefined }],
  ])('[library.foreign-values] %s: it ran, and nothing can be told', (_, given) => {
    const { text, isError } = answerIn(given);
    expect(text).toMatch(/^The tool ran and gave nothing that can be told/);
    expect(isError).toBe(false);
  });

  it('[library.foreign-values] only what says so of itself is an error, and no text is too long', () => {
    expect(answerIn({ text: 'no', isError: true })).toEqual({ text: 'no', isError: true });
    expect(answerIn({ text: 'no', isError: 'yes' })).toEqual({ text: 'no', isError: false });
    expect(answerIn(new Error('no station'))).toEqual({ text: 'no station', isError: true });
    const { text } = answerIn('x'.repeat(2_000_000));
    expect(text.length).toBeLessThanOrEqual(1_048_576);
    expect(text).toMatch(/cut: it was longer\)$/);
  });
});
