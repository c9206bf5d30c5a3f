import { describe, expect, it } from 'vitest';
import { type Report, verifyLogs } from '../../../src/delivery/verify/verify.ts';
import type { SentPodEvent } from '../../../src/protocol/pod-event.ts';
import { type LogBuilder, died, finished, shutDown } from '../../support/log-builder.ts';
import { broken, check, expectOnly, family } from './verify-rig.ts';

describe('verify: I5', () => {
  it('[verify.swallowed] a turn that takes an item in and finishes without a completed request has swallowed it', () => {
    const { home, root, child } = family();
    child.emit();
    root.receive(child);
    root.beginTurn('runForNotification');
    const item = root.consume(child);
    root.step([], item - 1);
    expectOnly(home, []);
    root.endTurn();
    expectOnly(home, ['I5 root']);
  });

  it('[verify.unseen-at-rest] a pod at rest has seen what an earlier turn took in; a held, paused or working one may yet', () => {
    const setting = (then: (root: LogBuilder) => void): string[] => {
      const { home, root, child } = family();
      child.emit();
      root.receive(child);
      root.beginTurn('runForNotification');
      root.consume(child);
      root.interrupt();
      then(root);
      return broken(check(home));
    };
    const idleUnseen = (root: LogBuilder): void => {
      root.beginTurn('resume');
      root.endTurn();
    };
    expect(setting(() => undefined)).toEqual([]);
    expect(setting(idleUnseen)).toEqual(['I5 root']);
    expect(setting((root) => (idleUnseen(root), root.input('pause')))).toEqual([]);
    expect(setting((root) => (idleUnseen(root), root.beginTurn()))).toEqual([]);
    expect(setting((root) => (idleUnseen(root), root.stop()))).toEqual([]);
    expect(setting((root) => (root.beginTurn('resume'), root.endTurn('errored')))).toEqual([]);
    expect(setting((root) => (root.beginTurn('resume'), root.step(), root.endTurn()))).toEqual([]);
  });

  it('[verify.seen-ahead] a response cannot have seen what was committed after it', () => {
    const { home, root } = family();
    root.beginTurn();
    root.step([], 1000);
    expectOnly(home, ['I5 root']);
  });
});

describe('verify: I7', () => {
  it('[verify.untold-end] when a later incarnation has linked, the end of each earlier one stands in the log', () => {
    const { home, root, child } = family();
    child.start();
    child.start();
    root.link(child);
    expectOnly(home, ['I7 root'], 2);
    root.declare(child, died(true), { from: { ...child.ref, incarnation: 1 }, reads: false, wakes: false });
    expectOnly(home, ['I7 root']);
    root.declare(child, died(true), { from: { ...child.ref, incarnation: 2 }, reads: false, wakes: false });
    expectOnly(home, []);
  });

  it('[verify.undeclared-death] a living parent tells of a death within a minute; a dead one, or an orderly end, is excused', () => {
    const after = (ms: number, change: (root: LogBuilder, child: LogBuilder) => void): string[] => {
      const { home, root, child } = family();
      change(root, child);
      return broken(verifyLogs(home.logs(), [], { nowMs: home.nowMs() + ms }));
    };
    expect(after(70_000, (_root, child) => child.die())).toEqual(['I7 root']);
    expect(after(50_000, (_root, child) => child.die())).toEqual([]);
    expect(after(70_000, () => undefined)).toEqual([]);
    expect(after(70_000, (root, child) => (child.die(), root.die()))).toEqual([]);
    expect(after(70_000, (root, child) => (child.die(), root.declare(child)))).toEqual([]);
    expect(after(70_000, (_root, child) => child.stop())).toEqual([]);
    // An incarnation that ended, and was followed by one that has not linked.
    expect(after(70_000, (_root, child) => child.start())).toEqual(['I7 root']);
    expect(
      after(70_000, (root, child) => {
        child.die();
        root.add({ type: 'child', child: child.ref, state: 'undone' });
      }),
    ).toEqual([]);
  });

  it('[verify.parent-just-back] a parent that was started within the minute has not been late', () => {
    const { home, root, child } = family();
    child.die();
    root.die();
    root.start();
    const report = (ms: number): Report =>
      verifyLogs(home.logs(), [], { nowMs: Date.parse(root.entries.at(-1)?.time ?? '') + ms });
    expect(broken(report(59_000))).toEqual([]);
    expect(broken(report(61_000))).toEqual(['I7 root']);
  });
});

describe('verify: I6, I8, I12', () => {
  it('[verify.ack-of-nothing] an acknowledgement for what was never committed', () => {
    const { home, root, child } = family();
    child.emit();
    root.receive(child);
    child.ack(2);
    expectOnly(home, ['I6 child']);
  });

  it('[verify.changed-event] a receipt says what its sender committed, an item what was received', () => {
    const { home, root, child } = family();
    child.emit(finished('A'));
    root.receive(child, 1, { event: finished('B') });
    expectOnly(home, ['I8 root']);
    const item = family();
    item.child.emit(finished('A'));
    item.root.receive(item.child);
    item.root.notified(() => item.root.addItem(item.child.identity, 1, finished('B')));
    expectOnly(item.home, ['I8 root', 'V4 root']);
    const life = family();
    life.child.emit();
    life.root.receive(life.child, 1, { from: { ...life.child.ref, incarnation: 2 } });
    expectOnly(life.home, ['I8 root']);
  });

  it('[verify.newer-event] fields that a receiver does not know may be missing in its receipt', () => {
    const { home, root, child } = family();
    const event = finished('A');
    child.emit(Object.assign({ fromTheFuture: true }, event));
    root.receive(child, 1, { event });
    expectOnly(home, []);
  });

  it('[verify.strange-event] what only another version can read may stand as an error that says so, and nothing else may', () => {
    const { turn, assignments, text, textChars, usage, durationMs, hops } = finished();
    const report = {
      turn,
      assignments,
      outstanding: [],
      settled: false,
      text,
      textChars,
      usage,
      durationMs,
      hops,
    };
    const notUnderstood = {
      kind: 'errored' as const,
      error: { category: 'unknownEvent', message: '' },
      ...report,
    };
    const { home, root, child } = family();
    child.emit(Object.assign({}, finished(), { kind: 'fromTheFuture' }));
    root.receive(child, 1, { event: notUnderstood });
    root.notified(() => root.addItem(child.identity, 1, notUnderstood));
    expectOnly(home, []);
    const known = family();
    known.child.emit(shutDown());
    known.root.receive(known.child, 1, { event: notUnderstood, reads: false });
    expect(broken(check(known.home))).toContain('I8 root');
  });

  it('[outcome.verify] a receipt may differ in what could not be read, where that is so, and in nothing else', () => {
    const sent = finished('the answer');
    const usage = { ...sent.usage, inputTokens: 1.5 };
    const read = { ...sent, usage: { ...sent.usage, inputTokens: 0 }, unread: ['usage.inputTokens'] };
    const judged = (emitted: SentPodEvent, told: SentPodEvent): string[] => {
      const { home, root, child } = family();
      child.emit(emitted);
      root.receive(child, 1, { event: told });
      root.notified(() => root.addItem(child.identity, 1, told));
      return broken(check(home));
    };
    expect(judged({ ...sent, usage }, read)).toEqual([]);
    expect(judged({ ...sent, usage }, { ...read, text: 'another answer' })).toContain('I8 root');
    expect(judged(sent, read)).toContain('I8 root');
  });

  it('[verify.misrouted] events stand at the parent of their sender and nowhere else', () => {
    const { home, root, child } = family();
    const stranger = home.pod('stranger');
    child.emit();
    root.receive(child);
    stranger.receive(child);
    expectOnly(home, ['I8 stranger']);
  });

  it('[verify.assignments] an assignment is closed once, when it is open, by the child that had it', () => {
    const { home, root, child } = family();
    const other = home.pod('other', root);
    root.assign(child, 'w1');
    child.accept('w1');
    child.beginRun();
    child.step();
    child.endTurn();
    root.receive(child, 1, { closes: ['w1'] });
    expectOnly(home, []);
    child.emit();
    root.receive(child, 2, { closes: ['w1'] });
    expectOnly(home, ['I8 root']);
    root.assign(child, 'w2');
    other.emit();
    root.receive(other, 1, { closes: ['w2'] });
    expectOnly(home, ['I8 root', 'I8 root']);
    root.assign(child, 'w3');
    root.assign(child, 'w3');
    root.add({ type: 'assignment', assignment: 'w4', child: child.ref, state: 'closed', text: '' });
    expectOnly(home, ['I8 root', 'I8 root', 'I8 root', 'I8 root']);
  });

  it('[verify.lives-rise] no incarnation begins twice', () => {
    const { home, child } = family();
    child.incarnation = 0;
    child.start();
    expectOnly(home, ['I8 child']);
  });

  it('[verify.dangling-call] a turn does not begin while a call has no result', () => {
    const { home, root } = family();
    root.beginTurn();
    root.step(['a', 'b']);
    root.result('a');
    root.interrupt();
    expectOnly(home, []);
    root.beginTurn('resume');
    expectOnly(home, ['I12 root']);
    expect(check(home).violations[0]?.text).toContain('root-turn-1');
  });

  it('[verify.run-again] a resumed turn runs no call of an earlier one, and no call has two results', () => {
    const setting = (act: (root: LogBuilder) => void): string[] => {
      const { home, root } = family();
      root.beginTurn();
      root.step(['a']);
      root.result('a', { interrupted: true });
      root.interrupt();
      root.beginTurn('resume');
      act(root);
      return broken(check(home));
    };
    expect(setting(() => undefined)).toEqual([]);
    expect(setting((root) => root.result('a', { turn: 'root-turn-1', step: 1 }))).toEqual(['I12 root']);
    expect(setting((root) => root.result('a'))).toEqual(['I12 root']);
    expect(
      setting((root) => {
        root.step(['b']);
        root.result('b');
        root.result('b');
      }),
    ).toEqual(['I12 root']);
  });

  it('[verify.late-result] a result after its turn is over says that it was interrupted', () => {
    const late = (interrupted: boolean): string[] => {
      const { home, root } = family();
      root.beginTurn();
      root.step(['a']);
      root.endTurn('cancelled');
      root.result('a', interrupted ? { interrupted } : {});
      return broken(check(home));
    };
    expect(late(false)).toEqual(['I12 root']);
    expect(late(true)).toEqual([]);
  });
});
