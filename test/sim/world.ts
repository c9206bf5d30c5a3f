/**
 * Everything of one history: pods and their disks, the folders by place, locks, processes, the wire, chance,
 * and what has been noticed.
 */
import type { Held } from '../../src/scope/ownership/registry.ts';
import { runPodOn } from '../../src/pod/boot/boot.ts';
import type { ReadyMessage } from '../../src/pod/host.ts';
import { dispatcher } from '../../src/transport/server.ts';
import type { Connection } from '../../src/transport/connection.ts';
import { type PodFolder, type PodSpec, type Tombstone, podFolder } from '../../src/session/home/home.ts';
import { placeOf } from '../../src/session/home/place.ts';
import type { Burial } from '../../src/session/home/remove.ts';
import type { Limits } from '../../src/session/settings/settings.ts';
import type { ProcessIdentity } from '../../src/std/process-identity.ts';
import { worker } from '../../src/worker/drive-turn.ts';
import type { Engine } from '../../src/worker/turn-ports.ts';
import { Checkpoints } from './checkpoints.ts';
import { VirtualClock } from './clock.ts';
import { Money } from './money.ts';
import { Random } from './random.ts';
import { DiskOrder } from './disk-order.ts';
import { type SimFile, systemError } from './files.ts';
import { simHost } from './host.ts';
import { Watch } from './watch.ts';
import { type LogRead, type SimPod, entriesOf, home, limitsFor } from './pods.ts';
import { contextFor } from './prompts.ts';
import { SimProcess } from './process.ts';
import { Script } from './script.ts';
import type { Listener, SimEnd } from './wire.ts';

export interface WorldOptions {
  seed: number;
  /** Counted over all histories. */
  hits: Map<string, number>;
  /** Is given everything, a line each. */
  trace?: ((line: string) => void) | undefined;
  engine?: Engine | undefined;
}

export class World {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly script: Script;
  readonly engine: Engine;
  readonly limits: Limits;
  /** Chance of what has to do with sizes alone. */
  readonly contexts: Random;
  /** Tokens of the window; null where nothing has to fit. */
  readonly contextTokens: number | null;
  readonly money: Money;
  /** How many of the one-off requests, or their answers, are lost. */
  readonly requestLoss: number;
  /** What a message usually takes. */
  readonly latencyMs: number;
  /** How many of the one-off requests lie unread for long before they are taken. */
  readonly slowShare: number;
  readonly pods = new Map<string, SimPod>();
  /** Name → the pod whose folder it is. */
  readonly folders = new Map<string, SimPod>();
  readonly tombstones: Tombstone[] = [];
  /** Folders of pods whose address was told beside their log. */
  readonly addressed = new Set<string>();
  readonly files = new Map<string, SimFile>();
  readonly descriptors = new Map<number, SimFile>();
  readonly syncing = new Map<SimFile, number>();
  readonly watch = new Watch(this);
  readonly order = new DiskOrder(this);
  readonly checkpoints: Checkpoints;
  readonly locks = new Map<string, SimProcess>();
  readonly processes = new Map<number, SimProcess>();
  readonly listeners = new Map<string, Listener>();
  readonly ends = new Set<SimEnd>();
  registry: Held = { claims: [], waits: [] };
  homeVersion = 0;
  /** The home is not under its path: unmounted, or renamed. What is open stays open. */
  homeIsAway = false;
  wasAway = false;
  boots = 1;
  quiet = false;
  crashes = 0;
  /** Whose code runs now. */
  acting: SimProcess | null = null;
  readonly person: SimProcess;
  readonly #hits: Map<string, number>;
  readonly #trace: ((line: string) => void) | null;
  readonly #deathWatchers = new Map<SimProcess, (() => void)[]>();
  readonly #said = new Map<SimProcess, ReadyMessage>();
  readonly #sayWatchers = new Map<SimProcess, ((message: ReadyMessage) => void)[]>();
  #ids = 0;
  #pids = 1;
  #descriptors = 2;

  constructor(options: WorldOptions) {
    this.random = new Random(options.seed, 1);
    this.engine = options.engine ?? worker;
    this.script = new Script(new Random(options.seed, 2), options.seed);
    this.#hits = options.hits;
    this.#trace = options.trace ?? null;
    this.money = new Money(this, options.seed);
    const limits = limitsFor(this.random);
    this.requestLoss = this.random.pick([0.03, 0.03, 0.03, 0.3]);
    this.latencyMs = this.random.pick([1, 2, 2, 10, 40]);
    this.contexts = new Random(options.seed, 5);
    this.contextTokens = contextFor(this.contexts);
    const more = new Random(options.seed, 4);
    this.slowShare = more.pick([0, 0, 0, 0.1, 0.5]);
    if (more.chance(0.15)) this.requestLoss = 0.8;
    // Items of chains of both kinds wait together only where few steps make a long one.
    this.limits = more.chance(0.1) ? { ...limits, hops: 1 } : limits;
    this.checkpoints = new Checkpoints(this, new Random(options.seed, 5));
    this.person = new SimProcess(this, null);
  }

  hit(name: string): void {
    this.note(null, name);
    this.#hits.set(name, (this.#hits.get(name) ?? 0) + 1);
  }

  get isTraced(): boolean {
    return this.#trace !== null;
  }

  note(process: SimProcess | null, text: string): void {
    if (this.#trace === null) return;
    this.#trace(
      `${this.clock.nowMs.toFixed(1)} ${process?.simPod?.spec.name ?? ' '}/${process?.identity.pid ?? ' '} ${text}`,
    );
  }

  /** As a version 7 UUID: later ones sort behind earlier ones. */
  newId(): string {
    this.#ids += 1;
    return `0190a000-0000-7000-8000-${this.#ids.toString(16).padStart(12, '0')}`;
  }
  nextPid(): number {
    this.#pids += 1;
    return this.#pids;
  }
  descriptor(file: SimFile): number {
    this.#descriptors += 1;
    this.descriptors.set(this.#descriptors, file);
    return this.#descriptors;
  }

  chanceOfTear(): boolean {
    return !this.quiet && this.random.chance(0.04);
  }

  // Pods

  createPod(spec: PodSpec): SimPod {
    const pod: SimPod = {
      spec,
      folder: podFolder(home, placeOf(spec)),
      token: `token-of-${spec.instance}`,
      processes: new Set(),
      full: null,
      removed: false,
      points: 0,
      crashAt: -1,
      powerAt: -1,
      awayUntilMs: 0,
      isOldCopy: false,
    };
    if ([...this.pods.values()].some((known) => known.spec.name === spec.name)) this.hit('pod.nameReused');
    this.pods.set(spec.instance, pod);
    this.folders.set(placeOf(spec), pod);
    this.homeVersion += 1;
    return pod;
  }

  podNamed(name: string): SimPod | undefined {
    return this.livingFolders().find(({ spec }) => spec.name === name);
  }
  podAt(folder: PodFolder): SimPod | undefined {
    return this.foundFolders().find((pod) => pod.folder.path === folder.path);
  }
  mustBeAt(folder: PodFolder): SimPod {
    const pod = this.podAt(folder);
    if (pod === undefined)
      throw Object.assign(new Error(`no such folder ${folder.path}`), { code: 'ENOENT' });
    return pod;
  }
  livingFolders(): SimPod[] {
    return [...this.folders.values()];
  }
  /** Those that whoever looks under the home's path finds. */
  foundFolders(): SimPod[] {
    return this.homeIsAway ? [] : this.livingFolders();
  }
  mustBeHere(): void {
    if (this.homeIsAway) throw systemError('ENOENT');
  }
  readonly logs = new Map<SimPod, SimFile>();

  logOf(pod: SimPod): LogRead {
    return entriesOf(pod.removed ? this.logs.get(pod) : this.files.get(pod.folder.log));
  }

  bury({ name, instance, folder, parent, facts, receivedAbove, discarded }: Burial): void {
    const pod = this.podAt(folder);
    if (pod === undefined || pod.spec.instance !== instance) return;
    this.tombstones.push({
      name,
      instance,
      parent,
      removedAt: this.clock.wallTime(),
      received: Object.fromEntries(
        [...facts.children.values()].map((child) => [child.instance, child.received]),
      ),
      emitted: facts.outbox.emitted,
      acked: Math.max(facts.outbox.acked, receivedAbove),
      discarded,
    });
    this.dropFolder(pod);
  }

  dropFolder(pod: SimPod): void {
    const file = this.files.get(pod.folder.log);
    if (file !== undefined) {
      file.removed = true;
      this.logs.set(pod, file);
      this.files.delete(pod.folder.log);
    }
    this.checkpoints.drop(pod);
    pod.removed = true;
    this.addressed.delete(pod.folder.path);
    if (this.folders.get(placeOf(pod.spec)) === pod) this.folders.delete(placeOf(pod.spec));
    this.homeVersion += 1;
  }

  // Processes

  startProcess(folderPath: string): SimProcess {
    const pod = this.foundFolders().find(({ folder }) => folder.path === folderPath) ?? null;
    const process = new SimProcess(this, pod);
    this.processes.set(process.identity.pid, process);
    pod?.processes.add(process);
    process.after(this.random.delay(20), () => {
      if (pod === null) return process.leave(1);
      runPodOn(simHost(process), folderPath, {
        onOpened: (opened) => {
          process.pod = opened;
          opened.log.onAppend(({ entries }) => this.watch.onCommit(process, entries));
        },
        onListening: () => {
          process.after(0, () => {
            process.begun = true;
          });
        },
      }).then(
        (code) => process.leave(code),
        (error: unknown) => {
          this.watch.defect(process, error);
          process.leave(1);
        },
      );
    });
    return process;
  }

  said(process: SimProcess, message: ReadyMessage): void {
    this.#said.set(process, message);
    if (message.kind === 'failed') this.note(process, `does not start: ${message.message}`);
    for (const watch of this.#sayWatchers.get(process) ?? []) watch(message);
    this.#sayWatchers.delete(process);
  }

  whenSaid(process: SimProcess, watch: (message: ReadyMessage) => void): void {
    const said = this.#said.get(process);
    if (said !== undefined) return watch(said);
    this.#sayWatchers.set(process, [...(this.#sayWatchers.get(process) ?? []), watch]);
  }

  whenDead(process: SimProcess, watch: () => void): void {
    if (process.dead) return watch();
    this.#deathWatchers.set(process, [...(this.#deathWatchers.get(process) ?? []), watch]);
  }

  running(identity: ProcessIdentity): SimProcess | null {
    const process = this.processes.get(identity.pid);
    const { identity: own } = process ?? {};
    return process !== undefined && !process.dead && own?.bootId === identity.bootId ? process : null;
  }
  isRunning(identity: ProcessIdentity): boolean {
    return this.running(identity) !== null;
  }

  /** The process that holds the pod's lock and listens. */
  processOf(pod: SimPod): SimProcess | null {
    return [...pod.processes].find((process) => process.listening && !process.dead) ?? null;
  }

  onDeath(process: SimProcess): void {
    const { simPod } = process;
    this.crashes += 1;
    simPod?.processes.delete(process);
    if (simPod !== null) simPod.crashAt = -1;
    for (const [folder, holder] of this.locks) if (holder === process) this.locks.delete(folder);
    // A sync that was under way may have come to its end.
    const file = simPod === null ? undefined : this.files.get(simPod.folder.log);
    const through = file === undefined ? undefined : this.syncing.get(file);
    if (file !== undefined && through !== undefined) {
      if (this.random.chance(0.5)) file.syncThrough(through);
      this.syncing.delete(file);
    }
    if (simPod !== null && simPod.processes.size === 0) this.checkpoints.spoil(simPod);
    for (const watch of this.#deathWatchers.get(process) ?? []) watch();
    this.#deathWatchers.delete(process);
  }

  /** After a death that nobody asked for, a person may restore the pod. */
  restoreLater(pod: SimPod, probability: number): void {
    if (this.quiet || !this.random.chance(probability)) return;
    this.clock.after(this.random.delay(1_500), () => {
      if (!this.quiet) this.restore(pod);
    });
  }

  restore(pod: SimPod): void {
    if (pod.removed || pod.processes.size > 0 || !this.files.has(pod.folder.log) || this.homeIsAway) return;
    const awayMs = pod.awayUntilMs - this.clock.nowMs;
    if (awayMs > 0) return this.clock.after(awayMs, () => this.restore(pod));
    this.hit('pod.restored');
    this.startProcess(pod.folder.path);
  }

  /** The machine goes down: every process dies, every disk loses what it may. */
  losePower(): void {
    this.boots += 1;
    for (const process of this.processes.values()) process.die();
    this.processes.clear();
    this.listeners.clear();
    this.hit('power.lost');
    for (const pod of this.livingFolders()) {
      const file = this.files.get(pod.folder.log);
      if (file === undefined) continue;
      const { stays, lost, torn } = file.losePower(this.random);
      if (!stays) this.files.delete(pod.folder.log);
      this.checkpoints.losePower(pod);
      this.order.lost(file);
      if (lost > 0) this.hit('power.lostEntries');
      if (torn) this.hit('power.tornTail');
      this.watch.forgetUnwritten(pod);
      this.restoreLater(pod, pod.spec.parent === null ? 0.9 : 0.6);
    }
    for (const pod of this.livingFolders()) this.watch.checkAcknowledged(pod);
  }

  // The wire

  listen(process: SimProcess, path: string): Listener {
    let answers: ReturnType<typeof dispatcher> | null = null;
    const early: SimEnd[] = [];
    const listener: Listener = {
      process,
      path,
      accept: (end) => {
        if (answers === null) early.push(end);
        else end.answer(answers);
      },
      answer: (handlers) => {
        answers = dispatcher(handlers);
        for (const end of early) end.answer(answers);
      },
    };
    this.listeners.set(path, listener);
    return listener;
  }

  unlisten(listener: Listener): void {
    if (this.listeners.get(listener.path) === listener) this.listeners.delete(listener.path);
    listener.process.listening = false;
  }

  /** A one-off request, or its answer, may be lost. */
  mayCut(connection: Connection): void {
    if (this.quiet || !this.random.chance(this.requestLoss)) return;
    const end = connection as unknown as SimEnd;
    this.clock.after(this.random.delay(this.latencyMs * 2), () => {
      if (end.isClosed) return;
      this.hit('wire.requestCut');
      this.cut(end);
    });
  }

  /** Accepted by the system, read by the process much later: what it brings may be overtaken by a link. */
  maySlow(connection: Connection): void {
    if (this.quiet || this.slowShare === 0 || !this.random.chance(this.slowShare)) return;
    const end = connection as unknown as SimEnd;
    this.hit('wire.requestSlow');
    end.latencyMs = this.random.between(100, 3_000);
  }

  cut(end: SimEnd): void {
    const { peer } = end;
    end.lose('part');
    peer?.lose('part');
  }
}
