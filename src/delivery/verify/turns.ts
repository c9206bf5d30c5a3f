/**
 * The turns of one log: every item that was put into the history was in a request that completed (I5), and no
 * call of an earlier turn is run again or left open (I12).
 */
import type {
  Entry,
  StepCompletedEntry,
  SystemItem,
  SystemItemEntry,
  ToolCallEntry,
  ToolResultEntry,
  TurnEndedEntry,
} from '../../session/facts/entries.ts';
import { Check } from './finding.ts';

interface UnseenItem {
  entrySeq: number;
  turn: string;
  what: string;
  isOfTurn: boolean;
}

export class TurnCheck extends Check {
  readonly types = [
    'turnStarted',
    'turnEnded',
    'interrupted',
    'stopped',
    'inputReceived',
    'systemItem',
    'stepCompleted',
    'toolCall',
    'toolResult',
  ] as const;
  #open: string | null = null;
  /** The newest turn finished and nothing has been begun, paused, cancelled or cut off since. */
  #idle = false;
  #unseen: UnseenItem[] = [];
  /** Calls of the newest turn, by turn, step and call: how many have no result. */
  #calls = new Map<string, { open: number; tool: string; turn: string }>();

  take(entry: Entry): void {
    if (entry.type === 'turnStarted') this.#started(entry.turn);
    else if (entry.type === 'turnEnded') this.#ended(entry);
    // A pod that stopped in order is not at rest: its next incarnation finds what is unseen, and asks.
    else if (entry.type === 'interrupted' || entry.type === 'stopped') this.#interrupted();
    else if (entry.type === 'inputReceived') this.#idle &&= entry.kind !== 'pause' && entry.kind !== 'cancel';
    else if (entry.type === 'systemItem') this.#item(entry);
    else if (entry.type === 'stepCompleted') this.#step(entry);
    else if (entry.type === 'toolCall') this.#call(entry);
    else if (entry.type === 'toolResult') this.#result(entry);
  }

  /** At the log's end: a pod that rests must have seen everything that it consumed. */
  override end(): void {
    if (!this.#idle) return;
    for (const item of this.#unseen) {
      this.find('I5', `${item.what} (entry ${item.entrySeq}) is in the history of a pod at rest, unseen`);
    }
    this.#unseen = [];
  }

  #started(turn: string): void {
    for (const { open, tool, turn: of } of this.#calls.values()) {
      if (open === 0) continue;
      this.find('I12', `turn ${turn} began while a call of ${tool} in turn ${of} had no result`);
    }
    this.#calls.clear();
    this.#open = turn;
    this.#idle = false;
  }

  #ended(entry: Entry<TurnEndedEntry>): void {
    this.#open = null;
    this.#idle = entry.outcome === 'finished';
    // What an answer lacked is of no turn but its own.
    if (!this.#idle && entry.outcome !== 'paused')
      this.#unseen = this.#unseen.filter((item) => !item.isOfTurn);
    if (!this.#idle) return;
    const swallowed = this.#unseen.filter((item) => item.turn === entry.turn);
    for (const item of swallowed) {
      this.find(
        'I5',
        `turn ${entry.turn} took in ${item.what} (entry ${item.entrySeq}) and finished without a completed request that held it`,
      );
    }
    this.#unseen = this.#unseen.filter((item) => item.turn !== entry.turn);
  }

  #interrupted(): void {
    this.#open = null;
    this.#idle = false;
  }

  #item(entry: Entry<SystemItemEntry>): void {
    this.#unseen.push({
      entrySeq: entry.seq,
      turn: entry.turn,
      what: whatItIs(entry.item),
      isOfTurn: entry.item.kind === 'unmet',
    });
  }

  #step(entry: Entry<StepCompletedEntry>): void {
    const { seq, seenThrough } = entry;
    if (seenThrough >= seq) {
      this.find(
        'I5',
        `the response at entry ${seq} says it has seen entry ${seenThrough}, which did not exist yet`,
      );
    }
    const through = Math.min(seenThrough, seq);
    this.#unseen = this.#unseen.filter((item) => item.entrySeq > through);
  }

  #call(entry: Entry<ToolCallEntry>): void {
    const { turn, tool } = entry;
    const known = this.#calls.get(callKey(entry));
    this.#calls.set(callKey(entry), { open: (known?.open ?? 0) + 1, tool, turn });
  }

  #result(entry: Entry<ToolResultEntry>): void {
    const known = this.#calls.get(callKey(entry));
    const interrupted = entry.interrupted === true;
    const what = `the result of ${entry.tool} at entry ${entry.seq}`;
    if (known === undefined) {
      // Closing what an earlier turn left open is right, however late.
      if (!interrupted)
        this.find(
          'I12',
          `${what} answers no call of the turn under way: an earlier turn's call was run again`,
        );
      return;
    }
    if (known.open === 0) {
      this.find('I12', `${what} is a second one: its call had a result already`);
      return;
    }
    known.open -= 1;
    if (!interrupted && this.#open !== entry.turn) {
      this.find('I12', `${what} came after its turn ${entry.turn} was over, and does not say interrupted`);
    }
  }
}

function callKey({ turn, step, call }: { turn: string; step: number; call: string }): string {
  return JSON.stringify([turn, step, call]);
}

function whatItIs(item: SystemItem): string {
  switch (item.kind) {
    case 'podEvent':
      return `${item.event.kind} of "${item.from.name}"`;
    case 'notice':
      return 'a notice';
    case 'assignment':
      return 'the end of an assignment';
    case 'command':
      return `the end of ${item.command}`;
    case 'unmet':
      return `what the answer lacked (${item.of})`;
    default:
      return 'an item';
  }
}
