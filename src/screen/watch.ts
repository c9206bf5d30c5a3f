/**
 * What the screen knows of pods, over connections of its own: the shown pod with its deltas, the tree around
 * it, what waits for a person in it, and the events between its pods. Reads pods over `client/` alone.
 *
 * Invariants
 * - SW1 A change is said once for all that came with it, and what was handed out before is not changed by it.
 * - SW2 A text that was sent reaches the pod that was shown then, whichever is shown later.
 * - SW3 Behind `close` nothing is said any more, and nothing is held.
 */
import { askPod } from '../client/ask-pod.ts';
import { NotConnected } from '../client/errors.ts';
import type { FoundPod } from '../client/find-pod.ts';
import type { LiveEvent } from '../client/pod-stream.ts';
import type { Delivery, MethodName, ParamsIn, Result } from '../protocol/methods.ts';
import type { TreePod } from '../protocol/tree.ts';
import { monotonicMs } from '../std/clock.ts';
import { joinedDeliveries } from './model/joined-deliveries.ts';
import type { PodModel, TreeModel } from './model/shape.ts';
import {
  emptyTree,
  foldTree,
  type PodRow,
  type TreeFacts,
  type TreeNews,
  treeOf,
} from './model/tree-model.ts';
import type { OnChange, Watching } from './ports.ts';
import { HeadStream, isNews } from './watching/head-stream.ts';
import { type ListedWhere, PodList } from './watching/pod-list.ts';
import { ShownPod } from './watching/shown-pod.ts';

export interface WatchOptions extends ListedWhere {
  readonly onChange: OnChange;
}

const activeMs = 1_000;
const idleMs = 5_000;
/** What is read while news comes fast. */
const newsMs = 200;
/** A home of many pods takes no more than this part of the time. */
const restFactor = 5;
/** A pod that is only busy misses one. */
const unansweredMin = 2;
const allDeliveriesMs = 5_000;

export class ScreenWatch implements Watching {
  readonly #options: WatchOptions;
  readonly #list: PodList;
  #facts: TreeFacts = emptyTree;
  #tree: TreeModel = treeOf(emptyTree);
  #isTreeStale = false;
  #shown: ShownPod | null = null;
  /** Wanted before it was there. */
  #wanted: string | null = null;
  /** Shown before, and something that was sent to them is not on their disks yet. */
  readonly #owing = new Map<string, ShownPod>();
  readonly #heads = new Map<string, HeadStream>();
  /** As the heads say them, by the head that does. */
  readonly #pushed = new Map<string, { readonly row: PodRow; readonly head: string }>();
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | null = null;
  /** How many readings in a row each pod has let without an answer. */
  readonly #unanswered = new Map<string, number>();
  #hasNews = false;
  #isClosed = false;
  #wantsDeliveries = false;
  #allDeliveriesAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#list = new PodList(options);
    this.#read();
  }

  get tree(): TreeModel {
    if (this.#isTreeStale) {
      this.#tree = treeOf(this.#facts);
      this.#isTreeStale = false;
    }
    return this.#tree;
  }

  get pod(): PodModel | null {
    return this.#shown?.model ?? null;
  }

  get deliveries(): readonly Delivery[] {
    return this.#facts.deliveries;
  }

  get unsent(): readonly string[] {
    const pods = [...this.#owing.values(), ...(this.#shown === null ? [] : [this.#shown])];
    return pods.flatMap(({ unsent }) => unsent);
  }

  show(instance: string | null): void {
    if (this.#isClosed) return;
    this.#wanted = null;
    if ((this.#shown?.pod.instance ?? null) === instance) return;
    this.#leave();
    const pod = instance === null ? null : this.#list.find(instance);
    if (pod !== null) this.#enter(pod);
    else if (instance !== null) {
      this.#wanted = instance;
      this.#noteNews();
    }
    this.#options.onChange();
  }

  older(count: number): void {
    void this.#shown?.older(count);
  }

  folderOf(instance: string): string | null {
    return this.#list.find(instance)?.spec.cwd ?? null;
  }

  send(text: string): string {
    if (this.#shown === null) throw new Error('There is no pod to send it to.');
    return this.#shown.send(text);
  }

  async call<M extends MethodName>(instance: string, method: M, params: ParamsIn<M>): Promise<Result<M>> {
    const pod = this.#list.find(instance);
    if (pod === null) throw new NotConnected(instance);
    try {
      return await askPod(pod, method, params);
    } finally {
      this.#noteNews();
    }
  }

  wantDeliveries(wanted: boolean): void {
    this.#wantsDeliveries = wanted;
    this.#allDeliveriesAtMs = Number.NEGATIVE_INFINITY;
    this.#noteNews();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const shown = this.#shown === null ? [] : [this.#shown];
    const open = [...shown, ...this.#owing.values(), ...this.#heads.values()];
    await Promise.all([...open.map((one) => one.close()), this.#reading]);
  }

  #enter(pod: FoundPod): void {
    const { instance } = pod;
    const owing = this.#owing.get(instance);
    this.#owing.delete(instance);
    this.#shown =
      owing ??
      new ShownPod({
        pod,
        onChange: () => this.#onPodChange(instance),
        onEvent: (event) => this.#onPodEvent(instance, event),
        onAway: () => this.#noteNews(),
      });
  }

  #leave(): void {
    const shown = this.#shown;
    if (shown === null) return;
    this.#shown = null;
    if (shown.owes) this.#owing.set(shown.pod.instance, shown);
    else void shown.close();
  }

  #onPodChange(instance: string): void {
    if (this.#isClosed) return;
    const owing = this.#owing.get(instance);
    if (owing === undefined) {
      this.#options.onChange();
    } else if (!owing.owes) {
      this.#owing.delete(instance);
      void owing.close();
    }
  }

  #onPodEvent(instance: string, event: LiveEvent): void {
    if (event.type === 'status') this.#fold({ kind: 'status', instance, status: event.status });
    if (isNews(event)) this.#noteNews();
  }

  #fold(news: TreeNews): void {
    if (this.#isClosed) return;
    const before = this.#facts;
    this.#facts = foldTree(before, news);
    if (this.#facts === before) return;
    this.#isTreeStale = true;
    if (this.#facts.pods !== before.pods) this.#noteLinks();
    this.#options.onChange();
  }

  /** Whether those that are attached to run is seen in the tree first. */
  #noteLinks(): void {
    for (const pod of [this.#shown, ...this.#owing.values()]) {
      const status = pod === null ? undefined : this.#facts.pods.get(pod.pod.instance)?.status;
      if (status !== undefined) pod?.noteRunning(status !== 'dead' && status !== 'stopped');
    }
  }

  #noteNews(): void {
    if (this.#isClosed || this.#hasNews) return;
    this.#hasNews = true;
    if (this.#reading === null) this.#readIn(this.#isPushed ? activeMs : newsMs);
  }

  #readIn(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(), delayMs).unref();
  }

  #read(): void {
    if (this.#isClosed || this.#reading !== null) return;
    this.#hasNews = false;
    const beganMs = monotonicMs();
    this.#reading = this.#readOnce()
      // A home that cannot be read now may be in a moment.
      .catch(() => undefined)
      .finally(() => {
        this.#reading = null;
        if (this.#isClosed) return;
        const tookMs = monotonicMs() - beganMs;
        const newsInMs = this.#isPushed ? activeMs : newsMs;
        this.#readIn(Math.max(this.#hasNews ? newsInMs : this.#pauseMs(), restFactor * tookMs));
      });
  }

  #pauseMs(): number {
    if (this.#wanted !== null) return newsMs;
    const runs = [...this.#facts.pods.values()].some(
      ({ status }) => status === 'running' || status === 'stopping',
    );
    return runs && !this.#isPushed ? activeMs : idleMs;
  }

  /** What pods are at comes by itself: what is read is what nobody says. */
  get #isPushed(): boolean {
    return this.#heads.size > 0 && [...this.#heads.values()].every(({ pushes }) => pushes);
  }

  async #readOnce(): Promise<void> {
    const { rows, heads } = await this.#list.read(Date.now(), (some) => {
      if (this.#isClosed) return;
      this.#fold({ kind: 'changed', rows: some.rows.map((row) => this.#newestOf(row)), gone: [] });
      if (this.#wanted !== null) this.show(this.#wanted);
      this.#observe(some.heads);
    });
    if (this.#isClosed) return;
    this.#countUnanswered(rows);
    this.#fold({ kind: 'all', rows: rows.map((row) => this.#newestOf(row)) });
    if (this.#wanted !== null) this.show(this.#wanted);
    this.#leaveHeads(heads);
    this.#observe(heads);
    await this.#readDeliveries(rows);
  }

  /** Those that are no heads any more. */
  #leaveHeads(heads: readonly FoundPod[]): void {
    const wanted = new Set(heads.map(({ instance }) => instance));
    for (const [instance, head] of this.#heads) {
      if (wanted.has(instance)) continue;
      this.#heads.delete(instance);
      void head.close();
    }
  }

  #observe(heads: readonly FoundPod[]): void {
    for (const pod of heads) {
      const head = this.#heads.get(pod.instance) ?? this.#headOf(pod);
      this.#heads.set(pod.instance, head);
      void head.open();
    }
  }

  #headOf(pod: FoundPod): HeadStream {
    return new HeadStream({
      pod,
      onAsked: (approval) => this.#fold({ kind: 'asked', approval, atMs: Date.now() }),
      onClosed: (request) => this.#fold({ kind: 'closed', requests: [request] }),
      onLost: (requests) => {
        const heads = [...this.#heads.values()];
        const lost = requests.filter((request) => !heads.some((head) => head.has(request)));
        this.#fold({ kind: 'closed', requests: lost });
      },
      onRows: (rows, gone) => this.#takeRows(pod.instance, rows, gone),
      onWatching: (watching) => {
        if (this.#options.root === pod.instance) this.#fold({ kind: 'watching', watching });
      },
      onNews: () => this.#noteNews(),
    });
  }

  #takeRows(head: string, rows: readonly TreePod[], gone: readonly string[]): void {
    for (const instance of gone) this.#pushed.delete(instance);
    const taken = rows.map((row) => this.#rowOf(row));
    for (const [at, row] of taken.entries()) {
      // What only its parent says of it is less than what it answers itself.
      const isOwn = row.status !== 'unreachable' && rows[at]?.own !== null;
      if (isOwn) this.#pushed.set(row.instance, { row, head });
      else this.#pushed.delete(row.instance);
    }
    this.#fold({ kind: 'changed', rows: taken, gone });
  }

  /** Of a pod that says by itself what it is at, what was read in between is older, and has other words. */
  #newestOf(row: PodRow): PodRow {
    const pushed = this.#pushed.get(row.instance);
    if (pushed === undefined || this.#heads.get(pushed.head)?.pushes !== true) return row;
    // Frozen, it has said nothing since, and what it said last is not how it is.
    if (row.status === 'unreachable' && (this.#unanswered.get(row.instance) ?? 0) >= unansweredMin)
      return { ...row, own: pushed.row.own };
    // The log of one that has ended counts to its end.
    const own = hasEnded(row) ? row.own : pushed.row.own;
    return { ...pushed.row, own, attention: pushed.row.attention ?? row.attention };
  }

  #countUnanswered(rows: readonly PodRow[]): void {
    for (const { instance, status } of rows) {
      if (status === 'unreachable') this.#unanswered.set(instance, (this.#unanswered.get(instance) ?? 0) + 1);
      else this.#unanswered.delete(instance);
    }
  }

  /** What it has used is not known to those above where it has ended. */
  #rowOf({ depth: _depth, own, ...row }: TreePod): PodRow {
    return { ...row, own: own ?? this.#facts.pods.get(row.instance)?.own ?? { tokens: 0, cost: 0 } };
  }

  /** In flight or late; while they are looked at, also those that have come. */
  async #readDeliveries(rows: readonly PodRow[]): Promise<void> {
    // One that does not answer would keep the next listing waiting.
    const running = rows.filter((row) => !hasEnded(row) && row.status !== 'unreachable');
    const isTime = monotonicMs() - this.#allDeliveriesAtMs >= allDeliveriesMs;
    if (this.#wantsDeliveries && !isTime) return;
    const pendingOnly = !this.#wantsDeliveries;
    if (!pendingOnly) this.#allDeliveriesAtMs = monotonicMs();
    const asked = pendingOnly
      ? running.filter(({ pendingIn, pendingOut }) => pendingIn + pendingOut > 0)
      : running;
    // One that says how each pod of its tree is answers for all of them.
    const heads = new Set(asked.map(({ instance }) => this.#pushed.get(instance)?.head ?? instance));
    const said = await Promise.all([...heads].map((one) => this.#deliveriesOf(one, pendingOnly)));
    const known = said.filter((some) => some !== null);
    const areAll = !pendingOnly && known.length === said.length;
    this.#fold({ kind: 'deliveries', deliveries: joinedDeliveries(known.flat()), areAll });
  }

  /** Null: it has not answered. */
  async #deliveriesOf(instance: string, pendingOnly: boolean): Promise<readonly Delivery[] | null> {
    const pod = this.#list.find(instance);
    if (pod === null) return [];
    const tree = this.#heads.get(instance)?.pushes === true;
    return await askPod(pod, 'deliveries', { pendingOnly, tree }).catch(() => null);
  }
}

function hasEnded({ status }: PodRow): boolean {
  return status === 'dead' || status === 'stopped';
}
