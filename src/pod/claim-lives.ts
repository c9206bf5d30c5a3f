/**
 * Whether a claim still has its owner. Processes of other containers cannot be seen from here, so a claim
 * that was made there is judged as the life of
 * its pod is: by what answers at the pod's address (`life.ts`). What is not known holds: nobody writes where
 * somebody may be writing.
 */
import { existsSync } from 'node:fs';
import { type Claim, type LifeOf, type OwnersLife, giverOf, seenAlive } from '../scope/ownership/claims.ts';
import { type Home, podFolder, podNames } from '../session/home/home.ts';
import { knownSpec } from '../session/home/known-spec.ts';
import { probeLock } from '../session/lock/lock.ts';
import { readAddress } from '../session/home/pod-address.ts';
import { closingTotals } from '../session/log/totals.ts';
import { ownNamespaces } from '../std/namespaces.ts';
import { type ProcessIdentity, isRunning } from '../std/process-identity.ts';
import { rememberedLiveness } from '../std/remembered-liveness.ts';
import { lifeOf } from './process/life.ts';

type Pod = Claim['owner'];

export class ClaimLives {
  readonly #home: Home;
  /**
   * Every call of a tool asks about every claim of the home: the process table is asked once for all calls of
   * a moment.
   */
  readonly #remembered = rememberedLiveness(runs);
  /** What the last asking has found about claims of other containers. */
  #asked = new Map<string, OwnersLife>();

  constructor(home: Home) {
    this.#home = home;
  }

  /** At once, and so not known of a claim of another container until somebody has asked. */
  readonly now: LifeOf = (claim) => this.#judged(claim, this.#remembered);

  /** Asks at the addresses of the pods that cannot be seen from here; the answer counts for these claims. */
  async ask(claims: readonly Claim[]): Promise<LifeOf> {
    const unseen = claims.filter((claim) => !seenAlive(claim, runs) && this.#isElsewhere(claim));
    const asked = unseen.map(async (claim): Promise<[string, OwnersLife]> => [
      keyOf(claim),
      await this.#atAddress(claim),
    ]);
    this.#asked = new Map(await Promise.all(asked));
    return (claim) => this.#judged(claim, runs);
  }

  #judged(claim: Claim, isRunning: (process: ProcessIdentity) => boolean): OwnersLife {
    if (seenAlive(claim, isRunning)) return 'alive';
    if (!this.#isElsewhere(claim)) return 'dead';
    return this.#asked.get(keyOf(claim)) ?? 'unknown';
  }

  /** Where its maker is, the claim says; where its owner is, the owner's address. */
  #isElsewhere({ owner, namespaces }: Claim): boolean {
    const address = readAddress(podFolder(this.#home, owner.name), owner.instance);
    return isOther(namespaces?.process) || isOther(address?.namespaces.process);
  }

  async #atAddress(claim: Claim): Promise<OwnersLife> {
    const life = await this.#lifeOf(claim.owner);
    // A maker of these processes would have been seen.
    if (life !== 'dead' || !isOther(claim.namespaces?.process)) return life;
    const giver = giverOf(claim);
    if (giver !== claim.owner.instance) return await this.#lifeOfInstance(giver);
    const { path, log } = podFolder(this.#home, claim.owner.name);
    // A root that a command there may be starting at this moment.
    return existsSync(path) && this.#isThere(claim.owner) && !existsSync(log) ? 'unknown' : 'dead';
  }

  async #lifeOfInstance(instance: string): Promise<OwnersLife> {
    const name = podNames(this.#home).find((one) => this.#isThere({ name: one, instance }));
    return name === undefined ? 'dead' : await this.#lifeOf({ name, instance });
  }

  async #lifeOf(pod: Pod): Promise<OwnersLife> {
    if (!this.#isThere(pod)) return 'dead';
    const folder = podFolder(this.#home, pod.name);
    const life = await lifeOf(this.#home, pod);
    // In one network its lock tells, wherever its processes are.
    if (life === 'dead') return (await isLocked(folder.path, pod.instance)) ? 'alive' : 'dead';
    return life === 'unknown' && hasStopped(folder.log) ? 'dead' : life;
  }

  /** False where it was removed, and where the name is another pod's by now. */
  #isThere({ name, instance }: Pod): boolean {
    try {
      return knownSpec(podFolder(this.#home, name))?.instance === instance;
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
