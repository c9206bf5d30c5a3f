/** What a person's configuration takes from a pod later: each thing once, and nothing is given back. */
import { expect, it } from 'vitest';
import type { Restrictions } from '../../../src/session/facts/entries.ts';
import {
  beyond,
  isEmpty,
  joined,
  noRestrictions,
  restrictedScope,
} from '../../../src/session/facts/restrictions.ts';

const some: Restrictions = {
  deny: [
    { path: '/a', right: 'read' },
    { path: '/b', right: 'write' },
  ],
  rules: { ask: ['Bash'], deny: ['Write'] },
};
const more: Restrictions = {
  deny: [
    { path: '/a', right: 'write' },
    { path: '/b', right: 'write' },
  ],
  rules: { ask: ['Bash', 'Read'], deny: ['Bash'] },
};

it('[restrict.once] what holds already is not taken again: path and right, kind and rule are compared', () => {
  expect(beyond(more, some)).toEqual({
    deny: [{ path: '/a', right: 'write' }],
    rules: { ask: ['Read'], deny: ['Bash'] },
  });
  expect(beyond(some, some)).toEqual(noRestrictions);
  expect(beyond(some, noRestrictions)).toEqual(some);
});

it('[restrict.once] both together are each once, the older ones first', () => {
  expect(joined(some, more)).toEqual({
    deny: [...some.deny, { path: '/a', right: 'write' }],
    rules: { ask: ['Bash', 'Read'], deny: ['Write', 'Bash'] },
  });
  expect(joined(noRestrictions, some)).toEqual(some);
});

it.each<[Partial<Restrictions>, boolean]>([
  [{}, true],
  [{ deny: [{ path: '/a', right: 'read' }] }, false],
  [{ rules: { ask: ['Bash'], deny: [] } }, false],
  [{ rules: { ask: [], deny: ['Bash'] } }, false],
])('[restrict.once] %j is nothing: %j', (fields, nothing) => {
  expect(isEmpty({ ...noRestrictions, ...fields })).toBe(nothing);
});

it('[restrict.once] a scope is denied what is new, and stays as it is where nothing is', () => {
  const scope = { read: ['/'], write: ['/w'] };
  expect(restrictedScope(scope, noRestrictions)).toBe(scope);
  expect(restrictedScope(scope, some)).toEqual({ ...scope, deny: some.deny });
  const denied = { ...scope, deny: [{ path: '/b', right: 'write' as const }] };
  expect(restrictedScope(denied, some)).toEqual({ ...scope, deny: [denied.deny[0], some.deny[0]] });
  expect(restrictedScope({ ...scope, deny: [...some.deny] }, some).deny).toEqual(some.deny);
});
