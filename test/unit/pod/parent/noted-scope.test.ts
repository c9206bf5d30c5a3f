/** What a pod makes of its parent's word about its paths. */
import { describe, expect, it } from 'vitest';
import { StorageFailed } from '../../../../src/session/log/storage-failed.ts';
import { noteScope } from '../../../../src/pod/parent/noted-scope.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import { type Line, above, fromAbove, run } from '../../machine-rig.ts';
import { shellOf } from '../shell-rig.ts';

const own = { read: ['/w'], write: ['/w'] };
const less = { read: ['/w'], write: [] };
const said = { since: 'then', reason: 'a, which x holds' };
const granted = (scope: object) => ({ type: 'scope', change: 'granted', scope }) as EntryBody;
const waits: EntryBody = { type: 'scopeWait', state: 'waits', ...said };
const over: EntryBody = { type: 'scopeWait', state: 'over', reason: 'granted' };
const queued = run('r1', { from: fromAbove });

describe('a pod that hears at its link', () => {
  it.each<[string, Line[], Parameters<typeof noteScope>[1], EntryBody[][]]>([
    ['that it waits, notes that and for what', [], { scope: less, waits: said }, [[granted(less), waits]]],
    ['the same again, notes nothing', [granted(less), waits], { scope: less, waits: said }, []],
    [
      'of another holder, notes that',
      [granted(less), waits],
      { scope: less, waits: { ...said, reason: 'b' } },
      [[{ ...waits, reason: 'b' }]],
    ],
    ['that it has all, notes both at once', [granted(less), waits], { scope: own }, [[granted(own), over]]],
    ['nothing of a wait, where it has none', [], { scope: own }, []],
  ])('[scope.wait-log] %s', (_, lines, word, commits) => {
    const shell = shellOf(lines, { parent: above });
    noteScope(shell.pod, word);
    expect(shell.committed).toEqual(commits);
  });

  it('[scope.wait-log] other paths alone notes them, whether or not it is told of a wait', () => {
    const shell = shellOf([], { parent: above });
    noteScope(shell.pod, { scope: less });
    noteScope(shell.pod, { scope: { ...less, deny: [{ path: '/w/x', right: 'write' }] } });
    expect(shell.committed).toEqual([
      [granted(less)],
      [granted({ ...less, deny: [{ path: '/w/x', right: 'write' }] })],
    ]);
  });

  it('[scope.wait-log] nothing of its paths keeps them, and a list of nothing denied is none', () => {
    const shell = shellOf([granted(less), waits], { parent: above });
    noteScope(shell.pod, { scope: null });
    noteScope(shell.pod, { scope: { ...less, deny: [] } });
    expect(shell.committed).toEqual([[over]]);
  });

  it('[scope.wait-begins-nothing] begins what waits as soon as it is free', () => {
    const shell = shellOf([granted(less), waits, queued], { parent: above });
    noteScope(shell.pod, { scope: own });
    expect(shell.committed.map((bodies) => bodies.map(({ type }) => type))).toEqual([
      ['scope', 'scopeWait'],
      ['turnStarted', 'userMessage'],
    ]);
  });

  it('[scope.wait-begins-nothing] takes no link that the disk does not: it is told again', () => {
    const shell = shellOf([granted(less), waits], { parent: above });
    shell.refusal = new StorageFailed({
      path: '/log',
      doing: 'writing',
      advice: 'make room',
      fatal: false,
      cause: null,
    });
    expect(() => noteScope(shell.pod, { scope: own })).toThrow(StorageFailed);
    expect(shell.pod.facts.scopeWait).not.toBe(null);
    // What is no end of a wait costs no link.
    const free = shellOf([], { parent: above });
    free.refusal = shell.refusal;
    expect(() => noteScope(free.pod, { scope: less })).not.toThrow();
  });
});
