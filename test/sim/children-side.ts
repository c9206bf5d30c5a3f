/** A parent's view of its children, as `src/pod/children/children.ts`, `spawn-child.ts` and `give-run.ts` have it, over simulated links, locks and folders. */
import { assignmentsOf, deathReceipt, unaccepted, unreachableReceipt } from '../../src/delivery/inbox.ts';
import { WireError } from '../../src/protocol/errors.ts';
import type { Params } from '../../src/protocol/methods.ts';
import { commitInput, onLink, onPodEvent } from '../../src/pod/machine/inputs.ts';
import { evaluate } from '../../src/pod/machine/state.ts';
import type { EntryBody } from '../../src/session/facts/entries.ts';
import type { ChildFacts } from '../../src/session/facts/facts.ts';
import { type PulledLog, readLog } from './child-log.ts';
import type { LinkDown, LinkUp } from './link-messages.ts';
import type { SimProcess } from './process.ts';
import { Runs } from './runs.ts';
import type { Connection } from './wire.ts';

type Wire = Connection<LinkUp, LinkDown>;

interface Link {
  readonly wire: Wire;
  readonly incarnation: number;
  heardAtMs: number;
}

export class ChildrenSide {
  readonly #process: SimProcess;
  readonly #links = new Map<string, Link>();
  readonly #lostAtMs = new Map<string, number>();
  readonly #takenIn = new Map<string, number>();
  readonly #filling = new Map<string, (() => void)[]>();
  readonly #inDoubt = new Set<string>();
  readonly #checking = new Map<string, (() => void)[]>();
  readonly #waitingForLink = new Map<string, (() => void)[]>();
  readonly #waitingForEnd = new Set<() => void>();
  readonly runs: Runs;
  #closed = false;

  constructor(process: SimProcess) {
    this.#process = process;
    this.runs = new Runs(process);
  }

  // The wire

  accept(wire: Wire): void {
    wire.onServer({
      onMessage: (message) => {
        this.#process.point(`received.${message.type}`);
        if (message.type === 'link') this.#onLink(wire, message.params);
        else if (message.type === 'podEvent') this.#onPodEvent(wire, message.params);
        else this.#onPing(wire);
      },
      onClosed: () => this.#onLinkEnded(wire),
    });
  }

  #onLink(wire: Wire, params: Params<'link'>): void {
    const { instance, incarnation } = params.child;
    const child = this.#process.facts.children.get(instance);
    if (child === undefined) return wire.down({ type: 'refused', code: 'unknownChild' });
    if (params.token !== child.tokenHash) return wire.down({ type: 'refused', code: 'badToken' });
    let told = params;
    const stand = (): void => {
      if (!wire.open) return;
      if (this.#inDoubt.delete(instance)) return wire.down({ type: 'refused', code: 'timeout' });
      this.#answering(wire, () => {
        const { mutant, mutation } = this.#process.world;
        mutation.beforeLink(this.#process, child, incarnation);
        const open = mutant === 'noReconcile' ? assignmentsOf(this.#process.facts, instance) : [];
        const sure = new Set([...this.runs.sure(), ...open]);
        this.#process.input((core) => onLink(core, told, sure));
        this.runs.linkStands(instance);
        this.#keepLink(instance, { wire, incarnation, heardAtMs: this.#process.world.clock.nowMs });
        this.#process.durable(() => {
          this.#process.point('child.linked');
          const waiting = this.#waitingForLink.get(instance) ?? [];
          this.#waitingForLink.delete(instance);
          const received = mutant === 'noDedupe' ? 0 : child.received;
          wire.down({ type: 'linked', received, number: this.runs.numberOf(instance) });
          for (const then of waiting) then();
        });
      });
    };
    const whole = (): void => {
      if (!this.#hasLost(child, params)) return stand();
      this.#process.world.hit('link.filled');
      this.#fill(child, incarnation, () => {
        told = { ...params, emitted: Math.max(params.emitted ?? 0, child.received) };
        stand();
      });
    };
    if (child.terminal < incarnation - 1) {
      this.#process.world.hit('link.pulledEarlierLife');
      this.#pull(child, incarnation - 1, (log) => {
        if (log !== null) whole();
        else wire.down({ type: 'refused', code: 'storageFailed' });
      });
    } else whole();
  }

  #onPodEvent(wire: Wire, params: Params<'podEvent'>): void {
    const { instance } = params.from;
    const link = this.#links.get(instance);
    const { world } = this.#process;
    const strange = link?.wire !== wire || params.from.incarnation > link.incarnation;
    if (strange) return wire.down({ type: 'refused', code: 'unknownChild' });
    link.heardAtMs = world.clock.nowMs;
    if (world.mutant === 'ackBeforeCommit') {
      wire.down({ type: 'answered', received: params.seq });
      this.#process.after(1, () => this.#answering(wire, () => void this.#take(params)));
      return;
    }
    const accept = (): void =>
      this.#answering(wire, () => {
        const answer = this.#take(params);
        const tell = (): void => {
          this.#process.point('receipt.committed');
          wire.down({ type: 'answered', received: answer.received });
          this.#process.point('receipt.answered');
          this.#settleEnds();
        };
        if (world.mutant === 'noSyncAtParent') tell();
        else this.#process.durable(tell);
      });
    const child = this.#process.facts.children.get(instance);
    const gap = child !== undefined && params.seq > child.received + 1;
    if (gap) world.hit('event.gap');
    if (gap && world.mutant !== 'ackOverGap') this.#fill(child, link.incarnation, accept);
    else accept();
  }

  /** What a gap leaves out stands in the child's log. */
  #fill(child: ChildFacts, throughIncarnation: number, then: () => void): void {
    const running = this.#filling.get(child.instance);
    if (running !== undefined) {
      running.push(then);
      return;
    }
    const waiting = [then];
    this.#filling.set(child.instance, waiting);
    this.#pull(child, throughIncarnation, () => {
      this.#filling.delete(child.instance);
      for (const told of waiting) told();
    });
  }

  #hasLost(child: ChildFacts, { assignments, emitted }: Params<'link'>): boolean {
    if (emitted === undefined || emitted <= child.received) return false;
    const known = new Set([...assignments.open, ...assignments.closed, ...this.runs.sure()]);
    return assignmentsOf(this.#process.facts, child.instance).some((id) => !known.has(id));
  }

  /** The one door, for push and pull. */
  #take(params: Params<'podEvent'>): { outcome: string; received: number } {
    const { world } = this.#process;
    const child = this.#process.facts.children.get(params.from.instance);
    if (child !== undefined) {
      if (params.seq <= child.received) world.hit('event.duplicate');
    }
    return world.mutation.take(this.#process, params, () =>
      this.#process.input((core) => onPodEvent(core, params)),
    );
  }

  #onPing(wire: Wire): void {
    for (const link of this.#links.values()) {
      if (link.wire === wire) link.heardAtMs = this.#process.world.clock.nowMs;
    }
    wire.down({ type: 'pong' });
  }

  /** A refusal of the machine is an answer; everything else is a defect. */
  #answering(wire: Wire, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      wire.down({ type: 'refused', code: error.code ?? 'unknown' });
    }
  }

  #keepLink(instance: string, link: Link): void {
    const old = this.#links.get(instance);
    if (old !== undefined && old.wire !== link.wire) old.wire.close(this.#process);
    this.#links.set(instance, link);
    this.#lostAtMs.delete(instance);
    if (!link.wire.open) this.#onLinkEnded(link.wire);
  }

  #onLinkEnded(wire: Wire): void {
    for (const [instance, link] of this.#links) {
      if (link.wire !== wire) continue;
      this.#links.delete(instance);
      this.#lostAtMs.set(instance, this.#process.world.clock.nowMs);
      this.#process.world.mutation.onLinkEnded(this.#process, instance);
      this.#process.after(this.#process.limits.deathGraceMs, () => this.check(instance));
    }
  }

  isLinked(instance: string): boolean {
    return this.#links.has(instance);
  }

  /** Calls back with true once the child links, with false when the time is over. */
  linked(instance: string, withinMs: number, then: (ok: boolean) => void): void {
    if (this.#links.has(instance)) return then(true);
    let told = false;
    const tell = (ok: boolean): void => {
      if (told) return;
      told = true;
      then(ok);
    };
    const waiting = this.#waitingForLink.get(instance) ?? [];
    waiting.push(() => tell(true));
    this.#waitingForLink.set(instance, waiting);
    this.#process.after(withinMs, () => tell(false));
  }

  // Life and death

  sweep(): void {
    const { facts, limits, world } = this.#process;
    if (world.mutant === 'livenessByEdgeOnly') return;
    for (const child of facts.children.values()) {
      if (child.incarnation === 0) continue;
      const { instance } = child;
      if (child.terminal >= child.incarnation) {
        const size = world.pods.get(instance)?.disk.entries.length ?? 0;
        const hasGrown = world.mutant !== 'endedIsForgotten' && size !== (this.#takenIn.get(instance) ?? 0);
        if (hasGrown || this.#unaccepted(child).length > 0) this.check(instance);
        continue;
      }
      const nowMs = world.clock.nowMs;
      if (!this.#lostAtMs.has(instance) && !this.#links.has(instance)) this.#lostAtMs.set(instance, nowMs);
      const lostAtMs = this.#lostAtMs.get(instance);
      const link = this.#links.get(instance);
      const silent = link !== undefined && nowMs - link.heardAtMs > limits.unreachableMs;
      if (silent || (lostAtMs !== undefined && nowMs - lostAtMs >= limits.deathGraceMs)) this.check(instance);
    }
  }

  noteExit(instance: string): void {
    this.check(instance);
  }

  check(instance: string, then: () => void = () => {}): void {
    const running = this.#checking.get(instance);
    if (running !== undefined) {
      running.push(then);
      return;
    }
    const waiting = [then];
    this.#checking.set(instance, waiting);
    this.#check(instance, () => {
      this.#checking.delete(instance);
      for (const told of waiting) told();
    });
  }

  #check(instance: string, done: () => void): void {
    const { world, facts } = this.#process;
    const child = facts.children.get(instance);
    const pod = world.pods.get(instance);
    if (child === undefined || pod === undefined || this.#closed || child.incarnation === 0) return done();
    this.#process.after(world.random.delay(2), () => {
      const { disk } = pod;
      if (disk.lockHolder !== null) {
        this.#noteAlive(child);
        return done();
      }
      disk.lockHolder = this.#process;
      world.hit('check.tookLock');
      this.#takeIn(child, () => {
        if (disk.lockHolder === this.#process) disk.lockHolder = null;
        done();
      });
    });
  }

  #noteAlive(child: ChildFacts): void {
    const { world, limits } = this.#process;
    const nowMs = world.clock.nowMs;
    const since = this.#links.get(child.instance)?.heardAtMs ?? this.#lostAtMs.get(child.instance) ?? nowMs;
    if (nowMs - since < limits.unreachableMs) return;
    this.#tell(() => unreachableReceipt(this.#process.facts, child, Math.round(nowMs - since)));
  }

  #takeIn(child: ChildFacts, done: () => void): void {
    const { world } = this.#process;
    if (world.mutant === 'diedBeforeDrain') this.#removePodFolder(child, child.incarnation);
    const size = world.pods.get(child.instance)?.disk.entries.length ?? 0;
    this.#pull(child, Number.MAX_SAFE_INTEGER, (log) => {
      if (log === null) return done();
      if (!this.#removePodFolder(child, Math.max(child.incarnation, log.incarnation))) return done();
      if (!this.#tell(() => this.#unaccepted(child))) return done();
      this.#process.durable(() => {
        this.#lostAtMs.delete(child.instance);
        this.#takenIn.set(child.instance, size);
        this.#settleEnds();
        done();
      });
    });
  }

  #unaccepted(child: ChildFacts): EntryBody[] {
    return unaccepted(this.#process.facts, child, this.runs.inFlight);
  }

  #removePodFolder(child: ChildFacts, newest: number): boolean {
    const asked = this.#process.core.live.mode === 'stopping';
    for (let incarnation = child.terminal + 1; incarnation <= newest; incarnation += 1) {
      const findings = { restored: incarnation < newest, asked, outstanding: child.outstanding };
      if (!this.#tell(() => deathReceipt(this.#process.facts, child, incarnation, findings))) return false;
      this.#process.point('died.committed');
      this.#process.world.mutation.afterBurial(this.#process, child, incarnation);
    }
    return true;
  }

  /** Null where the log could not be taken in; it is tried again by the next sign or sweep. */
  #pull(child: ChildFacts, throughIncarnation: number, then: (log: PulledLog | null) => void): void {
    const { world } = this.#process;
    const pod = world.pods.get(child.instance);
    if (pod === undefined || pod.removed) return then({ events: [], incarnation: 0 });
    this.#process.after(world.random.delay(2), () => {
      if (world.mutant !== 'noSyncAtPull') pod.disk.syncAll();
      const { instance, received: above } = child;
      const log = readLog(pod.disk.readable(), { instance, above, throughIncarnation });
      this.#process.after(world.random.delay(1), () => {
        try {
          for (const event of log.events) {
            world.hit('event.pulled');
            this.#take(event);
          }
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
          world.hit('check.storageFailed');
          return then(null);
        }
        then(log);
      });
    });
  }

  /** False where the disk refused. */
  #tell(make: () => EntryBody[]): boolean {
    try {
      this.#process.input((core) => {
        const bodies = make();
        if (bodies.length === 0) return;
        commitInput(core, bodies);
        for (const body of bodies) {
          if (body.type === 'podEventReceived') this.#process.world.hit(`told.${body.event.kind}`);
        }
        evaluate(core, { urgent: false });
      });
      return true;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return false;
    }
  }

  hasEnded(instance: string): boolean {
    const child = this.#process.facts.children.get(instance);
    return child === undefined || (child.incarnation > 0 && child.terminal >= child.incarnation);
  }

  ended(instance: string, withinMs: number, then: (ok: boolean) => void): void {
    let told = false;
    const look = (late: boolean): void => {
      if (told || !(late || this.hasEnded(instance))) return;
      told = true;
      this.#waitingForEnd.delete(again);
      then(this.hasEnded(instance));
    };
    const again = (): void => look(false);
    this.#waitingForEnd.add(again);
    this.#process.after(withinMs, () => look(true));
    look(false);
  }

  #settleEnds(): void {
    for (const look of this.#waitingForEnd) look();
  }

  /** A run may have reached the child or not: it links again, and says so. */
  markUncertain(instance: string): void {
    this.#inDoubt.add(instance);
    this.#links.get(instance)?.wire.close(null);
    if (this.hasEnded(instance)) this.check(instance);
  }

  close(): void {
    this.#closed = true;
    for (const link of this.#links.values()) link.wire.close(this.#process);
  }
}
