/**
 * What this pod may touch at this moment, and its part of the home's registry. The log decides between a pod
 * and its children; the registry decides between pods that do not know of each other, and while a parent is
 * away.
 */
import { scopeByLog } from '../scope/ownership/delegation.ts';
import type { ShownEvent } from '../protocol/live-events.ts';
import type { EntryBody, PathScope, PodRef, SessionEntry } from '../session/facts/entries.ts';
import type { Host } from './host.ts';
import type { Facts } from '../session/facts/facts.ts';
import {
  type Claim,
  type Conflict,
  conflictText,
  podsAbove,
  replaced,
  scopeBesideOthers,
} from '../scope/ownership/claims.ts';
import { claimOf, claimsByLog } from '../scope/ownership/claims-by-log.ts';
import { type Registered, type Wait, replacedWaits } from '../scope/ownership/waits.ts';

export interface ClaimsOwner {
  readonly host: Host;
  readonly facts: Facts;
  readonly session: SessionEntry;
  show(event: ShownEvent): void;
  tryCommit(bodies: EntryBody[]): boolean;
}

export class Claims {
  readonly #pod: ClaimsOwner;
  /** One update at a time; the next one begins with what the log says by then. */
  #syncing: Promise<readonly Conflict[]> | null = null;
  #next: Promise<readonly Conflict[]> | null = null;
  /** What was started with more than this pod may touch now, and is being ended. */
  readonly #leaving = new Set<Promise<void>>();
  #reported = '';
  /** A write root that a person is about to add: claimed before the log says it. */
  #asked: string[] = [];
  #isThere = false;
  /** What others of the home hold of what this pod should, as the registry last said. */
  conflict: { since: string; reason: string } | null = null;

  constructor(pod: ClaimsOwner) {
    this.#pod = pod;
  }

  /** The scope in force. Throws the file system's error. */
  now(): PathScope {
    const { facts, session } = this.#pod;
    const { claims } = this.#pod.host;
    const scope = scopeByLog(facts);
    if (scope.write.length === 0) return scope;
    return scopeBesideOthers(scope, session, { claims: claims.all(), statusOf: claims.statusOf });
  }

  /** `end`: of what was started with more than this pod may touch now. Must not reject. */
  leaves(end: Promise<void>): void {
    this.#leaving.add(end);
    void end.finally(() => this.#leaving.delete(end));
  }

  /** Null where nothing runs with what a child is given; else what does, for people and models. */
  leavingText(): string | null {
    return this.#leaving.size === 0 ? null : stillLeavingText;
  }

  /**
   * Makes the registry say what the log says; answers with what others hold. Begins after everything that is
   * committed now.
   */
  sync(): Promise<readonly Conflict[]> {
    if (this.#syncing === null) return this.#begin();
    this.#next ??= this.#syncing.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    return this.#next;
  }

  /** As `sync`, for those who do not wait: trouble is shown, and the sweep tries again. */
  syncLater(): void {
    this.sync().catch((error: unknown) => this.#report('registryFailed', String(error)));
  }

  /**
   * Null where the path is this pod's from now on, and `settle` is to follow once the log says so, or will
   * not; else who holds it. Rejects with the file system's error.
   */
  async claimMore(path: string): Promise<Conflict | null> {
    this.#asked.push(path);
    const conflicts = await this.sync();
    return conflicts.find(({ claim }) => claim.exclusive && claim.write.includes(path)) ?? null;
  }

  settle(path: string): void {
    this.#asked = this.#asked.filter((one) => one !== path);
    if (!this.#pod.facts.widened.includes(path)) this.syncLater();
  }

  /**
   * Puts back what a person or a damaged file has taken out of the registry, and asks after the owners in
   * other containers.
   */
  sweep(): void {
    let claims: readonly Claim[];
    let waits: readonly Wait[];
    try {
      claims = this.#pod.host.claims.all();
      waits = this.#pod.host.claims.waits();
    } catch (error) {
      return this.#report('registryFailed', String(error));
    }
    this.#pod.host.claims
      .ask([...claims, ...waits])
      .catch((error: unknown) => this.#report('registryFailed', String(error)));
    const isMissing = (wanted: readonly Claim[], there: readonly Claim[]) =>
      wanted.some(({ owner }) => !there.some((claim) => claim.owner.instance === owner.instance));
    const isLost = this.#pod.host.claims.isLost?.() === true;
    if (isLost || isMissing(this.#wanted(claims), claims) || isMissing(this.#wantedWaits(claims), waits))
      this.syncLater();
  }

  /** Somebody waits for something: rare. */
  isWaitedFor(): boolean {
    const { facts, host } = this.#pod;
    return (
      host.claims.waits().length > 0 ||
      [...facts.children.values()].some((child) => child.waitsSince !== null)
    );
  }

  /** As this pod sees it now: with its own part as its log says it. Throws the file system's error. */
  registered(): Registered {
    const { claims: registry } = this.#pod.host;
    const { instance } = this.#pod.session;
    const { statusOf } = registry;
    const all = registry.all();
    const { claims } = replaced(all, instance, this.#wanted(all), statusOf);
    const waits = replacedWaits(registry.waits(), instance, this.#wantedWaits(all), statusOf);
    return { claims, waits, statusOf };
  }

  /** What a child would claim that is not given anything yet. */
  claimOf(owner: PodRef, scope: PathScope): Claim {
    return { ...claimOf(owner, scope), process: null, ...this.#made(this.#pod.host.claims.all()) };
  }

  #begin(): Promise<readonly Conflict[]> {
    this.#next = null;
    this.#syncing = this.#update().finally(() => {
      this.#syncing = null;
    });
    return this.#syncing;
  }

  async #update(): Promise<readonly Conflict[]> {
    const { session } = this.#pod;
    // Nothing of this pod is or was there: a pod that only reads costs nothing.
    this.#isThere ||= session.scope.write.length > 0 || this.#hasGivenOwn();
    if (!this.#isThere) return [];
    // A home that was moved away or deleted is not begun anew under its old name.
    const { host } = this.#pod;
    if (!host.home.isThere()) return [];
    const { instance } = session;
    const conflicts = await host.claims.update(async (before, waiting) => {
      const statusOf = await host.claims.ask([...before, ...waiting]);
      const { claims, conflicts } = replaced(before, instance, this.#wanted(before), statusOf);
      const waits = replacedWaits(waiting, instance, this.#wantedWaits(before), statusOf);
      return { claims: claims.map((claim) => this.#affirmed(claim)), waits, answer: conflicts };
    });
    for (const conflict of conflicts) this.#report('scopeConflict', conflictText(conflict));
    const [first] = conflicts;
    const since = this.conflict?.since ?? host.clock.wallTime();
    this.conflict = first === undefined ? null : { since, reason: conflictText(first) };
    // The same again is news once it was over.
    if (first === undefined) this.#reported = '';
    return conflicts;
  }

  /** A clone, which was none of this pod's to write. */
  #hasGivenOwn(): boolean {
    return [...this.#pod.facts.children.values()].some(({ own }) => own.length > 0);
  }

  /**
   * The parent made it, maybe before there was a process: from here on it counts as long as this one lives.
   */
  #affirmed(claim: Claim): Claim {
    return claim.owner.instance === this.#pod.session.instance
      ? { ...claim, process: this.#pod.host.self.identity() }
      : claim;
  }

  #wanted(before: readonly Claim[]): Claim[] {
    const { facts, session } = this.#pod;
    return claimsByLog({ session, facts, made: this.#made(before), asked: this.#asked });
  }

  #wantedWaits(before: readonly Claim[]): Wait[] {
    const made = this.#made(before);
    return [...this.#pod.facts.children.values()].flatMap((child): Wait[] => {
      const { name, instance, scope, holds, waitsSince } = child;
      if (scope === null || waitsSince === null || holds !== null) return [];
      return [{ ...claimOf({ name, instance }, scope), process: null, ...made, since: waitsSince }];
    });
  }

  #made(before: readonly Claim[]): Pick<Claim, 'above' | 'maker' | 'namespaces'> {
    const { session } = this.#pod;
    const { self } = this.#pod.host;
    const above = [...podsAbove(before, session), session.instance];
    return { above, maker: self.identity(), namespaces: self.namespaces() };
  }

  #report(code: string, text: string): void {
    if (text === this.#reported) return;
    this.#reported = text;
    const alert = { type: 'alert', level: 'warning', code, text } as const;
    if (!this.#pod.tryCommit([alert])) this.#pod.show(alert);
  }
}

const stillLeavingText =
  'An MCP server of this pod that was started with these paths has not ended yet; try again in a moment.';
