/** A tree of this program: its events, its work, its questions, its end. */
import { runInput, noticeInput } from '../client/run-input.ts';
import { endPods } from '../client/end-pods.ts';
import { CallRefused, NotConnected, NotEnded, NoSuchPod } from '../client/errors.ts';
import type { FoundPod } from '../client/find-pod.ts';
import type { LiveEvent } from '../client/pod-stream.ts';
import { type KnownPod, TreeWatch, type WatchedPod } from '../client/tree-watch.ts';
import { stderrTail } from '../pod/process/start-process.ts';
import type { Limits } from '../session/settings/settings.ts';
import { uuidv7 } from '../std/uuid.ts';
import type { Client } from '../transport/client.ts';
import type { Cancellable, PodName, PodOfTree, Tree, TreeEvent, TreeOptions } from './api.ts';
import { ofCall } from './documented-errors.ts';
import { givenOptions, givenText } from './given.ts';
import { EventStream } from './event-stream.ts';
import { OwnerLink } from './owner-link.ts';
import { QuestionDesk } from './question-desk.ts';
import { treeEventOf } from './tree-events.ts';
import { TreeWork } from './tree-work.ts';

export interface TreeParts {
  readonly root: FoundPod;
  readonly limits: Limits;
  readonly options: TreeOptions;
  readonly notes: readonly string[];
  /** Of pods that have a past, which is no news. */
  readonly known: readonly KnownPod[];
  readonly handle: string;
  readonly owner: OwnerPass;
}

/** By which a program shows a root that it is its own. */
export interface OwnerPass {
  readonly token: string;
  readonly lifetime: 'program' | 'own';
}

/** Beyond the time that the pods give each other. */
const stopSlackMs = 5_000;
const termMs = 2_000;

export class LiveTree {
  readonly #parts: TreeParts;
  readonly #watch: TreeWatch;
  readonly #work: TreeWork;
  readonly #questions: QuestionDesk;
  readonly #owner: OwnerLink;
  readonly #stream: EventStream<TreeEvent>;
  readonly #podStreams = new Map<string, EventStream<TreeEvent>>();
  #closing: Promise<void> | undefined;
  readonly #onAbort = (): void => void this.close().catch(() => undefined);

  constructor(parts: TreeParts) {
    const { root, options } = parts;
    this.#parts = parts;
    this.#watch = new TreeWatch({
      home: root.home,
      deltas: options.deltas === true,
      known: parts.known,
      onEvent: (pod, event) => this.#take(pod, event),
    });
    this.#work = new TreeWork({
      home: root.home,
      watch: this.#watch,
      root,
      errorTail: () => stderrTail(root.folder),
      onSettled: () => this.#endIterations(),
    });
    this.#questions = new QuestionDesk(options.onQuestion, {
      client: () => this.#client(),
      alert: (text) =>
        this.#push({ ...this.#now(), type: 'alert', level: 'error', code: 'questionFailed', text }),
    });
    this.#stream = this.#newStream();
    this.#owner = new OwnerLink({
      ...parts.owner,
      socket: () => root.socket,
      tools: options.tools ?? [],
      alert: (text) => this.#push({ ...this.#now(), type: 'alert', level: 'warning', code: 'ownTool', text }),
    });
  }

  /** Watches from now on; the root must listen. Throws as `TreeWatch.start`. */
  async open(): Promise<void> {
    const { root, options } = this.#parts;
    // Before it begins to work: its tools are there with its first turn.
    await this.#owner.open();
    await this.#watch.start(root.name, root.instance);
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** What programs are given. */
  face(): Tree {
    const { root, handle, notes } = this.#parts;
    const work = this.#work;
    return {
      name: root.name,
      instance: root.instance,
      handle,
      notes,
      get settled() {
        return work.settled;
      },
      send: async (text, options) => await this.send(givenText('send', text), givenOptions('send', options)),
      notify: async (given, options) => {
        const text = givenText('notify', given);
        const { signal } = givenOptions('notify', options);
        const client = this.#client();
        await ofCall(root.name, () => client.call('notify', noticeInput(text, uuidv7()), { signal }));
      },
      cancel: async (options) => {
        await cancelled(root.name, this.#client(), givenOptions('cancel', options));
      },
      pod: (name) => this.#podOfTree(givenText('pod', name)),
      detach: () => this.#detach(),
      close: async (options) => await this.close(givenOptions('close', options)),
      [Symbol.asyncIterator]: () => this.#stream.iterate(),
      [Symbol.asyncDispose]: () => this.close(),
    };
  }

  /** What its end has cut is gone on with. */
  goOn(): void {
    this.#work.addRest();
  }

  async send(text: string, options: Cancellable = {}): Promise<void> {
    const client = this.#client();
    const submission = uuidv7();
    for (const stream of this.#streams()) stream.goOn();
    await this.#work.add(submission, () =>
      ofCall(this.#parts.root.name, () =>
        client.call('run', runInput(text, submission), { signal: options.signal }),
      ),
    );
  }

  /** The tree's processes end, and everything here. */
  close(options: Cancellable = {}): Promise<void> {
    this.#closing ??= this.#end(options);
    return this.#closing;
  }

  async #end(options: Cancellable): Promise<void> {
    const { root, limits } = this.#parts;
    this.#questions.close();
    try {
      const { left } = await endPods({
        home: root.home,
        what: { rootInstance: root.instance },
        reason: 'its program has ended it',
        graceMs: 2 * limits.stopGraceMs + stopSlackMs,
        termMs,
        ...(options.signal && { hurry: options.signal }),
      });
      if (left.length > 0) throw new NotEnded(left.map(({ name }) => name));
    } finally {
      await this.letGo('its program has ended it');
    }
  }

  async #detach(): Promise<void> {
    if (this.#closing !== undefined) throw new NotConnected(this.#parts.root.name);
    await ofCall(this.#parts.root.name, () => this.#owner.detach());
    this.#closing = this.letGo('its program has let it go');
    await this.#closing;
  }

  /** Nothing of this tree is held here any more. */
  async letGo(reason: string): Promise<void> {
    this.#parts.options.signal?.removeEventListener('abort', this.#onAbort);
    this.#questions.close();
    this.#owner.close();
    await this.#watch.close();
    await this.#work.end(reason);
    for (const stream of this.#streams()) stream.close();
  }

  /** Throws `NotConnected`. */
  #client(): Client {
    const client = this.#watch.pods[0]?.stream?.client;
    if (client === undefined) throw new NotConnected(this.#parts.root.name);
    return client;
  }

  #take(pod: WatchedPod, event: LiveEvent): void {
    if (pod.depth === 0) {
      if (event.type === 'entry') this.#work.take(event.entry);
      else this.#questions.take(event);
    } else if (event.type === 'approvalRequested' || event.type === 'approvalAnswered') return;
    const { name, instance } = pod.tally;
    const seen = treeEventOf({ name, instance, depth: pod.depth }, event, new Date().toISOString());
    if (seen !== null) this.#push(seen);
  }

  #push(event: TreeEvent): void {
    this.#stream.push(event);
    this.#podStreams.get(event.pod.name)?.push(event);
  }

  #streams(): EventStream<TreeEvent>[] {
    return [this.#stream, ...this.#podStreams.values()];
  }

  #endIterations(): void {
    for (const stream of this.#streams()) stream.endIteration();
  }

  #newStream(): EventStream<TreeEvent> {
    return new EventStream((events) => ({ ...this.#now(), type: 'missed', events }));
  }

  #now(): { pod: PodName; time: string } {
    const { name, instance } = this.#parts.root;
    return { pod: { name, instance, depth: 0 }, time: new Date().toISOString() };
  }

  #podOfTree(name: string): PodOfTree {
    const stream = this.#podStreams.get(name) ?? this.#newStream();
    this.#podStreams.set(name, stream);
    const watched = (): WatchedPod => {
      const { pods } = this.#watch;
      const found = pods.findLast(({ tally }) => tally.name === name);
      if (found !== undefined) return found;
      throw new NoSuchPod(
        name,
        pods.map(({ tally }) => tally.name),
      );
    };
    const client = (): Client => {
      const { stream: live } = watched();
      if (live === null) throw new NotConnected(name);
      return live.client;
    };
    return {
      name,
      get instance() {
        return watched().tally.instance;
      },
      send: async (given, options) => {
        const text = givenText('send', given);
        const { signal } = givenOptions('send', options);
        const open = client();
        for (const one of this.#streams()) one.goOn();
        await ofCall(name, () => open.call('run', runInput(text, uuidv7()), { signal }));
      },
      notify: async (given, options) => {
        const text = givenText('notify', given);
        const { signal } = givenOptions('notify', options);
        const open = client();
        await ofCall(name, () => open.call('notify', noticeInput(text, uuidv7()), { signal }));
      },
      cancel: async (options) => {
        await cancelled(name, client(), givenOptions('cancel', options));
      },
      [Symbol.asyncIterator]: () => stream.iterate(),
    };
  }
}

async function cancelled(name: string, client: Client, { signal }: Cancellable = {}): Promise<void> {
  try {
    await ofCall(name, () => client.call('cancel', {}, { signal }));
  } catch (error) {
    // There was nothing to end.
    if (!(error instanceof CallRefused && error.code === 'notRunning')) throw error;
  }
}
