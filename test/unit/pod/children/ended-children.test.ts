/** Which of the children that have ended a sweep finds due, and who is forgotten. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EndedChildren } from '../../../../src/pod/children/ended-children.ts';
import { nodeHost } from '../../../../src/pod/node-host.ts';
import { type ChildFacts, emptyFacts } from '../../../../src/session/facts/facts.ts';
import { newChild } from '../../../../src/session/facts/new-child.ts';
import { homeOf, podFolder } from '../../../../src/session/home/home.ts';
import { encodeLines } from '../../../../src/session/log/line.ts';
import { stoppedEntry, totalsOf } from '../../../../src/session/log/totals.ts';
import { tempFolder } from '../../session/log-rig.ts';
import { type Line, assigned, child, kid, sib, timeOf } from '../../machine-rig.ts';
import { shellOf } from '../shell-rig.ts';

/** One child with a log of this size; what a person has removed is in `removed`. */
function sweeps(lines: Line[] = []) {
  const sizes = new Map<string, number>();
  let version: bigint | null = 1n;
  const home = homeOf({ PODKIN_HOME: '/nowhere' });
  const nameOf = (path: string) => path.split('/').at(-1) ?? '';
  const shell = shellOf(lines, {
    home: {
      logSize: ({ path }) => sizes.get(nameOf(path)) ?? 0,
      version: () => version,
    },
  });
  // No log is there to read: nothing says that it was taken in whole.
  Object.assign(shell.pod.host, { logs: nodeHost(home).logs });
  const ended = new EndedChildren(shell.pod);
  const one: ChildFacts = { ...newChild('kid', kid.instance), incarnation: 1, terminal: 1, received: 3 };
  const due = (all: readonly ChildFacts[] = [one]) => {
    const { grown, removed } = ended.due(all);
    return { grown: grown.map(({ name }) => name), removed: removed.map(({ name }) => name) };
  };
  return Object.assign(shell, { sizes, ended, due, one, made: () => (version = (version ?? 0n) + 1n) });
}

describe('due', () => {
  it('[growth.ended-children] is what has grown since it was taken in whole', () => {
    const { sizes, ended, due } = sweeps();
    sizes.set('kid', 100);
    expect(due()).toEqual({ grown: ['kid'], removed: [] });
    ended.takenIn(kid.instance, 100);
    expect(due()).toEqual({ grown: [], removed: [] });
    sizes.set('kid', 101);
    expect(due()).toEqual({ grown: ['kid'], removed: [] });
  });

  it('[growth.removed-child] a removed one is due where its log is gone or another’s, not where it is as it was', () => {
    const { sizes, ended, due, removed } = sweeps();
    removed.add(kid.instance);
    sizes.set('kid', 100);
    ended.takenIn(kid.instance, 100);
    expect(due()).toEqual({ grown: [], removed: [] });
    sizes.set('kid', 50);
    expect(due()).toEqual({ grown: [], removed: ['kid'] });
    sizes.delete('kid');
    ended.takenIn(kid.instance, 0);
    expect(due()).toEqual({ grown: [], removed: ['kid'] });
  });

  it('[growth.removed-child] no log, and none known, of a child that nobody has removed is not due', () => {
    const { ended, due } = sweeps();
    ended.takenIn(kid.instance, 0);
    expect(due()).toEqual({ grown: [], removed: [] });
  });

  it('[growth.ended-children] sixteen are looked at all at once, of seventeen sixteen a sweep in turn', () => {
    const { sizes, due, made } = sweeps();
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => {
        sizes.set(`kid${index}`, 1);
        return newChild(`kid${index}`, `instance ${index}`);
      });
    const grown = (count: number) => due(many(count)).grown.map((name) => Number(name.slice(3)));
    const all = (count: number) => Array.from({ length: count }, (_, index) => index);
    expect([grown(16), grown(16)]).toEqual([all(16), all(16)]);
    expect(grown(17)).toEqual(all(16));
    expect(grown(17)).toEqual([16, ...all(15)]);
    expect(grown(17)).toEqual([15, 16, ...all(14)]);
    made();
    expect(grown(17)).toEqual(all(17));
    expect(grown(17)).toEqual([14, 15, 16, ...all(13)]);
  });
});

it.each<[string, { incarnation: number; pendingOut: number[] }, boolean]>([
  ['in its known life, with nothing that is missing here', { incarnation: 1, pendingOut: [2, 3] }, true],
  ['in a later life', { incarnation: 2, pendingOut: [] }, false],
  ['with an event that is missing here', { incarnation: 1, pendingOut: [3, 4] }, false],
])('[growth.ended-children] a log that was closed in order %s: %#', (_, last, isTakenIn) => {
  const home = homeOf({ PODKIN_HOME: tempFolder() });
  const folder = podFolder(home, 'kid');
  mkdirSync(folder.path, { recursive: true });
  const start = { pid: 1, startTime: '1', bootId: 'b', time: timeOf(2) };
  const totals = { ...totalsOf(emptyFacts()), stopped: true, started: start, ...last };
  const closed = { ...stoppedEntry(emptyFacts(), 'asked'), totals };
  // The last entry needs one before it.
  for (const body of [child(sib, 'started'), closed])
    appendFileSync(folder.log, encodeLines([{ seq: 1, time: timeOf(1), ...body }]).bytes);
  const { one } = sweeps();
  const ended = new EndedChildren({
    host: nodeHost(home),
    facts: emptyFacts(),
    folderOf: ({ name }) => podFolder(home, name),
    tryCommit: () => true,
  });
  expect(ended.due([one]).grown.length).toBe(isTakenIn ? 0 : 1);
  appendFileSync(folder.log, 'more');
  expect(ended.due([one]).grown.length).toBe(1);
});

describe('forgotten', () => {
  const lines: Line[] = [child(kid, 'ended'), child(sib, 'ended')];

  it('[growth.removed-many] are those without open work, in one append', () => {
    const { ended, pod, committed, sizes, due, one } = sweeps([...lines, assigned('a1', sib)]);
    const [first, second] = [...pod.facts.children.values()];
    expect(ended.forget([first!, second!])).toEqual([kid.instance]);
    expect(committed.length).toBe(1);
    expect(committed[0]).toContainEqual({ type: 'child', child: kid, state: 'removed' });
    expect(pod.facts.children.has(kid.instance)).toBe(false);
    // Twice is no more.
    expect([ended.forget([first!]), committed.length]).toEqual([[], 1]);
    sizes.set('kid', 5);
    expect(due([one]).grown).toEqual(['kid']);
  });

  it('[growth.removed-many] nobody where the log refuses, or where the child is another by now', () => {
    const shell = sweeps(lines);
    const [first] = [...shell.pod.facts.children.values()];
    shell.refusal = new Error('no room');
    expect(shell.ended.forget([first!])).toEqual([]);
    shell.refusal = null;
    expect(shell.ended.forget([{ ...first! }])).toEqual([]);
    expect(shell.ended.forget([])).toEqual([]);
    expect(shell.committed).toEqual([]);
  });
});
