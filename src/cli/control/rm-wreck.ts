/**
 * `podkin rm -f` of a pod whose files no longer say what it is: nobody can tell what it owed, so nothing of
 * it is deleted. What stands at its place is moved aside whole, with a tombstone where its instance is known.
 */
import { chmodSync, existsSync, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { statusElsewhere } from '../../pod/process/process-status.ts';
import type { StartedEntry } from '../../session/facts/entries.ts';
import { type Facts, emptyFacts } from '../../session/facts/facts.ts';
import { foldLog } from '../../session/log/fold-log.ts';
import { type PodFolder, podFolder, writeTombstone } from '../../session/home/home.ts';
import { noteRemoved } from '../../session/home/removed-list.ts';
import { isPlace, nameAt, placeInTree } from '../../session/home/place.ts';
import { isPodLog, knownSpec, sessionIn, specIfKnown, strangersLog } from '../../session/home/known-spec.ts';
import { lostBeginning } from '../../session/home/lost-beginning.ts';
import { probeLock } from '../../session/lock/lock.ts';
import { readEntries } from '../../session/log/read-log.ts';
import { Registry } from '../../scope/ownership/registry.ts';
import { syncFolder } from '../../std/atomic-write.ts';
import { isOutOfPlace, readRegular } from '../../std/open-regular.ts';
import { isRunning } from '../../std/process-identity.ts';
import type { CommandContext } from '../invocation/context.ts';
import { AmbiguousName } from '../../client/errors.ts';
import { lookUp, placesNamed } from '../../client/find-pod.ts';
import { HomeIndex } from '../../client/home-index.ts';
import { outOfReach } from '../format/pod-sentences.ts';

/**
 * The folder of the pod that is called so, also where its files do not say what it is. Null: there is none.
 */
export function placeMeant({ home }: CommandContext, called: string): string | null {
  try {
    const pod = lookUp(home, called);
    if (pod !== null) return basename(pod.folder.path);
  } catch (error) {
    if (error instanceof AmbiguousName) throw error;
  }
  const places = placesNamed(home, called);
  if (places.includes(called)) return called;
  if (places.length > 1) throw new AmbiguousName(called, places);
  return places[0] ?? null;
}

/** Why the pod cannot be removed as others are; null where it can, and where there is none in that place. */
export function wreckOf({ home }: CommandContext, place: string): string | null {
  if (!isPlace(place)) return null;
  const folder = podFolder(home, place);
  if (lstatSync(folder.path, { throwIfNoEntry: false }) === undefined) return null;
  try {
    if (knownSpec(folder) === null) return `${folder.path} holds nothing that says what pod it is`;
    const lost = lostBeginning(folder);
    if (lost !== null) return lost;
    if (!isPodLog(folder.log)) return `${folder.log} does not begin as the log of a pod does`;
    const strange = strangersLog(folder);
    if (strange !== null) return strange;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing) return null;
    if (!(error instanceof Error)) throw error;
    return isOutOfPlace(error) ? `${folder.log}: ${error.message}` : error.message;
  }
  return null;
}

/** Null when it is out of the way, else why it stays. */
export async function removeWreck(
  context: CommandContext,
  place: string,
  why: string,
): Promise<string | null> {
  const { home } = context;
  const name = nameAt(place);
  const folder = podFolder(home, place);
  const index = new HomeIndex(home);
  const known = await knownAbove(index, place);
  const instance = specIfKnown(folder)?.instance ?? known.instance ?? instanceIn(context, folder, place);
  // The pod itself is elsewhere, and nothing is said of it here.
  const isCopy = instance !== null && (index.get(instance)?.folder.path ?? folder.path) !== folder.path;
  // What another pod's log says is not of this one.
  const owner = sessionIn(folder.log);
  const log = owner === null || owner.instance === instance ? folder.log : null;
  const doubt = await whyItMayRun(
    isCopy ? { name, instance: null, folder, log: null } : { name, instance, folder, log },
  );
  if (doubt !== null) return `"${place}" stays: ${doubt}`;
  const facts = log === null ? emptyFacts() : await foldLog(log).catch(() => emptyFacts());
  if (instance !== null && !isCopy) bequeath(context, { name, instance, facts, received: known.received });
  const aside = join(home.state, 'set-aside', `${name}-${instance ?? Date.now().toString(36)}-damaged`);
  move(folder.path, aside);
  context.stderr.write(
    `${place}: ${why}. What it owed is not known, so nothing is deleted: all that was there is kept in ${aside}\n`,
  );
  context.stdout.write(`${name}\n`);
  return null;
}

/** Folders that are moved need the right to be written. */
function move(from: string, to: string): void {
  if (lstatSync(from).isDirectory()) chmodSync(from, 0o700);
  mkdirSync(join(to, '..'), { recursive: true, mode: 0o700 });
  renameSync(from, existsSync(to) ? `${to}-${Date.now().toString(36)}` : to);
  syncFolder(join(from, '..'));
}

/** Its children learn that nobody takes their events any more; its parent, that nothing more comes. */
function bequeath(
  { home }: CommandContext,
  pod: { name: string; instance: string; facts: Facts; received: number },
): void {
  const { name, instance, facts, received } = pod;
  const children = [...facts.children.values()].map((child) => [child.instance, child.received]);
  noteRemoved(home, { instance, name, lastSeq: facts.lastSeq === 0 ? null : facts.lastSeq });
  writeTombstone(home, {
    name,
    instance,
    removedAt: new Date().toISOString(),
    received: Object.fromEntries(children),
    emitted: Math.max(facts.outbox.emitted, received),
    acked: Math.max(facts.outbox.acked, received),
    discarded: true,
  });
}

/** What the logs of the other pods say of a child that would be there. */
async function knownAbove(
  index: HomeIndex,
  place: string,
): Promise<{ instance: string | null; received: number }> {
  for (const pod of index.all()) {
    const facts = await index.factsOf(pod).catch(() => emptyFacts());
    for (const child of facts.children.values()) {
      if (mayBeAt(place, child.name, pod.spec.root.instance) && index.get(child.instance) === null)
        return { instance: child.instance, received: child.received };
    }
  }
  return { instance: null, received: 0 };
}

const uuid = /"instance":"([0-9a-f]{8}-[0-9a-f-]{27})"/;
const smallBytes = 8 * 1024 * 1024;

/** As its damaged files, or its claim on paths, name it. */
function instanceIn({ home }: CommandContext, folder: PodFolder, place: string): string | null {
  for (const path of [folder.address, folder.spec]) {
    try {
      const found = uuid.exec(readRegular(path, smallBytes))?.[1];
      if (found !== undefined) return found;
    } catch {
      // The next one may tell.
    }
  }
  const claims = new Registry(home).read();
  const claim = claims?.find(({ owner, above }) => mayBeAt(place, owner.name, above[0] ?? owner.instance));
  return claim?.owner.instance ?? null;
}

function mayBeAt(place: string, name: string, root: string): boolean {
  return place === name || place === placeInTree(root, name);
}

interface Wreck {
  readonly name: string;
  readonly instance: string | null;
  readonly folder: PodFolder;
  /** Null where another pod's lies in its place. */
  readonly log: string | null;
}

/**
 * Null where nothing of it runs: no process holds its folder, and the newest that its log and its address
 * name is gone.
 */
async function whyItMayRun({ name, instance, folder, log }: Wreck): Promise<string | null> {
  // The lock is named after the folder too, so any instance will do.
  const lock = await probeLock({ instance: instance ?? name, folder: folder.path }).catch(() => 'free');
  const newest = log === null ? null : await newestStart(log);
  const pid = newest !== null && isRunning(newest) ? newest.pid : null;
  if (pid !== null) return `its process ${pid} still runs: end it ("kill ${pid}") and try again`;
  if (lock === 'held') return 'a process of it still runs ("podkin doctor" says more): end it and try again';
  if (instance === null) return null;
  const status = await statusElsewhere({ instance, folder });
  return status === 'dead' ? null : outOfReach(name);
}

async function newestStart(log: string): Promise<StartedEntry | null> {
  let newest: StartedEntry | null = null;
  try {
    for await (const { entry } of readEntries(log)) if (entry.type === 'started') newest = entry;
  } catch {
    return newest;
  }
  return newest;
}
