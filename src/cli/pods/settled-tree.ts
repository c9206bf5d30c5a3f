/**
 * Whether a pod and every live pod below it is settled (delivery §3), asked over their sockets. Shared by
 * whoever waits for a tree.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { StatusResult } from '../../protocol/methods.ts';
import type { Home } from '../../session/home/home.ts';
import { podSocket } from '../../session/home/pod-address.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';

interface Named {
  readonly name: string;
  readonly instance: string;
}

export type TreeState =
  /** `status` of the pod itself, where it answered. */
  | { readonly kind: 'working'; readonly why: string; readonly status?: StatusResult }
  | { readonly kind: 'settled'; readonly status: StatusResult }
  /** It sits on work that it may not begin any more; only a person's input helps. */
  | { readonly kind: 'overBudget'; readonly status: StatusResult }
  /** Something of it is refused for good, and nothing else goes on: no waiting helps. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Nothing listens at its socket. */
  | { readonly kind: 'notThere' };

const askDeadlineMs = 2_000;
/** Of children in these states nothing runs, as their parent knows. */
const gone: ReadonlySet<string> = new Set(['ended', 'undone', 'removed', 'stopped', 'dead']);

/** One look at the whole tree. */
export async function treeState(home: Home, pod: Named): Promise<TreeState> {
  const first = await podState(home, pod);
  if (first.kind === 'working' && first.status !== undefined) {
    return (await refusedBelow(home, first.status)) ?? first;
  }
  if (first.kind !== 'settled') return first;
  const below = await childrenState(home, first.status, new Set([pod.instance]));
  if (below !== null) return { kind: 'working', why: below };
  // A child may have reported between the two looks: the pod itself has the last word.
  const again = await podState(home, pod);
  return again.kind === 'settled' && again.status.turns !== first.status.turns
    ? { kind: 'working', why: `${again.status.name} was called back` }
    : again;
}

async function podState(home: Home, pod: Named): Promise<TreeState> {
  const answer = await connectAndSend(podSocket(home, pod), 'status', {}, { deadlineMs: askDeadlineMs });
  if (!answer.ok) {
    const absent =
      answer.failure === 'notThere' ||
      (answer.failure === 'refusedConnection' && answer.code === 'ECONNREFUSED');
    return absent ? { kind: 'notThere' } : { kind: 'working', why: answer.message };
  }
  const status = answer.result;
  const why = whyNotSettled(status);
  if (why === null) return { kind: 'settled', status };
  const stuck = status.status === 'idle' && status.attention === 'budget' && status.pending.outgoing === 0;
  if (stuck) return { kind: 'overBudget', status };
  const refused = status.settled && status.status === 'idle' ? refusalText(status) : null;
  return refused === null ? { kind: 'working', why, status } : { kind: 'refused', why: refused };
}

/** A parent that was removed is no trouble of the pod's: its reports are final, and nobody waits for them. */
function isOrphan({ refusal }: StatusResult): boolean {
  return refusal?.code === 'parentRemoved';
}

function refusalText(status: StatusResult): string | null {
  const { name, parent, refusal, pending } = status;
  if (refusal === null || isOrphan(status) || pending.outgoing === 0) return null;
  return `${pending.outgoing} event(s) of ${name} are refused for good by its parent "${parent?.name ?? ''}" (${refusal.code}); "podkin doctor" says what to do`;
}

const lookAgainMs = 300;

/**
 * The pod waits for its children alone, none of them works, and one of them is refused: twice in a row,
 * because an answer may be on its way.
 */
async function refusedBelow(home: Home, status: StatusResult): Promise<TreeState | null> {
  const first = await stuckBelow(home, status, new Set([status.instance]));
  if (first === null) return null;
  await pause(lookAgainMs);
  const again = await podState(home, status);
  if (again.kind !== 'working' || again.status === undefined) return again;
  const why = await stuckBelow(home, again.status, new Set([status.instance]));
  return why === null ? null : { kind: 'refused', why };
}

/** Why nothing below goes on; null where something does. */
async function stuckBelow(home: Home, status: StatusResult, seen: Set<string>): Promise<string | null> {
  if (status.waiting?.kind !== 'children') return null;
  const children = status.children.filter((child) => !gone.has(child.status) && !seen.has(child.instance));
  for (const child of children) seen.add(child.instance);
  const states = await Promise.all(
    children.map(async (child) => {
      const state = await podState(home, child);
      if (state.kind !== 'working' || state.status === undefined) return state;
      const why = await stuckBelow(home, state.status, seen);
      return why === null ? state : { kind: 'refused' as const, why };
    }),
  );
  if (states.some(({ kind }) => kind === 'working' || kind === 'notThere')) return null;
  return states.find((state) => state.kind === 'refused')?.why ?? null;
}

/** The reason in words, or null. */
export function whyNotSettled(status: StatusResult): string | null {
  if (status.status !== 'idle') return `${status.name} is ${status.status}`;
  if (status.pending.outgoing > 0 && !isOrphan(status))
    return `${status.name} has ${status.pending.outgoing} event(s) to deliver`;
  if (status.waiting !== null && !status.settled)
    return `${status.name} waits (${status.waiting.kind}: ${status.waiting.reason})`;
  return status.settled ? null : `${status.name} waits for what it handed down or has not read yet`;
}

async function childrenState(home: Home, status: StatusResult, seen: Set<string>): Promise<string | null> {
  const children = status.children.filter((child) => !gone.has(child.status) && !seen.has(child.instance));
  for (const child of children) seen.add(child.instance);
  const reasons = await Promise.all(
    children.map(async (child) => {
      const state = await podState(home, child);
      switch (state.kind) {
        case 'settled':
          return childrenState(home, state.status, seen);
        case 'working':
        case 'refused':
          return state.why;
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
