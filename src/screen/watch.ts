/**
 * The pod that is shown, over a connection of its own with its deltas, and the tree around it, asked for
 * while something goes on. What is open to be answered comes from the roots.
 */
import { AttachedPod } from '../client/attached-pod.ts';
import { NotConnected } from '../client/errors.ts';
import { allPods, type FoundPod } from '../client/find-pod.ts';
import { activityOf } from '../client/pod-activity.ts';
import { type LiveEvent, openPodStream, type PodStream } from '../client/pod-stream.ts';
import { type SeenPod, viewHome } from '../client/pod-view.ts';
import type { Delivery, MethodName, ParamsIn, Result } from '../protocol/methods.ts';
import type { Entry } from '../session/facts/entries.ts';
import type { Home } from '../session/home/places.ts';
import { connectAndSend } from '../transport/connect-and-send.ts';
import { emptyPod, type FoldedPod, foldPod, type PodNews } from './model/pod-model.ts';
import type { PodModel, Question, TreeModel, TreeRow } from './model/shape.ts';
import { type BareRow, orderedRows } from './model/tree-model.ts';
import type { OnChange, Watching } from './ports.ts';

export interface WatchOptions {
  readonly home: Home;
  /** The tree of that root; null: those of `directory`. */
  readonly root: string | null;
  readonly directory: string;
  readonly onChange: OnChange;
}

const activeMs = 1_000;
const idleMs = 5_000;
const entriesOfHistory = 500;

export class ScreenWatch implements Watching {
  readonly #options: WatchOptions;
  tree: TreeModel = { rows: [], questions: [], deliveries: [], watching: null };
  deliveries: readonly Delivery[] = [];
  #shown: { readonly pod: FoundPod; readonly attached: AttachedPod; model: FoldedPod } | null = null;
  /** Wanted before it was there. */
  #wanted: string | null = null;
  readonly #unsent: string[] = [];
  readonly #roots = new Map<string, PodStream | 'opening'>();
  readonly #questions = new Map<string, Question>();
  #rows: readonly BareRow[] = [];
  #folders: ReadonlyMap<string, string> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #wantsDeliveries = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    void this.#refresh();
  }

  get pod(): PodModel | null {
    return this.#shown?.model ?? null;
  }

  get unsent(): readonly string[] {
    return [...this.#unsent, ...(this.#shown?.attached.unsent ?? [])];
  }

  show(instance: string | null): void {
    if (this.#isClosed) return;
    if (this.#shown?.pod.instance === instance) return;
    this.#wanted = instance;
    const pod = instance === null ? null : this.#find(instance);
    if (instance !== null && pod === null) return;
    this.#drop();
    this.#wanted = null;
    if (pod !== null) this.#attach(pod);
    this.#options.onChange();
  }

  older(count: number): void {
    const shown = this.#shown;
    if (shown === null || shown.model.from <= 1) return;
    void this.call(shown.pod.instance, 'entries', { before: shown.model.from, limit: Math.min(1_000, count) })
      .then(({ entries }) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- readers pass over types they do not know
        if (this.#shown === shown) this.#fold({ type: 'older', entries: entries as unknown as Entry[] });
      })
      .catch(() => undefined);
  }

  send(text: string): string {
    const shown = this.#shown;
    if (shown === null) throw new Error('There is no pod to send it to.');
    const submission = shown.attached.send(text);
    this.#fold({ type: 'sent', submission, text });
    return submission;
  }

  async call<M extends MethodName>(instance: string, method: M, params: ParamsIn<M>): Promise<Result<M>> {
    const shown = this.#shown;
    if (shown?.pod.instance === instance)
      return await shown.attached.call((client) => client.call(method, params));
    const pod = this.#find(instance);
    if (pod === null) throw new NotConnected(instance);
    const answer = await connectAndSend(pod.socket, method, params);
    if (answer.ok) return answer.result;
    throw new Error(answer.message);
  }

  wantDeliveries(wanted: boolean): void {
    this.#wantsDeliveries = wanted;
    if (wanted) void this.#refresh();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#drop();
    for (const stream of this.#roots.values()) if (stream !== 'opening') stream.close();
    await Promise.resolve();
  }

  #find(instance: string): FoundPod | null {
    return allPods(this.#options.home).find((pod) => pod.instance === instance) ?? null;
  }

  #drop(): void {
    const shown = this.#shown;
    if (shown === null) return;
    this.#unsent.push(...shown.attached.unsent);
    shown.attached.close();
    this.#shown = null;
  }

  #attach(pod: FoundPod): void {
    /** The log's end when the history began to come. */
    let head = Number.POSITIVE_INFINITY;
    const attached = new AttachedPod(pod, {
      deltas: true,
      last: entriesOfHistory,
      onEvent: (event) => {
        this.#take(attached, event);
        this.#caughtUp(head);
      },
      onGreeting: () => undefined,
      onConnected: ({ reset, cursor }) => {
        if (reset) this.#fold({ type: 'reset' });
        this.#fold({ type: 'link', link: 'live' });
        head = cursor.seq;
        this.#caughtUp(head);
      },
      onAway: () => {
        this.#fold({ type: 'link', link: 'away' });
        if (!this.#isClosed) void this.#refresh();
      },
      onBack: () => undefined,
      onDied: () => {
        this.#fold({ type: 'link', link: 'ended' });
        void this.#refresh();
      },
      waitsForRestore: () => true,
      onRejected: (error, submission) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#fold({ type: 'refused', submission, reason });
      },
    });
    this.#shown = { pod, attached, model: emptyPod(pod.name, pod.instance) };
    const following = attached.follow().catch(() => 'died' as const);
    void following.then((end) => {
      if (end !== 'closed' && this.#shown?.attached === attached) this.#fold({ type: 'link', link: 'ended' });
      void this.#refresh();
    });
  }

  #take(attached: AttachedPod, event: LiveEvent): void {
    if (this.#shown?.attached !== attached) return;
    this.#fold(event);
    if (event.type === 'status' || (event.type === 'entry' && event.entry.type === 'child'))
      void this.#refresh();
  }

  #caughtUp(head: number): void {
    const model = this.#shown?.model;
    if (model !== undefined && !model.isLive && model.lastSeq >= head)
      this.#fold({ type: 'live', seq: model.lastSeq });
  }

  #fold(news: PodNews): void {
    const shown = this.#shown;
    if (shown === null || this.#isClosed) return;
    const before = shown.model;
    shown.model = foldPod(before, news);
    if (shown.model !== before) this.#options.onChange();
  }

  #isReading = false;
  #again = false;

  async #refresh(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#isReading) {
      this.#again = true;
      return;
    }
    this.#isReading = true;
    clearTimeout(this.#timer);
    try {
      await this.#readOnce();
    } finally {
      this.#isReading = false;
    }
    if (this.#isClosed) return;
    const isActive = this.#rows.some(({ status }) => status === 'running' || status === 'stopping');
    const inMs = this.#again ? 100 : isActive || this.#wanted !== null ? activeMs : idleMs;
    this.#again = false;
    this.#timer = setTimeout(() => void this.#refresh(), inMs).unref();
  }

  folderOf(instance: string): string | null {
    return this.#folders.get(instance) ?? null;
  }

  async #readOnce(): Promise<void> {
    const { home, root, directory } = this.#options;
    const seen = await viewHome(home).catch(() => []);
    // One that has not begun yet is being made: nothing is to be said of it.
    const begun = seen.filter(({ view }) => view.startedAt !== null || view.incarnation > 0);
    const shown = begun.filter(({ pod, view }) =>
      root === null
        ? pod.spec.cwd === directory || view.status !== 'stopped'
        : pod.spec.root.instance === root,
    );
    this.#rows = await Promise.all(shown.map((one) => this.#rowOf(one)));
    this.#folders = new Map(shown.map(({ pod }) => [pod.instance, pod.spec.cwd]));
    if (this.#wanted !== null) this.show(this.#wanted);
    for (const { pod, view } of shown)
      if (pod.spec.parent === null && !['stopped', 'dead'].includes(view.status)) void this.#observe(pod);
    if (this.#wantsDeliveries) await this.#readDeliveries(shown);
    this.#update();
  }

  async #readDeliveries(seen: readonly SeenPod[]): Promise<void> {
    const lists = await Promise.all(
      seen.map(async ({ pod, probed }) =>
        probed.kind === 'live'
          ? await connectAndSend(pod.socket, 'deliveries', {}).then((answer) =>
              answer.ok ? answer.result : [],
            )
          : [],
      ),
    );
    const all = new Map(lists.flat().map((one) => [`${one.from} ${one.to} ${one.seq}`, one]));
    this.deliveries = [...all.values()];
  }

  async #rowOf({ pod, probed, view }: SeenPod): Promise<BareRow> {
    const activity = await activityOf(pod, probed).catch(() => null);
    const lastTurn = probed.kind === 'live' ? probed.status.lastTurn : null;
    const isOver = activity === null || activity.kind === 'ended' || activity.kind === 'cut';
    const died = view.status === 'dead' ? 'died' : null;
    const failed = lastTurn !== null && ['errored', 'limitReached'].includes(lastTurn.outcome);
    return {
      instance: pod.instance,
      parent: view.parentInstance,
      name: pod.name,
      path: view.path,
      status: view.status,
      settled: probed.kind === 'live' ? probed.status.settled : true,
      activity: isOver || activity.since === null ? null : { text: activity.text, since: activity.since },
      attention: view.attention,
      outcome: died ?? (lastTurn === null ? (isOver ? (activity?.text ?? null) : null) : lastTurn.outcome),
      hasFailed: died !== null || failed,
      questions: [...this.#questions.values()].filter(
        ({ approval }) => approval.pod.instance === pod.instance,
      ).length,
      model: view.model,
      own: { tokens: view.tokens, cost: view.cost },
      context: view.context,
      pendingIn: view.pendingIn,
      pendingOut: view.pendingOut,
      since: activity?.since ?? null,
    };
  }

  #update(): void {
    const rows: TreeRow[] = orderedRows(this.#rows);
    const tree: TreeModel = {
      rows,
      questions: [...this.#questions.values()],
      deliveries: this.deliveries,
      watching: null,
    };
    if (JSON.stringify(tree) === JSON.stringify(this.tree)) return;
    this.tree = tree;
    this.#options.onChange();
  }

  async #observe(pod: FoundPod): Promise<void> {
    const { instance, socket: path } = pod;
    if (this.#roots.has(instance)) return;
    this.#roots.set(instance, 'opening');
    try {
      const onEvent = (event: LiveEvent): void => this.#heard(event);
      const stream = await openPodStream({ path, instance, since: 0, last: 1, deltas: false, onEvent });
      if (this.#isClosed) return stream.close();
      this.#roots.set(instance, stream);
      await stream.closed;
    } catch {
      // It is looked at again.
    }
    this.#roots.delete(instance);
  }

  #heard(event: LiveEvent): void {
    if (event.type === 'approvalRequested') {
      const { type: _, ...approval } = event;
      if (this.#questions.has(approval.request)) return;
      const path = approval.path ?? this.#rows.find((row) => row.instance === approval.pod.instance)?.path;
      const openedAtMs = Date.now();
      this.#questions.set(approval.request, { approval, path: path ?? approval.pod.name, openedAtMs });
    } else if (event.type === 'approvalAnswered') {
      if (!this.#questions.delete(event.request)) return;
    } else if (event.type === 'status' || (event.type === 'entry' && event.entry.type === 'child')) {
      void this.#refresh();
      return;
    } else return;
    this.#update();
    void this.#refresh();
  }
}
