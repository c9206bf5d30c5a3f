/** What a pod waits for, in one word and one sentence: each cause by itself, and which comes first. */
import { describe, expect, it } from 'vitest';
import type { Live } from '../../../../src/pod/machine/core.ts';
import { type OtherWaits, waitingOf } from '../../../../src/pod/machine/waiting.ts';
import type { PodRef } from '../../../../src/session/facts/entries.ts';
import {
  type Line,
  assigned,
  begun,
  called,
  child,
  ended,
  kid,
  machineOf,
  sib,
  timeOf,
} from '../../machine-rig.ts';
import { answering, asking } from './asked-approvals.ts';

const nowMs = Date.parse('2026-01-01T01:00:00.000Z');
const ago = (ms: number) => new Date(nowMs - ms).toISOString();
const since = 'then';

interface Case {
  log?: Line[];
  live?: Partial<Live>;
  scope?: OtherWaits['scope'];
  waits: object | null;
}

const storage: Partial<Live> = { storage: 'no space', storageAt: since };
const approval: Line[] = [begun('t1'), called('t1', 'c1'), asking('q1', 'c1')];
const failing = { since, until: 'soon', reason: 'overloaded' };
const asked = (ms: number): Partial<Live> => ({
  mode: 'running',
  provider: { askedAt: ago(ms), failing: null },
});
const scope = { since, reason: 'another tree writes in /w/a' };
const budget = (overBudget: 'hops' | 'turnsPerMinute'): Partial<Live> => ({
  overBudget,
  overBudgetAt: since,
  overBudgetUntil: overBudget === 'hops' ? null : 'soon',
});
const limit = (reason: string): Line[] => [begun('t1'), ended('t1', 'limitReached', { reason })];
const work = [
  child(kid, 'linked'),
  child(sib, 'linked'),
  assigned('a1'),
  assigned('b1', sib),
  assigned('a2'),
];
const many = (count: number): Line[] =>
  Array.from({ length: count }, (_, n): PodRef => ({ name: `k${n}`, instance: `i${n}` })).map((ref) =>
    assigned(`a${ref.name}`, ref),
  );

const causes: Record<string, Case> = {
  nothing: { waits: null },
  'nothing but its own work': { log: [begun('t1')], live: { mode: 'running' }, waits: null },
  'the disk': { live: storage, waits: { kind: 'storage', since, until: null, reason: 'no space' } },
  'a person': {
    log: approval,
    waits: { kind: 'approval', since: timeOf(5), until: null, reason: 'Bash: ls' },
  },
  'a person, several times': {
    log: [...approval, called('t1', 'c2'), asking('q2', 'c2'), asking('q3', 'c3')],
    waits: { kind: 'approval', since: timeOf(5), until: null, reason: 'Bash: ls and 2 more' },
  },
  'nobody whose answer is kept': { log: [...approval, answering('q1')], waits: null },
  'a provider that fails': {
    live: { mode: 'running', provider: { askedAt: ago(9_000), failing } },
    waits: { kind: 'provider', ...failing },
  },
  'no provider between turns': {
    live: { mode: 'idle', provider: { askedAt: ago(9_000), failing } },
    waits: null,
  },
  'a provider that is silent for five seconds': {
    live: asked(5_000),
    waits: {
      kind: 'provider',
      since: ago(5_000),
      until: null,
      reason: 'script/none has not begun to answer',
    },
  },
  'no provider that was asked less long ago': { live: asked(4_999), waits: null },
  'no provider that was not asked': {
    live: { mode: 'running', provider: { askedAt: null, failing: null } },
    waits: null,
  },
  'somebody who holds its paths': { scope, waits: { kind: 'scope', until: null, ...scope } },
  'nobody’s paths while it stops': { scope, live: { mode: 'stopping' }, waits: null },
  'the minute to be over': {
    live: budget('turnsPerMinute'),
    waits: { kind: 'budget', since, until: 'soon', reason: 'too many turns for notices within a minute' },
  },
  'a person’s input behind a chain': {
    live: budget('hops'),
    waits: {
      kind: 'budget',
      since,
      until: null,
      reason: 'a chain of notices has used up its hops; a person’s input goes on',
    },
  },
  'a person’s input behind a limit': {
    log: limit('steps'),
    waits: {
      kind: 'limit',
      since: timeOf(4),
      until: null,
      reason: 'a limit was reached (steps); a person’s input goes on',
    },
  },
  'a person’s input behind a limit that nobody named': {
    log: [begun('t1'), ended('t1', 'limitReached')],
    waits: {
      kind: 'limit',
      since: timeOf(4),
      until: null,
      reason: 'a limit was reached (unknown); a person’s input goes on',
    },
  },
  'more money': {
    log: limit('cost'),
    waits: {
      kind: 'limit',
      since: timeOf(4),
      until: null,
      reason: 'what it may cost (limits.cost) is used up, whoever asks',
    },
  },
  'nothing behind a limit while it works again': {
    log: [...limit('steps'), begun('t2')],
    live: { mode: 'running' },
    waits: null,
  },
  'nothing behind a turn that finished': { log: [begun('t1'), ended('t1')], waits: null },
  'its children, each named once, since the first task': {
    log: work,
    waits: { kind: 'children', since: timeOf(5), until: null, reason: 'kid, sib' },
  },
  'ten children, all named': {
    log: many(10),
    waits: {
      kind: 'children',
      since: timeOf(3),
      until: null,
      reason: 'k0, k1, k2, k3, k4, k5, k6, k7, k8, k9',
    },
  },
  'more children, ten of them named': {
    log: many(12),
    waits: {
      kind: 'children',
      since: timeOf(3),
      until: null,
      reason: 'k0, k1, k2, k3, k4, k5, k6, k7, k8, k9 and 2 more',
    },
  },
  'no children while it works itself': { log: work, live: { mode: 'running' }, waits: null },
};

function waits({ log = [], live = {}, scope = null }: Case) {
  return waitingOf(machineOf(log, { live }).core, { scope, nowMs });
}

describe('a pod waits', () => {
  it.each(Object.entries(causes))('[waiting.causes] for %s', (_, row) => {
    expect(waits(row)).toEqual(row.waits);
  });

  it('[waiting.causes] the most urgent cause is named', () => {
    const order = ['storage', 'approval', 'scope', 'budget', 'limit', 'children'];
    const log = [...work, ...limit('steps'), begun('t2'), asking('q1', 'c1')];
    const live: Partial<Live> = { ...storage, ...budget('hops') };
    let isHeld = true;
    const kinds = order.map(() => {
      const found = waits({ log, live, scope: isHeld ? scope : null, waits: null });
      if (found?.kind === 'storage') live.storage = null;
      else if (found?.kind === 'approval') log.pop();
      else if (found?.kind === 'scope') isHeld = false;
      else if (found?.kind === 'budget') live.overBudget = null;
      else if (found?.kind === 'limit') log.push(ended('t2'));
      return found?.kind;
    });
    expect(kinds).toEqual(order);
  });

  it('[waiting.causes] a provider comes before paths and behind a person', () => {
    const live = asked(9_000);
    expect(waits({ log: approval, live, scope, waits: null })?.kind).toBe('approval');
    expect(waits({ live, scope, waits: null })?.kind).toBe('provider');
  });

  it('[waiting.causes] in 500 characters at most', () => {
    const reason = `${'x'.repeat(499)}\u{1F600}`;
    expect(waits({ live: { ...storage, storage: reason }, waits: null })?.reason).toBe(
      `${'x'.repeat(499)}\uFFFD`,
    );
  });
});
