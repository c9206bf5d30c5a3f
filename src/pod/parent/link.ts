/**
 * The link to the parent: does what the outbox machine says. Everything that is pending stands in the log;
 * losing this process loses nothing.
 */
import { thrownText } from '../../std/thrown-text.ts';
import { deferred } from '../../std/deferred.ts';
import {
  type Outbox,
  type OutboxEffect,
  type OutboxInput,
  newOutbox,
  outboxStep,
} from '../../delivery/outbox.ts';
import { emitted } from '../../delivery/emit.ts';
import { WireError } from '../../protocol/errors.ts';
import type { SentPodEvent } from '../../protocol/pod-event.ts';
import type { Leases } from '../../session/facts/budget-entries.ts';
import type { PodRef } from '../../session/facts/entries.ts';
import { type Client, clientOver } from '../../transport/client.ts';
import type { Connection } from '../../transport/connection.ts';
import type { End } from '../host.ts';
import { leaseAnswered } from '../machine/budget.ts';
import { commitInput } from '../machine/inputs.ts';
import { onParentMode } from '../machine/set-inputs.ts';
import { introductionOf } from './introduction.ts';
import { permanentCodes, refusalCode } from './link-refusal.ts';
import { noteScope } from './noted-scope.ts';
import { PlacePoll } from './place-poll.ts';
import type { Pod } from '../pod.ts';

const dialTimeoutMs = 5_000;
/** At most: a parent that gives up on silence sooner is told of incarnation sooner. */
const pingEveryMsMax = 10_000;
const pongWithinMs = 60_000;
const ackRetryMs = 1_000;
/** While there is no link: whether the parent is where it was not. */
const pollMs = 200;
/** What became of an event within a deadline (C6). */
export type SendOutcome =
  | { kind: 'accepted' }
  | { kind: 'pending'; reason: string }
  | { kind: 'refused'; reason: string };

export type LinkNotice = (connection: Connection, method: string, params: unknown) => void;

export class ParentLink {
  readonly #pod: Pod;
  readonly #parent: PodRef;
  readonly #onLinked: (client: Client) => void;
  readonly #onNotice: LinkNotice;
  #outbox: Outbox = newOutbox();
  #client: Client | null = null;
  #endRetry: End = () => undefined;
  #endPinging: End = () => undefined;
  readonly #poll: PlacePoll;
  /** Its socket, and the file that says where that is. */
  #places: readonly string[] = [];
  #acked = 0;
  #ackScheduled = false;
  #closed = false;
  /** The newest link that the parent has answered. */
  #number = 0;
  /** An introduction that has no answer yet. */
  #introducing: Promise<unknown> | null = null;
  /** The parent may have answered an introduction, and the answer has not come. */
  #isNumberInDoubt = false;
  #waiters = new Set<() => void>();
  /** When each pending event was last sent, and how often. */
  readonly #sent = new Map<number, { attempts: number; at: string }>();

  /**
   * `onLinked`: a link stands, and is the one to speak over until the next. `onNotice`: what the parent says
   * over one, which may not stand yet.
   */
  constructor(
    pod: Pod,
    parent: PodRef,
    onLinked: (client: Client) => void = () => undefined,
    onNotice: LinkNotice = () => undefined,
  ) {
    this.#onLinked = onLinked;
    this.#onNotice = onNotice;
    this.#pod = pod;
    this.#parent = parent;
    this.#poll = new PlacePoll(pod.host, pollMs, () => this.#step({ type: 'parentAppeared' }));
  }

  start(): void {
    this.#step({ type: 'start' });
  }

  emitted(): void {
    this.#step({ type: 'emitted' });
  }

  /**
   * C6: commits the event and starts sending; what becomes of it is in the delivery state, and in an alert
   * where it fails. Throws `storageFailed`.
   */
  fireAndForget(event: SentPodEvent): number {
    return this.#pod.input((core) => {
      commitInput(core, [emitted(core.facts, event)]);
      core.ports.perform({ type: 'emitted' });
      return core.facts.outbox.emitted;
    });
  }

  /**
   * C6, awaited: until the parent holds the event, at most `deadlineMs`; the event stays pending and goes on
   * being sent whatever the answer is.
   */
  async outcomeOf(seq: number, deadlineMs: number): Promise<SendOutcome> {
    const { clock } = this.#pod.host;
    const deadlineAt = clock.now() + deadlineMs;
    for (;;) {
      if (this.#pod.facts.outbox.acked >= seq) return { kind: 'accepted' };
      const { phase } = this.#outbox;
      if (phase.kind === 'refused') return { kind: 'refused', reason: `${phase.code}: ${phase.message}` };
      const leftMs = deadlineAt - clock.now();
      if (leftMs <= 0) return { kind: 'pending', reason: this.waitingFor() ?? 'no acknowledgement yet' };
      await this.#changed(leftMs);
    }
  }

  /** Why what is pending is not further; null while a link stands. */
  waitingFor(): string | null {
    return this.#outbox.phase.kind === 'linked' ? null : (this.#outbox.trouble ?? 'linking to the parent');
  }

  get refusal(): { code: string; message: string } | null {
    const { phase } = this.#outbox;
    return phase.kind === 'refused' ? phase : null;
  }

  get client(): Client | null {
    return this.#closed ? null : this.#client;
  }

  get linked(): boolean {
    return this.#outbox.phase.kind === 'linked';
  }

  /**
   * A run of the parent may lie unread while both sides compare their logs at a link, which then says that it
   * never came. Such a run must not begin: throws `regressed` where a link later than `link` stands. Waits
   * for the answer of a link that is being made.
   */
  async refuseOvertaken(link: number): Promise<void> {
    await this.#introducing;
    // A lost answer may have said that this very run never came: the next one says which link counts.
    if (link >= this.#number && !this.#isNumberInDoubt) return;
    throw new WireError('regressed', 'A later link has said that this run never came; give it again.');
  }

  sentInfo(seq: number): { attempts: number; at: string } | undefined {
    return this.#sent.get(seq);
  }

  close(): void {
    this.#closed = true;
    this.#endRetry();
    this.#endPinging();
    this.#poll.stop();
    this.#commitAck();
    this.#client?.connection.destroy();
    this.#wake();
  }

  #step(input: OutboxInput): void {
    if (this.#closed) return;
    const { facts, core } = this.#pod;
    const { reconnectBaseMs, reconnectMaxMs } = core.limits;
    const { emitted } = facts.outbox;
    const acked = Math.max(this.#acked, facts.outbox.acked);
    const view = {
      emitted,
      acked,
      reconnectBaseMs,
      reconnectMaxMs,
      random: () => this.#pod.host.chance.random(),
    };
    const before = this.#outbox.phase.kind;
    const { outbox, effects } = outboxStep(this.#outbox, input, view);
    this.#outbox = outbox;
    for (const effect of effects) this.#perform(effect);
    const { kind } = outbox.phase;
    if (kind !== before) this.#onPhase(kind);
    this.#wake();
  }

  /** C3: dialled at once when its socket is there again, or when it says that it is elsewhere. */
  #onPhase(link: Outbox['phase']['kind']): void {
    this.#pod.show({ type: 'deliveryChanged', link });
    if (link === 'waiting') this.#poll.start(this.#places);
    else this.#poll.stop();
  }

  #perform(effect: OutboxEffect): void {
    switch (effect.type) {
      case 'link':
        void this.#link();
        return;
      case 'send':
        void this.#send(effect.from, effect.through);
        return;
      case 'acknowledge':
        this.#acknowledge(effect.through);
        return;
      case 'retryIn':
        this.#endRetry();
        this.#endRetry = this.#pod.host.clock.after(effect.delayMs, () => this.#step({ type: 'retry' }));
        return;
      case 'dropLink': {
        const client = this.#client;
        this.#client = null;
        this.#endPinging();
        client?.connection.destroy();
        return;
      }
      case 'alert': {
        const { code, text, refusal } = effect;
        const final =
          refusal === true && code !== 'parentRemoved' ? ('error' as const) : ('warning' as const);
        const alert = { level: final, code, text, ...(refusal === true ? { refusal: code } : {}) };
        // Observers see what is committed as its entry; the live lane is for what could not be.
        if (!this.#pod.tryCommit([{ type: 'alert', ...alert }])) this.#pod.show({ type: 'alert', ...alert });
      }
    }
  }

  async #link(): Promise<void> {
    let connection: Connection | null = null;
    try {
      connection = await this.#pod.host.wire.dial(this.#parentSocket(), {
        timeoutMs: dialTimeoutMs,
        onEvent: (method, params, context) => this.#onNotice(context.connection, method, params),
      });
      if (this.#closed) return connection.destroy();
      const client = clientOver(connection);
      // What is told to the parent must not be more than the disk holds.
      await this.#pod.allDurable();
      const asked = client.call('link', introductionOf(this.#pod));
      this.#isNumberInDoubt = true;
      this.#introducing = asked.catch(() => undefined);
      const answer = await asked;
      this.#isNumberInDoubt = false;
      this.#number = answer.link ?? this.#number;
      if (this.#closed) return connection.destroy();
      this.#client = client;
      void connection.closed.then(() => this.#onLost(client));
      this.#startPinging(client);
      this.#noteBudget(answer.budget);
      noteScope(this.#pod, answer);
      this.#noteMode(answer.mode);
      this.#step({ type: 'linkAnswered', received: answer.received });
      this.#onLinked(client);
    } catch (error) {
      // Not the link, and nobody else's either.
      connection?.destroy();
      this.#fail(error);
    }
  }

  /** Unheard, nothing of it may be spent: a link that the disk does not take is none. */
  #noteBudget(leases: Leases = {}): void {
    const entry = leaseAnswered(this.#pod.facts.budget, leases, { linked: true });
    if (entry !== null) this.#pod.commit([entry]);
  }

  /** Unheard, a call could be freer than the parent is. */
  #noteMode(mode: string | undefined): void {
    if (mode !== undefined) this.#pod.input((core) => onParentMode(core, mode));
  }

  #onLost(client: Client): void {
    if (this.#client === client)
      this.#step({ type: 'linkFailed', reason: 'the link to the parent was lost' });
  }

  #fail(error: unknown): void {
    const reason = thrownText(error);
    if (this.#pod.host.home.isRemoved(this.#parent.instance)) {
      const text = `the parent "${this.#parent.name}" was removed; this pod goes on without it`;
      this.#step({ type: 'linkFailed', reason: text, permanent: 'parentRemoved' });
      return;
    }
    const code = refusalCode(error);
    if (code !== undefined && permanentCodes.has(code)) {
      this.#step({ type: 'linkFailed', reason, permanent: code });
    } else {
      this.#step({ type: 'linkFailed', reason });
    }
  }

  /** C1, C2: after the log's sync, in order, all at once; the answers come as the parent's disk allows. */
  async #send(from: number, through: number): Promise<void> {
    const client = this.#client;
    try {
      this.#pod.crash('event.committed');
      await this.#pod.durable();
      for (let seq = from; seq <= through; seq += 1) {
        if (client !== this.#client || client === null) return;
        this.#sendOne(client, seq);
      }
      this.#pod.crash('event.sent');
    } catch (error) {
      this.#fail(error);
    }
  }

  #sendOne(client: Client, seq: number): void {
    const pending = this.#pod.facts.outbox.pending.get(seq);
    if (pending === undefined) return;
    const { instance } = this.#pod.session;
    const attempts = (this.#sent.get(seq)?.attempts ?? 0) + 1;
    this.#sent.set(seq, { attempts, at: this.#pod.host.clock.wallTime() });
    this.#pod.show({ type: 'deliveryChanged', seq, state: 'sent', attempts });
    client
      .call('podEvent', { from: { instance, incarnation: pending.incarnation }, seq, event: pending.event })
      .then(
        (answer) => {
          this.#pod.crash('event.acked');
          this.#step({ type: 'acked', received: answer.received });
        },
        (error: unknown) => {
          if (client === this.#client) this.#fail(error);
        },
      );
  }

  /** Many acknowledgements of one turn of the loop are one entry. */
  #acknowledge(through: number): void {
    this.#acked = Math.max(this.#acked, through);
    if (this.#ackScheduled) return;
    this.#ackScheduled = true;
    this.#pod.host.clock.soon(() => {
      this.#ackScheduled = false;
      if (!this.#closed) this.#commitAck();
    });
  }

  #commitAck(): void {
    if (this.#acked <= this.#pod.facts.outbox.acked) return;
    // A lost acknowledgement costs one redundant send, so nobody waits for the disk here.
    const through = this.#acked;
    const covered = [...this.#sent].filter(([seq]) => seq <= through);
    const sent = covered.map(([seq, { attempts, at }]) => ({ seq, attempts, at }));
    if (this.#pod.tryCommit([{ type: 'podEventAcked', through, sent }])) {
      for (const [seq] of covered) this.#sent.delete(seq);
      this.#pod.show({ type: 'deliveryChanged', through: this.#acked, state: 'received' });
    } else if (!this.#closed) {
      // Nothing else would come back to it: without its entry the event is pending until the next one.
      this.#pod.host.clock.after(ackRetryMs, () => this.#commitAck());
    }
    this.#wake();
  }

  #startPinging(client: Client): void {
    this.#endPinging();
    const pingEveryMs = Math.min(pingEveryMsMax, Math.max(50, this.#pod.core.limits.unreachableMs / 4));
    this.#endPinging = this.#pod.host.clock.every(pingEveryMs, () => {
      client.call('ping', {}, { timeoutMs: pongWithinMs }).catch(() => client.connection.destroy());
    });
  }

  /** Where the parent is by now. */
  #parentSocket(): string {
    const path = this.#pod.socketOf(this.#parent);
    this.#places = [path, this.#pod.folderOf(this.#parent).address];
    this.#poll.note(this.#places);
    return path;
  }

  #changed(timeoutMs: number): Promise<void> {
    const { promise, resolve } = deferred<void>();
    const end = this.#pod.host.clock.after(timeoutMs, resolve);
    this.#waiters.add(resolve);
    return promise.finally(() => {
      end();
      this.#waiters.delete(resolve);
    });
  }

  #wake(): void {
    for (const resolve of this.#waiters) resolve();
  }
}
