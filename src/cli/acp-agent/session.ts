/**
 * One session: a root, its tree as it is watched, the prompt that runs, its questions. Nothing here ends a
 * pod but `close`, which the client asks for; where this process ends, the tree goes on.
 *
 * Invariants
 * - AS1 One prompt at a time; it is answered when the tree is settled, behind all updates of it.
 * - AS2 A prompt is on the root's disk once: it is sent again under the same id.
 * - AS3 Behind a cancel each turn that begins in the tree is cancelled, until it is settled.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ContentBlock, SessionUpdate, StopReason } from '@agentclientprotocol/sdk';
import { endPods } from '../../client/end-pods.ts';
import type { FoundPod } from '../../client/find-pod.ts';
import { knownPods } from '../../client/known-pods.ts';
import type { LiveEvent } from '../../client/pod-stream.ts';
import { isPodRunning } from '../../client/pod-probe.ts';
import { type KnownPod, TreeWatch, type WatchedPod } from '../../client/tree-watch.ts';
import type { TreeResult } from '../../library/api.ts';
import { TreeWork } from '../../library/tree-work.ts';
import { stderrTail } from '../../pod/process/start-process.ts';
import type { MethodName, ParamsIn, Result } from '../../protocol/methods.ts';
import type { TurnOutcome } from '../../session/facts/entries.ts';
import { limitsOf } from '../../session/settings/settings.ts';
import { monotonicMs } from '../../std/clock.ts';
import { PodkinError } from '../../std/podkin-error.ts';
import { uuidv7 } from '../../std/uuid.ts';
import { MessageTooLarge, RemoteError } from '../../transport/failures.ts';
import { historyOf } from './history.ts';
import { type Asked, PermissionDesk } from './permissions.ts';
import { promptInput } from './prompt-content.ts';
import { AcpRefusal } from './refusal.ts';
import { endOfPrompt } from './stop-reason.ts';
import { UpdateFold } from './updates.ts';

export interface SessionPorts {
  update(update: SessionUpdate): void;
  /** Fulfils when all updates have left. */
  flushed(): Promise<void>;
  ask(asked: Asked, signal: AbortSignal): Promise<unknown>;
  /** Starts the root, and those below it, where they do not run. Rejects with why it cannot. */
  restore(root: FoundPod): Promise<void>;
  /** For people. */
  tell(text: string): void;
}

/** Of one tree that is watched: another after a restore. */
interface Watched {
  readonly watch: TreeWatch;
  readonly work: TreeWork;
}

/** Its process ended before it had taken the prompt. */
class RootGone extends PodkinError {}

const triesMax = 3;
const handOverMs = 15_000;
const redialMs = 100;
const termMs = 2_000;
const stopSlackMs = 5_000;
const ownMax = 1_000;

export class Session {
  readonly root: FoundPod;
  readonly #ports: SessionPorts;
  readonly #desk: PermissionDesk;
  readonly #own = new Set<string>();
  #fold: UpdateFold;
  #watched: Watched | null = null;
  #prompt: { isCancelled: boolean; outcome: TurnOutcome | null } | null = null;
  #isClosed = false;

  constructor(root: FoundPod, ports: SessionPorts) {
    this.root = root;
    this.#ports = ports;
    this.#fold = this.#newFold();
    this.#desk = new PermissionDesk({
      cwd: root.spec.cwd,
      ask: (asked, signal) => ports.ask(asked, signal),
      answer: async (request, decision) => void (await this.call('approve', { request, decision })),
      tell: (text) => ports.tell(text),
    });
  }

  get isBusy(): boolean {
    return this.#prompt !== null;
  }

  /** The root is new: all that it does is news. */
  async openNew(): Promise<void> {
    await this.#watchFrom([]);
  }

  /** `replays`: the history goes out as updates, before what is news. */
  async openAgain({ replays }: { replays: boolean }): Promise<void> {
    await this.#ports.restore(this.root);
    const history = await historyOf(this.root, (id) => this.#own.has(id));
    this.#fold = history.fold;
    if (replays) for (const update of history.updates) this.#ports.update(update);
    await this.#watchFrom(await this.#known(history.lastSeq));
    await this.#ports.flushed();
  }

  /** Rejects with `AcpRefusal`. */
  async prompt(blocks: readonly ContentBlock[]): Promise<StopReason> {
    if (this.#prompt !== null)
      throw new AcpRefusal('invalidRequest', 'a prompt of this session runs: wait for it, or cancel it');
    const submission = uuidv7();
    const input = promptInput(blocks, submission);
    const prompt = { isCancelled: false, outcome: null };
    this.#prompt = prompt;
    this.#remember(submission);
    try {
      const result = await this.#workedOff(submission, input);
      await this.#ports.flushed();
      const end = endOfPrompt({ ...prompt, result });
      if ('error' in end) throw new AcpRefusal('internal', `${this.root.name}: ${end.error}`);
      return end.stopReason;
    } finally {
      this.#prompt = null;
    }
  }

  /** A root that dies before it has the prompt is started again, and given the same one. */
  async #workedOff(submission: string, input: ReturnType<typeof promptInput>): Promise<TreeResult> {
    for (let tries = 1; ; tries += 1) {
      const { work } = await this.#live();
      try {
        await work.add(submission, () => this.#handOver(input));
        return await work.settled;
      } catch (error) {
        if (!(error instanceof RootGone) || tries === triesMax) throw error;
      }
    }
  }

  /** The turns of the whole tree; of what follows from their ends too, while a prompt waits. */
  async cancel(): Promise<void> {
    if (this.#prompt !== null) this.#prompt.isCancelled = true;
    const pods = this.#watched?.watch.pods ?? [];
    await Promise.all(pods.map((pod) => this.#cancelTurn(pod)));
  }

  /** Throws as `Client.call`, and `AcpRefusal` where the root is not reached. */
  async call<M extends MethodName>(method: M, params: ParamsIn<M>): Promise<Result<M>> {
    const client = this.#watched?.watch.pods[0]?.stream?.client;
    if (client === undefined)
      throw new AcpRefusal(
        'internal',
        `${this.root.name} is not reached: try again, or load the session anew`,
      );
    return await client.call(method, params);
  }

  /** The turns are cancelled, the tree ends in order; its logs stay, and `load` starts it again. */
  async close(): Promise<void> {
    await this.cancel();
    const { home, spec } = this.root;
    const { left } = await endPods({
      home,
      what: { rootInstance: this.root.instance },
      reason: 'its session was closed',
      graceMs: 2 * limitsOf(spec.settings).stopGraceMs + stopSlackMs,
      termMs,
    });
    await this.letGo();
    if (left.length > 0)
      throw new AcpRefusal('internal', `${left.map(({ name }) => name).join(', ')} could not be ended`);
  }

  /** Nothing of the tree is held here any more; it goes on. */
  async letGo(): Promise<void> {
    this.#isClosed = true;
    this.#desk.close();
    const watched = this.#watched;
    this.#watched = null;
    await watched?.watch.close();
    await watched?.work.end('its session was closed');
  }

  #newFold(): UpdateFold {
    return new UpdateFold({ cwd: this.root.spec.cwd, isOwn: (id) => this.#own.has(id) });
  }

  #remember(submission: string): void {
    this.#own.add(submission);
    const [oldest] = this.#own;
    if (this.#own.size > ownMax && oldest !== undefined) this.#own.delete(oldest);
  }

  async #known(rootSeq: number): Promise<KnownPod[]> {
    const [root, ...below] = await knownPods(this.root);
    return root === undefined ? [] : [{ ...root, lastSeq: rootSeq }, ...below];
  }

  async #watchFrom(known: readonly KnownPod[]): Promise<Watched> {
    const { root } = this;
    const watch = new TreeWatch({
      home: root.home,
      deltas: true,
      known,
      onEvent: (pod, event) => this.#take(pod, event),
    });
    const work = new TreeWork({
      home: root.home,
      watch,
      root,
      errorTail: () => stderrTail(root.folder),
      onSettled: () => undefined,
    });
    const watched = { watch, work };
    this.#watched = watched;
    await watch.start(root.name, root.instance);
    return watched;
  }

  /** A root that has ended is started again: it may be that nobody knows. */
  async #live(): Promise<Watched> {
    const watched = this.#watched;
    const [root] = watched?.watch.pods ?? [];
    const isThere = root !== undefined && root.state !== 'gone' && (await isPodRunning(this.root));
    if (watched !== null && isThere) return watched;
    const lastSeq = root?.tally.lastSeq;
    await watched?.watch.close();
    await this.#ports.restore(this.root);
    const known = await knownPods(this.root);
    return await this.#watchFrom(lastSeq === undefined ? known : await this.#known(lastSeq));
  }

  async #handOver(input: ReturnType<typeof promptInput>): Promise<void> {
    const endAt = monotonicMs() + handOverMs;
    for (;;) {
      try {
        await this.call('run', input);
        return;
      } catch (error) {
        if (error instanceof RemoteError || error instanceof MessageTooLarge)
          throw new AcpRefusal('invalidParams', error.message);
        if (this.#isClosed || monotonicMs() > endAt) throw error;
        if (!(await isPodRunning(this.root))) throw new RootGone(`${this.root.name} has ended`);
        await pause(redialMs);
      }
    }
  }

  #take(pod: WatchedPod, event: LiveEvent): void {
    const { name, instance } = pod.tally;
    const seen = { name, instance, depth: pod.depth };
    if (event.type === 'entry') {
      if (pod.depth === 0) {
        this.#watched?.work.take(event.entry);
        if (event.entry.type === 'turnEnded' && this.#prompt !== null)
          this.#prompt.outcome = event.entry.outcome;
      }
      if (event.entry.type === 'turnStarted' && this.#prompt?.isCancelled === true)
        void this.#cancelTurn(pod);
    } else if (pod.depth === 0) this.#desk.take(event);
    if (this.#isClosed) return;
    for (const update of this.#fold.take(seen, event)) this.#ports.update(update);
  }

  async #cancelTurn({ stream, tally }: WatchedPod): Promise<void> {
    try {
      await stream?.client.call('cancel', {});
    } catch (error) {
      // There was nothing to end, or its process has gone.
      if (error instanceof RemoteError && error.code !== 'notRunning')
        this.#ports.tell(`${tally.name} was not cancelled: ${error.message}`);
    }
  }
}
