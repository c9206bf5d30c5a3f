/** Everything of one history: pods and their disks, the folders by name, the wire, chance, and what has been noticed. */
import type { Entry, SessionEntry } from '../../src/session/facts/entries.ts';
import type { Limits } from '../../src/session/settings/settings.ts';
import type { Tombstone } from '../../src/session/home/home.ts';
import { VirtualClock } from './clock.ts';
import { SimDisk } from './disk.ts';
import { type Mutation, mutationOf, type MutantName } from './mutants.ts';
import { type SimPod, type Violation, limitsFor } from './pods.ts';
import { SimProcess } from './process.ts';
import { Random } from './random.ts';
import { Script } from './script.ts';

export interface WorldOptions {
  seed: number;
  mutant: MutantName | null;
  /** Counted over all histories. */
  hits: Map<string, number>;
  /** Told everything, a line each. */
  trace?: ((line: string) => void) | undefined;
}

/** Few, so that a child may ask for what another holds. */
const areasPerPod = 3;

export class World {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly script: Script;
  readonly limits: Limits;
  /** How many of the one-off requests, or their answers, are lost. */
  readonly requestLoss: number;
  /** What a message usually takes. */
  readonly latencyMs: number;
  readonly mutant: MutantName | null;
  readonly mutation: Mutation;
  readonly pods = new Map<string, SimPod>();
  /** Name → the instance whose folder it is. */
  readonly folders = new Map<string, string>();
  readonly tombstones: Tombstone[] = [];
  readonly connections = new Set<{ close(by: null): void }>();
  readonly violations: Violation[] = [];
  /** Calls that were really executed: call → times. */
  readonly executions = new Map<string, number>();
  /** By instance: the last entry that its model has really been asked with. */
  readonly seen = new Map<string, number>();
  boots = 1;
  quiet = false;
  entryCount = 0;
  eventCount = 0;
  crashes = 0;
  readonly #hits: Map<string, number>;
  readonly #trace: ((line: string) => void) | null;
  #ids = 0;
  #pids = 0;
  #inputs = 0;

  constructor(options: WorldOptions) {
    this.random = new Random(options.seed, 1);
    this.script = new Script(new Random(options.seed, 2));
    this.mutant = options.mutant;
    this.mutation = mutationOf(options.mutant);
    this.#hits = options.hits;
    this.#trace = options.trace ?? null;
    this.limits = limitsFor(this.random);
    this.requestLoss = this.random.pick([0.03, 0.03, 0.03, 0.3]);
    this.latencyMs = this.random.pick([1, 2, 2, 10, 40]);
  }

  hit(name: string): void {
    if (this.#trace !== null) this.#tell(null, name);
    this.#hits.set(name, (this.#hits.get(name) ?? 0) + 1);
  }

  /** How many links have come to stand. */
  links = 0;

  newId(): string {
    this.#ids += 1;
    return `id-${this.#ids}`;
  }
  nextPid(): number {
    this.#pids += 1;
    return this.#pids;
  }

  #tell(pod: SimPod | null, text: string): void {
    this.#trace?.(`${this.clock.nowMs.toFixed(1)} ${pod?.instance ?? ' '} ${text}`);
  }

  chanceOfTear(): boolean {
    return !this.quiet && this.random.chance(0.04);
  }

  // Pods

  /** Null where the name is taken. */
  createPod(name: string, parent: SimPod | null): SimPod | null {
    if (this.folders.has(name)) {
      this.hit('spawn.nameTaken');
      return null;
    }
    const number = this.pods.size + 1;
    const pod: SimPod = {
      name,
      instance: `${name}#${number}`,
      parent: parent?.instance ?? null,
      depth: parent === null ? 0 : parent.depth + 1,
      token: `token-${number}`,
      area: `${parent?.area ?? ''}/${number % areasPerPod}`,
      disk: new SimDisk(),
      process: null,
      processes: new Set(),
      removed: false,
      points: 0,
      crashAt: -1,
      powerAt: -1,
    };
    if ([...this.pods.values()].some((known) => known.name === name)) this.hit('pod.nameReused');
    this.pods.set(pod.instance, pod);
    this.folders.set(name, pod.instance);
    return pod;
  }

  podNamed(name: string): SimPod | undefined {
    return this.pods.get(this.folders.get(name) ?? '');
  }

  removeFolder(pod: SimPod): void {
    pod.removed = true;
    if (this.folders.get(pod.name) === pod.instance) this.folders.delete(pod.name);
  }

  sessionOf(pod: SimPod): SessionEntry {
    const parent = pod.parent === null ? undefined : this.pods.get(pod.parent);
    const root = this.#rootOf(pod);
    return {
      type: 'session',
      schema: 1,
      podkin: 'sim',
      name: pod.name,
      instance: pod.instance,
      parent: parent === undefined ? null : { name: parent.name, instance: parent.instance },
      root: { name: root.name, instance: root.instance },
      depth: pod.depth,
      cwd: '/',
      model: 'sim',
      instructions: null,
      permissionMode: 'default',
      scope: { read: ['/'], write: [pod.area] },
      settings: {},
    };
  }

  #rootOf(pod: SimPod): SimPod {
    const parent = pod.parent === null ? undefined : this.pods.get(pod.parent);
    return parent === undefined ? pod : this.#rootOf(parent);
  }

  startProcess(pod: SimPod): SimProcess {
    const process = new SimProcess(this, pod);
    pod.processes.add(process);
    if (pod.removed) process.die();
    else process.after(this.random.delay(20), () => process.start());
    return process;
  }

  onListening(process: SimProcess): void {
    for (const pod of this.pods.values()) {
      if (pod.parent !== process.pod.instance || pod.process === null) continue;
      const child = pod.process;
      // The watcher of the folder may miss it.
      if (this.random.chance(0.5))
        child.after(this.random.delay(3), () => child.parentSide?.parentAppeared());
    }
  }

  onDeath(process: SimProcess): void {
    const { pod } = process;
    pod.processes.delete(process);
    pod.crashAt = -1;
    this.crashes += 1;
  }

  /** After a death that nobody asked for, a person may restore the pod. */
  restoreLater(pod: SimPod, probability: number): void {
    if (this.quiet || !this.random.chance(probability)) return;
    this.clock.after(this.random.delay(1_500), () => {
      if (!this.quiet) this.restore(pod);
    });
  }

  restoreAfterDeath(pod: SimPod, probability: number): void {
    for (const process of pod.processes) process.whenDead(() => this.restoreLater(pod, probability));
  }

  restore(pod: SimPod): void {
    if (pod.removed || pod.processes.size > 0 || pod.disk.file === 'absent') return;
    this.hit('pod.restored');
    this.startProcess(pod);
  }

  releaseLocksOf(process: SimProcess): void {
    for (const pod of this.pods.values()) {
      if (pod.disk.lockHolder === process) pod.disk.lockHolder = null;
    }
  }

  /** The machine goes down: every process dies, every disk loses what it may. */
  losePower(): void {
    this.boots += 1;
    for (const pod of this.pods.values()) for (const process of pod.processes) process.die();
    this.hit('power.lost');
    for (const pod of this.pods.values()) {
      const { lost, torn } = pod.disk.losePower(this.random);
      if (lost > 0) this.hit('power.lostEntries');
      // The numbers of what was lost are given again.
      this.seen.set(pod.instance, Math.min(this.seen.get(pod.instance) ?? 0, pod.disk.entries.length));
      if (torn) this.hit('power.tornTail');
      this.restoreLater(pod, pod.parent === null ? 0.9 : 0.6);
    }
    for (const pod of this.pods.values()) this.#checkAcknowledged(pod);
  }

  // What is watched all the time

  /** I6, where it can be seen: whatever a child knows to be received has outlived the loss of power at its parent. */
  #checkAcknowledged(pod: SimPod): void {
    const parent = this.pods.get(pod.parent ?? '');
    if (parent === undefined || pod.removed || parent.removed) return;
    let acked = 0;
    for (const entry of pod.disk.entries) if (entry.type === 'podEventAcked') acked = entry.through;
    let received = 0;
    for (const entry of parent.disk.entries) {
      if (entry.type !== 'podEventReceived' || entry.from.instance !== pod.instance) continue;
      received = Math.max(received, entry.eventSeq ?? 0);
    }
    if (acked > received) this.violation('I6', pod, `event ${acked} was acknowledged and is not on disk`);
  }

  violation(rule: string, pod: SimPod | null, text: string): void {
    this.violations.push({ rule, pod: pod?.instance ?? '', text, atMs: Math.round(this.clock.nowMs) });
  }

  /** A request that held everything up to this entry was answered. */
  modelSaw(pod: SimPod, through: number): void {
    this.seen.set(pod.instance, Math.max(this.seen.get(pod.instance) ?? 0, through));
  }

  executed(process: SimProcess, call: string): void {
    const times = (this.executions.get(call) ?? 0) + 1;
    this.executions.set(call, times);
    if (times > 1) this.violation('I12', process.pod, `call ${call} was executed ${times} times`);
  }

  onCommit(process: SimProcess, entries: readonly Entry[]): void {
    this.entryCount += entries.length;
    if (this.#trace !== null) for (const entry of entries) this.#tell(process.pod, JSON.stringify(entry));
    for (const entry of entries) {
      if (entry.type === 'podEventReceived') {
        this.eventCount += 1;
        this.hit(`received.${entry.event.kind}`);
        if (entry.readAt !== undefined) this.hit('received.alreadyRead');
      } else if (entry.type === 'assignment' && entry.tell === true) this.hit('assignment.notStarted');
      else if (entry.type === 'interrupted') this.hit('turn.interrupted');
    }
  }

  checkReplay(process: SimProcess, when: 'atCrash' | 'atStep' | 'atEnd'): void {
    if (!process.listening || this.mutant !== null) return;
    this.hit(`replay.${when}`);
    const found = process.replayDifferences();
    if (found.length > 0) this.violation('replay', process.pod, `${when}: ${found.slice(0, 3).join(', ')}`);
  }

  /** I4 as a level: after an input has been handled, nothing wake-worthy lies in a pod that could start. */
  afterInput(process: SimProcess): void {
    this.#inputs += 1;
    if (this.#inputs % 100 === 0) this.checkReplay(process, 'atStep');
    const { live, facts } = process.core;
    if (
      live.mode !== 'idle' ||
      live.storage !== null ||
      facts.paused ||
      live.coalescing ||
      !process.listening
    )
      return;
    if (live.overBudget !== null || facts.session === null || !process.booted) return;
    const { through = 0, before = 0 } = facts.held ?? {};
    const waits =
      facts.notifyBuffer.some((item) => item.wakes && item.entrySeq > before) ||
      facts.unseen.some((item) => item.wakes && item.entrySeq > through);
    const work = facts.queue.length > 0 || facts.resumable !== null || facts.turn !== null;
    if (waits || work) this.violation('I4', process.pod, `idle with ${waits ? 'unread events' : 'work'}`);
  }
}
