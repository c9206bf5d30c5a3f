/** Removes a pod's folder for good. A tombstone stays, so that nobody waits for the pod for ever. */
import { randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../std/atomic-write.ts';
import type { Facts } from '../facts/facts.ts';
import { type Home, type PodFolder, writeTombstone } from './home.ts';
import { noteRemoved } from './removed-list.ts';

export interface Burial {
  readonly name: string;
  readonly instance: string;
  readonly folder: PodFolder;
  /** Its parent's instance; null: a root. */
  readonly parent: string | null;
  /** What its log says. */
  readonly facts: Facts;
  /** Highest event number that its parent is known to hold, if any. */
  readonly receivedAbove: number;
  /** A person gave up what it had not delivered. */
  readonly discarded: boolean;
}

/**
 * The tombstone first: a crash in between leaves a pod that is removed once more, never one that vanished
 * without a word. Answers with a function that deletes the files, for whoever has something to let go of
 * before.
 */
export function removePodFolder(home: Home, burial: Burial): () => void {
  const { name, instance, folder, parent, facts } = burial;
  noteRemoved(home, { instance, name, lastSeq: facts.lastSeq });
  writeTombstone(home, {
    name,
    instance,
    parent,
    removedAt: new Date().toISOString(),
    received: Object.fromEntries(
      [...facts.children.values()].map((child) => [child.instance, child.received]),
    ),
    emitted: facts.outbox.emitted,
    acked: Math.max(facts.outbox.acked, burial.receivedAbove),
    discarded: burial.discarded,
  });
  const pods = dirname(folder.path);
  // A name with a dot is no pod's: from here on it is gone, however far the removing of files comes.
  const trash = join(pods, `.removed-${name}.${randomBytes(6).toString('hex')}`);
  renameSync(folder.path, trash);
  syncFolder(pods);
  return () => rmSync(trash, { recursive: true, force: true });
}
