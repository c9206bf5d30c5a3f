/**
 * Whether a claim still has its owner. Processes of other containers cannot be seen from here, so a claim
 * that was made there is judged as the incarnation of its pod is: by what answers at the pod's address
 * (`process-status.ts`). What is not known holds: nobody writes where somebody may be writing.
 */
import { existsSync } from 'node:fs';
import {
  type Claim,
  type StatusOf,
  type OwnerStatus,
  giverOf,
  seenAlive,
} from '../scope/ownership/claims.ts';
import { Registry } from '../scope/ownership/registry.ts';
import { type Home, type PodFolder, podFolder, podPlaces } from '../session/home/home.ts';
import { knownSpec } from '../session/home/known-spec.ts';
import { probeLock } from '../session/lock/lock.ts';
import { type Placed, readAddress } from '../session/home/pod-address.ts';
import { folderOf } from '../session/home/pod-place.ts';
import { closingTotals } from '../session/log/totals.ts';
import { ownNamespaces } from '../std/namespaces.ts';
import { type ProcessIdentity, isRunning } from '../std/process-identity.ts';
import { rememberedLiveness } from '../std/remembered-liveness.ts';
import { statusOf } from './process/process-status.ts';

/** For whoever changes it: one that is lost is made again from the logs first. */
export function homeRegistry(home: Home): Registry {
  const fromLogs = async () => {
    // Almost nobody ever needs it.
    const { claimsFromLogs } = await import('./process/claims-from-logs.ts');
    return await claimsFromLogs(home);
  };
  return new Registry(home, { fromLogs });
}

export class ClaimOwners {
  readonly #home: Home;
  /**
   * Every call of a tool asks about every claim of the home: the process table is asked once for all calls of
   * a moment.
   */
  readonly #remembered = rememberedLiveness(runs);
  /** What the last asking has found about claims of other containers. */
  #asked = new Map<string, OwnerStatus>();

  constructor(home: Home) {
    this.#home = home;
  }

  /** At once, and so not known of a claim of another container until somebody has asked. */
  readonly now: StatusOf = (claim) => this.#judged(claim, this.#remembered);

  /** Asks at the addresses of the pods that cannot be seen from here; the answer counts for these claims. */
  async ask(claims: readonly Claim[]): Promise<StatusOf> {
    const unseen = claims.filter((claim) => !seenAlive(claim, runs) && this.#isElsewhere(claim));
    const asked = unseen.map(async (claim): Promise<[string, OwnerStatus]> => [
      keyOf(claim),
      await this.#atAddress(claim),
    ]);
    this.#asked = new Map(await Promise.all(asked));
    return (claim) => this.#judged(claim, runs);
  }

  #judged(claim: Claim, isRunning: (process: ProcessIdentity) => boolean): OwnerStatus {
    if (seenAlive(claim, isRunning)) return 'alive';
    if (!this.#isElsewhere(claim)) return 'dead';
    return this.#asked.get(keyOf(claim)) ?? 'unknown';
  }

  #folderOf({ owner, above }: Claim): PodFolder {
    return folderOf(this.#home, owner, above[0] ?? owner.instance);
  }

  /** Where its maker is, the claim says; where its owner is, the owner's address. */
  #isElsewhere(claim: Claim): boolean {
    const { owner, namespaces } = claim;
    const address = readAddress(this.#folderOf(claim), owner.instance);
    return isOther(namespaces?.process) || isOther(address?.namespaces.process);
  }

  async #atAddress(claim: Claim): Promise<OwnerStatus> {
    const owner = { instance: claim.owner.instance, folder: this.#folderOf(claim) };
    const status = await this.#statusOf(owner);
    // A maker of these processes would have been seen.
    if (status !== 'dead' || !isOther(claim.namespaces?.process)) return status;
    const giver = giverOf(claim);
    if (giver !== owner.instance) return await this.#statusOfInstance(giver);
    const { path, log } = owner.folder;
    // A root that a command there may be starting at this moment.
    return existsSync(path) && this.#isThere(owner) && !existsSync(log) ? 'unknown' : 'dead';
  }

  async #statusOfInstance(instance: string): Promise<OwnerStatus> {
    const folders = podPlaces(this.#home).map((place) => podFolder(this.#home, place));
    const folder = folders.find((one) => this.#isThere({ folder: one, instance }));
    return folder === undefined ? 'dead' : await this.#statusOf({ folder, instance });
  }

  async #statusOf(pod: Placed): Promise<OwnerStatus> {
    if (!this.#isThere(pod)) return 'dead';
    const { folder } = pod;
    const status = await statusOf(this.#home, pod);
    // In one network its lock tells, wherever its processes are.
    if (status === 'dead') return (await isLocked(folder.path, pod.instance)) ? 'alive' : 'dead';
    return status === 'unknown' && hasStopped(folder.log) ? 'dead' : status;
  }

  /** False where it was removed, and where the name is another pod's by now. */
  #isThere({ folder, instance }: Placed): boolean {
    try {
      return knownSpec(folder)?.instance === instance;
    } catch {
      // What cannot be read says nothing of a removal.
      return true;
    }
  }
}

function runs(process: ProcessIdentity): boolean {
  return isRunning(process);
}

/** A name that is not known on one side tells no two apart. */
function isOther(theirs: string | null | undefined): boolean {
  const ours = ownNamespaces().process;
  return typeof theirs === 'string' && ours !== null && theirs !== ours;
}

async function isLocked(folder: string, instance: string): Promise<boolean> {
  try {
    return (await probeLock({ instance, folder })) === 'held';
  } catch {
    // The folder has vanished: the pod was removed.
    return false;
  }
}

function hasStopped(log: string): boolean {
  try {
    return closingTotals(log) !== null;
  } catch {
    return false;
  }
}

function keyOf({ owner, maker, process }: Claim): string {
  return JSON.stringify([owner.instance, maker, process]);
}
