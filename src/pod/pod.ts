/**
 * The thin shell around the machine: commits to the log, applies to the facts, and performs effects after
 * each input. Everything that happens in a pod comes through `input`.
 */
import type { ShownEvent } from '../protocol/live-events.ts';
import type { PodStatus } from '../protocol/status-result.ts';
import type { PermissionRules } from '../scope/permissions/permission-rules.ts';
import type { AppendLog, Appended } from '../session/log/append-log.ts';
import type { EntryBody, PodRef, SessionEntry } from '../session/facts/entries.ts';
import { type Facts, sessionOf } from '../session/facts/facts.ts';
import type { Home, PodFolder } from '../session/home/home.ts';
import { pathOf } from '../session/home/pod-place.ts';
import type { Placed } from '../session/home/pod-address.ts';
import { applyEntry } from '../session/facts/replay.ts';
import type { Limits } from '../session/settings/settings.ts';
import { type Core, type Effect, type TimerName, freshLive, statusOf, tryCommit } from './machine/core.ts';
import type { End, Host } from './host.ts';
import { Checkpoints } from './checkpoints.ts';
import { Claims } from './scope-claims.ts';
import { onTimer } from './machine/state.ts';
import { noteSign, noteTime } from './machine/turn-time.ts';

/** Whom this pod asks, beside its mode. */
export interface PodPermissions {
  readonly rules: PermissionRules;
  /** What became of rules that mean nothing here, for the person. */
  readonly notes?: readonly string[];
  readonly headless: boolean;
}

/**
 * What the machine asks for, done by the parts of the pod. None may throw; each may come back later with a
 * new input.
 */
export interface Performers {
  startTurn(turn: string): void;
  compact(): void;
  controlTurn(): void;
  emitted(): void;
  cancelChildren(assignments: string[]): void;
  stop(): void;
  /** Behind each append. */
  committed(bodies: readonly EntryBody[]): void;
  /** The live lane: to observers, not into the log. */
  show(event: ShownEvent): void;
}

export interface PodParts {
  host: Host;
  folder: PodFolder;
  log: AppendLog;
  facts: Facts;
  /** Of the log, in the checkpoint from which these facts were made. */
  covered: number;
  limits: Limits;
  permissions: PodPermissions;
}

/** What shows that a turn works, between two entries. */
const signs: ReadonlySet<ShownEvent['type']> = new Set([
  'textDelta',
  'reasoningDelta',
  'toolInputDelta',
  'toolProgress',
]);

export class Pod {
  readonly host: Host;
  readonly folder: PodFolder;
  readonly log: AppendLog;
  readonly core: Core;
  readonly permissions: PodPermissions;
  readonly claims: Claims;
  readonly checkpoints: Checkpoints;
  /** How the present stop is to go; set with the request that asks for it. */
  stopOptions: { cascade: boolean; graceMs: number };
  #performers: Performers | null = null;
  #effects: Effect[] = [];
  #inside = false;
  #path: string | undefined;
  readonly #timers = new Map<TimerName, End>();

  constructor(parts: PodParts) {
    this.host = parts.host;
    const { clock, chance } = parts.host;
    this.folder = parts.folder;
    this.log = parts.log;
    this.permissions = parts.permissions;
    this.claims = new Claims(this);
    this.checkpoints = new Checkpoints(this, parts.covered);
    this.stopOptions = { cascade: true, graceMs: parts.limits.stopGraceMs };
    this.core = {
      facts: parts.facts,
      live: freshLive(),
      limits: parts.limits,
      ports: {
        commit: (bodies) => void this.commit(bodies),
        perform: (effect) => void this.#effects.push(effect),
        now: () => clock.now(),
        wallMs: () => clock.wallMs(),
        newId: () => chance.uuid(),
      },
    };
  }

  get home(): Home {
    return this.host.home.places;
  }
  get facts(): Facts {
    return this.core.facts;
  }
  get session(): SessionEntry {
    return sessionOf(this.core.facts);
  }
  get name(): string {
    return this.session.name;
  }

  /** Of a pod of this tree: never one of another tree that has the same name. */
  placed(pod: PodRef): Placed {
    const { instance } = pod;
    return { instance, folder: this.folderOf(pod) };
  }
  folderOf(pod: PodRef): PodFolder {
    return this.host.home.folderOf(pod, this.session.root.instance);
  }
  socketOf(pod: PodRef): string {
    return this.host.home.socketOf(this.placed(pod));
  }

  /** `root/child/leaf`. */
  get path(): string {
    return (this.#path ??= pathOf(this.session, (above) => {
      try {
        const spec = this.host.home.knownSpec(this.folderOf(above));
        return spec?.instance === above.instance ? spec : null;
      } catch {
        return null;
      }
    }));
  }

  perform(performers: Performers): void {
    this.#performers = performers;
  }

  show(event: ShownEvent): void {
    if (signs.has(event.type)) noteSign(this.core);
    this.#performers?.show(event);
  }

  /**
   * Writes and applies, all or nothing. Throws `StorageFailed` (or `EntryTooLong`) with the facts untouched.
   */
  commit(bodies: EntryBody[]): Appended {
    const appended = this.log.append(bodies);
    for (const entry of appended.entries) applyEntry(this.core.facts, entry);
    noteTime(this.core, bodies);
    if (bodies.some(({ type }) => type === 'scope' || type === 'scopeWait')) this.claims.syncLater();
    if (bodies.some((body) => body.type === 'compaction')) this.checkpoints.writeSoon();
    else this.checkpoints.noteCommit();
    this.#performers?.committed(bodies);
    return appended;
  }

  /** As `commit`, and resolves once the entries are on disk. */
  async commitDurably(bodies: EntryBody[]): Promise<void> {
    const { end } = this.commit(bodies);
    await this.log.whenDurable(end);
  }

  /** Resolves when everything that is committed now is on disk. */
  durable(): Promise<void> {
    return this.log.whenDurable();
  }

  /** As `durable`, and nothing was committed meanwhile: the facts, as they are then, are on disk. */
  async allDurable(): Promise<void> {
    while (this.log.durableSize < this.log.size) await this.log.whenDurable();
  }

  /**
   * One input of the machine: handled whole, then its effects in order. Throws what the handler throws,
   * effects performed all the same.
   */
  input<T>(handle: (core: Core) => T): T {
    // An input from within an effect joins the queue of effects that is being worked off.
    const outermost = !this.#inside;
    this.#inside = true;
    try {
      return handle(this.core);
    } finally {
      if (outermost) {
        this.#work();
        this.#inside = false;
      }
    }
  }

  /** Committed on the side: for records whose failure changes nothing but themselves. */
  tryCommit(bodies: EntryBody[]): boolean {
    return this.input((core) => tryCommit(core, bodies));
  }

  crash(point: string): void {
    if (!this.host.self.crashPointsSleep) this.host.self.crash(this.name, point);
  }

  /** In the next turn of the loop, behind what leaves in this one. */
  crashLater(point: string): void {
    if (this.host.self.crashPointsSleep) return;
    this.host.clock.soon(() => this.host.self.crash(this.name, point));
  }

  clearTimers(): void {
    for (const end of this.#timers.values()) end();
    this.#timers.clear();
  }

  #work(): void {
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) {
      this.#performOne(effect);
    }
  }

  #performOne(effect: Effect): void {
    const performers = this.#performers;
    if (performers === null) return;
    switch (effect.type) {
      case 'startTurn':
        return performers.startTurn(effect.turn);
      case 'compact':
        return performers.compact();
      case 'controlTurn':
        return performers.controlTurn();
      case 'emitted':
        return performers.emitted();
      case 'cancelChildren':
        return performers.cancelChildren(effect.assignments);
      case 'stop':
        return performers.stop();
      case 'timer':
        return this.#setTimer(effect.name, effect.delayMs);
      case 'statusChanged':
        return performers.show({ type: 'status', ...this.shortStatus() });
      case 'alert':
        return performers.show({ type: 'alert', level: effect.level, code: effect.code, text: effect.text });
    }
  }

  /** What observers are told on every change; the whole is in `status-view.ts`. */
  shortStatus(): { status: PodStatus; turns: number } {
    return { status: statusOf(this.core), turns: this.core.facts.turns };
  }

  #setTimer(name: TimerName, delayMs: number): void {
    this.#timers.get(name)?.();
    this.#timers.set(
      name,
      this.host.clock.after(delayMs, () => this.input((core) => onTimer(core, name))),
    );
  }
}
