/**
 * Children that wait for paths: what is committed for each, in which order, and what each hears at its link.
 */
import { describe, expect, it } from 'vitest';
import { deferred } from '../../../../src/std/deferred.ts';
import type { Claim, Conflict } from '../../../../src/scope/ownership/claims.ts';
import type { Wait } from '../../../../src/scope/ownership/waits.ts';
import type { EntryBody, PodRef } from '../../../../src/session/facts/entries.ts';
import { hashToken } from '../../../../src/session/home/home.ts';
import {
  type Line,
  child,
  died,
  finished,
  kid,
  linked,
  me,
  received,
  sib,
  timeOf,
} from '../../machine-rig.ts';
import { parentOf } from './parent-rig.ts';
import { claimOf } from './spawn-rig.ts';

const tokenHash = hashToken('token');
const scope = { read: ['/w'], write: ['/w/a'] };
const waits = (ref: PodRef): EntryBody => ({ type: 'scopeWait', state: 'waits', child: ref });
const over = (ref: PodRef, reason: string): EntryBody => ({
  type: 'scopeWait',
  state: 'over',
  child: ref,
  reason,
});
const gives = (ref: PodRef): EntryBody => ({ type: 'scope', change: 'delegated', child: ref, scope });
const queued = (ref: PodRef): Line[] => [
  child(ref, 'reserved', { tokenHash, scope, isToWait: true }),
  waits(ref),
];
const other = { name: 'x', instance: 'x-id' };
const held: Claim = { ...claimOf(other, ['/w/a']), above: ['t-id'] };

function waiting(lines: Line[] = [...queued(kid), linked(kid)]) {
  const family = parentOf(lines);
  const { pod, committed } = family;
  const registry = {
    claims: [] as Claim[],
    waits: [] as Wait[],
    conflicts: [] as Conflict[],
    writers: [] as PodRef[],
    dead: [] as string[],
    fails: false,
  };
  Object.assign(pod.host, {
    claims: {
      all: () => registry.claims,
      waits: () => registry.waits,
      statusOf: ({ owner }: Claim) => (registry.dead.includes(owner.name) ? 'dead' : 'alive'),
      writers: () => registry.writers,
    },
  });
  Object.assign(pod.claims, {
    sync: async () => {
      if (registry.fails) throw new Error('the registry is held');
      return registry.conflicts;
    },
  });
  const nothing = () => undefined;
  const rest = { startTurn: nothing, compact: nothing, controlTurn: nothing, emitted: nothing };
  pod.perform({
    ...rest,
    cancelChildren: nothing,
    stop: nothing,
    show: nothing,
    committed: (bodies) => family.children.waits.committed(bodies),
  });
  const news = () => committed.flat().filter(({ type }) => type === 'scope' || type === 'scopeWait');
  const consider = async () => {
    await family.children.waits.consider();
    await family.clock.turn();
  };
  return Object.assign(family, { registry, news, consider });
}

describe('the steps of a wait', () => {
  it('[scope.wait-steps] free: all of its paths in one append, then the wait is over', async () => {
    const { consider, committed, order } = waiting();
    await consider();
    expect(committed).toEqual([[gives(kid)], [over(kid, 'granted')]]);
    expect(order.filter((one) => one.startsWith('me at'))).toEqual(['me at wait.granted', 'me at wait.over']);
  });

  it('[scope.wait-steps] held: nothing is committed, and the child hears by whom', async () => {
    const { consider, news, registry, link } = waiting();
    registry.claims = [{ ...claimOf(me, ['/w']), exclusive: false }, held];
    await consider();
    expect(news()).toEqual([]);
    const { answer } = await link();
    expect(answer.waits).toEqual({ since: timeOf(4), reason: 'a, which x holds' });
    expect(answer.scope).toEqual({ read: ['/w'], write: [] });
  });

  it('[scope.wait-steps] a holder that is dead holds nothing, and one that this log alone knows does', async () => {
    const { consider, news, registry } = waiting([
      ...queued(kid),
      child(sib, 'reserved', { scope }),
      gives(sib),
    ]);
    await consider();
    expect(news()).toEqual([]);
    const free = waiting();
    free.registry.claims = [held];
    free.registry.dead = ['x'];
    await free.consider();
    expect(free.news()).toEqual([gives(kid), over(kid, 'granted')]);
    expect(registry.claims).toEqual([]);
  });

  it('[scope.wait-order] of its own two the first gets it, and the second waits for that one', async () => {
    const { consider, news, children, pod } = waiting([...queued(sib), ...queued(kid)]);
    await consider();
    expect(news()).toEqual([gives(sib), over(sib, 'granted')]);
    expect(children.waits.reason(pod.facts.children.get(kid.instance)!)).toBe('a, which me/sib holds');
  });

  it('[scope.wait-steps] another tree was quicker: it is taken back, and waited for', async () => {
    const { consider, news, registry, children, facts } = waiting();
    registry.conflicts = [
      { claim: claimOf(kid, ['/w/a']), path: '/w/a', owner: other, theirs: '/w', isKnown: true },
    ];
    await consider();
    expect(news().slice(0, 2)).toEqual([
      gives(kid),
      { type: 'scope', change: 'reclaimed', child: kid, scope, reason: 'taken by another tree meanwhile' },
    ]);
    expect(news()).not.toContainEqual(over(kid, 'granted'));
    expect(children.waits.reason(facts()!)).toContain('/w/a is held for writing by the pod "x"');
  });

  it('[scope.wait-steps] commands that still write there are waited for, while it holds the path', async () => {
    const { consider, news, registry, clock, children, facts } = waiting();
    registry.writers = [other];
    registry.claims = [claimOf(kid, ['/w/a'])];
    await consider();
    expect(news()).toEqual([gives(kid)]);
    expect(children.waits.reason(facts()!)).toContain('A command of the pod "x" is running');
    registry.writers = [];
    await clock.pass(250);
    expect(news()).toEqual([gives(kid), over(kid, 'granted')]);
  });

  it('[mcp.handed-over] so is a server of the pod’s own that has the path', async () => {
    const { consider, news, registry, clock, children, facts, pod } = waiting();
    const ended = deferred<void>();
    pod.claims.leaves(ended.promise);
    registry.claims = [claimOf(kid, ['/w/a'])];
    await consider();
    expect(news()).toEqual([gives(kid)]);
    expect(children.waits.reason(facts()!)).toContain('An MCP server of this pod');
    ended.resolve();
    await clock.pass(250);
    expect(news()).toEqual([gives(kid), over(kid, 'granted')]);
  });

  it.each<[string, Line[], EntryBody[]]>([
    ['in the queue', queued(kid), [gives(kid), over(kid, 'granted')]],
    ['holding its paths', [...queued(kid), gives(kid)], [over(kid, 'granted')]],
    ['over', [...queued(kid), gives(kid), over(kid, 'granted')], []],
    ['ended', [...queued(kid), linked(kid), over(kid, 'died'), received(null, died())], []],
  ])('[scope.wait-crash] a start finds it %s, and goes on from there', async (_, lines, then) => {
    const { consider, news } = waiting(lines);
    await consider();
    expect(news()).toEqual(then);
  });

  it('[scope.wait-crash] where the log or the registry cannot be had, it is tried again', async () => {
    const family = waiting();
    family.registry.fails = true;
    await family.consider();
    family.registry.fails = false;
    family.refusal = new Error('no space');
    await family.consider();
    expect(family.news()).toEqual([]);
    family.refusal = null;
    family.children.sweep();
    await family.clock.turn();
    expect(family.news()).toEqual([gives(kid), over(kid, 'granted')]);
  });

  it('[scope.wait-steps] a pod that stops gives nothing any more', async () => {
    const { consider, news, pod } = waiting();
    pod.core.live.mode = 'stopping';
    await consider();
    expect(news()).toEqual([]);
  });
});

describe('what a child hears', () => {
  it('[scope.wait-seen] once there is news for it its link is made anew; what is the same again is none', async () => {
    const { consider, registry, link } = waiting();
    registry.claims = [held];
    const first = await link();
    expect(first.answer.waits?.reason).toBe('a, which x holds');
    await consider();
    expect(first.connection.destroyed).toBe(0);
    registry.claims = [{ ...held, owner: { name: 'y', instance: 'y-id' } }];
    await consider();
    expect(first.connection.destroyed).toBe(1);
    const second = await link();
    expect(second.answer.waits?.reason).toBe('a, which y holds');
    registry.claims = [];
    await consider();
    expect(second.connection.destroyed).toBe(1);
    const third = await link();
    expect(third.answer).not.toHaveProperty('waits');
    expect(third.answer.scope).toEqual(scope);
    await consider();
    expect(third.connection.destroyed).toBe(0);
  });

  it('[scope.wait-seen] what is free as it links it hears with that link', async () => {
    const { link } = waiting();
    const { answer, connection } = await link();
    expect([answer.waits, answer.scope, connection.destroyed]).toEqual([undefined, scope, 0]);
  });

  it('[scope.wait-cancelled] its own cancel ends the wait, and it is given what is free', async () => {
    const { registry, link, children, clock, news } = waiting();
    registry.claims = [held];
    const { connection } = await link();
    const event = finished({ outcome: 'cancelled', by: 'person' });
    await children.podEvent(
      { from: { instance: kid.instance, incarnation: 1 }, seq: 1, event },
      connection.connection,
    );
    expect(news()).toEqual([over(kid, 'cancelled')]);
    await clock.turn();
    expect(connection.destroyed).toBe(1);
    expect((await link()).answer).not.toHaveProperty('waits');
  });

  it('[scope.wait-restored] back after its death it is in the queue again', async () => {
    const lines = [...queued(kid), gives(kid), over(kid, 'granted'), linked(kid)];
    const ends: Line[] = [
      received(null, died()),
      { type: 'scope', change: 'reclaimed', child: kid, scope, reason: 'died' },
    ];
    const { registry, link, news } = waiting([...lines, ...ends]);
    registry.claims = [held];
    const { answer } = await link({ incarnation: 2 });
    expect(news()).toEqual([waits(kid)]);
    expect(answer.waits?.reason).toBe('a, which x holds');
    expect(answer.scope).toEqual({ read: ['/w'], write: [] });
  });
});
