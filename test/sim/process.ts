/**
 * One process of the simulated machine. What it has asked for ends with it: its timers do not fire, its
 * promises never settle, and what it asks for at once throws.
 */
import type { Pod } from '../../src/pod/pod.ts';
import type { End } from '../../src/pod/host.ts';
import type { ProcessIdentity } from '../../src/std/process-identity.ts';
import type { SimPod } from './pods.ts';
import type { World } from './world.ts';

/** Thrown through whatever was under way when the process died. */
export class ProcessGone extends Error {
  override readonly name = 'ProcessGone';
}

export class SimProcess {
  readonly world: World;
  /** Null: a person's. */
  readonly simPod: SimPod | null;
  readonly identity: ProcessIdentity;
  dead = false;
  frozen = false;
  thawedAtMs = 0;
  /** Of a pod whose log is open. */
  pod: Pod | null = null;
  listening = false;
  readonly ends = new Set<() => void>();
  signalled: ((name: string) => void) | null = null;
  exitCode: number | null = null;
  signal: 'SIGKILL' | null = null;
  /** In the middle of an append: the log and the facts differ. */
  writing = false;
  /** The machine has had its first input. */
  begun = false;
  #thawed: (() => void)[] = [];

  constructor(world: World, simPod: SimPod | null) {
    this.world = world;
    this.simPod = simPod;
    const pid = world.nextPid();
    this.identity = { pid, startTime: `start-${pid}`, bootId: `boot-${world.boots}` };
  }

  /** Runs `act` later, if this process still lives then; a frozen one catches up when it is thawed. */
  after(delayMs: number, act: () => void): End {
    let cancelled = false;
    this.world.clock.after(delayMs, () => {
      if (!cancelled) this.run(act);
    });
    return () => {
      cancelled = true;
    };
  }

  run(act: () => void): void {
    if (this.dead) return;
    if (this.frozen) {
      this.#thawed.push(act);
      return;
    }
    this.world.acting = this;
    try {
      act();
    } catch (error) {
      if (!this.dead) throw error;
    }
  }

  /** A value that comes later; never, where the process is gone by then. */
  later<T>(delayMs: number, make: () => T): Promise<T> {
    this.mustLive();
    return new Promise((resolve, reject) => {
      this.after(delayMs, () => {
        try {
          resolve(make());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  thaw(): void {
    if (!this.frozen) return;
    this.frozen = false;
    this.thawedAtMs = this.world.clock.nowMs;
    const waiting = this.#thawed;
    this.#thawed = [];
    for (const act of waiting) this.world.clock.after(this.world.random.next(), () => this.run(act));
  }

  mustLive(): void {
    if (this.dead) throw new ProcessGone();
  }

  /** A place at which a fault may end the process; `name` is for the table of what was passed. */
  point(name: string): void {
    this.mustLive();
    const { simPod, world } = this;
    if (simPod === null) return;
    simPod.points += 1;
    if (simPod.points === simPod.powerAt) {
      world.hit(`power.${name}`);
      world.losePower();
      throw new ProcessGone();
    }
    if (simPod.points !== simPod.crashAt) return;
    world.hit(`crash.${name}`);
    this.die();
    throw new ProcessGone();
  }

  /** SIGKILL: what was written stays, the wire is closed by the system. */
  die(): void {
    if (this.dead) return;
    this.signal = 'SIGKILL';
    this.#end();
  }

  leave(code: number): void {
    if (this.dead) return;
    this.exitCode = code;
    this.world.hit('process.exitedInOrder');
    this.#end();
  }

  #end(): void {
    if (this.simPod !== null && this.pod !== null && !this.writing)
      this.world.watch.checkReplay(this, 'atCrash');
    this.dead = true;
    this.listening = false;
    this.world.onDeath(this);
    for (const end of this.ends) end();
    this.ends.clear();
  }
}
