/** Whether a tree has reached what it may spend: then nothing of it goes on until a person raises that. */
import type { StatusResult } from '../protocol/status-result.ts';
import type { Home } from '../session/home/home.ts';
import type { PodRef } from '../session/facts/entries.ts';
import { socketInTree, type TreePlace } from '../session/home/pod-place.ts';
import { connectAndSend } from '../transport/connect-and-send.ts';

const deadlineMs = 2_000;

/** `status`: the root's. In words; null where something goes on, or may. */
export async function boundReached(home: Home, status: StatusResult): Promise<string | null> {
  if (!waitsForBudget(status) || status.waiting === null) return null;
  const { reason } = status.waiting;
  const tree = { home, root: status.instance };
  return (await worksBelow(tree, status, new Set([status.instance]))) ? null : reason;
}

async function worksBelow(tree: TreePlace, status: StatusResult, seen: Set<string>): Promise<boolean> {
  const children = status.children.filter(({ instance }) => !seen.has(instance));
  for (const { instance } of children) seen.add(instance);
  const work = await Promise.all(
    children.map(async (child) => {
      const below = await statusOf(tree, child);
      // It has ended, or is away: it asks for nothing then.
      if (below === null) return false;
      if (below.status === 'running' && !waitsForBudget(below)) return true;
      return await worksBelow(tree, below, seen);
    }),
  );
  return work.includes(true);
}

function waitsForBudget({ budget, waiting }: StatusResult): boolean {
  return budget !== null && waiting?.kind === 'budget';
}

/** Null where it does not answer. */
export async function statusOf(tree: TreePlace, pod: PodRef): Promise<StatusResult | null> {
  const answer = await connectAndSend(socketInTree(tree, pod), 'status', {}, { deadlineMs });
  return answer.ok ? answer.result : null;
}
