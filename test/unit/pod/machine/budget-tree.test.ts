/**
 * Random trees that spend, die and come back, over messages that are lost and repeated. Each pod is its log
 * and nothing else: what the machine answers is committed there and folded.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetTotals } from '../../../../src/delivery/emit.ts';
import type { BudgetUnit, Leases } from '../../../../src/session/facts/budget-entries.ts';
import type { Entry, EntryBody } from '../../../../src/session/facts/entries.ts';
import {
  type BudgetFacts,
  applyBudget,
  emptyBudget,
  usedOf,
  held,
} from '../../../../src/session/facts/replay-budget.ts';
import {
  type LeaseReports,
  admit,
  free,
  grant,
  leaseAnswered,
  leasedTo,
  reportUp,
  reported,
  settledByLog,
  surplus,
} from '../../../../src/pod/machine/budget.ts';

const unit: BudgetUnit = 'tokens';
/** Requests of any size, of which more or less is known. */
const sizes = [
  { estimate: { tokens: 10 } },
  { estimate: { tokens: 10 }, beyond: { tokens: 20 } },
  { estimate: { tokens: 10 }, least: { tokens: 25 } },
];

interface Sim {
  index: number;
  parent: Sim | null;
  log: Entry[];
  facts: BudgetFacts;
  alive: boolean;
  linked: boolean;
  incarnation: number;
  /** Events: committed; the parent takes them in order, also from the log of a dead one. */
  events: { incarnation: number; kind: 'turnEnded' | 'shutDown'; budget: LeaseReports | undefined }[];
  /** By child index: how many of its events stand here. */
  received: Map<number, number>;
  /** Incarnation of a child whose end stands here. */
  terminal: Map<number, number>;
  /** How much its dearest request took beyond what was reserved for it. */
  beyond: number;
  /**
   * What the provider was asked for, as it counts itself: answered, and what may come of the request under
   * way.
   */
  asked: { answered: number; underWay: number };
}

const ref = (pod: Sim) => ({ name: `p${pod.index}`, instance: `i${pod.index}` });

function commit(pod: Sim, ...bodies: (EntryBody | null)[]): void {
  for (const body of bodies) {
    if (body === null) continue;
    // As it is read back from disk.
    const entry: Entry = JSON.parse(JSON.stringify({ seq: pod.log.length + 1, time: '', ...body }));
    pod.log.push(entry);
    applyBudget(pod.facts, entry);
  }
}

function made(index: number, parent: Sim | null, settings: object): Sim {
  const pod: Sim = {
    index,
    parent,
    log: [],
    facts: emptyBudget(),
    alive: true,
    linked: parent === null,
    incarnation: 0,
    events: [],
    received: new Map(),
    terminal: new Map(),
    beyond: 0,
    asked: { answered: 0, underWay: 0 },
  };
  const session = { type: 'session', parent: parent === null ? null : ref(parent), settings };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the fold looks at these fields alone
  commit(pod, session as EntryBody);
  start(pod);
  return pod;
}

function start(pod: Sim): void {
  pod.alive = true;
  pod.incarnation += 1;
  commit(pod, {
    type: 'started',
    incarnation: pod.incarnation,
    pid: 1,
    startTime: '',
    bootId: '',
    podkin: '',
  });
}

/** The child's end as the inbox takes it: events in order, then what its log says. */
function takeIn(parent: Sim, child: Sim): void {
  while ((parent.received.get(child.index) ?? 0) < child.events.length) deliver(parent, child);
  if (child.alive || parent.terminal.get(child.index) === child.incarnation) return;
  parent.terminal.set(child.index, child.incarnation);
  const left = emptyBudget();
  for (const entry of child.log) applyBudget(left, entry);
  commit(parent, settledByLog(parent.facts, ref(child), left));
}

function deliver(parent: Sim, child: Sim): void {
  const seq = parent.received.get(child.index) ?? 0;
  const event = child.events[seq];
  if (event === undefined) return;
  parent.received.set(child.index, seq + 1);
  const from = { ...ref(child), incarnation: event.incarnation };
  commit(parent, {
    type: 'podEventReceived',
    from,
    eventSeq: seq + 1,
    event,
    reads: false,
    wakes: false,
    closes: [],
  } as unknown as EntryBody);
}

function link(child: Sim, luck: () => boolean): void {
  const { parent } = child;
  if (parent === null || !parent.alive || !child.alive) return;
  const reports = reportUp(child.facts);
  if (!luck()) return;
  commit(parent, { type: 'child', child: ref(child), state: 'linked', incarnation: child.incarnation });
  commit(parent, reported(parent.facts, ref(child), reports));
  const answer = leasedTo(parent.facts, ref(child).instance);
  if (!luck()) return;
  commit(child, leaseAnswered(child.facts, answer, { linked: true }));
  child.linked = true;
}

function wish(child: Sim, luck: () => boolean): void {
  const { parent } = child;
  if (parent === null || !parent.alive || !child.alive || !child.linked) return;
  const reports = reportUp(child.facts, { tokens: 15 });
  const answers: Leases[] = [];
  for (const comes of [luck(), luck() && luck()]) {
    if (!comes) continue;
    commit(parent, reported(parent.facts, ref(child), reports));
    const wants = reports.tokens?.wants;
    commit(parent, wants === undefined ? null : grant(parent.facts, ref(child), { tokens: wants }));
    answers.push(leasedTo(parent.facts, ref(child).instance));
  }
  for (const answer of answers.toReversed())
    if (luck()) commit(child, leaseAnswered(child.facts, answer, { linked: false }));
}

function spend(pod: Sim, took: number): void {
  if (!pod.alive) return;
  const reserved = pod.facts[unit].reserved;
  if (reserved > 0) {
    const usage = { inputTokens: took, outputTokens: 0, cost: 0 };
    pod.asked = { answered: pod.asked.answered + took, underWay: 0 };
    pod.beyond = Math.max(pod.beyond, took - reserved);
    commit(pod, { type: 'requestFailed', turn: 't', step: 1, usage });
    return;
  }
  const admission = admit(pod.facts, sizes[took % sizes.length]!);
  if (admission.kind !== 'reserve') return;
  commit(pod, { type: 'budgetReserved', turn: 't', step: 1, ...admission.amounts });
  pod.asked.underWay = admission.amounts[unit] ?? 0;
}

function giveBack(pod: Sim, kind: 'turnEnded' | 'shutDown'): void {
  if (!pod.alive || pod.parent === null) return;
  const back = surplus(pod.facts, kind === 'turnEnded' ? 1 : 0);
  const budget = budgetTotals(pod.facts, back);
  commit(pod, back);
  pod.events.push({ incarnation: pod.incarnation, kind, budget });
  if (kind === 'shutDown') die(pod);
}

function die(pod: Sim): void {
  // Nobody hears the answer any more; it is billed all the same.
  pod.asked = { answered: pod.asked.answered + pod.asked.underWay, underWay: 0 };
  pod.alive = false;
  pod.linked = false;
}

const step = fc.record({
  act: fc.constantFrom(
    'spend',
    'spend',
    'spend',
    'wish',
    'wish',
    'return',
    'deliver',
    'die',
    'stop',
    'takeIn',
    'takeIn',
    'restore',
    'restore',
    'link',
    'link',
    'raise',
  ),
  pod: fc.nat(11),
  took: fc.integer({ min: 0, max: 25 }),
  luck: fc.nat(2 ** 16 - 1),
});
const tree = fc.record({
  parents: fc.array(fc.nat(10), { minLength: 1, maxLength: 5 }),
  caps: fc.array(fc.option(fc.integer({ min: 5, max: 120 }), { nil: null }), {
    minLength: 11,
    maxLength: 11,
  }),
  bound: fc.integer({ min: 20, max: 150 }),
  steps: fc.array(step, { minLength: 40, maxLength: 150, size: 'max' }),
});

const always = () => true;

function play({ parents, caps, bound, steps }: typeof tree extends fc.Arbitrary<infer T> ? T : never) {
  const root = made(0, null, { budget: { tokens: bound } });
  const pods = [root];
  parents.forEach((drawn, at) => {
    const parent = pods[drawn % pods.length] ?? root;
    const cap = caps[at] ?? null;
    const pod = made(at + 1, parent, {
      budget: { leased: ['tokens'], ...(cap === null ? {} : { cap: { tokens: cap } }) },
    });
    const lent: EntryBody = { type: 'budgetLent', child: ref(pod), tokens: { granted: 0, returned: 0 } };
    commit(parent, cap === null ? lent : { ...lent, cap: { tokens: cap } });
    pods.push(pod);
  });
  for (const pod of pods) link(pod, always);
  let limit = bound;
  for (const { act, pod: at, took, luck: bits } of steps) {
    const pod = pods[at % pods.length] ?? root;
    let drawn = bits;
    const luck = () => {
      const is = drawn % 4 !== 0;
      drawn = Math.floor(drawn / 4) || bits;
      return is;
    };
    switch (act) {
      case 'spend':
        spend(pod, took);
        break;
      case 'wish':
        wish(pod, luck);
        break;
      case 'return':
        giveBack(pod, 'turnEnded');
        break;
      case 'stop':
        giveBack(pod, 'shutDown');
        break;
      case 'deliver':
        if (pod.parent?.alive === true && pod.linked) deliver(pod.parent, pod);
        break;
      case 'die':
        die(pod);
        break;
      case 'takeIn':
        if (pod.parent?.alive === true) takeIn(pod.parent, pod);
        break;
      case 'restore':
        if (!pod.alive) start(pod);
        break;
      case 'link':
        link(pod, luck);
        break;
      case 'raise':
        limit += took;
        commit(root, { type: 'budgetBound', tokens: limit });
    }
    check(pods, limit);
  }
  return { pods, limit };
}

function check(pods: readonly Sim[], limit: number): void {
  const asked = pods.reduce((sum, pod) => sum + pod.asked.answered + pod.asked.underWay, 0);
  const beyond = pods.reduce((sum, pod) => sum + pod.beyond, 0);
  expect(asked).toBeLessThanOrEqual(limit + beyond);
  // What anybody could begin with now counts too: nothing is held twice.
  const usable = pods
    .filter(({ alive }) => alive)
    .reduce((sum, { facts }) => sum + Math.max(0, free(facts, unit)), 0);
  expect(asked + usable).toBeLessThanOrEqual(limit + beyond);
  for (const { facts } of pods) {
    const { cap, lease } = facts[unit];
    if (cap !== null && lease !== null)
      expect(lease.granted - lease.returned).toBeLessThanOrEqual(Math.max(cap, usedOf(facts[unit])));
  }
}

describe('a tree with a bound', () => {
  it('[budget.bound] [budget.cap] is not passed by more than requests under way took beyond their reservations', () => {
    fc.assert(
      fc.property(tree, (story) => void play(story)),
      { numRuns: 100 },
    );
  });

  it('[budget.nothing-lost] has at the end what was not spent', () => {
    fc.assert(
      fc.property(tree, (story) => {
        const { pods, limit } = play(story);
        const [root] = pods;
        for (const pod of pods) if (pod.alive && pod.facts[unit].reserved > 0) spend(pod, 3);
        for (const pod of pods) if (!pod.alive) start(pod);
        // From the top, so that each hears what it holds; then from below, so that each returns all it has.
        for (const pod of pods) {
          if (pod.parent !== null) takeIn(pod.parent, pod);
          link(pod, always);
        }
        for (const pod of pods.toReversed()) {
          link(pod, always);
          giveBack(pod, 'shutDown');
          if (pod.parent !== null) takeIn(pod.parent, pod);
        }
        const spent = pods.reduce((sum, pod) => sum + pod.asked.answered, 0);
        expect(held(root!.facts[unit])).toBe(limit - spent);
        for (const pod of pods.slice(1)) expect(held(pod.facts[unit])).toBeLessThanOrEqual(0);
      }),
      { numRuns: 100 },
    );
  });
});
