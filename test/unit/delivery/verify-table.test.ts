/** The oracle's own table of delivery §3: what a receipt says of itself is compared with it, row by row. */
import { describe, expect, it } from 'vitest';
import type { PodEvent, SentPodEvent } from '../../../src/protocol/pod-event.ts';
import { type ReceiptFields, died, finished, scopeReport, shutDown } from '../../support/log-builder.ts';
import { broken, check, expectOnly, family } from './verify-rig.ts';

interface Due {
  told: boolean;
  closes: boolean;
}

const report = finished('done', ['w1']);
const other = { ...report, settled: false };
const sent: [string, SentPodEvent, Due][] = [
  ['finished, settled', report, { told: true, closes: true }],
  ['finished, not settled', other, { told: false, closes: false }],
  ['limitReached', { ...report, outcome: 'limitReached' }, { told: true, closes: true }],
  ['limitReached, not settled', { ...other, outcome: 'limitReached' }, { told: true, closes: true }],
  ['cancelled', { ...report, outcome: 'cancelled' }, { told: true, closes: true }],
  ['cancelled, not settled', { ...other, outcome: 'cancelled' }, { told: true, closes: true }],
  ['paused', { ...other, outcome: 'paused' }, { told: true, closes: false }],
  ['shutDown', shutDown(), { told: true, closes: true }],
];
const declared: [string, PodEvent, Due][] = [
  ['died', { ...died(), assignments: ['w1'] }, { told: true, closes: true }],
  ['died, restored', died(true), { told: false, closes: false }],
  ['unreachable', { kind: 'unreachable', sinceMs: 60_000 }, { told: true, closes: false }],
];

/** What is broken at the parent when it notes the event so. */
function judged(event: PodEvent, fields: ReceiptFields): string[] {
  const { home, root, child } = family();
  root.assign(child, 'w1');
  if (event.kind === 'died' || event.kind === 'unreachable') root.declare(child, event, fields);
  else {
    child.emit(event);
    root.receive(child, 1, fields);
  }
  // A pod that stops begins nothing: this one does.
  root.input('run');
  return broken(check(home)).filter((finding) => finding.endsWith(' root'));
}

const right = ({ told, closes }: Due): ReceiptFields => ({
  reads: told,
  wakes: told,
  closes: closes ? ['w1'] : [],
});

describe.each([...sent, ...declared])('verify: %s', (_name, event, row) => {
  it('[verify.visibility] is read and wakes as the table says, and what is noted otherwise is found', () => {
    expect(judged(event, right(row))).toEqual([]);
    const turned = { reads: !row.told, wakes: !row.told };
    expect(judged(event, { ...right(row), ...turned })).toEqual(['V1 root']);
    expect(judged(event, { ...right(row), wakes: !row.told })).toEqual(['V1 root']);
    expect(judged(event, { ...right(row), reads: !row.told })).toEqual(['V1 root']);
  });

  it('[verify.closes] ends the work that the table says, and what is noted otherwise is found', () => {
    const closes = row.closes ? [] : ['w1'];
    expect(judged(event, { ...right(row), closes })).toEqual(['V2 root']);
  });
});

describe('verify: the table', () => {
  it('[verify.visibility] a scope report is for nobody; an end that StopPod told is kept from the model', () => {
    const { home, root, child } = family();
    child.emit(scopeReport(root, child, 1));
    root.receive(child, 1, { reads: true, wakes: true });
    expectOnly(home, ['V1 root']);
    const stopped = (fields: ReceiptFields): string[] => {
      const one = family();
      one.root.beginTurn();
      one.root.step(['stop']);
      one.root.result('stop', { stopped: { instance: one.child.instance, incarnation: 1 } });
      one.child.emit(shutDown());
      one.root.receive(one.child, 1, fields);
      one.root.step();
      one.root.endTurn();
      return broken(check(one.home));
    };
    expect(stopped({ reads: false, wakes: false })).toEqual([]);
    expect(stopped({})).toContain('V1 root');
  });

  it('[verify.visibility] an end may be kept from the model by a pod that stops: nothing begins behind it', () => {
    const { home, root, child } = family();
    child.emit(shutDown());
    root.receive(child, 1, { reads: false, wakes: false });
    expectOnly(home, []);
    root.stopWhole();
    root.start();
    root.accept();
    expectOnly(home, []);
    const goesOn = family();
    goesOn.child.emit(shutDown());
    goesOn.root.receive(goesOn.child, 1, { reads: false, wakes: false });
    goesOn.root.accept();
    expectOnly(goesOn.home, ['V1 root']);
  });

  it('[verify.visibility] also a pod that stops keeps no end from the model that work ended with', () => {
    const stopping = (fields: ReceiptFields): string[] => {
      const { home, root, child } = family();
      root.assign(child, 'w1');
      child.emit(shutDown());
      root.receive(child, 1, { closes: ['w1'], ...fields });
      if (fields.reads !== false) root.consume(child);
      root.stopWhole();
      return broken(check(home)).filter((finding) => finding.endsWith(' root'));
    };
    expect(stopping({})).toEqual([]);
    expect(stopping({ reads: false, wakes: false })).toEqual(['V1 root']);
  });

  it('[verify.already-read] an end counts as read only where ReadPodOutput gave it, of that pod, in a completed request', () => {
    const read = (at: { seen: boolean; turn: string; instance?: string }): string[] => {
      const { home, root, child } = family();
      root.beginTurn();
      root.step(['read']);
      const readOutput = { instance: at.instance ?? child.instance, cursor: '', coversTurn: at.turn };
      const readAt = root.result('read', { readOutput });
      if (at.seen) root.step();
      child.emit();
      root.receive(child, 1, { reads: false, wakes: false, readAt });
      root.step();
      return broken(check(home));
    };
    expect(read({ seen: true, turn: 't' })).toEqual([]);
    expect(read({ seen: false, turn: 't' })).toEqual(['V1 root']);
    expect(read({ seen: true, turn: 'another' })).toEqual(['V1 root']);
    expect(read({ seen: true, turn: 't', instance: 'another' })).toEqual(['V1 root']);
  });

  it('[verify.closes] a report closes no more than it names; one whose names cannot be read closes all', () => {
    const closing = (event: SentPodEvent, fields: ReceiptFields): string[] => {
      const { home, root, child } = family();
      root.assign(child, 'w1');
      root.assign(child, 'w2');
      child.emit(event);
      root.receive(child, 1, fields);
      return broken(check(home)).filter((finding) => finding.startsWith('V2'));
    };
    expect(closing(report, { closes: ['w1'] })).toEqual([]);
    expect(closing(report, { closes: ['w1', 'w2'] })).toEqual(['V2 root']);
    expect(closing(shutDown(), { closes: ['w1'] })).toEqual(['V2 root']);
    const event = { ...finished(), unread: ['assignments'] };
    expect(closing(report, { event, closes: ['w2', 'w1'] })).toEqual([]);
    expect(closing(report, { event, closes: [] })).toEqual(['V2 root']);
  });
});
