/**
 * What the living pods of a home hold, from their logs: for a registry that is damaged or missing. A pod
 * counts as living while its lock is held, also where its process is stopped and answers nobody, or where it
 * was started in another container and may run there.
 *
 * Left out: this process, whose own part it puts back itself; and a pod that is being started for the first
 * time and has left no address yet, which claims before it writes.
 */
import { existsSync } from 'node:fs';
import { thrownText } from '../../std/thrown-text.ts';
import { claimOf, claimsByLog } from '../../scope/ownership/claims-by-log.ts';
import { type Claim, inOneLine } from '../../scope/ownership/claims.ts';
import { contested } from '../../scope/paths/narrow.ts';
import type { StartedEntry } from '../../session/facts/entries.ts';
import { type Facts, emptyFacts } from '../../session/facts/facts.ts';
import { type Home, type PodFolder, type PodSpec, podFolder, podPlaces } from '../../session/home/home.ts';
import { knownSpec } from '../../session/home/known-spec.ts';
import { isPlace, nameAt } from '../../session/home/place.ts';
import { readAddress } from '../../session/home/pod-address.ts';
import { probeLock } from '../../session/lock/lock.ts';
import { factsSoFar } from '../../session/log/checkpoint-start.ts';
import { readEntries } from '../../session/log/read-log.ts';
import { applyEntry } from '../../session/facts/replay.ts';
import { forgetSaid } from '../../session/facts/transcript.ts';
import type { Namespaces } from '../../std/namespaces.ts';
import { PodkinError } from '../../std/podkin-error.ts';
import { type ProcessIdentity, ownIdentity } from '../../std/process-identity.ts';
import { statusElsewhere } from './process-status.ts';

/** What a living pod holds is not known: nothing is given to anybody meanwhile. */
export class HolderUnreadable extends PodkinError {
  constructor(name: string, why: string) {
    super(
      `who may write where has to be read from the logs again, since state/scope.json is damaged or missing, and what the running pod "${name}" holds cannot be read (${why}): end that pod ("podkin stop ${name}", or its process), and try again`,
    );
    this.name = 'HolderUnreadable';
  }
}

interface Known {
  readonly spec: PodSpec;
  readonly folder: PodFolder;
  /** Null where it does not live. */
  readonly runs: Running | null;
}

interface Running {
  readonly process: ProcessIdentity;
  readonly namespaces?: Namespaces | undefined;
}

/** Throws `HolderUnreadable`, or the file system's error. */
export async function claimsFromLogs(home: Home): Promise<Claim[]> {
  const pods = await knownPods(home);
  const claims: Claim[] = [];
  for (const pod of pods.values()) {
    if (pod.runs === null || isOwn(pod.runs)) continue;
    claims.push(...(await givenBy(pods, pod, pod.runs)), ...(await leftTo(pods, pod, pod.runs)));
  }
  return claims;
}

/** Pairs of claims that each hold a path alone, and are not of one line. */
export function heldTwice(claims: readonly Claim[]): { one: Claim; other: Claim; path: string }[] {
  const alone = claims.filter(({ exclusive }) => exclusive);
  return alone.flatMap((one, at) =>
    alone.slice(at + 1).flatMap((other) => {
      const shared = inOneLine(one, other) ? null : contested(one, other);
      return shared === null ? [] : [{ one, other, path: shared.mine }];
    }),
  );
}

async function knownPods(home: Home): Promise<ReadonlyMap<string, Known>> {
  const pods = new Map<string, Known>();
  for (const place of podPlaces(home).filter(isPlace)) {
    const folder = podFolder(home, place);
    let spec: PodSpec | null;
    try {
      spec = knownSpec(folder);
    } catch (error) {
      // The lock is named after the folder too, so any instance will do.
      if (await isLocked(folder, nameAt(place))) throw new HolderUnreadable(nameAt(place), whyOf(error));
      continue;
    }
    if (spec !== null) pods.set(spec.instance, { spec, folder, runs: await running(folder, spec) });
  }
  return pods;
}

async function running(folder: PodFolder, { name, instance }: PodSpec): Promise<Running | null> {
  const isHere = await isLocked(folder, instance);
  if (!isHere && (await statusElsewhere({ instance, folder })) === 'dead') return null;
  const address = readAddress(folder, instance);
  if (address !== null) return address;
  // Its address was removed, or it is of an earlier build.
  let newest: StartedEntry | null = null;
  await reading(name, async () => {
    if (!existsSync(folder.log)) return;
    for await (const { entry } of readEntries(folder.log)) if (entry.type === 'started') newest = entry;
  });
  const started = newest as StartedEntry | null;
  if (started === null) return null;
  const { pid, startTime, bootId, namespaces } = started;
  return { process: { pid, startTime, bootId }, namespaces };
}

async function isLocked(folder: PodFolder, instance: string): Promise<boolean> {
  try {
    return (await probeLock({ instance, folder: folder.path })) === 'held';
  } catch {
    // Removed meanwhile.
    return false;
  }
}

function isOwn({ process: { pid, startTime } }: Running): boolean {
  const own = ownIdentity();
  return own.pid === pid && own.startTime === startTime;
}

type Pods = ReadonlyMap<string, Known>;

/** Its own part where it is a root, and its children's. */
async function givenBy(pods: Pods, { spec, folder }: Known, runs: Running): Promise<Claim[]> {
  const { facts, damaged } = await reading(spec.name, () => folded(folder.log));
  const session = facts.session ?? spec;
  const made = { above: [...above(pods, spec), spec.instance], ...makerOf(runs) };
  const claims = claimsByLog({ session, facts, made });
  // What it has given in a line that is lost was a part of its own: all of that is held until it says more.
  return damaged === 0 && facts.session !== null
    ? claims
    : claims.map((claim) => ({ ...claim, exclusive: true }));
}

/** What a child holds whose parent does not run: a living parent tells of it itself. */
async function leftTo(pods: Pods, { spec }: Known, runs: Running): Promise<Claim[]> {
  const parent = pods.get(spec.parent?.instance ?? '');
  if (spec.parent === null || (parent !== undefined && parent.runs !== null)) return [];
  const { name, instance } = spec;
  // One that cannot be read says nothing: then what the child was made with counts.
  const said = parent === undefined ? null : await folded(parent.folder.log).catch(() => null);
  const child = said?.facts.children.get(instance);
  const scope = child === undefined ? spec.scope : child.holds;
  if (scope === null || scope.write.length === 0) return [];
  const made = { above: above(pods, spec), ...makerOf(runs) };
  return [{ ...claimOf({ name, instance }, scope), process: runs.process, ...made }];
}

function makerOf({ process, namespaces }: Running): Pick<Claim, 'maker' | 'namespaces'> {
  return { maker: process, ...(namespaces === undefined ? {} : { namespaces }) };
}

/** Instances, the tree's root first; of those that were removed only what every pod knows. */
function above(pods: Pods, { parent, root }: PodSpec): string[] {
  const found: string[] = [];
  let next = parent;
  while (next !== null && !found.includes(next.instance)) {
    found.unshift(next.instance);
    next = pods.get(next.instance)?.spec.parent ?? null;
  }
  return parent === null || found.includes(root.instance) ? found : [root.instance, ...found];
}

/** A log that is not there yet says nothing. */
async function folded(log: string): Promise<{ facts: Facts; damaged: number }> {
  if (!existsSync(log)) return { facts: emptyFacts(), damaged: 0 };
  const { facts, end: from, damaged: before } = factsSoFar(log);
  let damaged = before.length;
  const onDamaged = (): void => {
    damaged += 1;
  };
  for await (const { entry } of readEntries(log, { from, onDamaged })) {
    applyEntry(facts, entry);
    forgetSaid(facts);
  }
  return { facts, damaged };
}

async function reading<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new HolderUnreadable(name, whyOf(error));
  }
}

function whyOf(error: unknown): string {
  return thrownText(error);
}
