/**
 * Work as it goes by, in plain lines: the main pod's text as it streams, everything else a line each. A state
 * machine over events with one way out, `write`; knows no socket and no terminal.
 *
 * Invariants
 * - W1 Nothing is shown twice: what has been streamed is only completed by the committed message, never
 *   repeated.
 * - W2 A line of another pod never stands in the middle of one that is being streamed.
 */
import type { Entry } from '../../session/facts/entries.ts';
import { lineOf, messageText } from './live-lines.ts';
import type { LiveEvent } from '../../client/pod-stream.ts';
import { alertText, grouped, printable } from './printable.ts';

export interface LiveViewOptions {
  readonly write: (text: string) => void;
  /** Off: whole messages only. */
  readonly streaming: boolean;
  readonly color: boolean;
  /** How the main pod's entries look, but for its own messages; null: not shown. */
  readonly render?: (entry: Entry) => string | null;
}

interface Streamed {
  turn: string;
  step: number;
  /** What of this step's text has been shown, as it came. */
  text: string;
}

export class LiveView {
  readonly #options: LiveViewOptions;
  readonly #render: (entry: Entry) => string | null;
  #atLineStart = true;
  #streamed: Streamed | null = null;

  constructor(options: LiveViewOptions) {
    this.#options = options;
    this.#render = options.render ?? mainLine;
  }

  /** An event of the pod that is being watched. */
  showMain(event: LiveEvent): void {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- most of them are for screens
    switch (event.type) {
      case 'textDelta':
        if (this.#options.streaming) this.#stream(event);
        return;
      case 'entry':
        if (event.entry.type === 'assistantMessage') this.#complete(event.entry);
        else this.#showLine(this.#render(event.entry));
        return;
      case 'alert':
        if (event.code === 'providerRetry') this.#streamed = null;
        this.line(this.dim(alertText(event.text)));
        return;
      case 'compactionStarted':
        this.line(this.dim(compactionLine(event)));
        return;
      default:
    }
  }

  /** An event of a pod below it: one line, with its name. */
  showOther(name: string, event: LiveEvent): void {
    const line =
      event.type === 'entry' ? lineOf(event.entry) : event.type === 'alert' ? alertText(event.text) : null;
    if (line !== null) this.line(`${this.dim(`${name} │`)} ${line}`);
  }

  /** A line of its own, whatever is being streamed. */
  line(text: string): void {
    this.#breakLine();
    this.#options.write(`${text}\n`);
  }

  /** Ends a line that was being streamed. */
  finish(): void {
    this.#breakLine();
  }

  dim(text: string): string {
    return this.#options.color ? `\u001B[2m${text}\u001B[22m` : text;
  }

  #showLine(text: string | null): void {
    if (text !== null) this.line(text);
  }

  #stream(delta: Extract<LiveEvent, { type: 'textDelta' }>): void {
    const { turn, step, offset, text } = delta;
    const known = this.#streamed;
    const streamed =
      known !== null && known.turn === turn && known.step === step ? known : { turn, step, text: '' };
    this.#streamed = streamed;
    // A hole (we were behind for a while) is filled by the committed message.
    if (offset > streamed.text.length) return;
    const fresh = text.slice(streamed.text.length - offset);
    streamed.text += fresh;
    this.#writeText(fresh);
  }

  #complete(entry: Entry & { type: 'assistantMessage' }): void {
    const text = messageText(entry);
    const shown = this.#streamed;
    this.#streamed = null;
    const same = shown !== null && shown.turn === entry.turn && shown.step === entry.step;
    if (same && text.startsWith(shown.text)) {
      this.#writeText(text.slice(shown.text.length));
    } else {
      this.#breakLine();
      this.#writeText(text);
    }
    this.#breakLine();
  }

  #writeText(text: string): void {
    const clean = printable(text);
    if (clean === '') return;
    this.#options.write(clean);
    this.#atLineStart = clean.endsWith('\n');
  }

  #breakLine(): void {
    if (!this.#atLineStart) this.#options.write('\n');
    this.#atLineStart = true;
  }
}

/** A summary takes a while, and nothing of it is streamed. */
function compactionLine({ tokens, window }: Extract<LiveEvent, { type: 'compactionStarted' }>): string {
  return `— the history is being summed up (${grouped(tokens)} of ${grouped(window)} tokens)`;
}

/** The end of a turn that went well is told by what stands around it. */
function mainLine(entry: Entry): string | null {
  if (entry.type === 'turnEnded' && entry.outcome === 'finished' && entry.outstanding.length === 0)
    return null;
  return lineOf(entry);
}
