/**
 * What one log has received and given to its model: each event once, in order, as it was received (I2, I3,
 * I8), each end of an incarnation once (I2), and none that a request passed over (I1, I3). Holes are for
 * `links.ts`, which knows both ends.
 */
import { isGivenUp } from './given-up.ts';
import { isDeepStrictEqual } from 'node:util';
import type { PodIdentity } from '../../protocol/names.ts';
import type { PodEvent } from '../../protocol/pod-event.ts';
import type { PodEventReceivedEntry } from '../../session/facts/delivery-entries.ts';
import type {
  ChildEntry,
  ChildState,
  Entry,
  SystemItemEntry,
  ToolResultEntry,
} from '../../session/facts/entries.ts';
import { Check } from './finding.ts';
import { type PodState, eventKey } from './state.ts';
import { isEnd } from './table.ts';

export interface ReceiptView {
  entrySeq: number;
  incarnation: number;
  event: PodEvent;
  /** `final`: not for the model (any more). */
  state: 'waiting' | 'consumed' | 'final';
}

/** One child, by what this log has received of it. */
export interface SenderView {
  name: string;
  instance: string;
  /** By event number, each the first of its number. */
  receipts: Map<number, ReceiptView>;
  /** Highest number received, and highest incarnation that anything was received of. */
  max: number;
  incarnation: number;
  /** Without a number: what this side wrote itself. */
  ownCount: number;
  /** shutDown or died, by incarnation, each the first. */
  terminals: Map<number, ReceiptView>;
}

/** One child, by what this log says of it as a pod. */
export interface ChildView {
  name: string;
  state: ChildState;
  /** Highest incarnation that linked, 0 for none. */
  linked: number;
  /** Time of the newest link. */
  linkedAt: string;
}

export class InboxCheck extends Check {
  readonly types = ['podEventReceived', 'systemItem', 'toolResult', 'child'] as const;
  readonly senders = new Map<string, SenderView>();
  readonly children = new Map<string, ChildView>();
  readonly #state: PodState;
  /** By identity; only `unreachable` may be here more than once. */
  #receipts = new Map<string, ReceiptView[]>();
  /** By instance: the highest incarnation whose end a StopPod result told. */
  #stopReported = new Map<string, number>();
  /** By instance: entry seq of the latest receipt that was given to the model. */
  #itemsThrough = new Map<string, number>();

  constructor(pod: string, state: PodState) {
    super(pod);
    this.#state = state;
  }

  take(entry: Entry): void {
    if (entry.type === 'podEventReceived') this.#receipt(entry);
    else if (entry.type === 'systemItem') this.#item(entry);
    else if (entry.type === 'toolResult') this.#result(entry);
    else if (entry.type === 'child') this.#child(entry);
  }

  /** True for an event whose number is in the log already: nothing more is to be judged by it. */
  isRepeated(entry: Entry): boolean {
    if (entry.type !== 'podEventReceived' || entry.eventSeq === null) return false;
    const { from, eventSeq, seq } = entry;
    if (this.senders.get(from.instance)?.receipts.has(eventSeq) !== true) return false;
    this.find('I2', `event ${eventSeq} of "${from.name}" was received twice (again at entry ${seq})`);
    return true;
  }

  /** At the log's end: nothing may have been passed over for good. */
  override end(): void {
    const missed = new Map(this.#state.waiting.map((item) => [item.at, item.isShown ? 0 : item.missedAt]));
    for (const [identity, receipts] of this.#receipts) {
      const instance = identity.slice(0, identity.indexOf(' '));
      const through = this.#itemsThrough.get(instance) ?? 0;
      for (const { state, entrySeq, event } of receipts) {
        if (state !== 'waiting') continue;
        const what = `${event.kind} of "${this.#nameOf(instance)}" (entry ${entrySeq})`;
        const missedAt = missed.get(entrySeq) ?? 0;
        if (entrySeq <= through) {
          this.find('I3', `${what} was passed over: later ones of that pod are in the history`);
        } else if (missedAt > 0) {
          this.find(
            'I1',
            `${what} is not in the history: the model was asked without it (entry ${missedAt})`,
          );
        }
      }
    }
  }

  #receipt(entry: Entry<PodEventReceivedEntry>): void {
    const { from, eventSeq, event } = entry;
    const sender = this.#sender(from);
    this.#checkOrder(sender, entry);
    const receipt: ReceiptView = {
      entrySeq: entry.seq,
      incarnation: from.incarnation,
      event,
      state: this.#isFinal(entry) ? 'final' : 'waiting',
    };
    if (eventSeq === null) sender.ownCount += 1;
    else sender.receipts.set(eventSeq, receipt);
    sender.max = Math.max(sender.max, eventSeq ?? 0);
    sender.incarnation = Math.max(sender.incarnation, from.incarnation);
    if (isEnd(event) && !this.#endOnce(sender, from, receipt)) return;
    const identity = eventKey({ from, seq: eventSeq, event });
    this.#receipts.set(identity, [...(this.#receipts.get(identity) ?? []), receipt]);
  }

  /**
   * Numbers rise, and lives follow each other: what tells of an earlier one, its death too, stands before all
   * of a later one.
   */
  #checkOrder(sender: SenderView, { from, event, eventSeq, seq }: Entry<PodEventReceivedEntry>): void {
    if (eventSeq !== null && eventSeq < sender.max) {
      this.find(
        'I3',
        `event ${eventSeq} of "${from.name}" was received after event ${sender.max} (entry ${seq})`,
      );
    } else if (from.incarnation < sender.incarnation) {
      this.find(
        'I3',
        `${event.kind} of incarnation ${from.incarnation} of "${from.name}" (entry ${seq}) is behind what incarnation ${sender.incarnation} reported`,
      );
    }
  }

  #item(entry: Entry<SystemItemEntry>): void {
    const { item } = entry;
    if (item.kind !== 'podEvent') return;
    const { from, seq, event } = item;
    const what = `${event.kind}${seq === null ? '' : ` (event ${seq})`} of "${from.name}"`;
    const receipts = this.#receipts.get(eventKey({ from, seq, event })) ?? [];
    const receipt = receipts.find(({ state }) => state === 'waiting');
    if (receipt === undefined) {
      this.find('I2', `${what} is in the history at entry ${entry.seq}, ${whyNot(receipts)}`);
      return;
    }
    receipt.state = 'consumed';
    if (!isDeepStrictEqual(event, receipt.event)) {
      this.find(
        'I8',
        `${what} is in the history (entry ${entry.seq}) with another content than it was received with (entry ${receipt.entrySeq})`,
      );
    }
    const through = this.#itemsThrough.get(from.instance) ?? 0;
    if (receipt.entrySeq < through) {
      this.find('I3', `${what} is in the history behind what was received after it (entry ${entry.seq})`);
    }
    this.#itemsThrough.set(from.instance, Math.max(through, receipt.entrySeq));
  }

  #result(entry: Entry<ToolResultEntry>): void {
    const { stopped } = entry;
    if (stopped === undefined) return;
    const { instance, incarnation } = stopped;
    this.#stopReported.set(instance, Math.max(this.#stopReported.get(instance) ?? 0, incarnation));
    for (const [of, terminal] of this.senders.get(instance)?.terminals ?? []) {
      if (of <= incarnation && terminal.state === 'waiting') terminal.state = 'final';
    }
  }

  #child(entry: Entry<ChildEntry>): void {
    const { child, state, incarnation, time } = entry;
    const known = this.children.get(child.instance) ?? { linked: 0, linkedAt: '' };
    const isLink = state === 'linked';
    this.children.set(child.instance, {
      name: child.name,
      state,
      linked: isLink ? Math.max(known.linked, incarnation ?? 0) : known.linked,
      linkedAt: isLink ? time : known.linkedAt,
    });
  }

  #endOnce(sender: SenderView, from: PodIdentity, receipt: ReceiptView): boolean {
    const first = sender.terminals.get(from.incarnation);
    if (first === undefined) {
      sender.terminals.set(from.incarnation, receipt);
      return true;
    }
    if (isGivenUp(first.event)) return true;
    this.find(
      'I2',
      `the end of incarnation ${from.incarnation} of "${from.name}" was reported twice: ${first.event.kind} at entry ${first.entrySeq}, ${receipt.event.kind} at entry ${receipt.entrySeq}`,
    );
    // A repeated `died` has the first one's identity; a shutDown has its own number and may be consumed under
    // it.
    return receipt.event.kind !== first.event.kind || receipt.event.kind === 'shutDown';
  }

  #isFinal(entry: Entry<PodEventReceivedEntry>): boolean {
    const { from, event, reads } = entry;
    return !reads || (isEnd(event) && from.incarnation <= (this.#stopReported.get(from.instance) ?? 0));
  }

  #sender(from: PodIdentity): SenderView {
    const known = this.senders.get(from.instance);
    if (known !== undefined) return known;
    const { name, instance } = from;
    const sender = {
      name,
      instance,
      receipts: new Map(),
      max: 0,
      incarnation: 0,
      ownCount: 0,
      terminals: new Map(),
    };
    this.senders.set(instance, sender);
    return sender;
  }

  #nameOf(instance: string): string {
    return this.senders.get(instance)?.name ?? this.children.get(instance)?.name ?? instance;
  }
}

function whyNot(receipts: readonly ReceiptView[]): string {
  if (receipts.length === 0) return 'but was never received';
  return receipts.some(({ state }) => state === 'consumed')
    ? 'a second time'
    : 'although it was not for the model, or StopPod had told it';
}
