/**
 * `podkin prune`: removes trees that have ended and owe nothing. What could be gone on with stays: work that
 * was cut, a death that nobody has taken in, what was set aside of a person's folder.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { HomeIndex } from '../../client/home-index.ts';
import { type FoundPod, allPods } from '../../client/find-pod.ts';
import { isPodRunning } from '../../client/pod-probe.ts';
import type { CloneOwner, KeptClone } from '../../pod/kept-clone.ts';
import { leftClones, removeCutRemovals } from '../../pod/left-clones.ts';
import { hasSetAside } from '../../scope/set-aside/set-aside.ts';
import type { Home } from '../../session/home/home.ts';
import { keptOf } from '../../session/home/kept.ts';
import { setAsidePieces } from '../../session/home/set-aside-pieces.ts';
import { copiedWord } from '../../std/shell-word.ts';
import { errorText } from '../format/printable.ts';
import { type CommandContext, exitStatus } from '../invocation/context.ts';
import { sinceMs } from '../invocation/seconds.ts';
import { wasAsked } from './kept.ts';
import { owedBy } from './owed.ts';
import { Removal, cloneLeft, tidyHome } from './rm.ts';
import { notKnown } from './stop-pod.ts';
import { hasUnread, howToRead } from './unread.ts';

export interface PruneOptions {
  /** Trees in which something was done since then stay. */
  readonly olderThan?: string | undefined;
  readonly dryRun: boolean;
}

export async function pruneCommand(
  context: CommandContext,
  { olderThan, dryRun }: PruneOptions,
): Promise<number> {
  const untilMs =
    olderThan === undefined ? Number.POSITIVE_INFINITY : sinceMs(olderThan, Date.now(), '--older-than');
  const index = new HomeIndex(context.home);
  const removal = new Removal(context);
  let status: number = exitStatus.done;
  for (const top of index.all().filter((pod) => isTop(index, pod))) {
    const tree = [top, ...(await index.below(top))];
    if (lastUsedMs(tree) > untilMs) continue;
    const why = (await whyNot(index, tree)) ?? (await cloneKept(context, tree));
    if (why !== null) context.stderr.write(`${top.label} stays: ${errorText(why)}\n`);
    else if (dryRun) context.stdout.write(tree.map(({ name }) => `${name}\n`).join(''));
    else if (!(await removed(context, removal, tree))) status = exitStatus.failed;
  }
  await pruneLeftClones(context, dryRun);
  if (!dryRun) tidyHome(context);
  return status;
}

/** What `rm -f` has kept goes once all of it is in its repository; until then it is named. */
async function pruneLeftClones(context: CommandContext, dryRun: boolean): Promise<void> {
  const { home } = context;
  if (!dryRun) removeCutRemovals(home);
  for (const { holder, owner } of leftClones(home, allPods(home))) {
    const clone = owner === null ? null : await judgeLeft(home, holder, owner);
    const whose = owner === null ? 'of a pod that is gone' : `of "${owner.name}", which was removed`;
    if (clone?.kind === 'spare') {
      if (!dryRun) await clone.remove();
      context.stdout.write(`${errorText(holder)}\n`);
      continue;
    }
    const what = clone !== null && 'text' in clone ? `: ${clone.text}` : '';
    const text = `the clone ${holder} ${whose}, stays${what}; when you have what you want of it: rm -r ${copiedWord(holder)}`;
    context.stderr.write(`${errorText(text)}\n`);
  }
}

async function judgeLeft(home: Home, holder: string, owner: CloneOwner): Promise<KeptClone> {
  const { judgeClone } = await import('../../pod/kept-clone.ts');
  return await judgeClone(home, { owner, outputs: join(holder, 'outputs') });
}

/** A root, or what is left below one that was removed. */
function isTop(index: HomeIndex, { spec: { parent } }: FoundPod): boolean {
  return parent === null || index.get(parent.instance) === null;
}

function lastUsedMs(tree: readonly FoundPod[]): number {
  return Math.max(...tree.map(({ folder }) => statSync(folder.log, { throwIfNoEntry: false })?.mtimeMs ?? 0));
}

/** Null where the whole tree has ended and nothing of it is wanted any more. */
async function whyNot(index: HomeIndex, tree: readonly FoundPod[]): Promise<string | null> {
  const [root] = tree;
  if (root !== undefined && keptOf(root.folder) !== null && !(await wasAsked(root)))
    return `"${root.label}" is kept, to be started again: "podkin keep --off ${root.label}" lets it go`;
  for (const pod of tree) {
    const why = await whyNotPod(index, pod);
    if (why !== null) return why;
  }
  return null;
}

/** Asked last: it takes git. */
async function cloneKept(context: CommandContext, tree: readonly FoundPod[]): Promise<string | null> {
  for (const pod of tree) {
    const clone = await cloneLeft(context, pod, tree);
    if (clone.kind === 'kept') return `of "${pod.label}", ${clone.text}`;
    if (clone.kind === 'ignored')
      return `of "${pod.label}", ${clone.text}; "podkin rm -f ${pod.label}" gives them up`;
  }
  return null;
}

async function whyNotPod(index: HomeIndex, pod: FoundPod): Promise<string | null> {
  const { label: name, folder } = pod;
  if (await isPodRunning(pod)) return `"${name}" is running`;
  const doubt = await notKnown(pod);
  if (doubt !== null) return doubt;
  const facts = await index.factsOf(pod);
  if (facts.session === null || index.damagedIn(pod.instance) > 0 || setAsidePieces(folder).length > 0)
    return `not all of the log of "${name}" can be read: podkin doctor`;
  if (!facts.stopped) return `"${name}" died: "podkin restore ${name}" or "podkin rm ${name}"`;
  if (facts.cut !== null) return `a turn of "${name}" was cut: "podkin run -c ${name}" goes on with it`;
  if (await hasUnread(pod, facts))
    return facts.mailbox === null
      ? `"${name}" has not read all that was given to it: ${howToRead(index, pod, facts)}`
      : `a host has not taken all that "${name}" has for it (pods_inbox): "podkin rm ${name}" gives it up`;
  if (hasSetAside(folder.outputs)) return `what was set aside is with "${name}": podkin logs ${name}`;
  const owed = await owedBy(index, pod);
  return owed === null
    ? null
    : `"${name}" owes its parent "${owed.to.name}" a report: podkin deliveries ${name}`;
}

/** The deepest first. */
async function removed(
  context: CommandContext,
  removal: Removal,
  tree: readonly FoundPod[],
): Promise<boolean> {
  for (const pod of tree.toReversed()) {
    const refusal = await removal.remove(pod, false);
    if (refusal === null) continue;
    context.stderr.write(`podkin: ${errorText(refusal)}\n`);
    return false;
  }
  return true;
}
