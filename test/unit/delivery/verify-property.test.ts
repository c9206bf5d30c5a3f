import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Report, verifyLogs } from '../../../src/delivery/verify/verify.ts';
import type { PodEventReceivedEntry } from '../../../src/session/facts/delivery-entries.ts';
import type { Entry } from '../../../src/session/facts/entries.ts';
import { type LogBuilder, died, finished, logHome } from '../../support/log-builder.ts';
import { renumbered } from '../../support/renumbered.ts';

/** One thing that happens to one of the children; what cannot happen at that moment does not. */
type Deed = { child: number; what: 'emit' | 'deliver' | 'receive' | 'wake' | 'crash' };

const deeds = fc.array(
  fc.record({
    child: fc.nat({ max: 2 }),
    what: fc.constantFrom<Deed['what'][]>('emit', 'emit', 'deliver', 'receive', 'wake', 'crash'),
  }),
  { minLength: 4, maxLength: 60 },
);

interface Run {
  root: LogBuilder;
  children: LogBuilder[];
  nowMs: number;
}

/**
 * A right run: events are delivered in order, acknowledged at once or with a later one, and read; a death
 * comes last and is followed by a new incarnation.
 */
function play(story: readonly Deed[]): Run {
  const home = logHome();
  const root = home.pod('root');
  const children = ['a', 'b', 'c'].map((name) => home.pod(name, root));
  for (const child of children) root.link(child);
  const received = new Map<LogBuilder, number>(children.map((child) => [child, 0]));
  let unread: (() => void)[] = [];
  const receive = (child: LogBuilder): boolean => {
    const seq = (received.get(child) ?? 0) + 1;
    if (seq > child.emitted) return false;
    root.receive(child, seq);
    received.set(child, seq);
    unread.push(() => root.consume(child, seq));
    return true;
  };
  const acts: Record<Deed['what'], (child: LogBuilder) => void> = {
    emit: (child) => child.emit(finished(`${child.name} ${child.emitted}`)),
    receive,
    deliver: (child) => {
      if (receive(child)) child.ack(received.get(child));
    },
    wake: () => {
      const items = unread;
      unread = [];
      if (items.length > 0) root.notified(() => items.forEach((item) => item()));
    },
    crash: (child) => {
      while (receive(child));
      const { incarnation } = child;
      root.declare(child, died());
      unread.push(() => root.consumeDeclared(child, died(), incarnation));
      child.start();
      root.link(child);
    },
  };
  for (const { child, what } of story) acts[what](children[child] ?? root);
  return { root, children, nowMs: home.nowMs() };
}

function verify({ root, children, nowMs }: Run, entries: readonly Entry[]): Report {
  const logs = [...children, root].map((pod) => (pod === root ? { ...pod.log(), entries } : pod.log()));
  return verifyLogs(logs, [], { nowMs });
}

type Receipt = Entry<PodEventReceivedEntry>;

function receiptsOf(run: Run): Receipt[] {
  return run.root.entries.filter((entry): entry is Receipt => entry.type === 'podEventReceived');
}

/** The rules of delivery that are broken; a log that was renumbered breaks none of the log itself. */
function broken(report: Report): Set<string> {
  return new Set(report.violations.map(({ rule }) => rule));
}

const runs = { numRuns: 300 };

describe('verify: generated runs', () => {
  it('[verify.property-clean] a right run breaks nothing, whatever its order', () => {
    fc.assert(
      fc.property(deeds, (story) => {
        const run = play(story);
        expect(verify(run, run.root.entries).violations).toEqual([]);
        expect(verify(run, renumbered(run.root.entries)).violations).toEqual([]);
      }),
      runs,
    );
  });

  it('[verify.property-duplicated] a receipt that stands twice is always found', () => {
    fc.assert(
      fc.property(deeds, fc.nat(), fc.nat(), (story, which, where) => {
        const run = play(story);
        const receipts = receiptsOf(run);
        const receipt = receipts[which % Math.max(1, receipts.length)];
        fc.pre(receipt !== undefined);
        const entries = [...run.root.entries];
        const behind = receipt.seq + (where % (entries.length - receipt.seq + 1));
        // Its old number would draw the pointers of others to the copy.
        entries.splice(behind, 0, { ...receipt, seq: Number.MAX_SAFE_INTEGER });
        expect(broken(verify(run, renumbered(entries)))).toContain('I2');
      }),
      runs,
    );
  });

  it('[verify.property-dropped] a receipt that is missing is always found, unless nobody could know of it', () => {
    fc.assert(
      fc.property(deeds, fc.nat(), (story, which) => {
        const run = play(story);
        const receipts = receiptsOf(run).filter((receipt) => isKnown(run, receipt));
        const receipt = receipts[which % Math.max(1, receipts.length)];
        fc.pre(receipt !== undefined);
        const report = verify(run, renumbered(run.root.entries.filter((entry) => entry !== receipt)));
        const expected = receipt.eventSeq === null ? ['I2', 'I7'] : ['I1', 'I2', 'I3'];
        expect([...broken(report)].some((rule) => expected.includes(rule))).toBe(true);
      }),
      runs,
    );
  });

  it('[verify.property-shuffled] receipts of one child in another order are always found', () => {
    fc.assert(
      fc.property(deeds, fc.nat(), fc.nat(), (story, which, other) => {
        const run = play(story);
        const receipts = receiptsOf(run);
        const first = receipts[which % Math.max(1, receipts.length)];
        fc.pre(first !== undefined);
        const later = receipts.filter(
          (receipt) => receipt.from.instance === first.from.instance && receipt.seq > first.seq,
        );
        const second = later[other % Math.max(1, later.length)];
        fc.pre(second !== undefined);
        const entries = run.root.entries.map((entry) => {
          if (entry === first) return { ...second, seq: first.seq };
          return entry === second ? { ...first, seq: second.seq } : entry;
        });
        expect(broken(verify(run, entries))).toContain('I3');
      }),
      runs,
    );
  });
});

/**
 * Acknowledged, followed by a later number or a later incarnation, or given to the model: somebody knows that
 * it was there.
 */
function isKnown(run: Run, receipt: Receipt): boolean {
  const { from, eventSeq } = receipt;
  const child = run.children.find(({ instance }) => instance === from.instance);
  if (eventSeq === null) return (child?.incarnation ?? 0) > from.incarnation;
  const acked = child?.entries.some((entry) => entry.type === 'podEventAcked' && entry.through >= eventSeq);
  if (acked === true) return true;
  const others = run.root.entries.filter(
    (entry) => entry.type === 'podEventReceived' && entry.from.instance === from.instance,
  );
  return others.some((entry) => entry.seq > receipt.seq) || isConsumed(run, receipt);
}

function isConsumed(run: Run, { from, eventSeq }: Receipt): boolean {
  return run.root.entries.some(
    (entry) =>
      entry.type === 'systemItem' &&
      entry.item.kind === 'podEvent' &&
      entry.item.from.instance === from.instance &&
      entry.item.seq === eventSeq,
  );
}
