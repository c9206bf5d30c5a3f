/** Removes a pod's folder for good. A tombstone stays, so that nobody waits for the pod for ever. */
import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../../std/atomic-write.ts';
import { systemCode } from '../../std/system-code.ts';
import type { Facts } from '../facts/facts.ts';
import { type Home, type PodFolder, writeTombstone } from './home.ts';
import { sessionIn } from './known-spec.ts';
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
  const tombstone = {
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
  };
  // Each for itself: what is written is not written twice.
  withRoom(folder, () => noteRemoved(home, { instance, name, lastSeq: facts.lastSeq }));
  withRoom(folder, () => writeTombstone(home, tombstone));
  const pods = dirname(folder.path);
  // A name with a dot is no pod's: from here on it is gone, however far the removing of files comes.
  const trash = join(pods, `.removed-${name}.${randomBytes(6).toString('hex')}`);
  renameSync(folder.path, trash);
  syncFolder(pods);
  return () => rmSync(trash, { recursive: true, force: true });
}

/**
 * On a full disk what is to be removed makes the room for that: first what the log holds too. A removal
 * that is cut there, or fails all the same, leaves the pod with its log, from which all is known.
 */
function withRoom(folder: PodFolder, write: () => void): void {
  const spare = [() => copiesOfLog(folder), () => [folder.scriptUses, folder.stderr, folder.images]];
  for (;;) {
    try {
      write();
      return;
    } catch (error) {
      const next = isFull(error) ? spare.shift() : undefined;
      if (next === undefined) throw error;
      for (const path of next()) rmSync(path, { recursive: true, force: true });
    }
  }
}

function copiesOfLog({ path, log, spec }: PodFolder): string[] {
  const checkpoints = readdirSync(path).filter((name) => name.startsWith(`${basename(log)}.checkpoint-`));
  return [...checkpoints.map((name) => join(path, name)), ...(sessionIn(log) === null ? [] : [spec])];
}

function isFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}
