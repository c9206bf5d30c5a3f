/**
 * Receipts against the table of delivery §3: whether the model reads the event and is woken (V1), and what
 * work it ends (V2). What the receipt says of itself is compared, never believed.
 */
import type { PodEventReceivedEntry } from '../../session/facts/delivery-entries.ts';
import type { Entry } from '../../session/facts/entries.ts';
import { Check } from './finding.ts';
import type { PodState } from './state.ts';
import { isEnd, tableRow } from './table.ts';

/** A pod that stops asks for the ends of its children, and its log says so only later. */
interface SilentEnd {
  readonly text: string;
}

export class ReceiptCheck extends Check {
  readonly types = ['podEventReceived', 'started', 'turnStarted', 'inputReceived'] as const;
  readonly #state: PodState;
  /** Ends of this incarnation that were kept from the model, right only where it was stopping. */
  #silent: SilentEnd[] = [];

  constructor(pod: string, state: PodState) {
    super(pod);
    this.#state = state;
  }

  take(entry: Entry): void {
    if (entry.type === 'podEventReceived') {
      this.#visibility(entry);
      this.#closing(entry);
    } else if (entry.type === 'started') this.#silent = [];
    // No pod that stops begins a turn or takes a run.
    else if (entry.type === 'turnStarted' || (entry.type === 'inputReceived' && entry.kind !== 'notice')) {
      for (const { text } of this.#silent) this.find('V1', text);
      this.#silent = [];
    }
  }

  #visibility(entry: Entry<PodEventReceivedEntry>): void {
    const { event, reads, wakes, from } = entry;
    const row = tableRow(event);
    if (row === undefined) return;
    const what = describe(entry);
    if (reads !== wakes) {
      this.find(
        'V1',
        `${what} says reads: ${reads} and wakes: ${wakes}: what is read wakes, and nothing else`,
      );
      return;
    }
    if (entry.readAt !== undefined && !this.#isRead(entry)) {
      this.find(
        'V1',
        `${what} counts as read at entry ${entry.readAt}, where its output was not read or not seen`,
      );
      return;
    }
    const isShownByStop =
      isEnd(event) && from.incarnation <= (this.#state.stopReported.get(from.instance) ?? 0);
    const isShown = row.isShown && !isShownByStop && entry.readAt === undefined;
    if (reads === isShown) return;
    const text = reads
      ? `${what} is given to the model, and the table keeps it from it`
      : `${what} is kept from the model, and the table gives it to it`;
    // Whoever stops its own tree has asked for this end. Work that ends with it was not given up by its
    // model.
    const mayBeSilent = !reads && isEnd(event) && this.#state.openOf(from.instance).length === 0;
    if (mayBeSilent) this.#silent.push({ text });
    else this.find('V1', text);
  }

  /** ReadPodOutput gave the model the whole end of this turn, and a completed response had it. */
  #isRead({ event, from, readAt = 0, seq }: Entry<PodEventReceivedEntry>): boolean {
    if (event.kind !== 'turnEnded' || event.outcome !== 'finished') return false;
    const read = this.#state.readTurns.get(event.turn);
    return (
      read !== undefined &&
      read.at === readAt &&
      read.instance === from.instance &&
      readAt <= this.#state.seenThrough &&
      readAt < seq
    );
  }

  #closing(entry: Entry<PodEventReceivedEntry>): void {
    const due = new Set(this.#state.endedBy(entry));
    const says = new Set(entry.closes);
    const missing = [...due].filter((id) => !says.has(id));
    const what = describe(entry);
    if (missing.length > 0) {
      this.find('V2', `${what} ends assignment(s) ${missing.join(', ')} and does not close them`);
    }
    // Of what was not open, or another's, it is said where closings are counted.
    const open = new Set(this.#state.openOf(entry.from.instance));
    const tooMuch = [...says].filter((id) => open.has(id) && !due.has(id));
    if (tooMuch.length > 0) {
      this.find('V2', `${what} closes assignment(s) ${tooMuch.join(', ')}, which it does not end`);
    }
  }
}

function describe({ event, from, seq }: Entry<PodEventReceivedEntry>): string {
  const outcome = event.kind === 'turnEnded' ? ` ${event.outcome}` : '';
  return `${event.kind}${outcome} of "${from.name}" (entry ${seq})`;
}
