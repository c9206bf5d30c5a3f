/**
 * Handing scope down, against an oracle that only knows single paths: every question is asked for every path
 * of a little universe.
 */
import { posix } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { narrow, overlap, withoutWrite } from '../../../src/scope/paths/narrow.ts';
import { mayRead, mayWrite } from '../../../src/scope/paths/path-scope.ts';
import type { PathScope, ScopeDeny } from '../../../src/session/facts/entries.ts';

const names = ['a', 'ab'];
/** All paths of up to four components out of two names, one the beginning of the other. */
const universe = deeper(deeper(deeper(deeper(['/']))));
const interior = universe.filter((path) => path.split('/').length <= 4);

function deeper(paths: readonly string[]): string[] {
  return [...new Set([...paths, ...paths.flatMap((path) => names.map((name) => posix.join(path, name)))])];
}

const root = fc
  .tuple(fc.constantFrom(...interior), fc.boolean())
  .map(([path, direct]) => (direct ? posix.join(path, '*') : path));
const roots = fc.array(root, { maxLength: 3 });
const denies = fc.array(
  fc.record({ path: root, right: fc.constantFrom('read' as const, 'write' as const) }),
  {
    maxLength: 3,
  },
);
const scope: fc.Arbitrary<PathScope> = fc.record({ read: roots, write: roots, deny: denies });

/**
 * What a root means, said differently than in the code: by `dirname` and string prefixes with their slash.
 */
function oracleCovers(text: string, path: string): boolean {
  if (text.endsWith('/*')) return path !== '/' && posix.dirname(path) === posix.dirname(text);
  return text === '/' || path === text || path.startsWith(`${text}/`);
}

function oracle(held: PathScope, right: 'read' | 'write', path: string): boolean {
  const some = (list: readonly string[]) => list.some((text) => oracleCovers(text, path));
  const denied = (kind: 'read' | 'write') =>
    some((held.deny ?? []).filter((deny) => deny.right === kind).map((deny) => deny.path));
  if (denied('read') || (right === 'write' && denied('write'))) return false;
  return some(held.write) || (right === 'read' && some(held.read));
}

const allowed = (held: PathScope, right: 'read' | 'write') =>
  universe.filter((path) => (right === 'read' ? mayRead : mayWrite)(held, path));
const everything = (held: PathScope) => ({ read: allowed(held, 'read'), write: allowed(held, 'write') });
const runs = { numRuns: 600 };

describe('narrowing', () => {
  it('[scope.narrow] a child gets only roots inside its parent’s, and each one that does not fit is named', () => {
    const held = { read: ['/data'], write: ['/a/b'] };
    expect(narrow(held, { read: ['/data/sub/', '/a/b/c'], write: ['/a/b/x/../y', '/a/b/y'] })).toEqual({
      ok: true,
      scope: { read: ['/data/sub', '/a/b/c'], write: ['/a/b/y'] },
    });
    expect(narrow(held, { read: ['/etc', '/data', 'relative'], write: ['/data', '/a/bc', '/a/b'] })).toEqual({
      ok: false,
      outside: [
        { right: 'read', path: '/etc' },
        { right: 'read', path: 'relative' },
        { right: 'write', path: '/data' },
        { right: 'write', path: '/a/bc' },
      ],
    });
  });

  it('[scope.narrow-deny] denies inside a granted root go along, and a root that a deny takes away names it', () => {
    const deny: ScopeDeny[] = [
      { path: '/w/fixed', right: 'write' },
      { path: '/w/secret', right: 'read' },
      { path: '/elsewhere', right: 'read' },
    ];
    const parent = { read: ['/w'], write: ['/w'], deny };
    expect(narrow(parent, { read: [], write: ['/w', '/w/flat/*'] })).toEqual({
      ok: true,
      scope: { read: [], write: ['/w', '/w/flat/*'], deny: deny.slice(0, 2) },
    });
    expect(
      narrow(parent, { read: ['/w/fixed'], write: [], deny: [{ path: '/w/fixed/x/', right: 'read' }] }),
    ).toEqual({
      ok: true,
      scope: { read: ['/w/fixed'], write: [], deny: [{ path: '/w/fixed/x', right: 'read' }] },
    });
    expect(narrow(parent, { read: ['/w/secret/*'], write: ['/w/fixed/sub'] })).toEqual({
      ok: false,
      outside: [
        { right: 'read', path: '/w/secret/*', deny: deny[1] },
        { right: 'write', path: '/w/fixed/sub', deny: deny[0] },
      ],
    });
  });

  it('[scope.rules-oracle] reading and writing are what the roots allow minus what the denies take, for every path', () => {
    fc.assert(
      fc.property(scope, (held) => {
        expect(everything(held)).toEqual({
          read: universe.filter((path) => oracle(held, 'read', path)),
          write: universe.filter((path) => oracle(held, 'write', path)),
        });
      }),
      runs,
    );
  });

  it('[scope.narrow-property] no path is open to a child that is not open to its parent, over two generations', () => {
    let given = 0;
    fc.assert(
      fc.property(scope, scope, scope, (parent, wanted, again) => {
        const child = narrow(parent, wanted);
        if (!child.ok) {
          expect(child.outside.length).toBeGreaterThan(0);
          return;
        }
        given += 1;
        const held = everything(parent);
        const got = everything(child.scope);
        // Exactly what was asked for and the parent has: nothing more, and nothing is kept back.
        expect(got).toEqual({
          read: held.read.filter((path) => oracle(wanted, 'read', path)),
          write: held.write.filter((path) => oracle(wanted, 'write', path)),
        });
        const grandchild = narrow(child.scope, again);
        if (!grandchild.ok) return;
        const below = everything(grandchild.scope);
        expect(below.read.filter((path) => !got.read.includes(path))).toEqual([]);
        expect(below.write.filter((path) => !got.write.includes(path))).toEqual([]);
      }),
      runs,
    );
    expect(given).toBeGreaterThan(20);
  });

  it('[scope.narrow-idempotent] asking for one’s own scope gives it unchanged, unless a deny takes a whole root', () => {
    fc.assert(
      fc.property(scope, scope, (parent, wanted) => {
        const child = narrow(parent, wanted);
        if (!child.ok) return;
        const same = narrow(child.scope, child.scope);
        if (same.ok) expect(everything(same.scope)).toEqual(everything(child.scope));
        else expect(same.outside.every((one) => one.deny !== undefined)).toBe(true);
      }),
      runs,
    );
  });

  it('[scope.narrow-monotone] one deny more at the parent or in the wish gives a child no path more', () => {
    fc.assert(
      fc.property(scope, scope, denies, (parent, wanted, more) => {
        const before = narrow(parent, wanted);
        const stricter = [
          narrow({ ...parent, deny: [...(parent.deny ?? []), ...more] }, wanted),
          narrow(parent, { ...wanted, deny: [...(wanted.deny ?? []), ...more] }),
        ];
        for (const after of stricter) {
          if (!after.ok) continue;
          if (!before.ok) throw new Error('a stricter parent gave what the other one refused');
          for (const right of ['read', 'write'] as const) {
            expect(allowed(before.scope, right)).toEqual(expect.arrayContaining(allowed(after.scope, right)));
          }
        }
      }),
      runs,
    );
  });

  it('[scope.handed-down] what was handed down can be read and not written by the giver; all else is as before', () => {
    fc.assert(
      fc.property(scope, roots, (held, handed) => {
        const left = withoutWrite(held, handed);
        const theirs = (path: string) => handed.some((text) => oracleCovers(text, path));
        expect(everything(left)).toEqual({
          read: allowed(held, 'read'),
          write: allowed(held, 'write').filter((path) => !theirs(path)),
        });
        expect(withoutWrite(left, handed)).toEqual(left);
      }),
      runs,
    );
  });

  it('[scope.overlap] two lists overlap exactly where some path lies in both, and the pair is named', () => {
    const common = (a: string, b: string) =>
      universe.some((path) => oracleCovers(a, path) && oracleCovers(b, path));
    fc.assert(
      fc.property(roots, roots, (a, b) => {
        const pair = overlap(a, b);
        if (pair === null) {
          for (const one of a) for (const other of b) expect(common(one, other)).toBe(false);
        } else {
          expect(a).toContain(pair.mine);
          expect(b).toContain(pair.theirs);
          expect(common(pair.mine, pair.theirs)).toBe(true);
        }
      }),
      runs,
    );
    expect(overlap(['/a/*'], ['/a/b/c'])).toBeNull();
    expect(overlap(['/a/b', '/x'], ['/a/b/*'])).toEqual({ mine: '/a/b', theirs: '/a/b/*' });
    expect(overlap(['relative'], ['relative'])).toBeNull();
  });
});
