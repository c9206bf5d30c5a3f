/**
 * Both ends of a lease (B2), and a tree against its bound (B1). A child's log was read before its parent's:
 * what the child holds its parent has granted by then; of a child that runs, what differs may be on its way.
 */
import { type BudgetUnit, budgetUnits } from '../../session/facts/budget-entries.ts';
import { type Book, amountText, usedBy } from './budget.ts';
import type { Finding } from './finding.ts';
import type { LogView } from './log.ts';

export function checkLease(parent: LogView, child: LogView): Finding[] {
  if (isGone(parent, child)) return [];
  return budgetUnits.flatMap((unit) => [...unlike(parent, child, unit), ...overdrawn(parent, child, unit)]);
}

/** What it had is its parent's to answer for. */
function isGone(parent: LogView, child: LogView): boolean {
  const state = parent.children.get(child.instance)?.state;
  return state === 'removed' || state === 'undone';
}

function unlike(parent: LogView, child: LogView, unit: BudgetUnit): Finding[] {
  const book = child.budget.books[unit];
  const lent = parent.budget.books[unit].lent.get(child.instance);
  const [out, own] = [lent ?? { granted: 0, returned: 0 }, book.lease];
  if (own === null) return [];
  const finding = (text: string): Finding => ({
    rule: 'B2',
    pod: parent.name,
    text: `of the budget of "${child.name}" it ${text}`,
    count: 1,
    ...(child.alive ? { fresh: true } : {}),
  });
  if (own.granted > out.granted)
    return [
      finding(
        `has granted ${amountText(unit, out.granted)}, and that pod holds ${amountText(unit, own.granted)} as granted`,
      ),
    ];
  const newest = child.incarnations.at(-1)?.incarnation ?? 0;
  const hasEnded = parent.senders.get(child.instance)?.terminals.has(newest) === true;
  if (!hasEnded) {
    // Of a death before it, its parent has taken back what it had not used: it hears so at its link.
    if (out.returned <= own.returned || !child.budget.confirmed) return [];
    return [
      finding(
        `has taken back ${amountText(unit, out.returned)}, and that pod has returned ${amountText(unit, own.returned)}`,
      ),
    ];
  }
  const [away, used] = [out.granted - out.returned, usedBy(book)];
  if (child.alive || away === used) return [];
  return [
    finding(
      `counts ${amountText(unit, away)} as used, and that pod, which has ended, had used ${amountText(unit, used)}`,
    ),
  ];
}

/** What was granted beyond what there was can only be what a child had used already. */
function overdrawn(parent: LogView, child: LogView, unit: BudgetUnit): Finding[] {
  const grant = parent.budget.books[unit].overdrawn.get(child.instance);
  if (grant === undefined) return [];
  const { granted, returned, at } = grant;
  if (child.budget.books[unit].usedMost + returned >= granted) return [];
  const text = `granted "${child.name}" ${amountText(unit, granted)} in all at entry ${at}, which it did not hold, and that child had not used`;
  return [{ rule: 'B1', pod: parent.name, text, count: 1, ...(child.alive ? { fresh: true } : {}) }];
}

/** B1 over whole trees, where every log of one is there. */
export function checkTrees(logs: readonly LogView[]): Finding[] {
  const known = new Map(logs.map((log) => [log.instance, log]));
  const trees = new Map<LogView, LogView[]>();
  for (const log of logs) {
    const root = rootOf(log, known);
    if (root !== null) trees.set(root, [...(trees.get(root) ?? []), log]);
  }
  return [...trees].flatMap(([root, pods]) => budgetUnits.flatMap((unit) => passed(root, pods, unit)));
}

function rootOf(log: LogView, known: ReadonlyMap<string, LogView>): LogView | null {
  const seen = new Set<LogView>();
  let at = log;
  while (at.parent !== null) {
    const parent = known.get(at.parent.instance);
    if (parent === undefined || seen.has(at) || isGone(parent, at)) return null;
    seen.add(at);
    at = parent;
  }
  return at;
}

function passed(root: LogView, pods: readonly LogView[], unit: BudgetUnit): Finding[] {
  const { bound, boundMost, wasFree } = root.budget.books[unit];
  if (bound === null || pods.some(({ isWhole }) => !isWhole)) return [];
  const sum = (of: (book: Book) => number): number =>
    pods.reduce((total, pod) => total + of(pod.budget.books[unit]), 0);
  const spent = sum((book) => book.spent + book.reserved);
  const most = boundMost + sum(({ beyond, unreserved }) => beyond + unreserved);
  if (wasFree || spent <= most) return [];
  const text = `its tree was asked for ${amountText(unit, spent)}, and its bound was never above ${amountText(unit, boundMost)}`;
  return [{ rule: 'B1', pod: root.name, text, count: 1 }];
}
