/** Clones for children on this machine. What they take is loaded when one is asked for. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Sandbox } from '../scope/sandbox/sandbox.ts';
import type { Home } from '../session/home/home.ts';
import { worktreesFolder } from '../session/home/places.ts';
import type { Worktree } from '../session/settings/worktree.ts';
import type { GitPlace } from '../tools/worktree/git-run.ts';
import type { ToolContext } from '../tools/tool.ts';
import type { Worktrees } from './host.ts';

const work = () => import('../tools/worktree/worktree.ts');

/** `sandboxFor`: one without a way out. */
export function nodeWorktrees(home: Home, sandboxFor: (context: ToolContext) => Sandbox): Worktrees {
  const placeOf = (context: ToolContext): GitPlace => placeIn(context, sandboxFor(context));
  return {
    folder: async () => await (await work()).ownFolder(worktreesFolder(home)),
    store: async (deny = [], store) =>
      await (await import('../project/git-store.ts')).readGitStore({ home, deny }, store),
    survey: async (repository, context) =>
      await (await work()).surveyRepository(repository, placeOf(context)),
    make: async (worktree, given, context) =>
      await (await work()).makeClone(worktree, given, placeOf(context)),
    handOver: async (worktree, given, context) =>
      await (await work()).handOver(worktree, given, placeOf(context)),
    discard: async (worktree) => {
      if (await isOurs(home, worktree)) await (await work()).removeHolder(worktree);
    },
  };
}

function placeIn(context: ToolContext, sandbox: Sandbox): GitPlace {
  const { pod, shell, signal, outputDir } = context;
  const noteGroup = (leaderPid: number) => context.noteGroup(leaderPid);
  return { sandbox, limits: shell.limits, pod, outputs: outputDir, signal, noteGroup };
}

/** Directly in the folder of clones: nothing else is ever removed. */
export async function isOurs(home: Home, { holder }: Worktree): Promise<boolean> {
  try {
    const [above, own] = await Promise.all([stat(dirname(holder)), stat(worktreesFolder(home))]);
    return above.ino === own.ino && above.dev === own.dev;
  } catch {
    return false;
  }
}
