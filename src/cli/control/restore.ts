/**
 * `podkin restore`: starts the process of a pod that does not run again from its log, with `--tree` those
 * below it too.
 */
import { allPods, descendantsOf, findPod, type FoundPod } from '../../client/find-pod.ts';
import {
  type RestoreContext,
  type RestoreOptions,
  restoreOne,
  restoreTree as restoreTreeOf,
  Starts,
  type TreeRestore,
} from '../../library/roots/restore-pods.ts';
import { RestoredRights } from '../../library/roots/restored-rights.ts';
import { isSet } from '../../library/roots/set-options.ts';
import { errorText } from '../format/printable.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';

export async function restoreCommand(
  context: CommandContext,
  name: string,
  options: RestoreOptions,
): Promise<number> {
  if (name === '')
    throw new CommandFailed(exitStatus.usage, 'name the pod, or say --kept for all trees that are kept');
  const pod = findPod(context.home, name);
  // Parents first: a child that comes up finds its parent listening.
  const all = allPods(context.home);
  const pods = options.tree ? [pod, ...descendantsOf(all, pod.instance)] : [pod];
  const rights = new RestoredRights(context, all);
  // Before anything is started: a deny must not be lost by a mistake in a file.
  const starts = new Starts(restoring(context), all, { pod, options });
  const wanted = await Promise.all(
    pods.map(async (one) => ({ one, restrictions: await rights.of(one), set: await starts.of(one) })),
  );
  let status: number = exitStatus.done;
  for (const { one, restrictions, set } of wanted) {
    const outcome = await restoreOne(restoring(context), one, { ...options, restrictions, set });
    if (outcome === 'started') context.stdout.write(`${one.name}\n`);
    else if (outcome === 'undone')
      context.stderr.write(`${one.name} was half made, and is undone by its parent.\n`);
    else if (outcome === 'running') {
      const isLeft = one === pod && isSet(options);
      const hint = isLeft ? ` Nothing of it was set: podkin set ${one.label} does that.` : '';
      context.stderr.write(`${one.name} is running already.${hint}\n`);
      if (!options.tree || isLeft) status = exitStatus.failed;
    } else {
      context.stderr.write(`${one.name} could not be started: ${errorText(outcome.message)}\n`);
      status = exitStatus.failed;
    }
  }
  return status;
}

/** As in the library's room, with its words for the person. */
export async function restoreTree(
  context: CommandContext,
  root: FoundPod,
  restore: TreeRestore,
): Promise<string | null> {
  return await restoreTreeOf(restoring(context), root, restore);
}

function restoring(context: CommandContext): RestoreContext {
  return {
    get home() {
      return context.home;
    },
    get environment() {
      return context.environment;
    },
    get cwd() {
      return context.cwd;
    },
    say: (text) => context.stderr.write(`${errorText(text)}\n`),
  };
}
