/**
 * The pod whose transcript is shown: its history and its work over a connection of its own, with deltas; of
 * one that does not run the end of its log. What was sent to it stays with it until it is on disk.
 */
import { thrownText } from '../../std/thrown-text.ts';
import { AttachedPod } from '../../client/attached-pod.ts';
import { askPod } from '../../client/ask-pod.ts';
import type { FoundPod } from '../../client/find-pod.ts';
import type { LiveEvent } from '../../client/pod-stream.ts';
import type { Entry } from '../../session/facts/entries.ts';
import { offsetBehind } from '../../session/log/checkpoint-start.ts';
import { readEntries } from '../../session/log/read-log.ts';
import { type Deferred, deferred } from '../../std/deferred.ts';
import { emptyPod, type FoldedPod, foldPod, type PodNews } from '../model/pod-model.ts';

export interface ShownPodOptions {
  readonly pod: FoundPod;
  readonly onChange: () => void;
  /** Beside the transcript: something that rows of the tree may show. */
  readonly onEvent: (event: LiveEvent) => void;
  /** It cannot be reached at the moment: somebody should find out why. */
  readonly onAway: () => void;
}

/** Entries of the past that come at once; more of them are asked for. */
const lastEntries = 500;
const olderMax = 1_000;

export class ShownPod {
  readonly pod: FoundPod;
  readonly #options: ShownPodOptions;
  readonly #attached: AttachedPod;
  #model: FoldedPod;
  /** The log's end when the newest connection was made: what is behind it is news. */
  #historyEnd = Number.POSITIVE_INFINITY;
  #isClosed = false;
  #isAskingOlder = false;
  /** Resolved when it may run again. */
  #again: Deferred<void> = deferred();
  readonly #following: Promise<void>;

  constructor(options: ShownPodOptions) {
    this.#options = options;
    const { pod } = options;
    this.pod = pod;
    this.#model = emptyPod(pod.name, pod.instance);
    const nothing = (): void => undefined;
    this.#attached = new AttachedPod(pod, {
      deltas: true,
      last: lastEntries,
      onEvent: (event) => this.#take(event),
      onGreeting: nothing,
      onConnected: ({ reset, cursor }) => {
        this.#historyEnd = cursor.seq;
        if (reset) this.#fold({ type: 'reset' });
        this.#fold({ type: 'link', link: 'live' });
        this.#noteCaughtUp();
      },
      onAway: () => {
        this.#fold({ type: 'link', link: 'away' });
        this.#options.onAway();
      },
      onBack: nothing,
      onDied: nothing,
      // Whether it has been started again is seen in the tree: nobody has to dial for it.
      waitsForRestore: () => false,
      onRejected: (error, submission) => {
        const reason = thrownText(error);
        this.#fold({ type: 'refused', submission, reason });
      },
    });
    this.#following = this.#follow();
  }

  get model(): FoldedPod {
    return this.#model;
  }

  get unsent(): readonly string[] {
    return this.#attached.unsent;
  }

  /** Something that was sent is not known to be on its disk, or refused. */
  get owes(): boolean {
    return this.unsent.length > 0 || this.#model.sent.some(({ state }) => state === 'sent');
  }

  send(text: string): string {
    const submission = this.#attached.send(text);
    this.#fold({ type: 'sent', submission, text });
    return submission;
  }

  /** What the tree says of it. */
  noteRunning(isRunning: boolean): void {
    const { link } = this.#model;
    if (isRunning) this.#again.resolve();
    else if (link === 'connecting' || link === 'away') this.#fold({ type: 'link', link: 'ended' });
  }

  /** One answer at a time; what is asked for meanwhile is not. */
  async older(count: number): Promise<void> {
    const { from } = this.#model;
    if (this.#isAskingOlder || from <= 1) return;
    this.#isAskingOlder = true;
    try {
      const entries = await this.#entriesBefore(from, Math.min(olderMax, Math.max(1, count)));
      // It has gone on meanwhile, and dropped what these are before: there would be a hole.
      if (this.#model.from === from) this.#fold({ type: 'older', entries });
    } catch {
      // It is asked for again by the next key.
    } finally {
      this.#isAskingOlder = false;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#attached.close();
    this.#again.resolve();
    await this.#following;
  }

  async #follow(): Promise<void> {
    while (!this.#isClosed) {
      // Its folder may be removed meanwhile: nothing of it can be read then.
      const end = await this.#attached.follow().catch(() => 'died' as const);
      if (end === 'closed' || this.#hasClosed()) return;
      this.#again = deferred();
      this.#fold({ type: 'link', link: 'ended' });
      this.#options.onAway();
      await this.#again.promise;
      this.#fold({ type: 'link', link: 'connecting' });
    }
  }

  /** Read anew: it is closed from outside the loop. */
  #hasClosed(): boolean {
    return this.#isClosed;
  }

  async #entriesBefore(before: number, limit: number): Promise<readonly Entry[]> {
    if (this.#model.link === 'live') {
      const { entries } = await askPod(this.pod, 'entries', { before, limit });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- unknown types are passed over
      return entries as unknown as Entry[];
    }
    const { log } = this.pod.folder;
    const found: Entry[] = [];
    const from = offsetBehind(log, Math.max(0, before - 1 - limit));
    for await (const { entry } of readEntries(log, { from })) {
      if (entry.seq >= before) break;
      if (entry.seq >= before - limit) found.push(entry);
    }
    return found;
  }

  #take(event: LiveEvent): void {
    this.#fold(event);
    if (event.type === 'entry') this.#noteCaughtUp();
    this.#options.onEvent(event);
  }

  /** Older pods do not say it themselves. */
  #noteCaughtUp(): void {
    const { isLive, lastSeq, link } = this.#model;
    if (!isLive && link === 'live' && lastSeq >= this.#historyEnd) this.#fold({ type: 'live', seq: lastSeq });
  }

  #fold(news: PodNews): void {
    if (this.#isClosed) return;
    const before = this.#model;
    this.#model = foldPod(before, news);
    if (this.#model !== before) this.#options.onChange();
  }
}
