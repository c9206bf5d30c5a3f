/**
 * People who watch pods: they subscribe, read as fast or as slowly as they like or not at all, answer what is
 * asked, go away at any moment, and come back for the rest. All of their chance is their own: but for their
 * answers, a history is the same with them and without.
 */
import type { Result } from '../../src/protocol/methods.ts';
import { socketPathOf } from './host-home.ts';
import { type SimPod, entriesOf } from './pods.ts';
import { Random } from './random.ts';
import { SimEnd } from './wire.ts';
import { type SeenEvent, WatchedEnd } from './watched-end.ts';
import type { World } from './world.ts';

/** `silent` keeps its connection and does not read. */
type Reading = 'quick' | 'slow' | 'silent';

const readings: readonly Reading[] = ['quick', 'quick', 'slow', 'silent'];

export interface ObserversOptions {
  readonly seed: number;
  /** Until when they come and go. */
  readonly untilMs: number;
  readonly answer: boolean;
}

export class Observers {
  readonly #world: World;
  readonly #random: Random;
  readonly #all: Observer[] = [];

  constructor(world: World, { seed, untilMs, answer }: ObserversOptions) {
    this.#world = world;
    this.#random = new Random(seed, 6);
    const count = this.#random.between(1, 4);
    for (let index = 0; index < count; index += 1) {
      world.clock.after(this.#random.next() ** 2 * untilMs, () => this.#come(answer));
    }
  }

  #come(answer: boolean): void {
    const world = this.#world;
    if (world.quiet) return;
    const running = world.livingFolders().filter((pod) => world.processOf(pod) !== null);
    if (running.length === 0) return;
    const random = this.#random;
    const options = { reading: random.pick(readings), answers: answer && random.chance(0.8) };
    const observer = new Observer(world, random, { ...options, pod: random.pick(running) });
    this.#all.push(observer);
    observer.attach();
    world.clock.after(random.delay(3_000), () => observer.leave());
  }

  /** No faults any more: who is still there reads on, and where a pod runs nobody has missed anything. */
  beQuiet(): void {
    for (const observer of this.#all) observer.stay();
  }

  checkEnd(): void {
    for (const observer of this.#all) observer.checkEnd();
  }
}

/** How long news may take. */
const patienceMs = 500;

interface ObserverOptions {
  readonly pod: SimPod;
  readonly reading: Reading;
  readonly answers: boolean;
}

class Observer {
  readonly #world: World;
  readonly #random: Random;
  readonly #pod: SimPod;
  readonly #answers: boolean;
  #reading: Reading;
  #ends: { client: SimEnd; server: WatchedEnd } | null = null;
  #header: Result<'subscribe'> | null = null;
  #begunAtMs = 0;
  #reads = false;
  #wants = true;
  /** The last entry that it has read, and in which boot of the machine: with that its memory ends. */
  #seen = 0;
  #boot: number;
  readonly #open = new Set<string>();

  constructor(world: World, random: Random, { pod, reading, answers }: ObserverOptions) {
    this.#world = world;
    this.#random = random;
    this.#pod = pod;
    this.#reading = reading;
    this.#answers = answers;
    this.#boot = world.boots;
  }

  attach(): void {
    const world = this.#world;
    const listener = world.listeners.get(socketPathOf(this.#pod.spec.instance));
    if (this.#ends !== null || listener === undefined || listener.process.dead) return this.#againLater();
    if (this.#boot !== world.boots || this.#pod.isOldCopy) this.#seen = 0;
    this.#boot = world.boots;
    this.#open.clear();
    const random = this.#random;
    const room = { boundBytes: random.pick([1_500, 6_000, 1e9]), highWaterBytes: random.pick([300, 1_000]) };
    const client = new SimEnd(world.person, random);
    // Now and then it has read more than there is: a part of another log.
    const since = this.#seen > 0 && random.chance(0.05) ? this.#seen + 10_000 : this.#seen;
    const server = new WatchedEnd(listener.process, { pod: this.#pod, room, since, random });
    client.peer = server;
    server.peer = client;
    server.waitForAnswers();
    listener.accept(server);
    world.hit(since === 0 ? 'observer.came' : 'observer.cameBack');
    this.#ends = { client, server };
    this.#header = null;
    const place = since === 0 ? {} : { since: { instance: this.#pod.spec.instance, seq: since } };
    client.request('subscribe', { ...place, deltas: random.chance(0.5) }).then(
      (header) => this.#begin(server, header as Result<'subscribe'>),
      () => undefined,
    );
    void client.closed.then(() => this.#gone(client));
    server.onSent = () => this.#readLater();
  }

  /** At once, in the middle of whatever it was sent; now and then it only stops reading. */
  leave(): void {
    if (this.#world.quiet) return;
    this.#checkOpen();
    this.#wants = this.#random.chance(0.5);
    if (this.#ends === null) return;
    if (!this.#wants && this.#random.chance(0.3)) {
      this.#world.hit('observer.wentSilent');
      this.#reading = 'silent';
      return;
    }
    this.#world.hit('observer.left');
    this.#ends.client.destroy();
  }

  stay(): void {
    if (this.#reading === 'silent') return;
    this.#reading = 'quick';
    this.#wants = true;
    if (this.#ends === null) this.attach();
  }

  checkEnd(): void {
    const process = this.#world.processOf(this.#pod);
    if (process === null || this.#reading === 'silent' || !this.#wants) return;
    const last = entriesOf(this.#world.files.get(this.#pod.folder.log)).entries.at(-1)?.seq ?? 0;
    this.#world.hit('observer.atEnd');
    if (this.#seen !== last) this.#violation(`has been sent entries through ${this.#seen} of ${last}`);
    if (this.#open.size > 0) this.#violation(`holds ${[...this.#open].join(', ')} for open`);
  }

  /** Whoever has read all for a while knows what the pod itself waits for. */
  #checkOpen(): void {
    const { clock } = this.#world;
    const process = this.#world.processOf(this.#pod);
    const isBehind =
      this.#reading !== 'quick' || this.#header === null || this.#ends?.server.isEmpty !== true;
    if (process === null || process.frozen || isBehind) return;
    const since = Math.max(this.#begunAtMs, process.thawedAtMs) + patienceMs;
    for (const { request, answer, askedAt } of process.pod?.facts.approvals.values() ?? []) {
      if (answer !== null || clock.nowMs < since || clock.wallMs < Date.parse(askedAt) + patienceMs) continue;
      this.#world.hit('observer.knowsOpen');
      if (!this.#open.has(request)) this.#violation(`has not heard of ${request}, which is open`);
    }
  }

  #againLater(): void {
    if (this.#wants && !this.#pod.removed) {
      this.#world.clock.after(this.#random.between(200, 700), () => {
        if (this.#ends === null && this.#wants) this.attach();
      });
    }
  }

  #gone(client: SimEnd): void {
    if (this.#ends?.client !== client) return;
    this.#ends = null;
    this.#againLater();
  }

  #begin(server: WatchedEnd, header: Result<'subscribe'>): void {
    if (this.#ends?.server !== server) return;
    this.#header = header;
    this.#begunAtMs = this.#world.clock.nowMs;
    this.#world.clock.after(patienceMs + 1, () => this.#checkOpen());
    if (header.reset) {
      this.#world.hit('observer.reset');
      this.#seen = 0;
    }
    this.#readLater();
  }

  #readLater(): void {
    if (this.#reads || this.#reading === 'silent' || this.#header === null) return;
    this.#reads = true;
    const pause = this.#reading === 'quick' ? this.#random.delay(5) : this.#random.between(50, 800);
    this.#world.clock.after(pause, () => {
      this.#reads = false;
      const { server } = this.#ends ?? {};
      if (server === undefined || this.#header === null || this.#reading === 'silent') return;
      const bytes = this.#reading === 'quick' ? Number.MAX_SAFE_INTEGER : 3_000;
      for (const event of server.read(bytes)) this.#take(server, event);
      if (!server.isEmpty) this.#readLater();
    });
  }

  #take({ first }: WatchedEnd, event: SeenEvent): void {
    if (event.type === 'entry') {
      const begins = this.#header?.reset === true ? first?.ofWhole : first?.ofRest;
      if (first?.seq !== begins) this.#violation(`is sent entry ${first?.seq} first, and ${begins} is due`);
      if (event.entry.seq <= this.#seen) this.#violation(`is sent entry ${event.entry.seq} again`);
      this.#seen = event.entry.seq;
    } else if (event.type === 'lagged') {
      // What is open still is said again behind the history.
      this.#open.clear();
    } else if (event.type === 'approvalRequested') {
      this.#open.add(event.request);
      if (this.#answers) this.#answer(event.request);
    } else if (event.type === 'approvalAnswered') this.#open.delete(event.request);
  }

  #answer(request: string): void {
    const { client } = this.#ends ?? {};
    if (client === undefined || this.#world.quiet) return;
    this.#world.hit('observer.answered');
    const decision = this.#random.pick(['allow', 'allow', 'deny', 'allowAlways']);
    this.#world.clock.after(this.#random.delay(400), () => {
      client.request('approve', { request, decision }).catch(() => undefined);
    });
  }

  #violation(text: string): void {
    this.#world.watch.violation('observer', this.#pod, `an observer ${text}`);
  }
}
