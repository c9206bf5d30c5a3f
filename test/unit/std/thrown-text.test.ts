import { describe, expect, it } from 'vitest';
import { thrownText } from '../../../src/std/thrown-text.ts';

const throwing = (): never => {
  throw new Error('read');
};
const noWords = 'something was thrown that cannot be put into words';
class Closed extends Error {
  override get message(): string {
    return throwing();
  }
}
const closed = new Proxy({}, { get: throwing, getPrototypeOf: throwing, has: throwing, ownKeys: throwing });
const circular: Record<string, unknown> = {};
circular['self'] = circular;

describe('what was thrown, in words', () => {
  it.each([
    ['an error', new Error('no station'), 'no station'],
    ['an error without a message', new TypeError(''), 'TypeError'],
    ['a text', 'no', 'no'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 7, '7'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['what is like an error', { message: 'odd' }, 'odd'],
    ['an object', { code: 3 }, '{"code":3}'],
    ['an object without a prototype', Object.create(null), '{}'],
    ['an error whose message throws', new Closed(), noWords],
    ['a proxy of which nothing can be read', closed, noWords],
    ['what holds itself', circular, noWords],
    ['a function that JSON drops', { toJSON: () => undefined }, noWords],
    ['a message that is no text', Object.assign(new Error('x'), { message: 5 }), 'Error'],
  ])('[library.foreign-values] %s', (_, thrown, words) => {
    expect(thrownText(thrown)).toBe(words);
  });
});
