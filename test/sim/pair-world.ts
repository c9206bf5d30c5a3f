/**
 * The smallest world in which a report can go wrong: one child's outbox, a wire, one parent's inbox and its
 * turns. Nothing happens by itself: every step is asked for by a command, so that a story can be cut down to
 * the few that matter. Appends are durable at once; loss of power is the simulation's.
 */
import { emitted } from '../../src/delivery/emit.ts';
import { deathReceipt } from '../../src/delivery/inbox.ts';
import {
  type Outbox,
  type OutboxEffect,
  type OutboxInput,
  newOutbox,
  outboxStep,
} from '../../src/delivery/outbox.ts';
import type { Core } from '../../src/pod/machine/core.ts';
import { commitInput, onLink, onPause, onPodEvent, onResume } from '../../src/pod/machine/inputs.ts';
import {
  boot,
  endTurn,
  evaluate,
  onTimer,
  preLlmRequest,
  recoverPreviousRun,
  watchdog,
} from '../../src/pod/machine/state.ts';
import type { SentPodEvent } from '../../src/protocol/pod-event.ts';
import { PairPod, childRef, machine, parentRef, sessionOf } from './pair-pod.ts';

const usage = { inputTokens: 0, outputTokens: 0, cost: 0 };

/** Deliberate defects, put in from outside. */
export const pairMutants = [
  'bootClosesTurns',
  'clearAllOnDrain',
  'dedupeInMemoryOnly',
  'diedBeforeDrain',
  'noRetry',
  'numbersStartAnew',
  'timerLost',
] as const;
export type PairMutant = (typeof pairMutants)[number];

type Message =
  | { kind: 'link'; incarnation: number; emitted: number }
  | { kind: 'event'; seq: number; incarnation: number; event: SentPodEvent };
type Answer = { kind: 'linked' | 'acked'; received: number } | { kind: 'refused' };

export class PairWorld {
  readonly child = new PairPod();
  readonly parent = new PairPod();
  readonly #mutant: PairMutant | null;
  #outbox: Outbox = newOutbox();
  #connected = false;
  #up: Message[] = [];
  #down: Answer[] = [];
  #retry = false;
  /**
   * Where the parent's turn is: before its next request, or waiting for the answer to one that held
   * everything through that entry.
   */
  #turn: { id: string; asked: number | null } | null = null;
  /** Lives of the child that are over. */
  deadLives: number[] = [];

  constructor(mutant: PairMutant | null = null) {
    this.#mutant = mutant;
    this.startParent();
    this.input((core) => {
      const known = { type: 'child' as const, child: childRef };
      core.ports.commit([
        { ...known, state: 'reserved', tokenHash: '', task: '' },
        { ...known, state: 'started', pid: 1, ...machine },
        { type: 'assignment', assignment: 'work', child: childRef, state: 'open', text: 'work' },
      ]);
    });
    this.startChild();
    this.settleWire();
  }

  // What a command may ask for

  emit(text: string): void {
    const { facts, ports } = this.child.living();
    ports.commit([emitted(facts, reportOf(text))]);
    this.#step({ type: 'emitted' });
  }

  /** Whatever is on its way is lost. */
  cut(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#up = [];
    this.#down = [];
    if (this.child.core !== null) this.#step({ type: 'linkFailed', reason: 'cut' });
  }

  /** The back-off is over. */
  dial(): void {
    if (!this.#retry || this.child.core === null) return;
    this.#retry = false;
    this.#step({ type: 'retry' });
  }

  /** The parent takes the next message in, and its answer is on its way. */
  deliver(): boolean {
    const message = this.#up.shift();
    if (message === undefined) return false;
    this.#down.push(this.#receive(message));
    return true;
  }

  /** The child hears the next answer. */
  answer(): boolean {
    const answer = this.#down.shift();
    if (answer === undefined) return false;
    if (answer.kind === 'refused') this.cut();
    else this.#step({ type: answer.kind === 'linked' ? 'linkAnswered' : 'acked', received: answer.received });
    return true;
  }

  /** The parent's side of one message is lost on its way back, and with it the connection. */
  deliverAndLose(): void {
    if (this.deliver()) this.cut();
  }

  killChild(): void {
    this.cut();
    this.deadLives.push(this.child.living().facts.incarnation);
    this.child.die();
    this.#retry = false;
  }

  startChild(): void {
    this.#outbox = newOutbox();
    this.child.open(sessionOf(childRef, parentRef), ({ facts }) => {
      if (this.#mutant === 'numbersStartAnew') facts.outbox.emitted = facts.outbox.acked;
    });
    this.#step({ type: 'start' });
  }

  killParent(): void {
    this.cut();
    this.parent.die();
    this.#turn = null;
  }

  /** `late`: a link comes between the socket and the parent's own first input. */
  startParent(options: { late: boolean } = { late: false }): void {
    this.parent.open(sessionOf(parentRef, null), ({ facts }) => {
      if (this.#mutant === 'dedupeInMemoryOnly')
        for (const child of facts.children.values()) child.received = 0;
    });
    if (options.late) {
      this.dial();
      while (this.deliver());
    }
    this.input((core) => {
      if (this.#mutant === 'bootClosesTurns') recoverPreviousRun(core);
      boot(core);
    });
  }

  /** The sweep finds the child dead: what it left is taken in, and the death told. */
  look(): void {
    if (this.child.core !== null) return;
    const tellFirst = this.#mutant === 'diedBeforeDrain';
    if (tellFirst) this.#tellDeath();
    this.#takeIn(Number.MAX_SAFE_INTEGER);
    if (!tellFirst) this.#tellDeath();
  }

  pause(): void {
    this.input((core) => onPause(core, 'person'));
  }

  resume(): void {
    this.input((core) => {
      if (core.facts.paused || core.live.control !== null) onResume(core);
    });
  }

  timer(): void {
    const [name] = this.parent.timers;
    if (name === undefined) return;
    this.parent.timers.delete(name);
    if (this.#mutant !== 'timerLost') this.input((core) => onTimer(core, name));
  }

  /** One step of the parent's turn: asks the model, or takes its answer and ends. */
  drain(): boolean {
    const turn = this.#turn;
    if (turn === null) return false;
    this.input((core) => {
      if (turn.asked === null) {
        if (core.live.control?.kind === 'pause') return this.#end(core, 'paused');
        preLlmRequest(core);
        turn.asked = core.facts.lastSeq;
        return;
      }
      const { id, asked } = turn;
      if (this.#mutant === 'clearAllOnDrain') core.facts.notifyBuffer.length = 0;
      core.ports.commit([
        { type: 'assistantMessage', turn: id, step: 1, model: 'm', parts: [] },
        { type: 'stepCompleted', turn: id, step: 1, finishReason: 'stop', usage, seenThrough: asked },
      ]);
      this.#end(core, 'finished');
    });
    return true;
  }

  /** The request fails and is made again. */
  failRequest(): void {
    if (this.#turn !== null) this.#turn.asked = null;
  }

  /** No faults any more: everything that is alive or can be comes to rest. */
  quiet(): void {
    if (this.parent.core === null) this.startParent();
    if (this.child.core === null) this.look();
    this.resume();
    for (let round = 0; round < 1_000; round += 1) {
      this.settleWire();
      this.timer();
      if (
        !this.drain() &&
        this.parent.timers.size === 0 &&
        this.#up.length + this.#down.length === 0 &&
        !this.#retry
      )
        return;
    }
    throw new Error('it does not come to rest');
  }

  settleWire(): void {
    this.dial();
    while (this.deliver() || this.answer());
  }

  /** How often the watchdog would have had to help. */
  rescues(): number {
    this.input((core) => watchdog(core));
    return this.parent.living().live.watchdogRescues;
  }

  // The machinery

  input<T>(handle: (core: Core) => T): T {
    const { parent } = this;
    const answer = handle(parent.living());
    for (let effect = parent.effects.shift(); effect !== undefined; effect = parent.effects.shift()) {
      if (effect.type === 'startTurn') this.#turn = { id: effect.turn, asked: null };
      if (effect.type === 'timer') parent.timers.add(effect.name);
    }
    return answer;
  }

  #end(core: Core, outcome: 'finished' | 'paused'): void {
    this.#turn = null;
    endTurn(core, { outcome, durationMs: 0 });
  }

  /** What lives up to that one have left in the child's log. */
  #takeIn(throughIncarnation: number): void {
    for (const entry of this.child.entries) {
      if (entry.type !== 'podEventEmitted' || entry.incarnation > throughIncarnation) continue;
      const { eventSeq: seq, incarnation, event } = entry;
      this.input((core) => {
        const received = core.facts.children.get(childRef.instance)?.received ?? 0;
        if (seq > received)
          onPodEvent(core, { from: { instance: childRef.instance, incarnation }, seq, event });
      });
    }
  }

  #tellDeath(): void {
    this.input((core) => {
      const child = core.facts.children.get(childRef.instance);
      const life = this.deadLives.at(-1) ?? 0;
      if (child === undefined) return;
      for (let incarnation = child.terminal + 1; incarnation <= life; incarnation += 1) {
        const restored = incarnation < life;
        commitInput(
          core,
          deathReceipt(core.facts, child, incarnation, { restored, asked: false, outstanding: [] }),
        );
        evaluate(core, { urgent: false });
      }
    });
  }

  #receive(message: Message): Answer {
    if (message.kind === 'link') this.#takeIn(message.incarnation - 1);
    return this.input((core): Answer => {
      const child = core.facts.children.get(childRef.instance);
      if (child === undefined) return { kind: 'refused' };
      if (message.kind === 'link') {
        const { incarnation, emitted: count } = message;
        const identity = { ...childRef, incarnation, pid: 1, ...machine };
        const assignments = { open: ['work'], closed: [] };
        onLink(core, { child: identity, token: '', protocol: 1, assignments, emitted: count }, new Set());
        return { kind: 'linked', received: child.received };
      }
      const { seq, incarnation, event } = message;
      const { received } = onPodEvent(core, {
        from: { instance: childRef.instance, incarnation },
        seq,
        event,
      });
      return { kind: 'acked', received };
    });
  }

  #step(input: OutboxInput): void {
    const { facts } = this.child.living();
    const view = { ...facts.outbox, reconnectBaseMs: 1, reconnectMaxMs: 1, random: () => 0 };
    const { outbox, effects } = outboxStep(this.#outbox, input, view);
    this.#outbox = outbox;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: OutboxEffect): void {
    const { facts, ports } = this.child.living();
    switch (effect.type) {
      case 'link':
        if (this.parent.core === null) return this.#step({ type: 'linkFailed', reason: 'nobody listens' });
        this.#connected = true;
        this.#up.push({ kind: 'link', incarnation: facts.incarnation, emitted: facts.outbox.emitted });
        return;
      case 'send':
        for (let seq = effect.from; seq <= effect.through; seq += 1) {
          const pending = facts.outbox.pending.get(seq);
          if (pending !== undefined) {
            this.#up.push({ kind: 'event', seq, incarnation: pending.incarnation, event: pending.event });
          }
        }
        return;
      case 'acknowledge':
        return ports.commit([{ type: 'podEventAcked', through: effect.through }]);
      case 'retryIn':
        this.#retry = this.#mutant !== 'noRetry';
        return;
      case 'dropLink':
      case 'alert':
    }
  }
}

function reportOf(text: string): SentPodEvent {
  return {
    kind: 'turnEnded',
    outcome: 'limitReached',
    turn: text,
    assignments: [],
    outstanding: [],
    settled: false,
    text,
    textChars: text.length,
    usage,
    durationMs: 0,
    hops: 0,
  };
}
