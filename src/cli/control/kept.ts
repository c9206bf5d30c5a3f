/** `podkin restore --kept`: the trees that a person has marked, where they ended without being asked to. */
import type { FoundPod } from '../../client/find-pod.ts';
import { HomeIndex } from '../../client/home-index.ts';
import { isPodRunning } from '../../client/pod-probe.ts';
import { type Kept, keptOf, mayRestart, restartsMax, restartsWithinMs } from '../../session/home/kept.ts';
import { readEntries } from '../../session/log/read-log.ts';
import { closingEntry } from '../../session/log/totals.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';
import { errorText } from '../format/printable.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';
import { restoreTree } from './restore.ts';
import { notKnown } from './stop-pod.ts';

/** Answers the exit status: 1 where one of them stays down. `names`: none, as it means all of them. */
export async function restoreKept(context: CommandContext, names: readonly string[]): Promise<number> {
  if (names.length > 0)
    throw new CommandFailed(exitStatus.usage, '--kept means all trees that are kept: leave out the name');
  const index = new HomeIndex(context.home);
  let status: number = exitStatus.done;
  for (const { root, kept } of keptRoots(index)) {
    const problem = await restoredKept(context, index, { root, kept });
    if (problem === null) continue;
    context.stderr.write(`${root.name} stays down: ${errorText(problem)}\n`);
    status = exitStatus.failed;
  }
  return status;
}

export interface KeptRoot {
  readonly root: FoundPod;
  readonly kept: Kept;
}

export function keptRoots(index: HomeIndex): KeptRoot[] {
  return index.all().flatMap((root) => {
    const kept = root.spec.parent === null ? keptOf(root.folder) : null;
    return kept === null ? [] : [{ root, kept }];
  });
}

/** Null where it runs by then, or was ended by somebody; else why it stays down. */
async function restoredKept(
  context: CommandContext,
  index: HomeIndex,
  { root, kept }: KeptRoot,
): Promise<string | null> {
  const { name, folder } = root;
  if (await isPodRunning(root)) return null;
  const doubt = await notKnown(root);
  if (doubt !== null) return doubt;
  if (await wasAsked(root)) return null;
  if (!mayRestart(folder, kept, Date.now())) {
    return `it was started again by itself ${restartsMax} times within ${restartsWithinMs / 60_000} minutes and has ended each time; "podkin logs ${name}" shows what it does, "podkin keep ${name}" lets it start again`;
  }
  const { cut, paused } = await index.factsOf(root);
  const only = new Set<string>();
  await addEnded(index, root, only);
  const problem = await restoreTree(context, root, { cancelsTurn: false, only });
  if (problem !== null) return problem;
  context.stdout.write(`${name}\n`);
  // A death goes on by itself. What the end of the machine cut in order waits for a person, who said so
  // before.
  if (cut === null || paused) return null;
  const sent = await connectAndSend(root.socket, 'resume', {});
  return sent.ok ? null : `it runs and did not go on (${sent.message}): podkin run -c ${name}`;
}

/** Those below that ended with the tree, each with those below it that did. */
async function addEnded(index: HomeIndex, parent: FoundPod, only: Set<string>): Promise<void> {
  const facts = await index.factsOf(parent);
  for (const child of index.childrenOf(parent.instance)) {
    const own = await index.factsOf(child);
    const known = facts.children.get(child.instance);
    // Its parent has heard of its death, and maybe given its work to another.
    const isKnown = !own.stopped && known !== undefined && known.terminal >= own.incarnation;
    if (isKnown || (await wasAsked(child))) continue;
    only.add(child.instance);
    await addEnded(index, child, only);
  }
}

/** Ended because the machine, the session or its parent did: nobody meant this pod. */
const unasked =
  /^(SIG[A-Z]+|interrupted by SIG(TERM|HUP)|stopped with (its parent|the tree that it belongs to))$/;

export async function wasAsked({ folder }: FoundPod): Promise<boolean> {
  const reason = closingEntry(folder.log)?.reason ?? (await lastStop(folder.log));
  return reason !== null && !unasked.test(reason);
}

/** Null where its newest incarnation has died. */
async function lastStop(log: string): Promise<string | null> {
  let reason: string | null = null;
  for await (const { entry } of readEntries(log)) {
    if (entry.type === 'started') reason = null;
    if (entry.type === 'stopped') ({ reason } = entry);
  }
  return reason;
}
