/**
 * What the oracle's tests share: a family of two, a home in which much has happened, and what is said of a
 * home.
 */
import { expect } from 'vitest';
import { type Report, verifyLogs } from '../../../src/delivery/verify/verify.ts';
import type { Rule } from '../../../src/delivery/verify/finding.ts';
import type { Tombstone } from '../../../src/session/home/home.ts';
import { type LogBuilder, type LogHome, died, logHome, scopeReport } from '../../support/log-builder.ts';

export function family(): { home: LogHome; root: LogBuilder; child: LogBuilder } {
  const home = logHome();
  const root = home.pod('root');
  const child = home.pod('child', root);
  root.link(child);
  return { home, root, child };
}

export const check = (home: LogHome, tombstones: Tombstone[] = []): Report =>
  verifyLogs(home.logs(), tombstones, { nowMs: home.nowMs() });

/** The rules broken, with the pods in whose logs it shows. */
export const broken = (report: Report): string[] =>
  report.violations.map(({ rule, pod }) => `${rule} ${pod}`);

/** Exactly these violations; the figure of the rule counts them, the others stay 0. */
export function expectOnly(home: LogHome, violations: string[], count = violations.length): Report {
  const report = check(home);
  expect(broken(report)).toEqual(violations);
  const figures: Partial<Record<Rule, number>> = {
    I1: report.lost,
    I2: report.duplicated,
    I3: report.outOfOrder,
    I5: report.unseen,
    I7: report.undeclaredDeaths,
  };
  for (const [rule, figure] of Object.entries(figures)) {
    expect(figure, rule).toBe(violations[0]?.startsWith(`${rule} `) === true ? count : 0);
  }
  return report;
}

/**
 * Root, child, grandchild: runs, a death with a restore, a StopPod, a scope report that is sent on, a notice,
 * a cut-off turn.
 */
export function busyHome(): LogHome {
  const { home, root, child } = family();
  root.beginTurn();
  root.step(['spawn']);
  root.assign(child, 'w1');
  child.accept('w1');
  root.result('spawn');
  root.step();
  root.endTurn();
  child.beginRun();
  child.step(['spawn']);
  const grandchild = home.pod('grandchild', child);
  child.link(grandchild);
  child.emit(scopeReport(grandchild, child, 1));
  root.deliver(child, 1, { reads: false, wakes: false });
  child.assign(grandchild, 'w2');
  grandchild.accept('w2');
  child.result('spawn');
  child.step();
  child.endTurn();
  root.deliver(child, 2, { reads: false, wakes: false });
  grandchild.beginRun();
  grandchild.step();
  grandchild.emit(scopeReport(root, grandchild, 1));
  child.deliver(grandchild, 1, { reads: false, wakes: false });
  child.emit(scopeReport(root, grandchild, 1));
  grandchild.endTurn();
  child.deliver(grandchild, 2, { closes: ['w2'] });
  // The child dies in the middle of its notification turn, and is restored.
  child.beginTurn('runForNotification');
  child.consume(grandchild, 2);
  child.step(['read']);
  child.die();
  root.deliver(child, 3, { reads: false, wakes: false });
  const death = { ...died(), assignments: ['w1'] };
  root.declare(child, death, { closes: ['w1'] });
  root.notified(() => root.consumeDeclared(child, death));
  child.start();
  root.link(child);
  child.result('read', { interrupted: true, isError: true });
  child.interrupt();
  child.beginTurn('resume');
  child.step();
  child.endTurn();
  root.receive(child);
  // A notice; and the event is read in the same turn, after one that failed with it.
  const submission = root.input('notice');
  root.beginTurn('runForNotification');
  root.consume(child);
  root.consumeNotice(submission);
  root.endTurn('errored');
  root.input('resume');
  root.notified(() => undefined);
  child.ack();
  stopBoth(root, child, grandchild);
  return home;
}

function stopBoth(root: LogBuilder, child: LogBuilder, grandchild: LogBuilder): void {
  grandchild.stop();
  child.deliver(grandchild);
  root.beginTurn();
  root.step(['stop']);
  child.stopWhole();
  root.deliver(child);
  root.result('stop', { stopped: { instance: child.instance, incarnation: child.incarnation } });
  root.step();
  root.endTurn();
  root.stop();
}
