/** `deliveryChanged` for what comes in: an event of a child on its way from receipt to being read. */
import type { ShownEvent } from '../../protocol/live-events.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import type { Facts } from '../../session/facts/facts.ts';

type Inbound = Extract<ShownEvent, { type: 'deliveryChanged'; from: string }>;
type ChildEvent = Pick<Inbound, 'from' | 'seq' | 'kind'>;

export class InboundFeed {
  readonly #facts: Facts;
  readonly #show: (event: ShownEvent) => void;
  /** By entry seq: what was given to the model and is not seen; null: no event, or one from before. */
  readonly #given: Map<number, ChildEvent | null>;

  constructor(facts: Facts, show: (event: ShownEvent) => void) {
    this.#facts = facts;
    this.#show = show;
    this.#given = new Map(facts.unseen.map(({ entrySeq }) => [entrySeq, null]));
  }

  /** Behind each append. */
  committed(bodies: readonly EntryBody[]): void {
    const before = this.#facts.lastSeq - bodies.length;
    for (const [at, body] of bodies.entries()) {
      if (body.type === 'podEventReceived') {
        const { from, eventSeq, event } = body;
        const one = { from: from.name, seq: eventSeq, kind: event.kind };
        this.#say(one, 'received');
        if (!body.reads) this.#say(one, 'consumed');
      } else if (body.type === 'systemItem') {
        const { item } = body;
        const isEvent = item.kind === 'podEvent';
        const one = isEvent ? { from: item.from.name, seq: item.seq, kind: item.event.kind } : null;
        this.#given.set(before + at + 1, one);
        if (one !== null) this.#say(one, 'consumed');
      } else if (body.type === 'stepCompleted' || body.type === 'itemsSeen') this.#seen();
    }
  }

  #seen(): void {
    const unseen = new Set(this.#facts.unseen.map(({ entrySeq }) => entrySeq));
    for (const [seq, one] of this.#given) {
      if (unseen.has(seq)) continue;
      this.#given.delete(seq);
      if (one !== null) this.#say(one, 'seen');
    }
  }

  #say(one: ChildEvent, state: Inbound['state']): void {
    this.#show({ type: 'deliveryChanged', ...one, state });
  }
}
