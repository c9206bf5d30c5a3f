/**
 * Delegation over random lives of children, folded by the log as a pod does: no path with two writers, none
 * with no owner, everything returns.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  delegation,
  forgotten,
  reclaimAtEnd,
  regrant,
  scopeByLog,
} from '../../../src/scope/ownership/delegation.ts';
import { narrow } from '../../../src/scope/paths/narrow.ts';
import { mayWrite } from '../../../src/scope/paths/path-scope.ts';
import type { Entry, EntryBody } from '../../../src/session/facts/entries.ts';
import { type ChildFacts, type Facts, emptyFacts } from '../../../src/session/facts/facts.ts';
import { applyEntry, replay } from '../../../src/session/facts/replay.ts';
import type { PodEvent } from '../../../src/protocol/pod-event.ts';

const roots = ['/w', '/w/a', '/w/a/b', '/w/c', '/w/c/*', '/w/*'];
const universe = [
  '/w',
  '/w/a',
  '/w/a/b',
  '/w/a/b/x',
  '/w/a/x',
  '/w/c',
  '/w/c/x',
  '/w/c/x/y',
  '/w/denied',
  '/w/e',
];
const personDeny = { path: '/w/denied', right: 'write' as const };

class Log {
  readonly entries: Entry[] = [];
  readonly facts: Facts = emptyFacts();

  constructor() {
    this.commit([
      {
        type: 'session',
        schema: 1,
        podkin: '0',
        name: 'root',
        instance: 'r',
        parent: null,
        root: { name: 'root', instance: 'r' },
        depth: 0,
        cwd: '/w',
        model: 'none',
        instructions: null,
        permissionMode: 'default',
        scope: { read: ['/w'], write: ['/w'], deny: [personDeny] },
        settings: {},
      },
    ]);
  }

  commit(bodies: EntryBody[]): void {
    for (const body of bodies) {
      const entry: Entry = { seq: this.entries.length + 1, time: '', ...body };
      this.entries.push(entry);
      applyEntry(this.facts, entry);
    }
  }
}

type Step =
  | { do: 'spawn'; root: number }
  | { do: 'shutDown' | 'died' | 'restart' | 'relink' | 'restored' | 'undone' | 'removed'; child: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('spawn' as const), root: fc.nat(roots.length - 1) }),
  fc.record({
    do: fc.constantFrom('shutDown', 'died', 'restart', 'relink', 'restored', 'undone', 'removed' as const),
    child: fc.nat(5),
  }),
);

function play(log: Log, one: Step, number: number): void {
  if (one.do === 'spawn') return spawn(log, roots[one.root]!, number);
  const child = [...log.facts.children.values()][one.child];
  if (child === undefined) return;
  switch (one.do) {
    case 'undone':
    case 'removed':
      return log.commit(forgotten(log.facts, ref(child), { state: one.do }));
    case 'restart':
      return link(log, child, child.incarnation + 1);
    case 'relink':
      return link(log, child, child.incarnation);
    case 'restored':
      // A later incarnation tells of it, and holds on.
      end(log, child, { kind: 'died', assignments: [], outstanding: [], restored: true });
      return link(log, child, child.incarnation + 1);
    case 'died':
      return end(log, child, { kind: 'died', assignments: [], outstanding: [], restored: false });
    case 'shutDown':
      return end(log, child, { kind: 'shutDown', assignments: [], notStarted: [], outstanding: [] });
  }
}

const ref = ({ name, instance }: { name: string; instance: string }) => ({ name, instance });

function spawn(log: Log, root: string, number: number): void {
  const narrowed = narrow(scopeByLog(log.facts), { read: [], write: [root] });
  if (!narrowed.ok) return;
  const child = { name: `c${number}`, instance: `c${number}` };
  const { scope } = narrowed;
  log.commit([{ type: 'child', child, state: 'reserved', scope }, ...delegation(child, scope)]);
  link(log, log.facts.children.get(child.instance)!, 1);
}

function link(log: Log, child: ChildFacts, incarnation: number): void {
  const linked: EntryBody = { type: 'child', child: ref(child), state: 'linked', incarnation };
  log.commit([linked, ...regrant(log.facts, child, incarnation)]);
}

function end(log: Log, child: ChildFacts, event: PodEvent): void {
  const { incarnation } = child;
  if (incarnation <= child.terminal) return;
  const from = { ...ref(child), incarnation };
  log.commit([
    { type: 'podEventReceived', from, eventSeq: null, event, reads: false, wakes: false, closes: [] },
    ...reclaimAtEnd(child, event, incarnation),
  ]);
}

function writers(facts: Facts, path: string): string[] {
  const children = [...facts.children.values()].filter(
    ({ holds }) => holds !== null && mayWrite(holds, path),
  );
  const own = mayWrite(scopeByLog(facts), path) ? ['root'] : [];
  return [...own, ...children.map(({ name }) => name)];
}

describe('handing down', () => {
  it('[scope.one-writer] after every step each path of the scope has one writer, and a person’s deny none', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const log = new Log();
        for (const [number, one] of steps.entries()) {
          play(log, one, number);
          for (const path of universe) {
            const found = writers(log.facts, path);
            expect(found, `${path} after ${JSON.stringify(one)}`).toHaveLength(path === '/w/denied' ? 0 : 1);
          }
          expect(replay(log.entries)).toEqual(log.facts);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('[scope.all-returns] when every child has ended, been undone or been removed, everything is the pod’s again, reclaimed once each', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const log = new Log();
        for (const [number, one] of steps.entries()) play(log, one, number);
        for (const child of log.facts.children.values()) {
          end(log, child, { kind: 'died', assignments: [], outstanding: [], restored: false });
        }
        expect(scopeByLog(log.facts)).toEqual({ read: ['/w'], write: ['/w'], deny: [personDeny] });
        const count = (change: string) =>
          log.entries.filter((entry) => entry.type === 'scope' && entry.change === change).length;
        expect(count('reclaimed')).toBe(count('delegated'));
      }),
      { numRuns: 500 },
    );
  });
});
