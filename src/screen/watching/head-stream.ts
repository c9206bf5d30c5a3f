/**
 * A pod that has nobody above it here, observed without its deltas: it says what waits for a person in its
 * tree, and that something has changed; a newer one also how each pod below it is.
 */
import type { FoundPod } from '../../client/find-pod.ts';
import { type LiveEvent, openPodStream, type PodStream, watcherId } from '../../client/pod-stream.ts';
import type { ApprovalRequest } from '../../protocol/approval.ts';
import type { TreePod } from '../../protocol/tree.ts';

/** No callback may throw; none is called after `close`. */
export interface HeadStreamOptions {
  readonly pod: FoundPod;
  readonly onAsked: (approval: ApprovalRequest) => void;
  /** Answered, or closed. */
  readonly onClosed: (request: string) => void;
  /** Not said here any more. */
  readonly onLost: (requests: readonly string[]) => void;
  readonly onRows: (rows: readonly TreePod[], gone: readonly string[]) => void;
  readonly onWatching: (watching: number) => void;
  /** Something of its tree is not as it was. */
  readonly onNews: () => void;
}

/** What is open is said again right behind the history: what is not said by then is not open any more. */
const saidAgainMs = 1_000;

export class HeadStream {
  readonly #options: HeadStreamOptions;
  /** Over all connections; true: said over the newest. */
  readonly #requests = new Map<string, boolean>();
  #stream: PodStream | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #closing = new AbortController();
  #opening: Promise<void> | null = null;
  /** It says by itself how each pod of its tree is. */
  #pushes = false;

  constructor(options: HeadStreamOptions) {
    this.#options = options;
  }

  get pushes(): boolean {
    return this.#pushes && this.#stream !== null;
  }

  /** Connects where there is no connection. Never rejects. */
  async open(): Promise<void> {
    if (this.#isClosed || this.#stream !== null) return;
    this.#opening ??= this.#connect()
      .catch(() => undefined)
      .finally(() => {
        this.#opening = null;
      });
    await this.#opening;
  }

  has(request: string): boolean {
    return this.#requests.has(request);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const requests = [...this.#requests.keys()];
    this.#requests.clear();
    if (requests.length > 0) this.#options.onLost(requests);
    clearTimeout(this.#timer);
    this.#closing.abort();
    this.#stream?.close();
    await this.#opening;
  }

  async #connect(): Promise<void> {
    const { instance, socket: path } = this.#options.pod;
    for (const request of this.#requests.keys()) this.#requests.set(request, false);
    const onEvent = (event: LiveEvent): void => this.#take(event);
    const { signal } = this.#closing;
    const stream = await openPodStream({ path, instance, since: 0, last: 0, deltas: false, onEvent, signal });
    if (this.#isClosed) {
      stream.close();
      return;
    }
    this.#stream = stream;
    void stream.closed.then(() => {
      this.#stream = null;
      if (!this.#isClosed) this.#options.onNews();
    });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#forgetUnsaid(), saidAgainMs).unref();
    await this.#watchTree(stream);
  }

  /** Older pods do not know how: then others are asked, one by one. */
  async #watchTree({ client }: PodStream): Promise<void> {
    try {
      const { rows, watching } = await client.call('tree', { watch: true, watcher: watcherId() });
      if (this.#isClosed) return;
      this.#pushes = true;
      this.#options.onRows(rows, []);
      this.#options.onWatching(watching);
    } catch {
      this.#pushes = false;
    }
  }

  #forgetUnsaid(): void {
    if (this.#isClosed || this.#stream === null) return;
    const unsaid = [...this.#requests].flatMap(([request, isSaid]) => (isSaid ? [] : [request]));
    for (const request of unsaid) this.#requests.delete(request);
    if (unsaid.length > 0) this.#options.onLost(unsaid);
  }

  #take(event: LiveEvent): void {
    if (this.#isClosed) return;
    if (event.type === 'approvalRequested') {
      const { type: _, ...approval } = event;
      this.#requests.set(approval.request, true);
      this.#options.onAsked(approval);
      this.#options.onNews();
    } else if (event.type === 'approvalAnswered') {
      this.#requests.delete(event.request);
      this.#options.onClosed(event.request);
      this.#options.onNews();
    } else if (event.type === 'treeChanged') {
      this.#options.onRows(event.rows, event.gone);
      this.#options.onWatching(event.watching);
    } else if (isNews(event)) this.#options.onNews();
  }
}

const telling: ReadonlySet<string> = new Set([
  'child',
  'podEventReceived',
  'podEventAcked',
  'stepCompleted',
  'turnStarted',
  'turnEnded',
]);

/** Behind it rows of the tree may be other ones. */
export function isNews(event: LiveEvent): boolean {
  if (event.type === 'entry') return telling.has(event.entry.type);
  return event.type === 'status' || event.type === 'shutdown' || event.type === 'deliveryChanged';
}
