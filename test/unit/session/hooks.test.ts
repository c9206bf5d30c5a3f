/** Which hooks a pod has, what they are about, and for which entries of its log they are still to run. */
import { describe, expect, it } from 'vitest';
import type { Line } from '../machine-rig.ts';
import type { PodEvent } from '../../../src/protocol/pod-event.ts';
import {
  type Hook,
  hookOf,
  hookSettings,
  hooksAnew,
  hooksIn,
  hooksProblem,
  isMeant,
} from '../../../src/session/facts/hooks.ts';
import { replay } from '../../../src/session/facts/replay.ts';
import { above, entriesOf, free, kid, session, started } from '../machine-rig.ts';

const hook = (fields: Partial<Omit<Hook, 'id'>> = {}): Hook =>
  hookOf({
    event: 'podEvent',
    match: null,
    command: ['./told'],
    folder: '/etc/podkin',
    timeoutMs: 1_000,
    onFailure: 'ask',
    origin: 'config',
    ...fields,
  });

describe('what a hook is about', () => {
  it.each([
    [null, 'Bash', true],
    ['Bash', 'Bash', true],
    ['Bash', 'BashX', false],
    ['mcp__*', 'mcp__a__b', true],
    ['mcp__*__write', 'mcp__a__write', true],
    ['mcp__*__write', 'mcp____write', true],
    ['mcp__*__write', 'mcp__write', false],
    ['Read | Write', 'Write', true],
    ['Read|Write', 'Edit', false],
    ['*', '', true],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
  ] as const)('[hook.match] %s and %s: %s', (match, subject, is) => {
    expect(isMeant({ match }, subject)).toBe(is);
  });

  it('[hook.match] is found in one pass, whatever is written', () => {
    const started = Date.now();
    expect(isMeant({ match: `${'a*'.repeat(99)}b` }, 'a'.repeat(100_000))).toBe(false);
    expect(Date.now() - started).toBeLessThan(1_000);
  });
});

describe('the hooks of a pod', () => {
  it('[hook.unreadable] are as they were written, or the pod does not start', () => {
    const written = hookSettings([hook(), hook({ command: 'x', event: 'question' })]);
    expect(hooksIn({ hooks: written })).toEqual(written);
    expect(hooksProblem({ hooks: written })).toBeNull();
    expect(hooksProblem({})).toBeNull();
    for (const broken of [
      {},
      'x',
      [{ ...(written[0] as object), event: 'other' }],
      [{ ...(written[0] as object), command: [] }],
    ])
      expect(hooksProblem({ hooks: broken })).toContain('cannot be read');
  });

  it('[hook.restore] are those of the configuration now, with what the tree was begun with', () => {
    const old = hook({ command: 'old' });
    const run = hook({ command: 'notify', origin: 'run' });
    const now = hook({ command: 'now' });
    expect(hooksAnew([old, run], [now])).toEqual([now, run]);
    expect(hooksAnew([run], [{ ...run, origin: 'config' }])).toEqual([{ ...run, origin: 'config' }]);
  });
});

const from = { ...kid, incarnation: 1 };
const finished: PodEvent = {
  kind: 'turnEnded',
  outcome: 'finished',
  turn: 't',
  assignments: [],
  outstanding: [],
  settled: true,
  text: '',
  textChars: 0,
  usage: free,
  durationMs: 1,
  hops: 0,
};
const receipt = (eventSeq: number, event: PodEvent = finished): Line => ({
  type: 'podEventReceived',
  from,
  eventSeq,
  event,
  reads: true,
  wakes: false,
  closes: [],
});
const turnEnd = (settled: boolean): Line => ({
  type: 'turnEnded',
  turn: 't',
  outcome: 'finished',
  settled,
  outstanding: [],
  usage: free,
  durationMs: 1,
});
const set = (hooks: readonly Hook[]): Line => ({ type: 'set', by: 'person', hooks: hookSettings(hooks) });
const done = ({ id }: Hook, seq: number): Line => ({
  type: 'hookDone',
  hook: id,
  identity: { instance: 'x', seq },
  exit: 0,
});

/** Hooks that the pod was made with; the first line given has seq 3. */
function dueAfter(hooks: readonly Hook[], lines: readonly Line[], parent: typeof above | null = null) {
  const [first, ...rest] = entriesOf(lines, parent);
  if (first?.type !== 'session') throw new Error('no session');
  const facts = replay([{ ...first, settings: { hooks: hookSettings(hooks) } }, ...rest]);
  return facts.hooksDue.map((due) => [due.hook, due.seq]);
}

describe('what is due', () => {
  const events = hook();
  const died = hook({ match: 'died' });
  const settled = hook({ event: 'treeSettled' });
  const asked = hook({ event: 'question' });
  it.each([
    [
      'each receipt',
      [events],
      [receipt(1), receipt(2)],
      [
        [events.id, 3],
        [events.id, 4],
      ],
    ],
    [
      'only what it is about',
      [died],
      [
        receipt(1),
        receipt(2, { kind: 'died', incarnation: 1, reason: '', restored: false, assignments: [] } as never),
      ],
      [[died.id, 4]],
    ],
    [
      'each hook by itself',
      [events, hook({ command: 'b' })],
      [receipt(1), done(events, 3)],
      [[hook({ command: 'b' }).id, 3]],
    ],
    ['a settled end of a turn', [settled], [turnEnd(false), turnEnd(true)], [[settled.id, 4]]],
    ['nothing that is told once at most', [asked], [receipt(1), turnEnd(true)], []],
    ['nothing from before it was configured', [], [receipt(1), set([events]), receipt(2)], [[events.id, 5]]],
    ['nothing that is configured no more', [events], [receipt(1), set([settled])], []],
    [
      'what was due before a set that keeps it',
      [events],
      [receipt(1), set([events, settled])],
      [[events.id, 3]],
    ],
    ['what another incarnation has left', [events], [receipt(1), started(2)], [[events.id, 3]]],
    ['nothing that is done', [events], [receipt(1), done(events, 3)], []],
    ['the other where one is done', [events], [receipt(1), receipt(2), done(events, 4)], [[events.id, 3]]],
  ] as const)('[hook.due] %s', (_, hooks, lines, due) => {
    expect(dueAfter(hooks, lines)).toEqual(due);
  });

  it('[hook.due] no tree of a child: its root tells of it', () => {
    expect(dueAfter([settled], [turnEnd(true)], above)).toEqual([]);
    expect(session().type).toBe('session');
  });
});
