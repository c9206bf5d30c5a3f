/** Whether a pod and every live pod below it is settled (delivery §3), asked over their sockets. Shared by whoever waits for a tree. */
import type { StatusResult } from '../../protocol/methods.ts';
import type { Home } from '../../session/home.ts';
import { podSocket } from '../../session/pod-address.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';

interface Named {
  readonly name: string;
  readonly instance: string;
}

export type TreeState =
  | { readonly kind: 'working'; readonly why: string }
  | { readonly kind: 'settled'; readonly status: StatusResult }
  /** It sits on work that it may not begin any more; only a person's input helps. */
  | { readonly kind: 'overBudget'; readonly status: StatusResult }
  /** Nothing listens at its socket. */
  | { readonly kind: 'notThere' };

const askDeadlineMs = 2_000;
/** Of children in these states nothing runs, as their parent knows. */
const gone: ReadonlySet<string> = new Set(['ended', 'undone', 'removed', 'stopped', 'dead']);

/** One look at the whole tree. */
export async function treeState(home: Home, pod: Named): Promise<TreeState> {
  const first = await podState(home, pod);
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
  return stuck ? { kind: 'overBudget', status } : { kind: 'working', why };
}

/** The reason in words, or null. */
export function whyNotSettled(status: StatusResult): string | null {
  if (status.status !== 'idle') return `${status.name} is ${status.status}`;
  if (status.pending.outgoing > 0) return `${status.name} has ${status.pending.outgoing} event(s) to deliver`;
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
