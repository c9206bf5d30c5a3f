/**
 * This pod and all below it as rows, for those who watch a tree: observers that asked, and the parent where
 * somebody above has. That it is wanted goes down the links, rows come up them.
 *
 * Invariants
 * - TF1 While nobody wants it nothing is kept, made or sent.
 * - TF2 A reader is sent rows whole, those that are another than what it was sent last; what a reader could
 *   not take is in the next.
 * - TF3 At most twice a second, and nothing where nothing is another.
 */
import type { Params, Result } from '../../protocol/methods.ts';
import type { ShownEvent } from '../../protocol/live-events.ts';
import type { StatusResult } from '../../protocol/status-result.ts';
import { type ReportedPod, type TreePod, treeBounds } from '../../protocol/tree.ts';
import { wireLimits } from '../../protocol/limits.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import { deferred, type Deferred } from '../../std/deferred.ts';
import type { Client } from '../../transport/client.ts';
import type { Connection } from '../../transport/connection.ts';
import type { ChildLinks } from '../children/child-links.ts';
import type { Activity } from '../machine/activity.ts';
import type { LinkNotice } from '../parent/link.ts';
import type { Pod } from '../pod.ts';
import { liveLine } from './observers.ts';
import { Paced } from './paced.ts';
import { RowsBelow } from './rows-below.ts';
import { type ChildEnd, childRow, endIn, ownRow, type Row } from './tree-rows.ts';
import { changesFor, placed, type Reader } from './tree-readers.ts';

/** So long a single answer waits for what children say. */
const answerWithinMs = 500;
/** And a first report for those below. */
const reportWithinMs = 200;
/** After a single answer: who asks again so soon is answered at once. */
const heldForMs = 2_000;

export interface TreeSources {
  links(): ChildLinks;
  status(): StatusResult;
  activity(): Activity | null;
  /** Other observers, as `Observers.watchers`. */
  observers(): Iterable<string | Connection>;
  /** It has come to be wanted, or is not any more. */
  onWanted(): void;
}

interface Watcher extends Reader {
  readonly name: string | null;
  watching: number;
}

export class TreeFeed {
  readonly #pod: Pod;
  readonly #from: TreeSources;
  readonly #paced: Paced;
  readonly #below: RowsBelow;
  readonly #watchers = new Map<Connection, Watcher>();
  readonly #ends = new Map<string, ChildEnd>();
  /** Rows that this pod makes, as they were made last. */
  #made = new Map<string, { json: string; row: Row }>();
  #parent: Client | null = null;
  /** Over this connection the parent has asked for it. */
  #askedOver: Connection | null = null;
  #up: Reader | null = null;
  #isSending = false;
  /** Something was not sent because something else was under way. */
  #isBehind = false;
  #isHeld = false;
  #isWanted = false;
  #waiting = new Set<Deferred<void>>();

  constructor(pod: Pod, from: TreeSources) {
    this.#pod = pod;
    this.#from = from;
    this.#paced = new Paced(pod.host.clock, () => this.#flush());
    const { instance, parent, root } = pod.session;
    const above = new Set([instance, root.instance, parent?.instance]);
    this.#below = new RowsBelow((one) => above.has(one) || pod.facts.children.has(one));
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Who observes this pod, each once. */
  get watching(): number {
    const names = new Set(this.#from.observers());
    for (const [connection, { name }] of this.#watchers) names.add(name ?? connection);
    return names.size;
  }

  /** Of the pods below, as far as they are watched. */
  get names(): string[] {
    return this.#isWanted ? this.#rows().rows.map(({ name }) => name) : [];
  }

  // Observers

  /** This connection is sent `treeChanged` from now on. */
  watch(connection: Connection, name: string | null): Result<'tree'> {
    const isNew = !this.#watchers.has(connection);
    const watcher: Watcher = { shown: new Map(), name, watching: 0 };
    this.#watchers.set(connection, watcher);
    if (isNew) void connection.closed.then(() => this.unwatch(connection));
    this.#wantedMaybe();
    const answer = this.#answer();
    changesFor(watcher, answer.rows);
    watcher.watching = answer.watching;
    this.changed();
    return answer;
  }

  unwatch(connection: Connection): void {
    if (this.#watchers.delete(connection)) this.#wantedMaybe();
  }

  /** Once, when those below have had their time to say what they are at. */
  async once(): Promise<Result<'tree'>> {
    this.#hold();
    await this.#allSaid(answerWithinMs);
    return this.#answer();
  }

  // The link to the parent

  /** A notification of the parent; what comes over an older link means nothing. */
  readonly onNotice: LinkNotice = (connection, method, params) => {
    if (method !== 'watchTree') return;
    const isAsked =
      typeof params === 'object' && params !== null && 'wanted' in params && params.wanted === true;
    if (isAsked) this.#askedOver = connection;
    else if (this.#askedOver === connection) this.#askedOver = null;
    this.#up = null;
    this.#wantedMaybe();
    this.changed();
  };

  linked(client: Client): void {
    this.#parent = client;
    this.#up = null;
    void client.connection.closed.then(() => {
      if (this.#parent !== client) return;
      this.#parent = null;
      this.#wantedMaybe();
    });
    this.#wantedMaybe();
    this.changed();
  }

  // Children

  /** Its link stands, and it has been answered. */
  childLinked(instance: string): void {
    if (!this.#isWanted) return;
    this.#pod.host.clock.soon(() => this.#askChild(instance));
    this.changed();
  }

  childUnlinked(instance: string): void {
    if (!this.#isWanted) return;
    this.#below.unlink(instance);
    this.changed();
  }

  fromChild(instance: string, report: Params<'reportTree'>): void {
    if (!this.#isWanted) return;
    this.#below.take(instance, report);
    if (this.#haveAllSaid()) this.#release();
    this.changed();
  }

  // What may make a row another

  committed(bodies: readonly EntryBody[]): void {
    if (!this.#isWanted) return;
    for (const body of bodies) {
      if (body.type !== 'podEventReceived') continue;
      const end = endIn(body.event, this.#pod.host.clock.wallTime());
      if (end !== null) this.#ends.set(body.from.instance, end);
    }
    this.changed();
  }

  shown({ type }: ShownEvent): void {
    if (type === 'status' || type === 'deliveryChanged') this.changed();
  }

  changed(): void {
    if (this.#isWanted) this.#paced.ask();
  }

  // How it is wanted

  #hold(): void {
    this.#isHeld = true;
    this.#wantedMaybe();
    this.#pod.host.clock.after(heldForMs, () => {
      this.#isHeld = false;
      this.#wantedMaybe();
    });
  }

  get #isAsked(): boolean {
    return this.#parent !== null && this.#askedOver === this.#parent.connection;
  }

  #wantedMaybe(): void {
    const isWanted = this.#watchers.size > 0 || this.#isHeld || this.#isAsked;
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    for (const instance of this.#pod.facts.children.keys()) this.#askChild(instance);
    this.#from.onWanted();
    if (isWanted) return;
    this.#paced.stop();
    this.#below.clear();
    this.#ends.clear();
    this.#made.clear();
    this.#up = null;
    this.#release();
  }

  /** An older child passes it over. */
  #askChild(instance: string): void {
    const link = this.#from.links().get(instance);
    if (link?.connection.writable !== true) return;
    link.connection.notify('watchTree', { wanted: this.#isWanted });
  }

  #haveAllSaid(): boolean {
    for (const instance of this.#pod.facts.children.keys())
      if (this.#from.links().has(instance) && !this.#below.hasSaid(instance)) return false;
    return true;
  }

  async #allSaid(withinMs: number): Promise<void> {
    if (this.#haveAllSaid()) return;
    const waiting = deferred<void>();
    this.#waiting.add(waiting);
    const end = this.#pod.host.clock.after(withinMs, () => waiting.resolve());
    await waiting.promise;
    end();
    this.#waiting.delete(waiting);
  }

  #release(): void {
    for (const waiting of this.#waiting) waiting.resolve();
  }

  // Rows

  #answer(): Result<'tree'> {
    const { rows, omitted } = this.#rows();
    return { rows, omitted, watching: this.watching };
  }

  #rows(): { rows: TreePod[]; omitted: number } {
    const { session, facts, path } = this.#pod;
    const own = ownRow(facts, this.#from.status(), this.#from.activity());
    const rows: Row[] = [own];
    const working = new Set([...facts.assignments.values()].map(({ child }) => child.instance));
    for (const child of facts.children.values()) {
      const { instance } = child;
      rows.push(
        childRow(child, session.instance, {
          said: this.#below.own(instance),
          isLinked: this.#from.links().has(instance),
          hasWork: working.has(instance),
          end: this.#ends.get(instance) ?? null,
        }),
      );
    }
    const made = rows.map((row) => this.#same(row));
    const below = [...facts.children.keys()].flatMap((instance) => this.#below.below(instance));
    const all = placed([...made, ...below], { path, depth: session.depth });
    return {
      rows: all.slice(0, treeBounds.rowsMax),
      omitted: Math.max(0, all.length - treeBounds.rowsMax),
    };
  }

  #same(row: Row): Row {
    const json = JSON.stringify(row);
    const before = this.#made.get(row.instance);
    if (before?.json === json) return before.row;
    this.#made.set(row.instance, { json, row });
    return row;
  }

  /** True where somebody was sent something. */
  #flush(): boolean {
    if (!this.#isWanted) return false;
    const { rows } = this.#rows();
    const { watching } = this;
    let isNews = this.#report(rows);
    for (const [connection, watcher] of this.#watchers)
      isNews = this.#show(connection, watcher, { rows, watching }) || isNews;
    return isNews;
  }

  /** One that does not read is shown what it has missed once it does. */
  #show(
    connection: Connection,
    watcher: Watcher,
    { rows, watching }: { rows: readonly TreePod[]; watching: number },
  ): boolean {
    if (connection.queuedBytes > wireLimits.observerQueueBytesMax) {
      this.changed();
      return true;
    }
    const changes = changesFor(watcher, rows);
    if (changes === null && watching === watcher.watching) return false;
    watcher.watching = watching;
    const { rows: changed, gone } = changes ?? { rows: [], gone: [] };
    connection.send(liveLine({ type: 'treeChanged', rows: changed, gone, watching }));
    return true;
  }

  /** One at a time; what comes meanwhile is in the next. */
  #report(rows: readonly TreePod[]): boolean {
    const client = this.#parent;
    if (client === null || !this.#isAsked) return false;
    if (this.#isSending) {
      this.#isBehind = true;
      return false;
    }
    if (this.#up === null) {
      void this.#sending(() => this.#reportFirst(client));
      return true;
    }
    const changes = changesFor(this.#up, rows);
    if (changes !== null) void this.#sending(() => send(client, { all: false, ...changes }));
    return changes !== null;
  }

  /** All of it, once those below have had their time to say what they are at. */
  async #reportFirst(client: Client): Promise<void> {
    const reader: Reader = { shown: new Map() };
    this.#up = reader;
    await this.#allSaid(reportWithinMs);
    if (this.#up !== reader || !this.#isAsked) return;
    const { rows = [], gone = [] } = changesFor(reader, this.#rows().rows) ?? {};
    await send(client, { all: true, rows, gone });
  }

  async #sending(act: () => Promise<void>): Promise<void> {
    this.#isSending = true;
    try {
      await act();
    } catch {
      // A link that fails is made again, and the parent asks anew.
      this.#up = null;
    }
    this.#isSending = false;
    if (!this.#isBehind) return;
    this.#isBehind = false;
    this.changed();
  }
}

async function send(
  client: Client,
  { all, rows, gone }: { all: boolean; rows: readonly TreePod[]; gone: string[] },
): Promise<void> {
  const said = rows.map(({ path: _path, depth: _depth, ...row }) => reported(row));
  await client.call('reportTree', { all, rows: said, gone });
}

/** Who has a parent to report to has one. */
function reported(row: Row): ReportedPod {
  return { ...row, parent: row.parent ?? row.instance };
}
