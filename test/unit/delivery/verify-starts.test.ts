/** Starts, receipts that leave something out, and work that nobody holds. */
import { describe, expect, it } from 'vitest';
import { verifyLogs } from '../../../src/delivery/verify/verify.ts';
import type { SentPodEvent } from '../../../src/protocol/pod-event.ts';
import type { Entry } from '../../../src/session/facts/entries.ts';
import { type LogBuilder, died, finished, scopeReport, shutDown } from '../../support/log-builder.ts';
import { changed, renumbered } from '../../support/renumbered.ts';
import { broken, check, family } from './verify-rig.ts';

function without(pod: LogBuilder, leave: (entry: Entry) => boolean): void {
  pod.entries.splice(0, pod.entries.length, ...renumbered(pod.entries.filter((entry) => !leave(entry))));
}

describe('verify: starts', () => {
  const incarnations = (incarnation: number, play: (child: LogBuilder) => void): string[] => {
    const { home, child } = family();
    play(child);
    without(child, (entry) => entry.type === 'started' && entry.incarnation === incarnation);
    return broken(check(home)).filter((finding) => finding.startsWith('I7'));
  };

  it('[verify.starts] a start that is missing before, between or behind others is found', () => {
    expect(incarnations(0, (child) => (child.start(), child.start(), child.emit()))).toEqual([]);
    expect(incarnations(2, (child) => (child.start(), child.start()))).toEqual(['I7 child']);
    expect(incarnations(1, (child) => child.input('notice'))).toEqual(['I7 child', 'I7 child']);
    expect(incarnations(2, (child) => (child.stop(), child.start(), child.input('run')))).toEqual([
      'I7 child',
    ]);
    expect(incarnations(2, (child) => (child.start(), child.emit()))).toEqual(['I7 child']);
    expect(incarnations(2, (child) => (child.start(), child.stop()))).toEqual(['I7 child', 'I7 child']);
  });

  it('[verify.starts] a link of an incarnation whose start the child does not know is found', () => {
    const { home, root, child } = family();
    root.declare(child, died(true), { reads: false, wakes: false });
    child.start();
    root.link(child);
    expect(broken(check(home))).toEqual([]);
    without(child, (entry) => entry.type === 'started' && entry.incarnation === 2);
    expect(broken(check(home))).toEqual(['I7 child']);
  });

  it('[verify.starts] what others write into the log of a pod that has ended is in order', () => {
    const { home, root, child } = family();
    child.emit();
    root.stop();
    root.deliver(child);
    root.declare(child);
    child.add({ type: 'discarded', through: 1, reason: 'rm' });
    expect(broken(check(home))).toEqual([]);
  });
});

function failed(): SentPodEvent {
  const { outcome: _outcome, ...report } = finished();
  return { ...report, kind: 'errored', error: { category: 'c', message: 'm' } };
}

describe('verify: fields of a receipt', () => {
  const events: [string, (by: LogBuilder) => SentPodEvent][] = [
    ['turnEnded', () => ({ ...finished(), outcome: 'limitReached', reason: 'steps', by: 'person' })],
    ['errored', failed],
    ['shutDown', shutDown],
    ['scopeSubDelegated', (by) => scopeReport(by, by, 1)],
  ];

  it.each(events)(
    '[verify.left-out] no field of %s that every version knows may be left out',
    (_kind, make) => {
      const received = (leave: string | null): string[] => {
        const { home, root, child } = family();
        const event = make(child);
        child.emit(event);
        root.receive(child);
        changed(root.entries, 'podEventReceived', (entry) => {
          const kept = { ...event };
          if (leave !== null) Reflect.deleteProperty(kept, leave);
          return { ...entry, event: kept };
        });
        return broken(check(home));
      };
      expect(received(null)).toEqual([]);
      const fields = Object.keys(make(family().child)).filter((field) => field !== 'kind');
      expect(fields.length).toBeGreaterThanOrEqual(4);
      for (const field of fields) expect(received(field), field).toContain('I8 root');
    },
  );

  it('[verify.left-out] nor a part of one', () => {
    const { home, root, child } = family();
    const event = finished();
    child.emit(event);
    const usage = { ...event.usage };
    Reflect.deleteProperty(usage, 'outputTokens');
    root.receive(child, 1, { event: { ...event, usage } });
    expect(broken(check(home))).toEqual(['I8 root']);
  });
});

describe('verify: work that was given', () => {
  const after = (ms: number, play: (root: LogBuilder, child: LogBuilder) => void): string[] => {
    const { home, root, child } = family();
    root.assign(child, 'w1');
    play(root, child);
    const report = verifyLogs(home.logs(), [], { nowMs: home.nowMs() + ms });
    return broken(report).filter((finding) => finding.startsWith('R3'));
  };

  it('[verify.given-work] work that the child never accepted is closed within a minute of its next link or its end', () => {
    expect(after(70_000, (root, child) => root.link(child))).toEqual(['R3 root']);
    expect(after(50_000, (root, child) => root.link(child))).toEqual([]);
    expect(after(70_000, () => undefined)).toEqual([]);
    expect(after(70_000, (root, child) => (root.link(child), child.accept('w1')))).toEqual([]);
    expect(after(70_000, (root, child) => (root.link(child), root.die()))).toEqual([]);
    const closed = (root: LogBuilder, child: LogBuilder): void => {
      root.link(child);
      root.add({ type: 'assignment', assignment: 'w1', child: child.ref, state: 'closed', text: '' });
    };
    expect(after(70_000, closed)).toEqual([]);
    const keptOpen = (root: LogBuilder, child: LogBuilder): void => {
      child.die();
      root.declare(child, { ...died(), assignments: ['w1'] }, { closes: ['w1'] });
      root.assign(child, 'w2');
    };
    expect(after(70_000, keptOpen)).toEqual(['R3 root']);
  });

  it('[verify.given-work] a pod with nothing left to do has reported on what it began', () => {
    const begun = (end: (child: LogBuilder) => void): string[] =>
      after(70_000, (_root, child) => {
        child.accept('w1');
        child.beginRun();
        child.step();
        end(child);
      });
    expect(begun(() => undefined)).toEqual([]);
    expect(begun((child) => child.endTurn())).toEqual([]);
    expect(
      begun((child) => (child.endTurn(), without(child, ({ type }) => type === 'podEventEmitted'))),
    ).toEqual(['R3 child']);
    expect(begun((child) => child.endTurn('paused'))).toEqual([]);
  });
});
