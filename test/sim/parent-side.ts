/** A child's link to its parent: does what the outbox machine says, as `src/pod/parent/link.ts` does over a real socket. */
import { ownAssignments } from '../../src/delivery/emit.ts';
import {
  type Outbox,
  type OutboxEffect,
  type OutboxInput,
  newOutbox,
  outboxStep,
} from '../../src/delivery/outbox.ts';
import { protocolVersion } from '../../src/protocol/limits.ts';
import type { Params } from '../../src/protocol/methods.ts';
import type { LinkDown, LinkUp } from './link-messages.ts';
import type { SimProcess } from './process.ts';
import { Connection } from './wire.ts';

const pingEveryMs = 4_000;
const pongWithinMs = 8_000;
/** As in `src/pod/parent/link.ts`. */
const permanentCodes = new Set([
  'unknownChild',
  'badToken',
  'parentRemoved',
  'regressed',
  'protocolMismatch',
]);

type Link = Connection<LinkUp, LinkDown>;

export class ParentSide {
  readonly #process: SimProcess;
  #outbox: Outbox = newOutbox();
  /** The connection whose link stands. */
  #link: Link | null = null;
  #retry = 0;
  #acked = 0;
  #ackScheduled = false;
  #closed = false;
  #pongAtMs = 0;
  /** Of the newest link that stands or stood. */
  #number = 0;
  /** A link message of this pod's is under way. */
  #introducing = false;
  readonly #held: (() => void)[] = [];
  readonly #waiters = new Set<() => void>();

  constructor(process: SimProcess) {
    this.#process = process;
  }

  start(): void {
    this.#step({ type: 'start' });
  }
  emitted(): void {
    this.#step({ type: 'emitted' });
  }
  parentAppeared(): void {
    this.#step({ type: 'parentAppeared' });
  }

  get phase(): Outbox['phase'] {
    return this.#outbox.phase;
  }

  /** Calls back once the parent holds the event, the link is refused for good, or the time is over. */
  outcomeOf(seq: number, withinMs: number, then: () => void): void {
    let told = false;
    const look = (late: boolean): void => {
      const { outbox } = this.#process.facts;
      if (told || !(late || outbox.acked >= seq || this.#outbox.phase.kind === 'refused')) return;
      told = true;
      this.#waiters.delete(again);
      then();
    };
    const again = (): void => look(false);
    this.#waiters.add(again);
    this.#process.after(withinMs, () => look(true));
    look(false);
  }

  /** A run that lay unread while both sides compared their logs must not begin; while they do, it waits. */
  whenJudged(link: number, then: (overtaken: boolean) => void): void {
    if (this.#introducing) this.#held.push(() => then(link < this.#number));
    else then(link < this.#number);
  }

  #introduced(): void {
    this.#introducing = false;
    for (const judge of this.#held.splice(0)) judge();
  }

  close(): void {
    this.#closed = true;
    this.#commitAck();
    this.#link?.close(this.#process);
  }

  #step(input: OutboxInput): void {
    if (this.#closed) return;
    const { facts, limits, world } = this.#process;
    const { reconnectBaseMs, reconnectMaxMs } = limits;
    const view = {
      emitted: facts.outbox.emitted,
      acked: Math.max(this.#acked, facts.outbox.acked),
      reconnectBaseMs,
      reconnectMaxMs,
      random: () => world.random.next(),
    };
    const { outbox, effects } = outboxStep(this.#outbox, input, view);
    this.#outbox = outbox;
    for (const effect of effects) this.#perform(effect);
    this.#wake();
  }

  #perform(effect: OutboxEffect): void {
    const { world } = this.#process;
    this.#process.point(`outbox.${effect.type}`);
    switch (effect.type) {
      case 'link':
        return this.#dial();
      case 'send':
        return this.#send(effect.from, effect.through);
      case 'acknowledge':
        return this.#acknowledge(effect.through);
      case 'retryIn': {
        if (world.mutant === 'noRetry') return;
        this.#retry += 1;
        const mine = this.#retry;
        this.#process.after(effect.delayMs, () => {
          if (mine === this.#retry) this.#step({ type: 'retry' });
        });
        return;
      }
      case 'dropLink': {
        const link = this.#link;
        this.#link = null;
        link?.close(this.#process);
        return;
      }
      case 'alert':
        world.hit(`outbox.alert.${effect.code}`);
        this.#process.tryCommit([{ type: 'alert', level: 'warning', code: effect.code, text: effect.text }]);
    }
  }

  #dial(): void {
    const { world, pod } = this.#process;
    this.#process.after(world.random.delay(2), () => {
      if (this.#closed) return;
      const parent = world.pods.get(pod.parent ?? '')?.process;
      if (parent === undefined || parent === null || !parent.listening) {
        world.hit('link.parentDown');
        return this.#fail('the parent does not answer');
      }
      const link: Link = new Connection(world, { client: this.#process, server: parent });
      parent.children.accept(link);
      this.#introduce(link);
    });
  }

  #introduce(link: Link): void {
    let answered = false;
    link.onClient({
      onMessage: (message) => {
        if (message.type === 'linked') {
          answered = true;
          this.#number = message.number;
          this.#introduced();
          this.#onLinked(link, message.received);
        } else if (message.type === 'refused' && !answered) {
          answered = true;
          this.#introduced();
          link.close(this.#process);
          this.#fail(message.code, message.code);
        } else this.#onAnswer(link, message);
      },
      onClosed: () => {
        if (!answered) this.#introduced();
        if (!answered) this.#fail('the link was closed');
        else if (this.#link === link) this.#step({ type: 'linkFailed', reason: 'the link was lost' });
      },
    });
    // What is told to the parent must not be more than the disk holds.
    this.#process.durable(() => {
      if (this.#closed) return link.close(this.#process);
      this.#process.point('link.introduced');
      this.#introducing = true;
      link.up({ type: 'link', params: this.#introduction() });
    });
  }

  #introduction(): Params<'link'> {
    const { facts, pod, pid, world } = this.#process;
    return {
      child: {
        name: pod.name,
        instance: pod.instance,
        incarnation: facts.incarnation,
        pid,
        startTime: `${pid}`,
        bootId: `boot-${world.boots}`,
      },
      token: pod.token,
      protocol: protocolVersion,
      assignments: {
        open: [...ownAssignments(facts, 'begun'), ...ownAssignments(facts, 'queued')],
        closed: [...facts.closedAssignments.keys()],
      },
      emitted: facts.outbox.emitted,
    };
  }

  #onLinked(link: Link, received: number): void {
    if (this.#closed) return link.close(this.#process);
    this.#link = link;
    this.#pongAtMs = this.#process.world.clock.nowMs;
    this.#pingLater(link);
    this.#step({ type: 'linkAnswered', received });
  }

  #pingLater(link: Link): void {
    const { world } = this.#process;
    this.#process.after(pingEveryMs, () => {
      if (this.#link !== link) return;
      if (world.clock.nowMs - this.#pongAtMs > pongWithinMs) {
        world.hit('link.pongMissed');
        return link.close(null);
      }
      link.up({ type: 'ping' });
      this.#pingLater(link);
    });
  }

  #onAnswer(link: Link, message: LinkDown): void {
    if (message.type === 'pong') this.#pongAtMs = this.#process.world.clock.nowMs;
    else if (message.type === 'answered') {
      this.#process.point('event.acked');
      this.#step({ type: 'acked', received: message.received });
    } else if (message.type === 'refused' && this.#link === link) this.#fail(message.code, message.code);
  }

  #fail(reason: string, code?: string): void {
    const { world } = this.#process;
    if (code !== undefined) world.hit(`link.refused.${code}`);
    const permanent = code !== undefined && permanentCodes.has(code) ? { permanent: code } : {};
    this.#step({ type: 'linkFailed', reason, ...permanent });
  }

  #send(from: number, through: number): void {
    const link = this.#link;
    const { world } = this.#process;
    const send = (): void => {
      for (let seq = from; seq <= through; seq += 1) {
        if (link === null || link !== this.#link) return;
        const pending = this.#process.facts.outbox.pending.get(seq);
        if (pending === undefined) continue;
        const { incarnation, event } = pending;
        this.#process.point('event.sent');
        world.hit('event.sent');
        const params = { from: { instance: this.#process.pod.instance, incarnation }, seq, event };
        link.up({ type: 'podEvent', params });
      }
    };
    if (world.mutant === 'noSyncAtChild') send();
    else this.#process.durable(send);
  }

  #acknowledge(through: number): void {
    this.#acked = Math.max(this.#acked, through);
    if (this.#ackScheduled) return;
    this.#ackScheduled = true;
    this.#process.after(0, () => {
      this.#ackScheduled = false;
      if (!this.#closed) this.#commitAck();
    });
  }

  #commitAck(): void {
    if (this.#acked <= this.#process.facts.outbox.acked) return;
    const committed = this.#process.tryCommit([{ type: 'podEventAcked', through: this.#acked }]);
    if (!committed && !this.#closed) this.#process.after(1_000, () => this.#commitAck());
    this.#wake();
  }

  #wake(): void {
    for (const look of this.#waiters) look();
  }
}
