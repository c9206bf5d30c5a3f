/**
 * The tree that is looked at, folded from what its pods say of themselves and of each other. Pure.
 *
 * Invariants
 * - TM1 A parent is before its children. Of siblings those with something for a person in them come first,
 *   then what has failed, what runs, what is idle, what has ended, and of that what is done last; else they
 *   are as they were spawned.
 * - TM2 What a subtree has used is the sum over its rows, each once, whatever is folded: as `ps` has it.
 * - TM3 It comes from rows alone, which are totals: said twice, nothing changes.
 * - TM4 Questions are a queue in the order of opening. A question is there until it is answered, closed, or
 *   nobody is left who would take the answer.
 */
import type { ApprovalRequest } from '../../protocol/approval.ts';
import type { Delivery } from '../../protocol/methods.ts';
import type { Question, TreeModel, TreeRow, Used } from './shape.ts';

/** A row as its pod, or its parent, or its log says it. */
export type PodRow = Omit<TreeRow, 'subtree' | 'depth' | 'questions'>;

export interface TreeFacts {
  readonly pods: ReadonlyMap<string, PodRow>;
  /** By request, in the order of opening. */
  readonly questions: ReadonlyMap<string, Question>;
  readonly deliveries: readonly Delivery[];
  readonly hasAllDeliveries: boolean;
  readonly watching: number | null;
}

export type TreeNews =
  /** All pods that there are. */
  | { readonly kind: 'all'; readonly rows: readonly PodRow[] }
  | { readonly kind: 'changed'; readonly rows: readonly PodRow[]; readonly gone: readonly string[] }
  | { readonly kind: 'status'; readonly instance: string; readonly status: PodRow['status'] }
  | { readonly kind: 'asked'; readonly approval: ApprovalRequest; readonly atMs: number }
  | { readonly kind: 'closed'; readonly requests: readonly string[] }
  | { readonly kind: 'deliveries'; readonly deliveries: readonly Delivery[]; readonly areAll: boolean }
  | { readonly kind: 'watching'; readonly watching: number | null };

const questionsMax = 1_000;

export const emptyTree: TreeFacts = {
  pods: new Map(),
  questions: new Map(),
  deliveries: [],
  hasAllDeliveries: false,
  watching: null,
};

/** Answers the same value where nothing has changed. */
export function foldTree(facts: TreeFacts, news: TreeNews): TreeFacts {
  switch (news.kind) {
    case 'all': {
      const listed = new Set(news.rows.map(({ instance }) => instance));
      const gone = [...facts.pods.keys()].filter((instance) => !listed.has(instance));
      return withRows(facts, news.rows, gone);
    }
    case 'changed':
      return withRows(facts, news.rows, news.gone);
    case 'status': {
      const known = facts.pods.get(news.instance);
      return known === undefined ? facts : withRows(facts, [{ ...known, status: news.status }], []);
    }
    case 'asked':
      return withQuestion(facts, news);
    case 'closed': {
      if (!news.requests.some((request) => facts.questions.has(request))) return facts;
      const questions = new Map(facts.questions);
      for (const request of news.requests) questions.delete(request);
      return { ...facts, questions };
    }
    case 'deliveries':
      return facts.hasAllDeliveries === news.areAll && isSame(facts.deliveries, news.deliveries)
        ? facts
        : { ...facts, deliveries: news.deliveries, hasAllDeliveries: news.areAll };
    case 'watching':
      return facts.watching === news.watching ? facts : { ...facts, watching: news.watching };
  }
}

function withRows(facts: TreeFacts, rows: readonly PodRow[], gone: readonly string[]): TreeFacts {
  const changed = rows.filter((row) => !isSame(facts.pods.get(row.instance), row));
  const left = gone.filter((instance) => facts.pods.has(instance));
  if (changed.length + left.length === 0) return facts;
  const pods = new Map(facts.pods);
  for (const row of changed) pods.set(row.instance, row);
  for (const instance of left) pods.delete(instance);
  return { ...facts, pods };
}

function withQuestion(facts: TreeFacts, { approval, atMs }: Extract<TreeNews, { kind: 'asked' }>): TreeFacts {
  const { request } = approval;
  const known = facts.questions.get(request);
  if (known === undefined && facts.questions.size >= questionsMax) return facts;
  // It is said again over each connection, and with more of it by the pod itself.
  if (known !== undefined && isSame({ ...known.approval, ...approval }, known.approval)) return facts;
  const question = {
    approval: { ...known?.approval, ...approval },
    path: approval.path ?? approval.pod.name,
    openedAtMs: known?.openedAtMs ?? atMs,
  };
  return { ...facts, questions: new Map(facts.questions).set(request, question) };
}

/** Of data alone. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

export function treeOf({ pods, questions, ...others }: TreeFacts): TreeModel {
  const open = [...questions.values()].map((question) => {
    const path = pods.get(question.approval.pod.instance)?.path ?? question.path;
    return path === question.path ? question : { ...question, path };
  });
  return { rows: orderedRows([...pods.values()], open), questions: open, ...others };
}

interface Node {
  readonly row: PodRow;
  readonly questions: number;
  readonly children: Node[];
  readonly subtree: Used;
  /** The least of its subtree's. */
  readonly rank: number;
}

function orderedRows(pods: readonly PodRow[], questions: readonly Question[]): TreeRow[] {
  const known = new Set(pods.map(({ instance }) => instance));
  const below = new Map<string | null, PodRow[]>();
  for (const row of pods) {
    const parent = row.parent !== null && known.has(row.parent) ? row.parent : null;
    const siblings = below.get(parent);
    if (siblings === undefined) below.set(parent, [row]);
    else siblings.push(row);
  }
  const asked = new Map<string, number>();
  for (const { approval } of questions)
    asked.set(approval.pod.instance, (asked.get(approval.pod.instance) ?? 0) + 1);
  const seen = new Set<string>();
  const nodeOf = (row: PodRow): Node => {
    seen.add(row.instance);
    const children = (below.get(row.instance) ?? [])
      .filter(({ instance }) => !seen.has(instance))
      .map(nodeOf)
      .sort(byRank);
    const own = asked.get(row.instance) ?? 0;
    return {
      row,
      questions: own,
      children,
      subtree: children.reduce((sum, child) => added(sum, child.subtree), row.own),
      rank: Math.min(rankOf(row, own), ...children.map(({ rank }) => rank)),
    };
  };
  const top = (below.get(null) ?? []).map(nodeOf);
  // What is left names each other as parents; it is shown all the same.
  for (const row of pods) if (!seen.has(row.instance)) top.push(nodeOf(row));
  return top.sort(byRank).flatMap((node) => rowsOf(node, 0));
}

function rowsOf({ row, questions, children, subtree }: Node, depth: number): TreeRow[] {
  return [{ ...row, questions, subtree, depth }, ...children.flatMap((child) => rowsOf(child, depth + 1))];
}

/** An instance begins with the time at which it was made. */
function byRank(one: Node, other: Node): number {
  if (one.rank !== other.rank) return one.rank - other.rank;
  return one.row.instance < other.row.instance ? -1 : 1;
}

/** Whatever needs a look is with what has failed. */
function rankOf({ status, hasFailed, attention, settled }: PodRow, questions: number): number {
  if (questions > 0 || attention === 'approval') return 0;
  if (hasFailed || attention !== null || status === 'dead' || status === 'unreachable') return 1;
  if (status === 'running' || status === 'stopping' || status === 'paused') return 2;
  if (status === 'idle') return 3;
  // One that owes something, or was stopped in a turn, is before those that are done.
  return settled ? 5 : 4;
}

function added(one: Used, other: Used): Used {
  const cost = one.cost === null || other.cost === null ? null : one.cost + other.cost;
  return { tokens: one.tokens + other.tokens, cost };
}
