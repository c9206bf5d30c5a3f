/**
 * Whether an agent has a prompt that was cut off, by what it says when its session is loaded. No agent has
 * ids of messages that would tell; so each prompt has a marker in its text. Pure.
 */
import type { EngineUpdate } from './updates.ts';

/** `unknown`: it has compacted or cut what it says, or says nothing of it. */
export type Replayed = 'present' | 'absent' | 'unknown';

/** A replay may be of any length: of the words of people only so much is looked at together. */
const keptChars = 4_096;

export class ReplaySearch {
  readonly #marker: string;
  readonly #before: string | null;
  #window = '';
  #hasMarker = false;
  #hasBefore = false;
  #isEmpty = true;

  /** `before`: the marker of the prompt before it; null where it was the first. */
  constructor(marker: string, before: string | null) {
    this.#marker = marker;
    this.#before = before;
  }

  take(update: EngineUpdate): void {
    if (update.kind === 'userText') this.#takeText(update.text);
    if (update.kind === 'userText' || update.kind === 'text' || update.kind === 'thought')
      this.#isEmpty &&= update.text === '';
    if (update.kind === 'call') this.#isEmpty = false;
  }

  /** An agent may give a text in pieces, and a marker in two of them. */
  #takeText(text: string): void {
    const seen = this.#window + text;
    this.#hasMarker ||= seen.includes(this.#marker);
    this.#hasBefore ||= this.#before !== null && seen.includes(this.#before);
    this.#window = seen.slice(-keptChars);
  }

  /** Once the whole replay has come. */
  get verdict(): Replayed {
    if (this.#hasMarker) return 'present';
    if (this.#before === null ? this.#isEmpty : this.#hasBefore) return 'absent';
    return 'unknown';
  }
}
