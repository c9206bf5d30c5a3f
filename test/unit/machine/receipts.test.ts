/**
 * What becomes of an event at its receipt: which work it closes, whether it is new, and whether the model has
 * read it already.
 */
import { describe, expect, it } from 'vitest';
import { receive } from '../../../src/delivery/inbox.ts';
import { wakeWorthy } from '../../../src/delivery/settled.ts';
import { notificationHops, wakeRule } from '../../../src/delivery/wake.ts';
import { onLink } from '../../../src/pod/machine/inputs.ts';
import type { ToolResultEntry } from '../../../src/session/facts/entries.ts';
import { BareMachine, report } from '../../support/bare-machine.ts';
import { type LogBuilder, died, logHome, shutDown } from '../../support/log-builder.ts';

/** A root with a linked child, in a turn that has made its first request. */
function family(...assignments: string[]) {
  const home = logHome();
  const builder = home.pod('root');
  const kid = home.pod('kid', builder);
  const root = new BareMachine(builder.entries);
  root.runFrom('person', 'r1');
  root.request();
  root.adopt(kid, ...assignments);
  return { root, kid };
}

const failed = { category: 'auth', message: 'no' };

function errored(assignments: string[]) {
  const { outcome: _, ...rest } = report('finished', assignments);
  return { ...rest, kind: 'errored', error: failed } as const;
}

describe('which work an end closes', () => {
  it.each([
    ['errored', errored(['a1'])],
    ['limitReached', report('limitReached', ['a1'], { reason: 'steps' })],
    ['cancelled', report('cancelled', ['a1'], { by: 'person' })],
    ['finished and settled', report('finished', ['a1'])],
  ])('[machine.closes-named] %s closes the one that it names', (_, event) => {
    const { root, kid } = family('a1', 'a2');
    root.hear(kid, 1, event);
    expect(root.newest('podEventReceived')?.closes).toEqual(['a1']);
    expect([...root.facts.assignments.keys()]).toEqual(['a2']);
    root.finish();
    expect(root.newest('turnEnded')).toMatchObject({ settled: false, outstanding: ['kid'] });
  });

  it.each([
    ['paused', report('paused', ['a1'])],
    ['finished and not settled', report('finished', ['a1'], { settled: false, outstanding: ['below'] })],
  ])('[machine.closes-named] %s closes none', (_, event) => {
    const { root, kid } = family('a1', 'a2');
    root.hear(kid, 1, event);
    expect([...root.facts.assignments.keys()]).toEqual(['a1', 'a2']);
  });

  it('[machine.closes-named] the end of a child closes all of its work, and no work of another', () => {
    const { root, kid } = family('a1', 'a2');
    const other = another('other');
    root.adopt(other, 'b1');
    root.hear(kid, 1, { kind: 'shutDown', assignments: ['a1'], notStarted: ['a2'], outstanding: [] });
    expect([...root.facts.assignments.keys()]).toEqual(['b1']);
  });

  it("[machine.outstanding-agrees] the log's own word and the report's", () => {
    const home = logHome();
    const root = home.pod('root');
    const kid = home.pod('kid', root);
    const below = home.pod('below', kid);
    const pod = new BareMachine(kid.entries);
    pod.runFrom('parent', 'a1');
    pod.adopt(below, 'b1', 'b2');
    pod.finish();
    expect(pod.newest('turnEnded')).toMatchObject({ settled: false, outstanding: ['below'] });
    expect(pod.said()).toMatchObject([{ settled: false, outstanding: ['below'], assignments: ['a1'] }]);
    pod.hear(below, 1, report('finished', ['b1', 'b2']));
    pod.coalesced();
    pod.finish();
    expect(pod.newest('turnEnded')).toMatchObject({ settled: true, outstanding: [] });
    expect(pod.said()[1]).toMatchObject({ settled: true, outstanding: [], assignments: ['a1'] });
  });
});

/** A child of another identity than `kid`. */
function another(name: string): LogBuilder {
  const home = logHome();
  // Of another number than the first ones have.
  for (let made = 0; made < 5; made += 1) home.pod(`unused${made}`);
  return home.pod(name);
}

describe('whether it is new', () => {
  it('[machine.dedupe-any-number] at every distance, also far above a thousand', () => {
    const { root, kid } = family();
    const child = root.facts.children.get(kid.instance)!;
    const from = { instance: kid.instance, incarnation: 1 };
    const ask = (seq: number) =>
      receive(root.facts, { from, seq, event: report('finished', []) }, { stopping: false });
    for (const received of [0, 1, 2, 999, 1_000, 1_001, 1_024, 4_096, 65_536, 1_000_000, 2 ** 40]) {
      child.received = received;
      for (const back of [0, 1, 2, 500, 1_000, received - 1]) {
        const seq = received - back;
        if (back < 0 || seq < 1) continue;
        expect(ask(seq), `${seq} after ${received}`).toEqual({ kind: 'duplicate', received });
      }
      expect(ask(received + 1)).toMatchObject({ kind: 'accept', received: received + 1 });
      for (const ahead of [2, 3, 1_000]) expect(ask(received + ahead)).toEqual({ kind: 'gap', received });
    }
  });
});

describe('whether it was read', () => {
  const result = (fields: Partial<ToolResultEntry>): ToolResultEntry => {
    const place = { turn: 'id', step: 1, call: 'c1', tool: 'ReadPodOutput' };
    return { type: 'toolResult', ...place, text: 'all of it', isError: false, ...fields };
  };

  it('[machine.read-means-seen] a report between the result and the next response is read by a request of its own', () => {
    const { root, kid } = family('a1');
    root.answer('reading', ['c1']);
    root.commit([
      result({ readOutput: { instance: kid.instance, cursor: 'x', coversTurn: 'turn of the child' } }),
    ]);
    root.hear(kid, 1, report('finished', ['a1']));
    expect(root.newest('podEventReceived')).toMatchObject({ reads: true, wakes: true });
    expect(root.newest('podEventReceived')).not.toHaveProperty('readAt');
    // The request that held the result is never answered.
    root.end('cancelled', { by: 'person' });
    root.runFrom('person', 'r2');
    root.finish();
    expect(root.items()).toMatchObject([{ kind: 'podEvent', body: expect.stringContaining('already read') }]);
    expect(root.facts.unseen).toEqual([]);
  });

  it('[machine.read-means-seen] one behind that response is final at its receipt, and wakes nobody', () => {
    const { root, kid } = family('a1');
    root.answer('reading', ['c1']);
    root.commit([
      result({ readOutput: { instance: kid.instance, cursor: 'x', coversTurn: 'turn of the child' } }),
    ]);
    const at = root.facts.lastSeq;
    root.finish();
    root.hear(kid, 1, report('finished', ['a1']));
    root.coalesced();
    expect(root.newest('podEventReceived')).toMatchObject({ reads: false, wakes: false, readAt: at });
    expect([root.facts.turn, root.facts.notifyBuffer]).toEqual([null, []]);
  });

  it('[machine.stop-result-own-end] the death of a later incarnation stays in the buffer, that of the named one goes', () => {
    const { root, kid } = family();
    const death = (incarnation: number) =>
      root.commit([
        {
          type: 'podEventReceived',
          from: { ...kid.ref, incarnation },
          eventSeq: null,
          event: died(),
          reads: true,
          wakes: true,
          closes: [],
        },
      ]);
    death(1);
    death(2);
    root.commit([result({ tool: 'StopPod', stopped: { instance: kid.instance, incarnation: 1 } })]);
    expect(root.facts.notifyBuffer.map(({ content }) => content)).toMatchObject([
      { from: { incarnation: 2 } },
    ]);
    root.finish();
    expect(root.items()).toMatchObject([{ from: { incarnation: 2 }, event: { kind: 'died' } }]);
  });

  it('[machine.stop-result-told] neither the shutDown of the named incarnation nor one of another child is mixed up', () => {
    const { root, kid } = family('a1');
    const other = another('other');
    root.adopt(other, 'b1');
    root.commit([result({ tool: 'StopPod', stopped: { instance: kid.instance, incarnation: 1 } })]);
    const end = shutDown();
    root.hear(kid, 1, end);
    expect(root.newest('podEventReceived')).toMatchObject({ reads: false, wakes: false, closes: ['a1'] });
    root.hear(other, 1, end);
    expect(root.newest('podEventReceived')).toMatchObject({ reads: true, wakes: true, closes: ['b1'] });
  });
});

describe('chains', () => {
  it('[machine.hops-mixed] an item over the chain and a fresh one wake together', () => {
    const { root, kid } = family('a1', 'a2');
    const { hops: hopsMax, wakesPerMinute: turnsPerMinute } = root.core.limits;
    root.finish();
    root.hear(kid, 1, report('finished', ['a1'], { hops: hopsMax }));
    root.coalesced();
    // It alone waits for a person.
    expect([root.facts.turn, root.core.live.overBudget]).toEqual([null, 'hops']);
    root.hear(kid, 2, report('finished', ['a2'], { hops: 0 }));
    expect(wakeRule(root.facts, { hopsMax, turnsPerMinute }, [], 0)).toMatchObject({ kind: 'now' });
    root.coalesced();
    expect(root.facts.turn).toMatchObject({ kind: 'runForNotification', hops: hopsMax + 1 });
    root.finish();
    expect(root.items().map((item) => (item.kind === 'podEvent' ? item.seq : null))).toEqual([1, 2]);
    expect([wakeWorthy(root.facts), notificationHops(root.facts)]).toEqual([[], 1]);
  });
});

describe('a restart', () => {
  it.each(['received', 'in the history', 'in a request that failed'] as const)(
    '[machine.restart-keeps-inbox] what was %s is read by the next incarnation, once',
    (when) => {
      const { root, kid } = family('a1');
      root.hear(kid, 1, report('finished', ['a1']));
      if (when !== 'received') root.request();
      if (when === 'in a request that failed') root.end('errored', { error: failed });
      const next = root.restarted();
      next.coalesced();
      expect(next.facts.turn).not.toBeNull();
      next.finish();
      expect(next.items()).toMatchObject([{ kind: 'podEvent', seq: 1 }]);
      expect([next.facts.unseen, next.facts.notifyBuffer, next.facts.turn]).toEqual([[], [], null]);
      expect(next.hear(kid, 1, report('finished', ['a1']))).toBe('duplicate');
    },
  );
});

describe('a link', () => {
  /** It knows of `a1` only. */
  const link = (
    root: BareMachine,
    kid: LogBuilder,
    incarnation: number,
    { emitted = 0, sure = [] }: { emitted?: number; sure?: string[] } = {},
  ) =>
    onLink(
      root.core,
      {
        child: { ...kid.ref, incarnation, pid: 1, startTime: '1', bootId: 'b' },
        token: 'x',
        protocol: 1,
        assignments: { open: ['a1'], closed: [] },
        emitted,
      },
      new Set(sure),
    );

  it('[machine.older-life-refused] of the incarnation before, and of any earlier one; the same one may link again', () => {
    const { root, kid } = family('a1');
    link(root, kid, 3);
    for (const earlier of [2, 1])
      expect(() => link(root, kid, earlier), `${earlier}`).toThrow('A later incarnation');
    expect(link(root, kid, 3)).toMatchObject({ incarnation: 3, terminal: 2 });
  });

  it('[machine.never-accepted-told] that knows nothing of an open assignment has it told as never begun, once, and wakes', () => {
    const { root, kid } = family('a1', 'a2');
    root.finish();
    link(root, kid, 1);
    link(root, kid, 1);
    expect([...root.facts.assignments.keys()]).toEqual(['a1']);
    root.coalesced();
    root.finish();
    expect(root.items()).toMatchObject([{ kind: 'assignment', assignment: 'a2', outcome: 'notStarted' }]);
    expect(root.facts.turn).toBeNull();
  });

  it('[machine.never-accepted-told] a run that is being sent is not judged by it', () => {
    const { root, kid } = family('a1', 'a2');
    link(root, kid, 1, { sure: ['a2'] });
    expect([...root.facts.assignments.keys()]).toEqual(['a1', 'a2']);
  });

  it('[machine.ended-holds-nothing] of an incarnation that has ended gives it no scope back; that of the next one does, and keeps it', () => {
    const { root, kid } = family();
    const scope = { read: ['/'], write: ['/kid'] };
    root.commit([
      { type: 'scope', change: 'granted', scope: { read: ['/'], write: ['/'] } },
      { type: 'child', child: kid.ref, state: 'linked', incarnation: 1, scope },
      { type: 'scope', change: 'delegated', child: kid.ref, scope },
    ]);
    root.hear(kid, 1, shutDown());
    expect(root.newest('scope')).toMatchObject({ change: 'reclaimed', scope });
    const child = root.facts.children.get(kid.instance)!;
    link(root, kid, 1, { emitted: 1 });
    expect([child.holds, root.all('scope').length]).toEqual([null, 3]);
    link(root, kid, 2, { emitted: 1 });
    expect(child.holds).toMatchObject({ write: ['/kid'] });
    // What the first one still has to say takes nothing from the second.
    root.hear(kid, 2, shutDown());
    expect(child.holds).toMatchObject({ write: ['/kid'] });
  });
});
