/**
 * Whether a pod and every live pod below it is settled (docs/delivery.md §3), asked over their sockets.
 * Shared by whoever waits for a tree. Absent: sentences for people.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { PodStatus, StatusResult, Waiting } from '../protocol/status-result.ts';
import { socketInTree, type TreePlace } from '../session/home/pod-place.ts';
import { connectAndSend } from '../transport/connect-and-send.ts';

interface Named {
  readonly name: string;
  readonly instance: string;
}

/** Why a tree is not settled, with the pod of it that is meant. */
export type Unsettled =
  | { readonly kind: 'status'; readonly pod: string; readonly status: PodStatus }
  | { readonly kind: 'undelivered'; readonly pod: string; readonly events: number }
  | { readonly kind: 'waiting'; readonly pod: string; readonly waiting: Waiting }
  /** It has assignments open or events that its model has not seen. */
  | { readonly kind: 'outstanding'; readonly pod: string }
  | { readonly kind: 'calledBack'; readonly pod: string }
  | { readonly kind: 'noAnswer'; readonly pod: string; readonly message: string }
  | ({ readonly kind: 'refused' } & RefusedEvents);

/** The parent of `pod` refuses its events for good. */
export interface RefusedEvents {
  readonly pod: string;
  readonly parent: string;
  readonly events: number;
  /** As in `StatusResult`. */
  readonly code: string;
}

export type TreeState =
  /** `status` of the pod itself, where it answered. */
  | { readonly kind: 'working'; readonly why: Unsettled; readonly status?: StatusResult }
  | { readonly kind: 'settled'; readonly status: StatusResult }
  /** It has work that it may not begin any more; only a person's input helps. */
  | { readonly kind: 'overBudget'; readonly status: StatusResult }
  /** Events are refused for good, and nothing else goes on: no waiting helps. */
  | { readonly kind: 'refused'; readonly refused: RefusedEvents }
  /** Nothing listens at its socket. */
  | { readonly kind: 'notThere' };

const statusDeadlineMs = 2_000;
/** Of children in these states nothing runs, as their parent knows. */
export const gone: ReadonlySet<string> = new Set(['ended', 'undone', 'removed', 'stopped', 'dead']);

/** The state of the whole tree now. */
export async function treeState(tree: TreePlace, pod: Named): Promise<TreeState> {
  const first = await podState(tree, pod);
  if (first.kind === 'working' && first.status !== undefined) {
    return (await refusedBelow(tree, first.status)) ?? first;
  }
  if (first.kind !== 'settled') return first;
  const below = await childrenState(tree, first.status, new Set([pod.instance]));
  if (below !== null) return { kind: 'working', why: below };
  // A child may have reported between the two calls: the pod itself has the last word.
  const again = await podState(tree, pod);
  return again.kind === 'settled' && again.status.turns !== first.status.turns
    ? { kind: 'working', why: { kind: 'calledBack', pod: again.status.name } }
    : again;
}

async function podState(tree: TreePlace, pod: Named): Promise<TreeState> {
  const answer = await connectAndSend(
    socketInTree(tree, pod),
    'status',
    {},
    { deadlineMs: statusDeadlineMs },
  );
  if (!answer.ok) {
    const absent =
      answer.failure === 'notThere' ||
      (answer.failure === 'refusedConnection' && answer.code === 'ECONNREFUSED');
    return absent
      ? { kind: 'notThere' }
      : { kind: 'working', why: { kind: 'noAnswer', pod: pod.name, message: answer.message } };
  }
  const status = answer.result;
  const why = whyNotSettled(status);
  if (why === null) return { kind: 'settled', status };
  const stuck = status.status === 'idle' && status.attention === 'budget' && status.pending.outgoing === 0;
  if (stuck) return { kind: 'overBudget', status };
  const refused = status.settled && status.status === 'idle' ? refusedEvents(status) : null;
  return refused === null ? { kind: 'working', why, status } : { kind: 'refused', refused };
}

/** A parent that was removed is no trouble of the pod's: its reports are final, and nobody waits for them. */
function isOrphan({ refusal }: StatusResult): boolean {
  return refusal?.code === 'parentRemoved';
}

function refusedEvents(status: StatusResult): RefusedEvents | null {
  const { name, parent, refusal, pending } = status;
  if (refusal === null || isOrphan(status) || pending.outgoing === 0) return null;
  return { pod: name, parent: parent?.name ?? '', events: pending.outgoing, code: refusal.code };
}

const confirmMs = 300;

/**
 * The pod waits for its children alone, none of them works, and one of them is refused: twice in a row,
 * because an answer may be on its way.
 */
async function refusedBelow(tree: TreePlace, status: StatusResult): Promise<TreeState | null> {
  const first = await stuckBelow(tree, status, new Set([status.instance]));
  if (first === null) return null;
  await pause(confirmMs);
  const again = await podState(tree, status);
  if (again.kind !== 'working' || again.status === undefined) return again;
  const refused = await stuckBelow(tree, again.status, new Set([status.instance]));
  return refused === null ? null : { kind: 'refused', refused };
}

/** What keeps all below from going on; null where something goes on. */
async function stuckBelow(
  tree: TreePlace,
  status: StatusResult,
  seen: Set<string>,
): Promise<RefusedEvents | null> {
  if (status.waiting?.kind !== 'children') return null;
  const children = status.children.filter((child) => !gone.has(child.status) && !seen.has(child.instance));
  for (const child of children) seen.add(child.instance);
  const states = await Promise.all(
    children.map(async (child) => {
      const state = await podState(tree, child);
      if (state.kind !== 'working' || state.status === undefined) return state;
      const refused = await stuckBelow(tree, state.status, seen);
      return refused === null ? state : { kind: 'refused' as const, refused };
    }),
  );
  if (states.some(({ kind }) => kind === 'working' || kind === 'notThere')) return null;
  return states.find((state) => state.kind === 'refused')?.refused ?? null;
}

/** Null where the pod itself is settled. */
function whyNotSettled(status: StatusResult): Unsettled | null {
  const { name: pod, pending, waiting } = status;
  if (status.status !== 'idle') return { kind: 'status', pod, status: status.status };
  if (pending.outgoing > 0 && !isOrphan(status))
    return { kind: 'undelivered', pod, events: pending.outgoing };
  if (waiting !== null && !status.settled) return { kind: 'waiting', pod, waiting };
  return status.settled ? null : { kind: 'outstanding', pod };
}

async function childrenState(
  tree: TreePlace,
  status: StatusResult,
  seen: Set<string>,
): Promise<Unsettled | null> {
  const children = status.children.filter((child) => !gone.has(child.status) && !seen.has(child.instance));
  for (const child of children) seen.add(child.instance);
  const reasons = await Promise.all(
    children.map(async (child) => {
      const state = await podState(tree, child);
      switch (state.kind) {
        case 'settled':
          return childrenState(tree, state.status, seen);
        case 'working':
          return state.why;
        case 'refused':
          return { kind: 'refused' as const, ...state.refused };
        case 'overBudget':
          return null;
        // Not live. What it owed its parent keeps the parent from being settled.
        case 'notThere':
          return null;
      }
    }),
  );
  return reasons.find((why) => why !== null) ?? null;
}

export interface ProviderWait {
  readonly pod: string;
  /** As the provider said it, with the try. */
  readonly reason: string;
  /** The next try, where it is known. */
  readonly until: string | null;
}

/** Which pods of the tree wait for their provider: the pod itself, or those for which it waits. */
export async function providerWaits(
  tree: TreePlace,
  status: StatusResult,
  seen: ReadonlySet<string> = new Set(),
): Promise<ProviderWait[]> {
  const { name, instance, waiting, children } = status;
  if (waiting?.kind === 'provider') return [{ pod: name, reason: waiting.reason, until: waiting.until }];
  const known = new Set([...seen, instance]);
  const live = children.filter((child) => !gone.has(child.status) && !known.has(child.instance));
  const below = await Promise.all(
    live.map(async (child) => {
      const state = await podState(tree, child);
      return 'status' in state && state.status !== undefined
        ? await providerWaits(tree, state.status, known)
        : [];
    }),
  );
  return below.flat();
}
