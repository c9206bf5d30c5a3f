/**
 * The tree on which a series is played: root → kid → leaf with a bystander beside the kid, one home for many
 * deaths. What a pod does next is steered by gates (named pipes that its commands wait at), so that no death
 * depends on a guess about time.
 */
import { execFileSync } from 'node:child_process';
import {
  type FSWatcher,
  closeSync,
  constants,
  existsSync,
  openSync,
  watch,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { FollowedLog } from '../../src/cli/chaos/followed-log.ts';
import { type PodState, stateOf } from '../../src/cli/chaos/pod-state.ts';
import { readSpec, readToken } from '../../src/session/home/home.ts';
import { folderNamed, namesIn } from '../support/pod-folders.ts';
import { bwrapPlaces } from '../../src/scope/sandbox/own-programs.ts';
import { type ProcessIdentity, isRunning } from '../../src/std/process-identity.ts';
import { systemCode } from '../../src/std/system-code.ts';
import { isLow } from '../../src/pod/machine/budget.ts';
import { budgetUnits } from '../../src/session/facts/budget-entries.ts';
import { replay } from '../../src/session/facts/replay.ts';
import { TestHome, type TestPod } from '../support/rig.ts';
import { scenario } from './scenario.ts';
import { ofType } from '../support/audit.ts';
import { pause } from '../support/waiting.ts';

const patienceMs = 45_000;
const gateCount = 160;

/** One pod of the tree, living or dead. */
export class Actor {
  readonly pod: TestPod;
  readonly instance: string;
  /** Null for the root. */
  readonly parent: Actor | null;
  readonly log: FollowedLog;
  /** It will not come back before the end of the series. */
  retired = false;

  constructor(pod: TestPod, parent: Actor | null, logFrom = 0) {
    this.pod = pod;
    this.instance = pod.instance;
    this.parent = parent;
    this.log = new FollowedLog(pod.folder.log, logFrom);
  }

  get name(): string {
    return this.pod.name;
  }
  get state(): PodState {
    return stateOf(this.log.entries);
  }
  /** The process of its newest incarnation. */
  get process(): ProcessIdentity | null {
    return ofType(this.log.entries, 'started').at(-1) ?? null;
  }
  /** Its parent's log knows the newest life: the ends of those before it are told by then. */
  get linked(): boolean {
    if (this.parent === null || this.parent.retired) return true;
    const { incarnation } = this.state;
    return ofType(this.parent.log.entries, 'child').some(
      (entry) =>
        entry.child.instance === this.instance &&
        entry.state === 'linked' &&
        entry.incarnation === incarnation,
    );
  }
  get alive(): boolean {
    return this.process !== null && isRunning(this.process);
  }
}

export interface StageOptions {
  /** Called with the root before its first start; answers the offset from which its log is to be followed. */
  prepare?: (root: TestPod) => Promise<number>;
  /** Drives pods of their own below the root and below the kid. */
  agent?: { command: string; args: string[]; costPerTurn: number };
  /** By the sandbox of this machine, where it has one. */
  isHeld?: boolean;
}

export class Stage {
  readonly home = new TestHome();
  readonly actors: Actor[] = [];
  /** Names of pods that a death left without a log. */
  readonly halfMade: string[] = [];
  readonly #armFile: string;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #openGates = new Set<string>();
  #wake: () => void = () => undefined;
  #gate = 0;
  #name = 0;

  constructor() {
    // Pods that die for good leave their socket files.
    this.home.expectsNoSockets = false;
    this.#armFile = join(this.home.path, 'armed');
    writeFileSync(this.#armFile, '');
    const gates = Array.from({ length: gateCount }, (_, index) => join(this.home.work, `g${index}`));
    execFileSync('mkfifo', gates);
  }

  /** Starts the root and lets it grow the tree. */
  async build(options: StageOptions = {}): Promise<void> {
    const pod = this.home.makeRoot({
      scenario,
      permissionMode: 'bypassPermissions',
      ...(options.agent && {
        engines: { fake: options.agent },
        sandbox: {
          program: (options.isHeld === true ? bwrapPlaces.find(existsSync) : null) ?? '/nowhere/bwrap',
          network: true,
        },
      }),
      limits: {
        coalesceMs: 20,
        deathGraceMs: 100,
        sweepMs: 1_000,
        shutDownAckMs: 300,
        reconnectBaseMs: 10,
        reconnectMaxMs: 150,
        spawnMs: 30_000,
        wakesPerMinute: 1_000_000,
        hops: 1_000,
        children: 64,
        pods: 1_000,
        quarantineDeaths: 1_000_000,
        // Never reached: what each request takes is reserved, lent and returned all the same.
        cost: 1_000_000,
      },
    });
    const logFrom = await options.prepare?.(pod);
    const root = this.#enter(new Actor(pod, null, logFrom));
    await this.start(root);
    await pod.run('grow kid say born');
    const kid = await this.untilBorn('kid', root);
    await this.rest();
    await pod.run('grow side say born');
    await this.untilBorn('side', root);
    await this.rest();
    await pod.run('give kid grow leaf say born');
    await this.untilBorn('leaf', kid);
    await this.rest();
    if (options.agent === undefined) return;
    for (const [name, parent] of [
      ['agent-1', root],
      ['agent-2', kid],
    ] as const) {
      const way = parent === root ? '' : `give ${parent.name} `;
      await pod.run(`${way}hire ${name} come`);
      await this.untilBorn(name, parent);
      await this.rest();
    }
  }

  get root(): Actor {
    return this.#newest('root');
  }
  get kid(): Actor {
    return this.#newest('kid');
  }
  get leaf(): Actor {
    return this.#newest('leaf');
  }
  get side(): Actor {
    return this.#newest('side');
  }
  /** Those that another agent drives. */
  get engines(): Actor[] {
    return this.actors.filter(({ name }) => name.startsWith('agent-'));
  }
  get active(): Actor[] {
    return this.actors.filter((actor) => !actor.retired);
  }

  /** kid, kid-2, kid-3 … are one part of the play: the newest plays it. */
  #newest(part: string): Actor {
    const actor = this.actors.findLast(({ name }) => name === part || name.startsWith(`${part}-`));
    if (actor === undefined) throw new Error(`nobody plays ${part}`);
    return actor;
  }

  newName(part: string): string {
    this.#name += 1;
    return `${part}-${this.#name}`;
  }

  #enter(actor: Actor): Actor {
    this.actors.push(actor);
    const watcher = watch(actor.pod.folder.path, () => this.#wake());
    watcher.on('error', () => watcher.close());
    this.#watchers.set(actor.name, watcher);
    return actor;
  }

  retire(actor: Actor): void {
    actor.retired = true;
    this.#watchers.get(actor.name)?.close();
  }

  /** Waits until that pod runs, and takes it in. */
  async untilBorn(name: string, parent: Actor): Promise<Actor> {
    await this.until(`the birth of ${name}`, () => existsSync(folderNamed(this.home.home, name).log));
    const known = this.actors.find((actor) => actor.name === name);
    return known ?? this.#enter(new Actor(this.home.pod(name), parent));
  }

  /**
   * Pods of a parent at rest that are there and were not taken in yet: what a spawn left. One without a log
   * is half made: nobody will ever start it or take it back, its name stays taken.
   */
  takeInNew(parent: Actor): void {
    const known = new Set([...this.actors.map(({ name }) => name), ...this.halfMade]);
    for (const name of namesIn(this.home.home)) {
      const folder = folderNamed(this.home.home, name);
      if (known.has(name) || readSpec(folder)?.parent?.instance !== parent.instance) continue;
      if (existsSync(folder.log)) this.#enter(new Actor(this.home.pod(name), parent));
      else this.halfMade.push(name);
    }
  }

  // Lives

  /** Every incarnation may be given a point later (`arm`). Fulfils when it listens. */
  async start(actor: Actor): Promise<void> {
    await actor.pod.start({ PODKIN_CRASH_AT: `@${this.#armFile}` });
    await actor.log.refresh();
  }

  arm(name: string, point: string): void {
    writeFileSync(this.#armFile, `${name}:${point}\n`);
  }

  disarm(): void {
    writeFileSync(this.#armFile, '');
  }

  /** SIGKILL by pid, and waits until that process is gone. False where it was gone already. */
  async kill(actor: Actor): Promise<boolean> {
    await actor.log.refresh();
    const process_ = actor.process;
    if (process_ === null || !isRunning(process_)) return false;
    process.kill(process_.pid, 'SIGKILL');
    await this.gone(process_, patienceMs);
    return true;
  }

  /** The system says nothing about processes that are not our children: a look costs a few microseconds. */
  async gone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
    const deadlineAt = performance.now() + withinMs;
    while (isRunning(identity)) {
      if (performance.now() > deadlineAt) return false;
      await pause(3);
    }
    return true;
  }

  /** It has been granted what its next request takes: it needs nobody above it until then. */
  async untilLent(actor: Actor): Promise<void> {
    await this.until(`${actor.name} holds its part of the budget`, () => {
      const { budget } = replay(actor.log.entries);
      const leased = budgetUnits.filter((unit) => budget[unit].lease !== null);
      return leased.length > 0 && !leased.some((unit) => isLow(budget, unit));
    });
  }

  /**
   * As its parent does where others lack something: it returns what it holds above one request. Its death is
   * no error.
   */
  async reclaimFrom({ pod, parent }: Actor): Promise<void> {
    if (parent === null) return;
    const from = { instance: parent.instance, token: readToken(pod.folder) };
    await pod.call('reclaim', { from }).catch(() => undefined);
  }

  // Gates

  /** A name for `hold`; what waits there goes on with what `release` says. */
  newGate(): string {
    const gate = `g${this.#gate % gateCount}`;
    this.#gate += 1;
    this.#openGates.add(gate);
    return gate;
  }

  /** Lets whoever waits there go on. Where nobody does, and will not within `withinMs`, nothing happens. */
  async release(gate: string, text: string, withinMs = 5_000): Promise<void> {
    this.#openGates.delete(gate);
    const deadlineAt = performance.now() + withinMs;
    for (;;) {
      try {
        const fd = openSync(join(this.home.work, gate), constants.O_WRONLY | constants.O_NONBLOCK);
        try {
          writeSync(fd, `${text}\n`);
        } finally {
          closeSync(fd);
        }
        return;
      } catch (error) {
        if (systemCode(error) !== 'ENXIO') throw error;
        if (performance.now() >= deadlineAt) return;
      }
      await pause(3);
    }
  }

  async releaseAll(): Promise<void> {
    for (const gate of this.#openGates) await this.release(gate, 'open', 0);
  }

  // Waiting

  /** Looked at after every change of a pod's folder. Fails with where everybody stands. */
  async until(what: string, holds: () => boolean, withinMs = patienceMs): Promise<void> {
    const deadlineAt = performance.now() + withinMs;
    for (;;) {
      // Armed before the look: a change in between is not slept over.
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      await Promise.all(this.active.map(({ log }) => log.refresh()));
      if (holds()) return;
      if (performance.now() > deadlineAt) throw new Error(`waited in vain for: ${what}\n${this.describe()}`);
      await Promise.race([woken, pause(40)]);
    }
  }

  describe(): string {
    return this.active
      .map(({ name, alive, state, log }) => {
        const last = log.entries.slice(-6).map((entry) => JSON.stringify(entry).slice(0, 160));
        const { open, ...rest } = state;
        return `${name} (${alive ? 'up' : 'down'}) ${JSON.stringify(rest)} ${open.join('; ')}\n  ${last.join('\n  ')}`;
      })
      .join('\n');
  }

  /** Until nothing is open in any active pod and everything has been told. */
  async rest(): Promise<void> {
    for (;;) {
      await this.until('the tree comes to rest', () => this.#isAtRest());
      // Logs are read one after another: only where none has grown over a second look was it one moment in
      // which all were at rest.
      const before = this.#entriesCount();
      await Promise.all(this.active.map(({ log }) => log.refresh()));
      if (this.#entriesCount() === before && this.#isAtRest()) return;
    }
  }

  #isAtRest(): boolean {
    return this.active.every(
      ({ alive, linked, state }) => alive && linked && state.open.length === 0 && !state.paused,
    );
  }

  #entriesCount(): number {
    return this.active.reduce((sum, { log }) => sum + log.entries.length, 0);
  }

  /** Until `actor`'s parent holds the end of that incarnation. */
  async untilTold(actor: Actor, incarnation: number): Promise<void> {
    const { parent } = actor;
    if (parent === null) return;
    await this.until(`the end of life ${incarnation} of ${actor.name} is told`, () =>
      ofType(parent.log.entries, 'podEventReceived').some(
        ({ from, event }) =>
          from.instance === actor.instance &&
          from.incarnation === incarnation &&
          (event.kind === 'died' || event.kind === 'shutDown'),
      ),
    );
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
  }
}
