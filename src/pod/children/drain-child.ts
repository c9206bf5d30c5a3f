/**
 * Takes what a dead child has left into the log of its parent, which does not run either: what the parent
 * would do at its next start, done for a person who removes the child before that. Both locks are the
 * caller's or taken here; nobody else writes either log meanwhile.
 */
import { existsSync } from 'node:fs';
import { type DeathFindings, deathReceipt, unaccepted, receive } from '../../delivery/inbox.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import { type Facts, emptyFacts } from '../../session/facts/facts.ts';
import type { PodFolder } from '../../session/home/home.ts';
import { takeLock } from '../../session/lock/lock.ts';
import { nodeDisk } from '../../session/log/log-disk.ts';
import { openLog } from '../../session/log/open-log.ts';
import { applyEntry } from '../../session/facts/replay.ts';
import { settledByLog } from '../machine/budget.ts';
import { readChildLog } from './child-log.ts';

export interface Taking {
  readonly parent: { readonly instance: string; readonly folder: PodFolder };
  /** Its lock is held by the caller. */
  readonly child: { readonly instance: string; readonly folder: PodFolder };
}

/**
 * False where the parent runs, or does not know the child. Throws where a log cannot be read or written;
 * what was written then is taken in again by nobody.
 */
export async function takeInLeft({ parent, child }: Taking): Promise<boolean> {
  const lock = await takeLock({ instance: parent.instance, folder: parent.folder.path, purpose: 'loan' });
  if (!lock.taken) return false;
  try {
    const { instance, folder } = parent;
    const hasRun = existsSync(folder.address);
    const checkpoints = Math.random;
    const opened = await openLog({ path: folder.log, lock, instance, hasRun, checkpoints });
    const { log } = opened;
    try {
      const facts = opened.facts ?? emptyFacts();
      for await (const entry of opened.entries()) applyEntry(facts, entry);
      const commit = (bodies: EntryBody[]): void => {
        if (bodies.length === 0) return;
        for (const entry of log.append(bodies).entries) applyEntry(facts, entry);
      };
      const taken = await takeInto(facts, child, commit);
      await log.whenDurable();
      return taken;
    } finally {
      await log.close();
    }
  } finally {
    await lock.release();
  }
}

async function takeInto(
  facts: Facts,
  { instance, folder }: Taking['child'],
  commit: (bodies: EntryBody[]) => void,
): Promise<boolean> {
  const child = facts.children.get(instance);
  if (child === undefined) return false;
  const everything = { instance, above: child.received, throughIncarnation: Number.MAX_SAFE_INTEGER };
  const left = await readChildLog({ folder, disk: nodeDisk }, everything);
  for (const { seq, incarnation, event } of left.events) {
    const receipt = receive(facts, { from: { instance, incarnation }, seq, event }, { stopping: false });
    if (receipt.kind === 'accept') commit(receipt.bodies);
  }
  const unused = settledByLog(facts.budget, child, left.budget);
  commit(unused === null ? [] : [unused]);
  const newest = Math.max(child.incarnation, left.incarnation);
  for (let incarnation = child.terminal + 1; incarnation <= newest; incarnation += 1) {
    const findings: DeathFindings = { restored: incarnation < newest, asked: false, outstanding: [] };
    commit(deathReceipt(facts, child, incarnation, findings));
  }
  commit(unaccepted(facts, child, new Set()));
  return true;
}
