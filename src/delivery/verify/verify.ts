/**
 * The oracle: reads what pods have committed and says where a promise was broken (`finding.ts` has them all).
 * For tests and for people (`podkin verify`). It shares nothing with the code that delivers but the format of
 * the log, so that one mistake cannot hide in both, and believes no field that this code wrote: what a log
 * says of itself is held against `state.ts` and `table.ts`.
 *
 * `log.ts` is about one log, each rule in a file of its own; `links.ts` about both ends; `reading.ts` reads a
 * home. Not found by design: what waits (I4), which is a matter of time and of `podkin deliveries`; an event
 * that was emitted and not acknowledged is pending and breaks nothing.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Entry } from '../../session/facts/entries.ts';
import type { Home, Tombstone } from '../../session/home/home.ts';
import { type Finding, type Rule, type Violation, promises } from './finding.ts';
import { checkLinks } from './links.ts';
import { LogCheck, type LogView } from './log.ts';
import { type ReadHome, readHome } from './reading.ts';

export interface Report {
  /** Logs that could be read, and different events in them. */
  pods: number;
  events: number;
  /** Events: I1, I2, I3. */
  lost: number;
  duplicated: number;
  outOfOrder: number;
  /** Items (I5), and lives (I7). */
  unseen: number;
  undeclaredDeaths: number;
  violations: Violation[];
}

/** One pod's log as the pure core takes it. */
export interface PodLog {
  name: string;
  /** As the caller knows it; must be that of the session entry. */
  instance: string;
  entries: Iterable<Entry>;
  /** Damaged lines that were passed over in reading. */
  damaged: number;
  /** The newest incarnation's process runs. */
  alive: boolean;
}

/**
 * Checks the logs of one home. Each child's must have been read before its parent's. `nowMs` is wall time, as
 * in the entries.
 */
export function verifyLogs(
  logs: readonly PodLog[],
  tombstones: readonly Tombstone[] = [],
  options: { nowMs?: number } = {},
): Report {
  const views: LogView[] = [];
  const findings: Finding[] = [];
  const unread = new Set<string>();
  for (const log of logs) {
    const check = new LogCheck(log.name, `the log of "${log.name}"`);
    for (const entry of log.entries) check.take(entry);
    const { view, findings: found } = check.end({ damagedCount: log.damaged, alive: log.alive });
    findings.push(...found);
    if (view === null) unread.add(log.name);
    else views.push(view);
    if (view !== null && view.instance !== log.instance) {
      const text = `its session entry names instance ${view.instance}, expected was ${log.instance}`;
      findings.push({ rule: 'I8', pod: log.name, text, count: 1 });
    }
  }
  const nowMs = options.nowMs ?? Date.now();
  return reportOf(views, [...findings, ...checkLinks({ logs: views, tombstones, unread, nowMs })]);
}

/**
 * A parent looks after a broken link within 2 s and sweeps every 5 s: a death that it has not told after this
 * much longer is not on its way.
 */
const secondReadingAfterMs = 15_000;

export interface VerifyHomeOptions {
  /** Awaited between the two looks; 15 s unless told. */
  untilSecondReading?: () => Promise<unknown>;
}

/**
 * Checks the home on disk; never throws for what it finds there. Waits 15 s and looks again when a death
 * seems untold, because no log tells when a process died: without such a finding it does not wait.
 */
export async function verifyHome(home: Home, options: VerifyHomeOptions = {}): Promise<Report> {
  const read = await readHome(home);
  const findings = findingsOf(read);
  if (!findings.some(({ fresh }) => fresh === true)) return reportOf(read.logs, findings);
  await (options.untilSecondReading?.() ?? wait(secondReadingAfterMs));
  const again = await readHome(home);
  const before = new Set(findings.map(({ pod, text }) => `${pod} ${text}`));
  const confirmed = findingsOf(again).filter(
    ({ fresh, pod, text }) => fresh !== true || before.has(`${pod} ${text}`),
  );
  return reportOf(again.logs, confirmed);
}

function findingsOf(read: ReadHome): Finding[] {
  return [...read.findings, ...checkLinks({ ...read, nowMs: Date.now() })];
}

function reportOf(logs: readonly LogView[], findings: readonly Finding[]): Report {
  const sum = (rule: Rule): number =>
    findings.reduce((count, finding) => (finding.rule === rule ? count + finding.count : count), 0);
  return {
    pods: logs.length,
    events: eventsOf(logs),
    lost: sum('I1'),
    duplicated: sum('I2'),
    outOfOrder: sum('I3'),
    unseen: sum('I5'),
    undeclaredDeaths: sum('I7'),
    violations: findings.map(({ rule, pod, text }) => ({ rule, pod, text })),
  };
}

/** Each once, whether both ends know it or one. */
function eventsOf(logs: readonly LogView[]): number {
  const numbered = new Map<string, Set<number>>();
  const add = (instance: string, seqs: Iterable<number>): void => {
    const known = numbered.get(instance) ?? new Set();
    for (const seq of seqs) known.add(seq);
    numbered.set(instance, known);
  };
  let own = 0;
  for (const log of logs) {
    add(log.instance, log.emitted.keys());
    for (const sender of log.senders.values()) {
      add(sender.instance, sender.receipts.keys());
      own += sender.ownCount;
    }
  }
  return [...numbered.values()].reduce((sum, seqs) => sum + seqs.size, own);
}

/** A few lines for people: the figures, each violation, and the promises broken. Ends with a newline. */
export function renderReport(report: Report): string {
  const { violations } = report;
  const figures = [
    `lost ${report.lost}`,
    `duplicated ${report.duplicated}`,
    `out of order ${report.outOfOrder}`,
    `unseen ${report.unseen}`,
    `undeclared deaths ${report.undeclaredDeaths}`,
  ];
  const lines = [
    `${report.pods} pod(s), ${report.events} event(s)`,
    figures.join(', '),
    violations.length === 0 ? 'No violation.' : `${violations.length} violation(s):`,
    ...violations.map(({ rule, pod, text }) => `  ${rule}  ${pod}: ${text}`),
    ...(violations.length === 0 ? [] : ['Broken promises:']),
    ...[...new Set(violations.map(({ rule }) => rule))].map((rule) => `  ${rule}: ${promises[rule]}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

/** Names and kinds come from the logs of others: nothing in them may steer a terminal. */
function printable(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
}
