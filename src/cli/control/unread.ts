/**
 * What a pod that is not running has not read, and which command has it read. What only says that something
 * of its own is over (a command in the background that ended with it, a report that ReadPodOutput gave) is
 * nothing that anybody waits for.
 */
import type { FoundPod } from '../../client/find-pod.ts';
import type { HomeIndex } from '../../client/home-index.ts';
import type { Facts } from '../../session/facts/facts.ts';
import { readEntries } from '../../session/log/read-log.ts';

/** Throws the file system's errors. */
export async function hasUnread({ folder }: FoundPod, facts: Facts): Promise<boolean> {
  const { notifyBuffer, unseen } = facts;
  if (hasWaking(facts) || notifyBuffer.some(({ content }) => content.kind === 'notice')) return true;
  const given = new Set(unseen.map(({ entrySeq }) => entrySeq));
  if (given.size === 0) return false;
  // What was said is not kept in these facts.
  for await (const { entry } of readEntries(folder.log)) {
    if (entry.type === 'systemItem' && entry.item.kind === 'notice' && given.has(entry.seq)) return true;
  }
  return false;
}

/** A pod that goes on reads it at once: what else there is waits for the next text. */
export function hasWaking({ queue, notifyBuffer, unseen }: Facts): boolean {
  return queue.length > 0 || [...notifyBuffer, ...unseen].some(({ wakes }) => wakes);
}

/**
 * The command that has it read, in the middle of a sentence. A child goes on with its tree: `run -c` is a
 * root's.
 */
export function howToRead(index: HomeIndex, pod: FoundPod, facts: Facts): string {
  const { label: name, spec } = pod;
  const isWaking = hasWaking(facts);
  if (spec.parent === null)
    return isWaking ? `"podkin run -c ${name}"` : `"podkin run -c ${name} TEXT" has it read`;
  const root = index.get(spec.root.instance);
  const started = root === null ? `"podkin restore ${name}"` : `"podkin restore ${root.label} --tree"`;
  if (!isWaking) return `${started}, then "podkin send ${name} TEXT" has it read`;
  return facts.paused || facts.held !== null ? `${started}, then "podkin resume ${name}"` : started;
}
