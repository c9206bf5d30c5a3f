import { cpuTimer } from '../../support/cpu-timer.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob, escapeGlob, globProblem, splitGlob } from '../../../src/std/glob.ts';

describe('patterns for paths', () => {
  it('[glob.pattern] stars, signs, classes, braces and depth match what they say and nothing else', () => {
    const rows: [string, string, boolean][] = [
      ['*.ts', 'a.ts', true],
      ['*.ts', '.a.ts', true],
      ['*.ts', 'd/a.ts', false],
      ['**/*.ts', 'a.ts', true],
      ['**/*.ts', 'd/e/a.ts', true],
      ['src/**', 'src/a/b', true],
      ['src/**', 'srcs/a', false],
      ['a/**/z', 'a/z', true],
      ['a/**/z', 'a/b/c/z', true],
      ['a/**/z', 'a/b/c/zz', false],
      ['a**b', 'axxb', true],
      ['a**b', 'ax/xb', false],
      ['?.c', 'x.c', true],
      ['?.c', '💡.c', true],
      ['?.c', 'xx.c', false],
      ['[a-c]x', 'bx', true],
      ['[!a-c]x', 'bx', false],
      ['[^a-c]x', 'dx', true],
      ['[]]', ']', true],
      ['[a', '[a', true],
      ['src/{a,b}*.json', 'src/b1.json', true],
      ['{src,test/{unit,spec}}/*.ts', 'test/spec/a.ts', true],
      ['{src,test/{unit,spec}}/*.ts', 'test/sim/a.ts', false],
      ['{a}', '{a}', true],
      ['{a', '{a', true],
      ['app/(group)/*', 'app/(group)/page.tsx', true],
      ['+(a)', 'a', false],
      ['+(a)', '+(a)', true],
      ['\\*', '*', true],
      ['\\*', 'a', false],
      ['src/*', 'src/a\nb', true],
      ['a*b*c', 'abxbc', true],
      ['*ab*ab', 'abab', true],
      ['*ab*ab', 'ab', false],
    ];
    for (const [pattern, path, expected] of rows) {
      expect(compileGlob(pattern)(path), `${pattern} ${path}`).toBe(expected);
    }
  });

  it('[glob.pattern] agrees with a regular expression where that says the same', () => {
    const part = fc.constantFrom('a', 'b', '*', '?', '/', '**/', '.');
    const text = fc.stringMatching(/^[ab.]{1,3}(\/[ab.]{1,3}){0,2}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 7 }), text, (parts, path) => {
        const pattern = parts
          .join('')
          .replaceAll(/\*{2,}(?!\/)|(?<=[^/])\*\*\//g, '*')
          .replaceAll(/\/+/g, '/');
        const components = pattern.split('/');
        const expression = components
          .map((one, at) =>
            one === '**'
              ? at === components.length - 1
                ? '.*'
                : '(?:[^/]+/)*'
              : one.replaceAll('.', '\\.').replaceAll('*', '[^/]*').replaceAll('?', '[^/]') +
                (at === components.length - 1 ? '' : '/'),
          )
          .join('');
        expect(compileGlob(pattern)(path), `${pattern} ${path}`).toBe(
          new RegExp(`^${expression}$`).test(path),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('[glob.bounded] patterns that a matcher with backtracking never ends at are answered at once, or refused', () => {
    const usedMs = cpuTimer();
    const name = 'a'.repeat(255);
    const path = `${`${name}/`.repeat(15)}${name}`;
    for (const pattern of [
      `${'*a'.repeat(100)}*b`,
      '+(*)b',
      '*(*a)b',
      `${'**/'.repeat(8)}b`,
      `${'**/*a*a/'.repeat(8)}b`,
      `${'?*'.repeat(200)}b`,
      `${'[a-z]*'.repeat(100)}b`,
      `${'{a,b}'.repeat(8)}*`,
      `${'{a,b}'.repeat(12)}*`,
      '{'.repeat(1_000),
      `${'{a,'.repeat(200)}b`,
      `${'**/a/'.repeat(9)}b`,
    ]) {
      expect(compileGlob(pattern)(path), pattern).toBe(false);
      expect(compileGlob(pattern)(name), pattern).toBe(pattern === `${'{a,b}'.repeat(8)}*`);
    }
    expect(usedMs()).toBeLessThan(1_000);
    expect(globProblem('{a,b}'.repeat(9))).toContain('more than 256 patterns');
    expect(globProblem('a'.repeat(1_001))).toContain('longer than 1000');
    expect(globProblem('**/a/'.repeat(9))).toContain('** more than 8 times');
    expect(globProblem('**/src/{a,b}/*.ts')).toBeNull();
  });

  it('[glob.pattern] a text that is escaped matches itself; the plain beginning of a pattern is a path', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -.0-~]{1,20}$/), (text) => {
        expect(compileGlob(escapeGlob(text))(text), text).toBe(true);
      }),
    );
    expect(splitGlob('a/b/*.ts')).toEqual({ base: 'a/b', rest: '*.ts' });
    expect(splitGlob('a.ts')).toEqual({ base: '', rest: 'a.ts' });
    expect(splitGlob('/x')).toEqual({ base: '/', rest: 'x' });
    expect(splitGlob('/x/**/y')).toEqual({ base: '/x', rest: '**/y' });
  });
});
