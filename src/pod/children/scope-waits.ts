/**
 * The children that wait for paths of others (`wait` of SpawnPod): who of them is free to begin, and what
 * each hears. Every step is committed before the next, so that a start of this pod goes on with whatever its
 * log says: in the queue, holding its paths, or waiting no more.
 */
import { emitted } from '../../delivery/emit.ts';
import { conflictText, writersText } from '../../scope/ownership/claims.ts';
import { grant, reclaim, scopeByLog, waitOver } from '../../scope/ownership/delegation.ts';
import { narrow } from '../../scope/paths/narrow.ts';
import { blockedText, circleText } from './wait-text.ts';
import {
  type Blocker,
  type Registered,
  blockersOf,
  circleClosedBy,
  circleThrough,
} from '../../scope/ownership/waits.ts';
import type { SentPodEvent } from '../../protocol/pod-event.ts';
import type { EntryBody, PathScope, PodRef } from '../../session/facts/entries.ts';
import type { ChildFacts } from '../../session/facts/facts.ts';
import { tryCommit } from '../machine/core.ts';
import type { Pod } from '../pod.ts';

const writersAgainMs = 250;

/** What a child hears of it at its link. */
export interface LinkWait {
  readonly since: string;
  readonly reason: string;
}

export class ScopeWaits {
  readonly #pod: Pod;
  /** Makes the child link anew: it hears then what has changed. */
  readonly #renew: (instance: string) => void;
  readonly #reasons = new Map<string, string>();
  /** What each child heard over its newest link; null: that it waits for nothing. */
  readonly #heard = new Map<string, string | null>();
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(pod: Pod, renew: (instance: string) => void) {
    this.#pod = pod;
    this.#renew = renew;
  }

  /** For the answer to the child's link; undefined where it waits for nothing. */
  forLink(child: ChildFacts): LinkWait | undefined {
    const wait =
      child.waitsSince === null ? undefined : { since: child.waitsSince, reason: this.#reasonOf(child) };
    this.#heard.set(child.instance, wait?.reason ?? null);
    return wait;
  }

  /** For what it waits, in words; null where it waits for nothing. */
  reason(child: ChildFacts): string | null {
    return child.waitsSince === null ? null : this.#reasonOf(child);
  }

  /** A link is being made: what is found until its answer goes with it. */
  linking(instance: string): void {
    this.#heard.delete(instance);
  }

  #reasonOf({ instance }: Pick<ChildFacts, 'instance'>): string {
    return this.#reasons.get(instance) ?? 'its paths; who has them is being found out';
  }

  /** As `consider`, for those who do not wait: the sweep tries again. */
  considerLater(): void {
    if (this.#waiting().length > 0) void this.consider();
  }

  /** Behind the appends that concern it. */
  committed(bodies: readonly EntryBody[]): void {
    const frees = (body: EntryBody) =>
      (body.type === 'scope' && body.change === 'reclaimed') ||
      (body.type === 'scopeWait' && body.state === 'over' && body.child !== undefined);
    if (!bodies.some(frees)) return;
    this.#pod.host.clock.soon(() => {
      for (const body of bodies) if (body.type === 'scopeWait') this.#hearNew(body.child?.instance);
      this.considerLater();
    });
  }

  /**
   * Begins after everything that is committed now. Never rejects: what did not work is tried at the sweep.
   */
  consider(): Promise<void> {
    if (this.#running === null) return this.#begin();
    this.#next ??= this.#running.then(() => this.#begin());
    return this.#next;
  }

  /** The circle that the wait of this child closes, in words. */
  circle(child: ChildFacts): string | null {
    const registered = this.#pod.claims.registered();
    const wait = registered.waits.find(({ owner }) => owner.instance === child.instance);
    const circle = wait === undefined ? null : circleClosedBy(wait, registered);
    return circle === null ? null : circleText(circle);
  }

  #begin(): Promise<void> {
    this.#next = null;
    this.#running = this.#considerAll()
      .catch((error: unknown) => this.#pod.host.self.complain(`a wait for paths: ${String(error)}`))
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  #waiting(): ChildFacts[] {
    const waiting = [...this.#pod.facts.children.values()].filter(({ waitsSince }) => waitsSince !== null);
    return waiting.sort((a, b) => ((a.waitsSince ?? '') < (b.waitsSince ?? '') ? -1 : 1));
  }

  async #considerAll(): Promise<void> {
    // Where the registry cannot be had the pod's tools say so, and the sweep comes back here.
    if ((await this.#pod.claims.sync().catch(() => null)) === null) return;
    for (const child of this.#waiting()) await this.#considerOne(child);
  }

  async #considerOne(child: ChildFacts): Promise<void> {
    const pod = this.#pod;
    if (child.waitsSince === null || pod.core.live.mode === 'stopping') return;
    if (child.holds === null) {
      const why = this.#keptFrom(child);
      if (why !== null) return this.#note(child, why);
      const conflict = await this.#give(child);
      if (conflict !== null) return this.#note(child, conflict);
    }
    // Their next commands are held from it; those that run keep what they began with.
    const claim = pod.host.claims.all().find(({ owner }) => owner.instance === child.instance);
    const writers = claim === undefined ? [] : pod.host.claims.writers(claim);
    const why = writers.length > 0 ? writersText(claim?.write ?? [], writers) : pod.claims.leavingText();
    if (why !== null) {
      pod.host.clock.after(writersAgainMs, () => this.considerLater());
      return this.#note(child, why);
    }
    if (!this.#isWaiting(child)) return;
    if (!pod.tryCommit(waitOver(child, 'granted'))) return;
    if (child.begun) report(pod, child);
    pod.crash('wait.over');
  }

  /** All of it in one append; it is taken back where another tree was quicker. Answers with who that is. */
  async #give(child: ChildFacts): Promise<string | null> {
    const pod = this.#pod;
    const given = grant(pod.facts, child);
    // What was denied here since then leaves nothing of it.
    if (given.length === 0) return null;
    if (!pod.tryCommit(given)) return this.#reasonOf(child);
    pod.crash('wait.granted');
    const conflicts = await pod.claims.sync();
    const mine = conflicts.find(({ claim }) => claim.owner.instance === child.instance);
    if (mine === undefined || !this.#isWaiting(child)) return null;
    pod.tryCommit(reclaim(child, 'taken by another tree meanwhile'));
    return conflictText(mine);
  }

  /** Not ended, undone or cancelled meanwhile. */
  #isWaiting(child: ChildFacts): boolean {
    return this.#pod.facts.children.get(child.instance) === child && child.waitsSince !== null;
  }

  /** Null where all of its paths are free. */
  #keptFrom(child: ChildFacts): string | null {
    const { claims, session, facts } = this.#pod;
    const registered = claims.registered();
    const wait = registered.waits.find(({ owner }) => owner.instance === child.instance);
    if (wait === undefined) return null;
    const blockers = blockersOf(wait, registered);
    const own = blockers.length > 0 ? [] : heldHere(scopeByLog(facts), wait.write, registered);
    const all = [...blockers, ...own];
    if (all.length === 0) return null;
    const circle = circleThrough(wait, registered);
    const more = circle === null ? '' : `. ${circleText(circle)}`;
    return `${blockedText(all, { claims: registered.claims, cwd: session.cwd })}${more}`;
  }

  #note(child: ChildFacts, reason: string): void {
    if (!this.#isWaiting(child)) return;
    this.#reasons.set(child.instance, reason);
    this.#hearNew(child.instance);
  }

  #hearNew(instance: string | undefined): void {
    if (instance === undefined) return;
    const heard = this.#heard.get(instance);
    const child = this.#pod.facts.children.get(instance);
    const now = child === undefined || child.waitsSince === null ? null : this.#reasonOf(child);
    if (now === null) this.#reasons.delete(instance);
    if (heard === undefined || heard === now) return;
    this.#heard.delete(instance);
    this.#renew(instance);
  }
}

/** What the log alone knows of: a child whose claim the registry could not take. */
function heldHere(scope: PathScope, write: readonly string[], { claims }: Registered): Blocker[] {
  return write.flatMap((path): Blocker[] => {
    const part = narrow(scope, { read: [], write: [path] });
    const holder = part.ok ? undefined : part.outside[0]?.deny?.holder;
    if (holder === undefined) return [];
    const claim = claims.find(({ owner }) => owner.name === holder);
    return [
      {
        path,
        owner: claim?.owner ?? { name: holder, instance: '' },
        above: claim?.above ?? [],
        how: 'holds',
      },
    ];
  });
}

/** What a child may write in, for those above. */
export function scopeReport({ session, facts }: Pod, child: PodRef, scope: PathScope): SentPodEvent {
  const by = { name: session.name, instance: session.instance };
  const origin = { instance: session.instance, seq: facts.outbox.emitted + 1 };
  return { kind: 'scopeSubDelegated', to: { name: child.name, instance: child.instance }, by, scope, origin };
}

/** It goes up to the root (delivery §3), one append with nothing beside it. */
function report(pod: Pod, child: ChildFacts): void {
  if (pod.session.parent === null) return;
  const scope = child.holds ?? { read: child.scope?.read ?? [], write: [] };
  pod.input((core) => {
    if (tryCommit(core, [emitted(core.facts, scopeReport(pod, child, scope))]))
      core.ports.perform({ type: 'emitted' });
  });
}
