/** `deliveryChanged` for what comes in: an event of a child on its way from receipt to being read. */
import type { ShownEvent } from '../../protocol/live-events.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import type { Facts } from '../../session/facts/facts.ts';

type Inbound = Extract<ShownEvent, { type: 'deliveryChanged'; from: string }>;
type ChildEvent = Pick<Inbound, 'from' | 'seq' | 'kind'>;

export class InboundFeed {
  readonly #facts: Facts;
  readonly #show: (event: ShownEvent) => void;
  /** What was given to the model and is not seen, in order; null: no event, or one from before. */
  #given: (ChildEvent | null)[];

  constructor(facts: Facts, show: (event: ShownEvent) => void) {
    this.#facts = facts;
    this.#show = show;
    this.#given = facts.unseen.map(() => null);
  }

  /** Behind each append. */
  committed(bodies: readonly EntryBody[]): void {
    for (const body of bodies) {
      if (body.type === 'podEventReceived') {
        const { from, eventSeq, event } = body;
        const one = { from: from.name, seq: eventSeq, kind: event.kind };
        this.#say(one, 'received');
        if (!body.reads) this.#say(one, 'consumed');
      } else if (body.type === 'systemItem') {
        const { item } = body;
        const isEvent = item.kind === 'podEvent';
        const one = isEvent ? { from: item.from.name, seq: item.seq, kind: item.event.kind } : null;
        this.#given.push(one);
        if (one !== null) this.#say(one, 'consumed');
      } else if (body.type === 'stepCompleted') this.#seen();
    }
  }

  /** The facts have let go of the first of them. */
  #seen(): void {
    while (this.#given.length > this.#facts.unseen.length) {
      const one = this.#given.shift() ?? null;
      if (one !== null) this.#say(one, 'seen');
    }
  }

  #say(one: ChildEvent, state: Inbound['state']): void {
    this.#show({ type: 'deliveryChanged', ...one, state });
  }
}
