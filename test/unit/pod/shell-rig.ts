/**
 * A pod's shell over a world of which each part is played by hand: time stands still, the log is a list, and
 * what goes out over the wire is kept until the test answers it. `order` says what happened behind what.
 */
import { basename } from 'node:path';
import type { Host } from '../../../src/pod/host.ts';
import { Pod, type PodPermissions } from '../../../src/pod/pod.ts';
import type { ShownEvent } from '../../../src/protocol/live-events.ts';
import type { EntryBody, PodRef } from '../../../src/session/facts/entries.ts';
import { folderAt, homeOf, podFolder } from '../../../src/session/home/home.ts';
import type { Placed } from '../../../src/session/home/pod-address.ts';
import { type Limits, defaultLimits } from '../../../src/session/settings/settings.ts';
import { type Deferred, deferred } from '../../../src/std/deferred.ts';
import type { Sent } from '../../../src/transport/connect-and-send.ts';
import type { Connection } from '../../../src/transport/connection.ts';
import { type Line, factsOf, timeOf } from '../machine-rig.ts';

export class HandClock {
  nowMs = 1_000;
  /** What waits for its time, in the order in which it was asked for. */
  readonly waiting: { atMs: number; everyMs: number | null; act: () => void }[] = [];
  #soon: (() => void)[] = [];

  now(): number {
    return this.nowMs;
  }
  wallMs(): number {
    return this.nowMs;
  }
  wallTime(): string {
    return `wall ${this.nowMs}`;
  }
  after(delayMs: number, act: () => void): () => void {
    return this.#add({ atMs: this.nowMs + delayMs, everyMs: null, act });
  }
  every(everyMs: number, act: () => void): () => void {
    return this.#add({ atMs: this.nowMs + everyMs, everyMs, act });
  }
  soon(act: () => void): void {
    this.#soon.push(act);
  }
  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /** The delays that are waited for now. */
  get delays(): number[] {
    return this.waiting.map(({ atMs }) => atMs - this.nowMs);
  }

  /** Lets so much time pass, and all that follows at once. */
  async pass(ms: number): Promise<void> {
    await this.turn();
    const untilMs = this.nowMs + ms;
    for (;;) {
      const due = this.waiting.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.nowMs = Math.max(this.nowMs, due.atMs);
      if (due.everyMs === null) this.waiting.splice(this.waiting.indexOf(due), 1);
      else due.atMs += due.everyMs;
      due.act();
      await this.turn();
    }
    this.nowMs = untilMs;
    await this.turn();
  }

  /** What was to happen soon, and what that leads to. */
  async turn(): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      for (const act of this.#soon.splice(0)) act();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  #add(item: HandClock['waiting'][number]): () => void {
    this.waiting.push(item);
    return () => {
      const at = this.waiting.indexOf(item);
      if (at >= 0) this.waiting.splice(at, 1);
    };
  }
}

/** A connection on which the test answers. */
export class HandConnection {
  writable = true;
  destroyed = 0;
  readonly asked: { method: string; params: unknown; options: unknown; answer: Deferred<unknown> }[] = [];
  readonly #ended = deferred<void>();
  readonly closed = this.#ended.promise;

  request(method: string, params: unknown, options: unknown): Promise<unknown> {
    const answer = deferred<unknown>();
    this.asked.push({ method, params, options, answer });
    return answer.promise;
  }
  destroy(): void {
    this.destroyed += 1;
    this.end();
  }
  end(): void {
    this.writable = false;
    this.#ended.resolve();
  }
  get connection(): Connection {
    return this as unknown as Connection;
  }
  /** The params of what was asked by this method. */
  paramsOf(method: string): unknown[] {
    return this.asked.filter((one) => one.method === method).map(({ params }) => params);
  }
  last(method: string): Deferred<unknown> {
    const found = this.asked.findLast((one) => one.method === method);
    if (found === undefined) throw new Error(`nobody has asked ${method}`);
    return found.answer;
  }
}

export interface Shell {
  readonly pod: Pod;
  readonly clock: HandClock;
  readonly committed: EntryBody[][];
  readonly shown: ShownEvent[];
  readonly order: string[];
  readonly sent: { path: string; method: string; params: unknown }[];
  /** What the wire answers to one-off requests, one after the other; the last one again and again. */
  answers: Sent<unknown>[];
  /** The next appends throw it. */
  refusal: Error | null;
  /** Where set, a sync waits for it. */
  sync: Promise<void> | null;
  dial: () => Promise<Connection>;
  readonly dialled: { path: string; timeoutMs: number }[];
  readonly removed: Set<string>;
  /** What is at the places of the file system, as one word. */
  places: string;
  /** By instance. */
  readonly held: Map<string, 'held' | 'free' | Error>;
}

export interface ShellOptions {
  parent?: PodRef;
  limits?: Partial<Limits>;
  permissions?: Partial<PodPermissions>;
  home?: Partial<Host['home']>;
  processes?: Partial<Host['processes']>;
  /** The folder of the home. */
  at?: string;
}

function hostOf(shell: Shell, options: ShellOptions): Host {
  let ids = 0;
  const host = {
    clock: shell.clock,
    chance: { random: () => 0.5, uuid: () => `uuid-${(ids += 1)}`, word: () => `word-${(ids += 1)}` },
    self: {
      identity: () => ({ pid: 7, startTime: '8', bootId: 'b' }),
      namespaces: () => ({ network: null, process: null }),
      complain: () => undefined,
      crashPointsSleep: false,
      crash: (name: string, point: string) => void shell.order.push(`${name} at ${point}`),
    },
    home: {
      places: homeOf({ PODKIN_HOME: options.at ?? '/nowhere' }),
      folderOf: ({ name }: PodRef) => podFolder(homeOf({ PODKIN_HOME: options.at ?? '/nowhere' }), name),
      socketOf: ({ folder }: Placed) => `/sockets/${basename(folder.path)}`,
      token: ({ path }: { path: string }) => `token of ${path.split('/').at(-1)}`,
      isRemoved: (instance: string) => shell.removed.has(instance),
      identityOf: (paths: readonly string[]) => `${shell.places} at ${paths.join()}`,
      ...options.home,
    },
    processes: options.processes ?? {},
    locks: {
      probe: async ({ instance }: { instance: string }) => {
        const state = shell.held.get(instance) ?? 'free';
        if (state instanceof Error) throw state;
        return state;
      },
    },
    wire: {
      send: async (path: string, method: string, params: unknown) => {
        shell.order.push(`send ${method}`);
        shell.sent.push({ path, method, params });
        return shell.answers.length > 1 ? shell.answers.shift() : shell.answers[0];
      },
      dial: (path: string, { timeoutMs }: { timeoutMs: number }) => {
        shell.dialled.push({ path, timeoutMs });
        return shell.dial();
      },
    },
  };
  return host as unknown as Host;
}

export function shellOf(lines: readonly Line[], options: ShellOptions = {}): Shell {
  const facts = factsOf(lines, options.parent ?? null);
  const shell: Shell & { pod: Pod } = {
    pod: undefined as unknown as Pod,
    clock: new HandClock(),
    committed: [],
    shown: [],
    order: [],
    sent: [],
    answers: [{ ok: true, result: {} }],
    refusal: null,
    sync: null,
    dial: () => Promise.reject(new Error('nobody listens')),
    dialled: [],
    removed: new Set(),
    places: 'nothing',
    held: new Map(),
  };
  let durableSize = 0;
  const log = {
    get size() {
      return facts.lastSeq;
    },
    get durableSize() {
      return durableSize;
    },
    append(bodies: EntryBody[]) {
      if (shell.refusal !== null) throw shell.refusal;
      shell.committed.push(bodies);
      shell.order.push(`commit ${bodies.map(({ type }) => type).join()}`);
      const entries = bodies.map((body, index) => {
        const seq = facts.lastSeq + 1 + index;
        return { seq, time: timeOf(seq), ...body };
      });
      return { entries, end: facts.lastSeq + bodies.length };
    },
    async whenDurable() {
      await shell.sync;
      durableSize = facts.lastSeq;
      shell.order.push('synced');
    },
  };
  const rules = { allow: [], ask: [], deny: [] };
  shell.pod = new Pod({
    host: hostOf(shell, options),
    folder: folderAt('/nowhere/pods/me'),
    log: log as unknown as Pod['log'],
    facts,
    covered: 0,
    limits: { ...defaultLimits, ...options.limits },
    permissions: { rules, headless: false, ...options.permissions },
  });
  const nothing = () => undefined;
  shell.pod.perform({
    startTurn: nothing,
    compact: nothing,
    controlTurn: nothing,
    emitted: () => void shell.order.push('emitted'),
    cancelChildren: nothing,
    stop: nothing,
    committed: nothing,
    show: (event) => void shell.shown.push(event),
  });
  return shell;
}
