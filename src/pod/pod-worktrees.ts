import type { Worktrees } from './host.ts';
import type { Pod } from './pod.ts';

export function worktreesOf({ host, session, core }: Pod): Worktrees {
  return host.work.worktrees({ session, limits: core.limits });
}
