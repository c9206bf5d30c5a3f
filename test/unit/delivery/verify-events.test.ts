import { describe, expect, it } from 'vitest';
import { verifyLogs } from '../../../src/delivery/verify/verify.ts';
import type { Tombstone } from '../../../src/session/home/home.ts';
import { type LogBuilder, died, finished, shutDown } from '../../support/log-builder.ts';
import { broken, busyHome, check, expectOnly, family } from './verify-rig.ts';

function stone(pod: LogBuilder, fields: Partial<Tombstone> = {}): Tombstone {
  const { name, instance } = pod;
  const removedAt = '2026-01-01T01:00:00.000Z';
  return { name, instance, removedAt, received: {}, emitted: 0, acked: 0, discarded: false, ...fields };
}

describe('verify: a home in order', () => {
  it('[verify.clean] death, restore, StopPod, re-emission, a notice and a failed turn break nothing', () => {
    const home = busyHome();
    const report = check(home);
    expect(report.violations).toEqual([]);
    expect(report).toEqual({
      pods: 3,
      events: 9,
      lost: 0,
      duplicated: 0,
      outOfOrder: 0,
      unseen: 0,
      undeclaredDeaths: 0,
      violations: [],
    });
  });

  it('[verify.clean-prefix] no moment of an orderly run breaks anything', () => {
    const home = busyHome();
    const all = home.logs().flatMap((log) => [...log.entries].map((entry) => ({ log: log.name, entry })));
    const times = all.map(({ entry }) => entry.time).sort();
    for (const time of times) {
      const logs = home
        .logs()
        .map((log) => ({
          ...log,
          alive: true,
          entries: [...log.entries].filter((entry) => entry.time <= time),
        }))
        .filter(({ entries }) => entries.length > 0);
      expect(verifyLogs(logs, [], { nowMs: Date.parse(time) }).violations, time).toEqual([]);
    }
  });

  it('[verify.pending] what is committed and not acknowledged, and what is received and not yet read, is no violation', () => {
    const { home, root, child } = family();
    child.emit();
    child.emit();
    root.receive(child, 1);
    child.die();
    root.die();
    expectOnly(home, []);
  });
});

describe('verify: I1', () => {
  it('[verify.hole] a number missing below what was received is lost', () => {
    const { home, root, child } = family();
    for (let count = 0; count < 6; count += 1) child.emit();
    for (const seq of [1, 3, 6]) root.receive(child, seq);
    const report = expectOnly(home, ['I1 root'], 3);
    expect(report.violations[0]?.text).toContain('2, 4–5');
  });

  it('[verify.ack-without-receipt] an acknowledgement whose receipt is not there is a loss, also where nothing was received', () => {
    const { home, root, child } = family();
    child.emit();
    child.emit();
    root.receive(child, 1);
    child.ack(2);
    expectOnly(home, ['I1 root']);
    const other = family();
    other.child.emit();
    other.child.ack();
    expectOnly(other.home, ['I1 root']);
  });

  it('[verify.removed-parent] a removed parent is judged by its tombstone, one without log and tombstone is told', () => {
    const { home, root, child } = family();
    child.emit();
    child.emit();
    child.ack(2);
    const logs = home.logs().filter(({ name }) => name !== 'root');
    const judged = (received: number): string[] =>
      broken(verifyLogs(logs, [stone(root, { received: { [child.instance]: received } })]));
    expect(judged(2)).toEqual([]);
    expect(judged(1)).toEqual(['I1 child']);
    expect(broken(verifyLogs(logs, [stone(root)]))).toEqual(['I1 child']);
    expect(broken(verifyLogs(logs))).toEqual(['log child']);
  });

  it('[verify.removed-child] a child that was removed as delivered was received whole; what a person gave up is not missed', () => {
    const { home, root, child } = family();
    child.emit();
    child.emit();
    root.receive(child, 1);
    const logs = home.logs().filter(({ name }) => name !== 'child');
    const judged = (fields: Partial<Tombstone>): string[] => broken(verifyLogs(logs, [stone(child, fields)]));
    expect(judged({ emitted: 1, acked: 0 })).toEqual([]);
    expect(judged({ emitted: 2, acked: 1 })).toEqual(['I1 root']);
    expect(judged({ emitted: 2, acked: 1, discarded: true })).toEqual([]);
    expect(judged({ emitted: 2, acked: 2, discarded: true })).toEqual(['I1 root']);
  });

  it('[verify.huge-number] a log that counts beyond reason is judged at once, and named', () => {
    const { home, root, child } = family();
    const { event } = child.emission(child.emit());
    root.add({
      type: 'podEventReceived',
      from: child.identity,
      eventSeq: 9e15,
      event,
      reads: true,
      wakes: true,
      closes: [],
    });
    expectOnly(home, ['I1 root'], 9e15 - 1);
  });
});

describe('verify: I2', () => {
  it('[verify.receipt-twice] one event received twice', () => {
    const { home, root, child } = family();
    child.emit();
    root.receive(child);
    root.receive(child);
    expectOnly(home, ['I2 root']);
  });

  it('[verify.item-twice] one event given to the model twice', () => {
    const { home, root, child } = family();
    child.emit();
    root.receive(child);
    root.notified(() => {
      root.consume(child);
      root.consume(child);
    });
    expectOnly(home, ['I2 root']);
  });

  it('[verify.item-without-receipt] an item of an event that was never received, or of another incarnation than the one that died', () => {
    const { home, root, child } = family();
    child.emit();
    root.notified(() => root.consume(child), 'run');
    expectOnly(home, ['I2 root']);
    const other = family();
    other.root.declare(other.child, died());
    other.root.notified(() => other.root.consumeDeclared(other.child, died(), 2));
    expect(broken(check(other.home))).toEqual(['I2 root', 'I1 root']);
  });

  it('[verify.end-twice] two ends of one life: died and died, shutDown and died, died and shutDown', () => {
    const twice = family();
    twice.root.declare(twice.child);
    twice.root.declare(twice.child);
    expectOnly(twice.home, ['I2 root']);
    const after = family();
    after.child.emit(shutDown());
    after.root.receive(after.child);
    after.root.declare(after.child);
    expectOnly(after.home, ['I2 root']);
    const before = family();
    before.root.declare(before.child);
    before.child.emit(shutDown());
    before.root.receive(before.child);
    expect(broken(check(before.home))).toEqual(['I2 root', 'I3 root']);
  });

  it("[verify.told-by-stop] an end that StopPod's result told, or that was not for the model, is not told again", () => {
    const { home, root, child } = family();
    child.emit(shutDown());
    root.receive(child);
    root.beginTurn();
    root.step(['stop']);
    root.result('stop', { stopped: { instance: child.instance, incarnation: 1 } });
    root.step();
    root.endTurn();
    expectOnly(home, []);
    root.notified(() => root.consume(child), 'run');
    expectOnly(home, ['I2 root']);
    const silent = family();
    silent.child.emit({ ...finished(), settled: false });
    silent.root.receive(silent.child, 1, { reads: false, wakes: false });
    silent.root.notified(() => silent.root.consume(silent.child), 'run');
    expect(broken(check(silent.home))).toContain('I2 root');
  });

  it('[verify.unreachable-again] each episode of being unreachable may be told once', () => {
    const { home, root, child } = family();
    const event = { kind: 'unreachable' as const, sinceMs: 60_000 };
    root.declare(child, event);
    root.notified(() => root.consumeDeclared(child, event));
    root.declare(child, event);
    root.notified(() => root.consumeDeclared(child, event));
    expectOnly(home, []);
    root.notified(() => root.consumeDeclared(child, event), 'run');
    expectOnly(home, ['I2 root']);
  });
});

describe('verify: I3', () => {
  it('[verify.receipts-in-order] receipts of one child rise', () => {
    const { home, root, child } = family();
    for (let count = 0; count < 3; count += 1) child.emit();
    for (const seq of [1, 3, 2]) root.receive(child, seq);
    expectOnly(home, ['I3 root']);
  });

  it('[verify.items-in-order] items follow their receipts: none overtakes, none is passed over', () => {
    const overtaken = family();
    overtaken.child.emit();
    overtaken.child.emit();
    overtaken.root.receive(overtaken.child, 1);
    overtaken.root.receive(overtaken.child, 2);
    overtaken.root.notified(() => overtaken.root.consume(overtaken.child, 2));
    expectOnly(overtaken.home, ['I3 root']);
    overtaken.root.notified(() => overtaken.root.consume(overtaken.child, 1));
    expectOnly(overtaken.home, ['I3 root']);
    const dead = family();
    dead.child.emit();
    dead.root.receive(dead.child);
    dead.root.declare(dead.child);
    dead.root.notified(() => {
      dead.root.consumeDeclared(dead.child);
      dead.root.consume(dead.child);
    });
    expectOnly(dead.home, ['I3 root']);
  });

  it('[verify.death-last] a death stands behind everything that the dead incarnation committed, received late or not at all', () => {
    const { home, root, child } = family();
    child.emit();
    child.die();
    root.declare(child);
    expectOnly(home, ['I3 root']);
    root.receive(child);
    expectOnly(home, ['I3 root']);
  });

  it('[verify.death-before-next-life] what a later incarnation commits may follow the death', () => {
    const { home, root, child } = family();
    child.emit();
    root.receive(child);
    root.declare(child);
    child.start();
    child.emit();
    root.receive(child);
    expectOnly(home, []);
  });

  it('[verify.death-before-later-life] a death stands before what a later incarnation reports', () => {
    const { home, root, child } = family();
    child.start();
    child.emit();
    root.receive(child);
    root.declare(child, died(true), { from: { ...child.ref, incarnation: 1 }, reads: false, wakes: false });
    expectOnly(home, ['I3 root']);
  });

  it('[verify.emitted-in-order] the numbers in an outbox rise by one', () => {
    const { home, child } = family();
    const event = finished();
    child.add({ type: 'podEventEmitted', eventSeq: 2, incarnation: 1, event });
    expectOnly(home, ['I3 child']);
  });
});
