import { describe, expect, it } from 'vitest';
import {
  type LedgerRow,
  createLedger,
  deliveryOf,
  inboundLedger,
  joinLedgers,
  outboundLedger,
} from '../../../src/delivery/ledger.ts';
import { deliverySchema } from '../../../src/protocol/methods.ts';
import type { Entry } from '../../../src/session/facts/entries.ts';
import { died, finished, logHome, scopeReport } from '../../support/log-builder.ts';

const states = (rows: readonly LedgerRow[]): string[] => rows.map((row) => row.state);
const timeOf = (entries: readonly Entry[], seq: number): string => entries[seq - 1]?.time ?? '?';

function family() {
  const home = logHome();
  const root = home.pod('root');
  const child = home.pod('child', root);
  root.link(child);
  return { home, root, child };
}

describe('ledger', () => {
  it('[ledger.inbound-states] an event goes from received over consumed to seen, each with the time of its entry', () => {
    const { root, child } = family();
    child.emit();
    const receipt = root.receive(child);
    const base = {
      from: 'child',
      to: 'root',
      seq: 1,
      kind: 'turnEnded',
      attempts: 0,
      reason: null,
      sentAt: null,
    };
    const receivedAt = timeOf(root.entries, receipt);
    const [instance, receiver] = [child.instance, root.instance];
    const identity = { instance, receiver, incarnation: 1, committedAt: null };
    expect(inboundLedger(root.entries)).toEqual([
      { ...base, ...identity, state: 'received', receivedAt, consumedAt: null, seenAt: null },
    ]);
    root.beginTurn('runForNotification');
    const item = root.consume(child);
    const consumedAt = timeOf(root.entries, item);
    expect(inboundLedger(root.entries)).toEqual([
      { ...base, ...identity, state: 'consumed', receivedAt, consumedAt, seenAt: null },
    ]);
    root.step([], item - 1);
    expect(states(inboundLedger(root.entries))).toEqual(['consumed']);
    root.step([], item);
    const seenAt = timeOf(root.entries, root.lastSeq);
    expect(inboundLedger(root.entries)).toEqual([
      { ...base, ...identity, state: 'seen', receivedAt, consumedAt, seenAt },
    ]);
  });

  it('[ledger.final-on-receipt] what the model does not read is consumed with its receipt, what it had read already is seen', () => {
    const { root, child } = family();
    child.emit(scopeReport(child, root, 1));
    root.receive(child);
    child.emit();
    root.receive(child, 2, { reads: false, wakes: false, readAt: 2 });
    const [silent, read] = inboundLedger(root.entries);
    expect(silent).toMatchObject({ state: 'consumed', seenAt: null, consumedAt: silent?.receivedAt });
    expect(read).toMatchObject({ state: 'seen', seenAt: read?.receivedAt, consumedAt: read?.receivedAt });
  });

  it("[ledger.stop-told] StopPod's result consumes the end that had arrived before it, of that instance and up to that incarnation only", () => {
    const { home, root, child } = family();
    const other = home.pod('other', root);
    child.emit();
    root.receive(child);
    child.stop();
    root.receive(child, 2);
    other.stop();
    root.receive(other, 1);
    child.start();
    child.stop();
    root.receive(child, 3);
    root.beginTurn();
    root.step(['c1']);
    root.result('c1', { stopped: { instance: child.instance, incarnation: 1 } });
    expect(inboundLedger(root.entries).map(({ from, seq, state }) => `${from} ${seq} ${state}`)).toEqual([
      'child 1 received',
      'child 2 consumed',
      'other 1 received',
      'child 3 received',
    ]);
  });

  it('[ledger.own-events] a death has no number, began with its receipt, and is told from the death of another incarnation', () => {
    const { root, child } = family();
    child.die();
    const first = root.declare(child);
    child.start();
    child.die();
    root.declare(child);
    root.beginTurn('runForNotification');
    root.consumeDeclared(child, died(), 2);
    const [one, two] = inboundLedger(root.entries);
    expect(one).toMatchObject({ seq: null, kind: 'died', incarnation: 1, state: 'received' });
    expect(one?.committedAt).toBe(timeOf(root.entries, first));
    expect(two).toMatchObject({ seq: null, incarnation: 2, state: 'consumed' });
  });

  it('[ledger.reasons] an event that is not further says why: paused, failed, cancelled, or not worth a wake', () => {
    const { root, child } = family();
    child.emit();
    root.receive(child, 1, { wakes: false });
    const reason = (): string | null => inboundLedger(root.entries)[0]?.reason ?? null;
    expect(reason()).toBe('it is read with the next turn');
    root.input('pause');
    expect(reason()).toBe('the pod is paused');
    root.input('resume');
    root.beginTurn('runForNotification');
    root.consume(child);
    expect(reason()).toBeNull();
    root.endTurn('errored');
    expect(reason()).toBe('the turn that took it in failed');
    root.beginTurn();
    expect(reason()).toBeNull();
    root.endTurn('cancelled');
    expect(reason()).toBe('the turn that took it in was cancelled');
    root.beginTurn();
    root.step();
    root.endTurn('cancelled');
    expect(inboundLedger(root.entries)[0]).toMatchObject({ state: 'seen', reason: null });
  });

  it('[ledger.outbound-states] an emitted event is committed, then received by an acknowledgement at or above it, or discarded', () => {
    const { child } = family();
    const seqs = [child.emit(), child.emit(), child.emit()];
    expect(states(outboundLedger(child.entries))).toEqual(['committed', 'committed', 'committed']);
    child.ack(seqs[1]);
    const ackedAt = timeOf(child.entries, child.lastSeq);
    child.ack(1);
    child.add({ type: 'discarded', through: 3, reason: 'rm -f' });
    const rows = outboundLedger(child.entries);
    expect(states(rows)).toEqual(['received', 'received', 'discarded']);
    expect(rows.map((row) => row.receivedAt)).toEqual([ackedAt, ackedAt, null]);
    expect(rows[2]).toMatchObject({ from: 'child', to: 'root', reason: 'rm -f', incarnation: 1 });
    expect(rows[0]?.committedAt).toBe(timeOf(child.entries, 3));
  });

  it('[ledger.join] both ends make one row: the sender knows the commit, the receiver the rest; each row stands once', () => {
    const { home, root, child } = family();
    const namesake = home.pod('child', root);
    child.emit(finished('a'));
    root.deliver(child);
    child.emit(finished('b'));
    namesake.emit(finished('c'));
    root.receive(namesake);
    child.die();
    root.declare(child);
    root.notified(() => root.consume(child, 1));
    const sent = [...outboundLedger(child.entries), ...outboundLedger(namesake.entries)];
    const rows = joinLedgers(sent, inboundLedger(root.entries));
    expect(rows.map(({ instance, seq, state }) => [instance === child.instance, seq, state])).toEqual([
      [true, 1, 'seen'],
      [true, 2, 'committed'],
      [false, 1, 'received'],
      [true, null, 'received'],
    ]);
    expect(rows[0]?.committedAt).toBe(sent[0]?.committedAt);
    expect(rows[0]?.receivedAt).not.toBe(sent[0]?.receivedAt);
    expect(rows[1]).toEqual(sent[1]);
    for (const row of rows) expect(deliverySchema().strict().parse(deliveryOf(row))).toEqual(deliveryOf(row));
  });

  it('[ledger.incremental] rows asked for in between are copies, and do not change what comes after', () => {
    const { root, child } = family();
    child.emit();
    root.receive(child);
    root.notified(() => root.consume(child));
    const ledger = createLedger();
    const seen: string[] = [];
    for (const entry of root.entries) {
      ledger.take(entry);
      const { inbound } = ledger.rows();
      const state = inbound[0]?.state;
      if (state !== undefined && seen.at(-1) !== state) seen.push(state);
      for (const row of inbound) row.state = 'refused';
    }
    expect(seen).toEqual(['received', 'consumed', 'seen']);
    expect(ledger.rows().inbound).toEqual(inboundLedger(root.entries));
  });
});
