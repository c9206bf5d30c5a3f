/** What a pod reports against what its own log comes to. */
import { describe, expect, it } from 'vitest';
import type { SentPodEvent } from '../../../src/protocol/pod-event.ts';
import type { TurnEndedEntry } from '../../../src/session/facts/entries.ts';
import { type LogBuilder, finished } from '../../support/log-builder.ts';
import { changed, renumbered } from '../../support/renumbered.ts';
import { broken, check, expectOnly, family } from './verify-rig.ts';

type Report = Extract<SentPodEvent, { kind: 'turnEnded' | 'errored' }>;

/** A child that was given work, has work of its own below it unless told, and ended its turn so. */
function worker(outcome: TurnEndedEntry['outcome'] = 'finished', options = { below: true }) {
  const { home, root, child } = family();
  root.assign(child, 'w1');
  child.accept('w1');
  child.beginRun();
  if (options.below) {
    const grandchild = home.pod('grandchild', child);
    child.link(grandchild);
    child.assign(grandchild, 'g1');
    grandchild.accept('g1');
  }
  child.step();
  child.endTurn(outcome);
  return { home, root, child };
}

function editReport(child: LogBuilder, edit: (event: Report) => SentPodEvent): void {
  changed(child.entries, 'podEventEmitted', (entry) => {
    const { event } = entry;
    if (event.kind !== 'turnEnded' && event.kind !== 'errored') throw new Error('no report');
    return { ...entry, event: edit(event) };
  });
}

describe('verify: reports', () => {
  it.each(['finished', 'limitReached', 'cancelled', 'errored', 'paused'] as const)(
    '[verify.reports] a turn that ended %s reports what its log comes to',
    (outcome) => {
      expectOnly(worker(outcome).home, []);
      expectOnly(worker(outcome, { below: false }).home, []);
    },
  );

  const changes: [string, (event: Report) => SentPodEvent][] = [
    ['settled', (event) => ({ ...event, settled: !event.settled })],
    ['outstanding', (event) => ({ ...event, outstanding: [] })],
    ['assignments', (event) => ({ ...event, assignments: [] })],
    ['text', (event) => ({ ...event, text: 'no' })],
    ['length of the text', (event) => ({ ...event, textChars: 7 })],
    ['usage', (event) => ({ ...event, usage: { ...event.usage, outputTokens: 99 } })],
    ['cause', (event) => ({ ...event, by: 'person' })],
  ];
  it.each(changes)('[verify.reports] another %s than the log comes to is found', (_what, edit) => {
    const { home, child } = worker();
    editReport(child, edit);
    expect(broken(check(home))).toEqual(['V3 child']);
  });

  it('[verify.reports] another outcome than that of the turn is found', () => {
    const { home, child } = worker('limitReached');
    editReport(child, (event) => ({
      ...finished('ok', event.assignments),
      ...event,
      outcome: 'finished',
      kind: 'turnEnded',
    }));
    expect(new Set(broken(check(home)))).toEqual(new Set(['V3 child']));
  });

  it('[verify.reports] the end of a turn in the log is judged as its report is', () => {
    const { home, root } = worker();
    root.beginTurn();
    root.step();
    root.endTurn();
    expectOnly(home, []);
    changed(root.entries, 'turnEnded', (entry) => ({ ...entry, settled: true }));
    expectOnly(home, ['V3 root']);
    changed(root.entries, 'turnEnded', (entry) => ({ ...entry, outstanding: [] }));
    expectOnly(home, ['V3 root', 'V3 root']);
  });

  it('[verify.report-with-turn] a turn for work of the parent ends with a report behind it', () => {
    const { home, child } = worker();
    const without = child.entries.filter(({ type }) => type !== 'podEventEmitted');
    child.entries.splice(0, child.entries.length, ...renumbered(without));
    expectOnly(home, ['C1 child']);
    child.input('notice');
    expectOnly(home, ['C1 child']);
    const person = family();
    person.child.accept();
    person.child.beginRun();
    person.child.step();
    person.child.endTurn();
    expectOnly(person.home, []);
  });

  it('[verify.finished-work] work is told as finished only when a turn for it has finished', () => {
    const cancelled = (event: SentPodEvent): string[] => {
      const { home, child } = worker('paused', { below: false });
      child.input('cancel');
      child.emit(event);
      return broken(check(home));
    };
    const report = finished('', ['w1']);
    expect(cancelled({ ...report, outcome: 'cancelled' })).toEqual([]);
    expect(cancelled(report)).toEqual(['V3 child']);
  });

  it('[verify.finished-work] a last word tells what had begun from what waited', () => {
    const stopped = (notStarted: string[], assignments: string[]): string[] => {
      const { home, root, child } = worker('errored', { below: false });
      root.assign(child, 'w2');
      child.accept('w2');
      child.emit({ kind: 'shutDown', assignments, notStarted, outstanding: [] });
      return broken(check(home));
    };
    expect(stopped(['w2'], [])).toEqual([]);
    expect(stopped([], [])).toEqual(['V3 child']);
    expect(stopped(['w2'], ['w1'])).toEqual(['V3 child']);
    expect(stopped([], ['w2'])).toEqual(['V3 child', 'V3 child']);
  });
});
