/** What a call changes of a file, as lines. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffOf } from '../../../src/screen/diff.ts';
import type { Line } from '../../../src/screen/line.ts';
import { lineWidth } from '../../../src/screen/text.ts';
import { hostileText, steers } from '../../support/hostile-text.ts';

const textOf = (line: Line) => line.map(({ text }) => text).join('');
const edited = (before: string, after: string, columns = 40) =>
  diffOf('Edit', { path: 'a', old: before, new: after })?.lines(columns).map(textOf);

describe('a difference', () => {
  it.each([
    ['one line', 'a\nb\nc', 'a\nB\nc', ['  a', '- b', '+ B', '  c']],
    ['an end of the last line is none', 'a\n', 'b\n', ['- a', '+ b']],
    ['all goes', 'a\nb', '', ['- a', '- b']],
    [
      'far from a change is left out',
      '1\n2\n3\n4\n5\n6\n7\n8\n9',
      'A\n2\n3\n4\n5\n6\n7\n8\nB',
      ['- 1', '+ A', '  2', '  3', '…', '  7', '  8', '- 9', '+ B'],
    ],
    ['unchanged to the end', 'a\n2\n3\n4\n5', 'b\n2\n3\n4\n5', ['- a', '+ b', '  2', '  3']],
    [
      'a long line goes on set in',
      'x',
      `${'word '.repeat(9)}- end`,
      ['- x', `+ ${'word '.repeat(7)}word`, '  word - end'],
    ],
  ])('[screen.diff] %s', (_, before, after, lines) => {
    expect(edited(before, after, 42)).toEqual(lines);
  });

  it('[screen.diff] counts what comes and goes; a new file comes whole; other calls change nothing', () => {
    expect(diffOf('Edit', { old: 'a\nb\nc', new: 'a\nx\ny\nc' })).toMatchObject({ added: 2, removed: 1 });
    const written = diffOf('Write', { path: 'a', content: 'one\ntwo\n' });
    expect(written).toMatchObject({ added: 2, removed: 0 });
    expect(written?.lines(20).map(textOf)).toEqual(['+ one', '+ two']);
    for (const input of [null, 'x', [], {}, { old: 1, new: 'a' }]) expect(diffOf('Edit', input)).toBeNull();
    expect(diffOf('Bash', { old: 'a', new: 'b' })).toBeNull();
  });

  it('[screen.diff] [screen.r16] no line is too wide, nothing steers, and each begins with its sign', () => {
    fc.assert(
      fc.property(hostileText, hostileText, fc.integer({ min: 4, max: 40 }), (before, after, columns) => {
        for (const line of diffOf('Edit', { old: before, new: after })?.lines(columns) ?? []) {
          expect(lineWidth(line)).toBeLessThanOrEqual(columns);
          expect(textOf(line)).not.toMatch(steers);
          expect(textOf(line)).toMatch(/^(?:[+\- ] |…$)/);
        }
      }),
    );
  });

  it('[screen.diff-bounded] what takes too long to compare goes and comes whole, and is counted beyond a bound', () => {
    const many = (word: string) =>
      Array.from({ length: 30_000 }, (_, at) => `${word} ${(at * 7919) % 30_011}`).join('\n');
    const made = diffOf('Edit', { old: many('a'), new: many('b') });
    expect(made).toMatchObject({ added: 30_000, removed: 30_000 });
    const lines = made?.lines(40).map(textOf) ?? [];
    expect(lines).toHaveLength(5_001);
    expect(lines.at(-1)).toBe('… 55000 more lines');
  });
});
