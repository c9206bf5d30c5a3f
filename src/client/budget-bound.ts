/** Whether a tree has reached what it may spend: then nothing of it goes on until a person raises that. */
import type { StatusResult } from '../protocol/methods.ts';
import type { Home } from '../session/home/home.ts';
import { podSocket } from '../session/home/pod-address.ts';
import { connectAndSend } from '../transport/connect-and-send.ts';

const deadlineMs = 2_000;

/** In words; null where something goes on, or may. */
export async function boundReached(
  home: Home,
  root: { readonly name: string; readonly instance: string },
): Promise<string | null> {
  const status = await statusOf(home, root);
  if (status === null || !waitsForBudget(status) || status.waiting === null) return null;
  const { reason } = status.waiting;
  return (await worksBelow(home, status, new Set([root.instance]))) ? null : reason;
}

async function worksBelow(home: Home, status: StatusResult, seen: Set<string>): Promise<boolean> {
  const children = status.children.filter(({ instance }) => !seen.has(instance));
  for (const { instance } of children) seen.add(instance);
  const work = await Promise.all(
    children.map(async (child) => {
      const below = await statusOf(home, child);
      // It has ended, or is away: it asks for nothing then.
      if (below === null) return false;
      if (below.status === 'running' && !waitsForBudget(below)) return true;
      return await worksBelow(home, below, seen);
    }),
  );
  return work.includes(true);
}

function waitsForBudget({ budget, waiting }: StatusResult): boolean {
  return budget !== null && waiting?.kind === 'budget';
}

async function statusOf(home: Home, pod: { name: string; instance: string }): Promise<StatusResult | null> {
  const answer = await connectAndSend(podSocket(home, pod), 'status', {}, { deadlineMs });
  return answer.ok ? answer.result : null;
}
