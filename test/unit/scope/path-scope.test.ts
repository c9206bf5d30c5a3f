import { describe, expect, it } from 'vitest';
import { denialText, isBelow, mayRead, mayWrite } from '../../../src/scope/paths/path-scope.ts';

const scope = { read: ['/data'], write: ['/a/b'] };

describe('path scope', () => {
  it('[scope.components] paths are compared by components, so a sibling with the same beginning is outside', () => {
    expect(mayWrite(scope, '/a/b')).toBe(true);
    expect(mayWrite(scope, '/a/b/c/d')).toBe(true);
    expect(mayWrite(scope, '/a/bc')).toBe(false);
    expect(mayWrite(scope, '/a')).toBe(false);
    expect(mayWrite(scope, '/a/b/../c')).toBe(false);
    expect(isBelow('/', '/anything')).toBe(true);
    expect(isBelow('/a/b/', '/a/b/c')).toBe(true);
    expect(isBelow('/a', 'a/b')).toBe(false);
    expect(isBelow('a', '/a')).toBe(false);
  });

  it('[scope.write-implies-read] what may be written may be read, not the other way round', () => {
    expect(mayRead(scope, '/a/b/x')).toBe(true);
    expect(mayRead(scope, '/data/x')).toBe(true);
    expect(mayWrite(scope, '/data/x')).toBe(false);
    expect(mayRead(scope, '/database')).toBe(false);
  });

  it('[scope.direct-root] a root that ends in /* means what lies directly there, not the directory and not deeper', () => {
    const direct = { read: [], write: ['/out/*'] };
    expect(mayWrite(direct, '/out/new')).toBe(true);
    expect(mayWrite(direct, '/out')).toBe(false);
    expect(mayWrite(direct, '/out/folder/file')).toBe(false);
    expect(mayWrite(direct, '/outer/new')).toBe(false);
    expect(mayWrite({ read: [], write: ['/out/x/../*/'] }, '/out/new')).toBe(true);
    expect(mayRead({ read: ['/*'], write: [] }, '/etc')).toBe(true);
    expect(mayRead({ read: ['/*'], write: [] }, '/etc/passwd')).toBe(false);
  });

  it('[scope.deny] a deny wins over every root: of writing it leaves reading, of reading it leaves nothing', () => {
    const held = {
      read: ['/data', '/data/secret/key'],
      write: ['/a', '/a/fixed/but/this'],
      deny: [
        { path: '/a/fixed', right: 'write' as const },
        { path: '/a/flat/*', right: 'read' as const },
        { path: '/data/secret', right: 'read' as const },
        { path: 'relative', right: 'read' as const },
      ],
    };
    for (const path of ['/a/fixed', '/a/fixed/x', '/a/fixed/but/this']) {
      expect([mayRead(held, path), mayWrite(held, path)]).toEqual([true, false]);
    }
    for (const path of ['/data/secret', '/data/secret/key', '/a/flat/x']) {
      expect([mayRead(held, path), mayWrite(held, path)]).toEqual([false, false]);
    }
    for (const path of ['/a', '/a/fixedly', '/a/flat', '/a/flat/x/y', '/a/relative']) {
      expect([mayRead(held, path), mayWrite(held, path)]).toEqual([true, true]);
    }
    expect(mayRead(held, '/data/secrets')).toBe(true);
  });

  it('[scope.denial-text] a denial names the path, the right, what the scope holds and what to do', () => {
    const text = denialText(scope, 'write', '/data/x');
    expect(text).toContain('write /data/x');
    expect(text).toContain('may write /a/b.');
    expect(text).toContain('ask whoever gave the task');
    expect(denialText({ read: [], write: [] }, 'read', '/x')).toContain('may read nothing');
    const denied = { ...scope, deny: [{ path: '/a/b/c', right: 'write' as const }] };
    expect(denialText(denied, 'write', '/a/b/c/d')).toContain('/a/b/c is denied to this pod for writing');
  });
});
