/**
 * One life of one pod: the shell that `src/pod/pod.ts` and `boot.ts` are in a real process, over the simulated disk and clock. It dies where a fault
 * says so, in the middle of anything; what the code under it still does after that has no effect.
 */
import { type Core, type Effect, type TimerName, freshLive, tryCommit } from '../../src/pod/machine/core.ts';
import {
  boot,
  closeInterrupted,
  hasBegun,
  onTimer,
  recoverPreviousRun,
  watchdog,
} from '../../src/pod/machine/state.ts';
import type { Entry, EntryBody } from '../../src/session/facts/entries.ts';
import { type Facts, emptyFacts } from '../../src/session/facts/facts.ts';
import { applyEntry, replay } from '../../src/session/facts/replay.ts';
import type { Limits } from '../../src/session/settings/settings.ts';
import { ChildrenSide } from './children-side.ts';
import { differences } from './deep-equal.ts';
import { StorageFailed } from './disk.ts';
import { LogSide } from './log-side.ts';
import { ParentSide } from './parent-side.ts';
import { stopSelf } from './stop.ts';
import { undoSpawn } from './tools.ts';
import { TurnSide } from './turns.ts';
import type { Connection } from './wire.ts';
import type { SimPod } from './pods.ts';
import type { World } from './world.ts';

/** Thrown through whatever was under way when the process died. */
export class ProcessGone extends Error {}

const lockRetryMs = 20;
const lockWaitMs = 2_000;

export class SimProcess {
  readonly world: World;
  readonly pod: SimPod;
  readonly pid: number;
  dead = false;
  frozen = false;
  listening = false;
  /** The machine has had its first input. */
  booted = false;
  core: Core;
  readonly #log: LogSide;
  readonly children: ChildrenSide;
  readonly turns: TurnSide;
  parentSide: ParentSide | null = null;
  readonly connections = new Set<Connection<never, never>>();
  stopCascade = true;
  #thawed: (() => void)[] = [];
  #deathWatchers: (() => void)[] = [];
  #readyWatchers: ((ok: boolean) => void)[] = [];
  #effects: Effect[] = [];
  #inside = false;
  #timers = new Map<TimerName, number>();
  #timerCount = 0;
  #rescuesTold = 0;

  constructor(world: World, pod: SimPod) {
    this.world = world;
    this.pod = pod;
    this.pid = world.nextPid();
    this.core = this.#coreOver(emptyFacts());
    this.#log = new LogSide(this);
    this.children = new ChildrenSide(this);
    this.turns = new TurnSide(this);
  }

  get facts(): Facts {
    return this.core.facts;
  }
  get limits(): Limits {
    return this.core.limits;
  }

  // Being alive

  /** Runs `act` later, if this process still lives then; a frozen one catches up when it is thawed. */
  after(delayMs: number, act: () => void): void {
    this.world.clock.after(delayMs, () => this.#run(act));
  }

  #run(act: () => void): void {
    if (this.dead) return;
    if (this.frozen) {
      this.#thawed.push(act);
      return;
    }
    try {
      act();
    } catch (error) {
      // The machine may have turned its own death into an answer that nobody hears.
      if (!this.dead) throw error;
    }
  }

  thaw(): void {
    if (!this.frozen) return;
    this.frozen = false;
    const waiting = this.#thawed;
    this.#thawed = [];
    for (const act of waiting) this.world.clock.after(this.world.random.next(), () => this.#run(act));
  }

  whenDead(watch: () => void): void {
    if (this.dead) watch();
    else this.#deathWatchers.push(watch);
  }

  /** With true once it listens, with false where it can not start. */
  whenReady(watch: (ok: boolean) => void): void {
    if (this.listening || this.dead) watch(this.listening && !this.dead);
    else this.#readyWatchers.push(watch);
  }

  /** A place at which a fault may end the process; `name` is for the table of what was hit. */
  point(name: string): void {
    if (this.dead) throw new ProcessGone();
    this.pod.points += 1;
    if (this.pod.points === this.pod.powerAt) {
      this.world.hit(`power.${name}`);
      this.world.losePower();
      throw new ProcessGone();
    }
    if (this.pod.points !== this.pod.crashAt) return;
    this.world.hit(`crash.${name}`);
    this.die();
    throw new ProcessGone();
  }

  /** SIGKILL: what was written stays, the wire is closed by the system. */
  die(): void {
    if (this.dead) return;
    this.world.checkReplay(this, 'atCrash');
    this.dead = true;
    const { disk } = this.pod;
    this.#log.settleAtDeath();
    if (disk.lockHolder === this) disk.lockHolder = null;
    // What it had locked of its children's is free again as well.
    this.world.releaseLocksOf(this);
    for (const connection of this.connections) connection.close(this);
    if (this.pod.process === this) this.pod.process = null;
    this.listening = false;
    for (const watch of this.#deathWatchers) watch();
    for (const watch of this.#readyWatchers) watch(false);
    this.world.onDeath(this);
  }

  // The log

  #coreOver(facts: Facts): Core {
    return {
      facts,
      live: freshLive(),
      limits: this.world.limits,
      ports: {
        commit: (bodies) => this.commit(bodies),
        perform: (effect) => void this.#effects.push(effect),
        now: () => this.world.clock.nowMs,
        wallMs: () => this.world.clock.wallMs,
        newId: () => this.world.newId(),
      },
    };
  }

  commit(bodies: EntryBody[]): void {
    this.point('beforeCommit');
    const { disk } = this.pod;
    if (disk.full !== null && (disk.full !== 'flickering' || this.world.random.chance(0.4))) {
      this.world.hit(`disk.full.${disk.full}`);
      if (disk.full === 'partly') {
        disk.torn = true;
        this.point('torn');
        disk.torn = false;
      }
      throw new StorageFailed('no space left');
    }
    if (this.world.chanceOfTear()) {
      disk.torn = true;
      this.point('torn');
      disk.torn = false;
    }
    const { facts } = this;
    const time = this.world.clock.wallTime();
    const entries = bodies.map((body, index): Entry => ({ seq: facts.lastSeq + 1 + index, time, ...body }));
    this.#log.append(entries);
    for (const entry of entries) applyEntry(facts, entry);
    this.world.onCommit(this, entries);
    this.point('afterCommit');
  }

  tryCommit(bodies: EntryBody[]): boolean {
    return this.input((core) => tryCommit(core, bodies));
  }

  /** Throws `StorageFailed`; calls back once it is on disk. */
  commitDurably(bodies: EntryBody[], then: () => void): void {
    this.commit(bodies);
    this.durable(then);
  }

  durable(then: () => void): void {
    this.#log.durable(then);
  }

  // Inputs and effects

  input<T>(handle: (core: Core) => T): T {
    const outermost = !this.#inside;
    this.#inside = true;
    try {
      return handle(this.core);
    } finally {
      if (outermost) {
        try {
          this.#work();
        } finally {
          this.#inside = false;
          if (!this.dead) this.world.afterInput(this);
        }
      }
    }
  }

  #work(): void {
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) {
      if (this.dead) return;
      this.point(`effect.${effect.type}`);
      this.#perform(effect);
    }
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'startTurn':
        return this.turns.start(effect.turn);
      case 'controlTurn':
        return this.turns.control();
      case 'emitted':
        return this.parentSide?.emitted();
      case 'cancelChildren':
        return this.children.runs.cancel(effect.assignments);
      case 'stop':
        return stopSelf(this);
      case 'timer':
        return this.#setTimer(effect.name, effect.delayMs);
      case 'statusChanged':
        return;
      case 'alert':
        return this.world.hit(`alert.${effect.code}`);
    }
  }

  #setTimer(name: TimerName, delayMs: number): void {
    if (this.world.mutation.drops(name)) return;
    this.#timerCount += 1;
    const mine = this.#timerCount;
    this.#timers.set(name, mine);
    this.after(Math.max(1, delayMs), () => {
      if (this.#timers.get(name) === mine) this.input((core) => onTimer(core, name));
    });
  }

  // From the folder to the first word

  start(): void {
    this.#takeLock(this.world.clock.nowMs + lockWaitMs);
  }

  #takeLock(deadlineMs: number): void {
    const { disk } = this.pod;
    if (disk.lockHolder === null) {
      disk.lockHolder = this;
      this.pod.process = this;
      this.#open();
      return;
    }
    if (this.world.clock.nowMs >= deadlineMs) {
      this.world.hit('boot.lockHeld');
      this.die();
      return;
    }
    this.after(lockRetryMs, () => this.#takeLock(deadlineMs));
  }

  #open(): void {
    const { disk } = this.pod;
    const { mutant, random } = this.world;
    if (disk.torn) this.world.hit('boot.tornTail');
    if (disk.torn && mutant !== 'noTornTailCut') disk.torn = false;
    if (disk.file === 'absent') disk.create();
    this.after(random.delay(3), () => {
      this.point('beforeRecoverySync');
      if (mutant !== 'noSyncAtRecovery') disk.syncAll();
      this.core = this.#coreOver(replay(disk.readable()));
      this.world.mutation.afterReplay(this);
      if (disk.full !== null) {
        // `started` can not be written: the process says so and ends.
        this.world.hit('boot.diskFull');
        this.die();
        return;
      }
      const { facts } = this;
      const started: EntryBody = {
        type: 'started',
        incarnation: facts.incarnation + 1,
        pid: this.pid,
        startTime: `${this.pid}`,
        bootId: `boot-${this.world.boots}`,
        podkin: 'sim',
      };
      const bodies = facts.session === null ? [this.world.sessionOf(this.pod), started] : [started];
      if (mutant !== 'noSyncAtRecovery') return this.commitDurably(bodies, () => this.#live());
      this.commit(bodies);
      this.#log.claim();
      this.#live();
    });
  }

  #live(): void {
    this.input((core) => recoverPreviousRun(core));
    const unbegun = [...this.facts.children.values()].filter(
      (child) => !hasBegun(this.facts, child.instance),
    );
    this.#undo(unbegun, () => {
      this.listening = true;
      this.world.onListening(this);
      // Whoever waited for the socket may be heard before the process comes to its own first input.
      this.after(this.world.random.delay(2), () => this.#begin());
    });
  }

  #begin(): void {
    if (this.pod.parent !== null) {
      this.parentSide = new ParentSide(this);
      this.parentSide.start();
    }
    this.input((core) => {
      this.booted = true;
      if (core.live.mode === 'running') this.world.hit('boot.spokenToBefore');
      if (this.world.mutant === 'bootClosesTurns') closeInterrupted(core, 'it had begun too early');
      boot(core);
      this.world.mutation.afterBoot(this);
    });
    const waiting = this.#readyWatchers;
    this.#readyWatchers = [];
    for (const watch of waiting) watch(true);
    this.#sweepLater();
    this.children.sweep();
  }

  #undo(unbegun: { name: string; instance: string }[], then: () => void): void {
    const next = unbegun.shift();
    if (next === undefined) {
      then();
      return;
    }
    this.world.hit('spawn.undoneAtStart');
    const reason = 'the parent ended before the first run';
    undoSpawn(this, { child: next, reason }, () => this.#undo(unbegun, then));
  }

  #sweepLater(): void {
    this.after(this.limits.sweepMs, () => {
      this.children.sweep();
      this.input((core) => watchdog(core));
      this.world.hit('watchdog.asked');
      const { watchdogRescues } = this.core.live;
      if (watchdogRescues > this.#rescuesTold) {
        this.#rescuesTold = watchdogRescues;
        this.world.hit('watchdog.rescued');
        this.world.violation('I4', this.pod, 'the watchdog had to start a turn');
      }
      this.#sweepLater();
    });
  }

  /** Ends in order: the last line is on disk. */
  endInOrder(): void {
    this.world.hit('process.exitedInOrder');
    this.die();
  }

  /** What differs between what it lives by and what its log says. */
  replayDifferences(): string[] {
    return differences(this.facts, replay(this.pod.disk.readable()));
  }
}
