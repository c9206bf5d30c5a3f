/**
 * The input: a text that is typed, what is offered for it, what was sent before. Nothing of it is sent by
 * itself.
 *
 * Invariants
 * - I1 What was typed leaves it only by `submit`, or into `$EDITOR` and back; what `clear` takes, Ctrl+-
 *   brings back.
 * - I2 An offer is taken by a key of the person's; one that comes late, for another text, is dropped.
 */
import type { Place } from '../line.ts';
import type { Action } from '../state.ts';
import { TextEditor } from './editor.ts';
import { foundIn, type History } from './history.ts';
import type { Key } from './key.ts';
import { asksFiles, type Candidates, type Offer, type Offers, ownOffers, fileOffers } from './offers.ts';

export interface ComposerOptions {
  readonly past: History;
  /** Names of the pods of the tree. */
  readonly pods: () => readonly string[];
  /** Files for the text before the caret; null where there are none. May reject. */
  readonly complete: (text: string) => Promise<Candidates | null>;
  /** Something is offered, or no more: not by a key. */
  readonly onChange: () => void;
  readonly widthOf: (text: string) => number;
}

export interface ComposerView {
  readonly lines: readonly string[];
  readonly caret: Place;
  readonly completion: { readonly offers: readonly Offer[]; readonly chosen: number } | null;
}

/** Going through what was sent, or searching it. */
interface Browsing {
  /** The place in the history; its length: the text that was there before. */
  readonly at: number;
  readonly draft: string;
  /** Null: no search. */
  readonly words: string | null;
}

export class Composer {
  readonly #options: ComposerOptions;
  readonly #editor: TextEditor;
  #offers: Offers | null = null;
  #chosen = 0;
  /** An arrow has chosen: Enter takes it. */
  #hasChosen = false;
  #browsing: Browsing | null = null;
  /** The text for which files are being looked for; null: for none. */
  #asked: string | null = null;

  constructor(options: ComposerOptions) {
    this.#options = options;
    this.#editor = new TextEditor(options.widthOf);
  }

  get text(): string {
    return this.#editor.text;
  }

  get isEmpty(): boolean {
    return this.#editor.isEmpty;
  }

  /**
   * Something is offered, or the history is searched: then Esc, Tab, the arrows and Enter are for that first.
   */
  get completes(): boolean {
    return this.#offers !== null || this.#isSearching;
  }

  get #isSearching(): boolean {
    return this.#browsing !== null && this.#browsing.words !== null;
  }

  /** One character. */
  type(text: string): void {
    if (this.#isSearching) return this.#search((this.#browsing?.words ?? '') + text);
    this.#browsing = null;
    this.#editor.type(text);
    this.#offer();
  }

  paste(text: string): void {
    this.#browsing = null;
    this.#editor.paste(text);
    this.#close();
  }

  /** A key that is no action: it edits, or moves in what is offered or was sent. */
  edit({ name, raw }: Key): void {
    if (this.#isSearching) return this.#editSearch(name, raw);
    if (this.#offers !== null && this.#moveOffer(name)) return;
    if (name === 'tab') return this.#offer();
    if (name === 'up' && this.#editor.isAtTop) return this.recall('back');
    if (name === 'down' && this.#browsing !== null && this.#editor.isAtBottom) return this.recall('forward');
    const before = this.#editor.text;
    this.#editor.edit(raw);
    // A text that was recalled and changed is a new one.
    if (this.#editor.text !== before) this.#browsing = null;
    this.#offer();
  }

  newline(): void {
    this.#browsing = null;
    this.#editor.newline();
    this.#close();
  }

  /**
   * The text, which is no more in the input; null: the key was for something else (a `\` before the caret,
   * what was chosen), or there is none.
   */
  submit(): string | null {
    if (this.#isSearching) {
      this.#endSearch();
      return null;
    }
    if (this.#offers !== null && this.#enterTakes(this.#offers)) {
      this.complete();
      return null;
    }
    if (this.#editor.beforeCaret.text.endsWith('\\')) {
      this.#editor.backspace();
      this.newline();
      return null;
    }
    this.#close();
    this.#browsing = null;
    if (this.#editor.text.trim() === '') return null;
    const text = this.#editor.take();
    this.#options.past.add(text);
    return text;
  }

  /** What is chosen takes the place of what is before the caret. */
  complete(): void {
    const offers = this.#offers;
    const chosen = offers?.offers[this.#chosen];
    this.#endSearch();
    if (offers === null || chosen === undefined) return;
    this.#editor.eraseTo(offers.from);
    this.#editor.insert(chosen.isPart ? chosen.text : `${chosen.text} `);
    this.#close();
    if (chosen.isPart) this.#offer();
  }

  recall(to: Extract<Action, { kind: 'history' }>['to']): void {
    const { entries } = this.#options.past;
    const before = this.#browsing ?? { at: entries.length, draft: this.#editor.text, words: null };
    this.#close();
    if (to === 'search') return this.#searchOn(before);
    const at = Math.min(entries.length, Math.max(0, before.at + (to === 'back' ? -1 : 1)));
    if (at === before.at) return;
    this.#browsing = at === entries.length ? null : { ...before, at, words: null };
    this.#editor.set(entries[at] ?? before.draft);
  }

  /** Ctrl+C: what there was can be taken back by an undo. */
  clear(): void {
    this.#browsing = null;
    this.#editor.set('');
    this.#close();
  }

  /** From `$EDITOR`, or given back because it was not taken. */
  set(text: string): void {
    this.#browsing = null;
    this.#editor.set(text);
    this.#close();
  }

  view(room: { readonly columns: number; readonly rows: number }): ComposerView {
    const offers = this.#offers;
    return {
      ...this.#editor.view(room),
      completion: this.#isSearching
        ? this.#searchOffers()
        : offers === null
          ? null
          : { offers: offers.offers, chosen: this.#chosen },
    };
  }

  #enterTakes({ isCommand, offers }: Offers): boolean {
    const typed = this.#editor.beforeCaret.text;
    if (offers.some(({ text }) => text === typed)) return false;
    return this.#hasChosen || isCommand;
  }

  /** Whether the key was for what is offered. */
  #moveOffer(name: string): boolean {
    const count = this.#offers?.offers.length ?? 0;
    if (name === 'escape') this.#close();
    else if (name === 'down' || name === 'up') {
      this.#chosen = (this.#chosen + (name === 'down' ? 1 : count - 1)) % count;
      this.#hasChosen = true;
    } else return false;
    return true;
  }

  #close(): void {
    this.#offers = null;
    this.#chosen = 0;
    this.#hasChosen = false;
    this.#asked = null;
  }

  /** For the text as it is now. */
  #offer(): void {
    const before = this.#editor.beforeCaret;
    this.#close();
    this.#offers = ownOffers(before, this.#options.pods);
    if (this.#offers === null && asksFiles(before.text)) void this.#ask(before.text);
  }

  /** I2. */
  async #ask(text: string): Promise<void> {
    this.#asked = text;
    const found = await this.#options.complete(text).catch(() => null);
    if (found === null || this.#asked !== text || this.#editor.beforeCaret.text !== text) return;
    this.#offers = fileOffers(found, text);
    this.#asked = null;
    if (this.#offers !== null) this.#options.onChange();
  }

  /** Begins, or goes on to the one before. */
  #searchOn(before: Browsing): void {
    const { words, at } = before;
    this.#browsing = { ...before, words: words ?? '' };
    if (words === null) return;
    const next = foundIn(this.#options.past.entries, words).find((place) => place < at);
    if (next !== undefined) this.#found(next);
  }

  #search(words: string): void {
    const browsing = this.#browsing;
    if (browsing === null) return;
    this.#browsing = { ...browsing, words };
    const [first] = words === '' ? [] : foundIn(this.#options.past.entries, words);
    if (first !== undefined) this.#found(first);
  }

  #found(at: number): void {
    const browsing = this.#browsing;
    if (browsing === null) return;
    this.#browsing = { ...browsing, at };
    this.#editor.set(this.#options.past.entries[at] ?? '');
  }

  #editSearch(name: string, raw: string): void {
    const browsing = this.#browsing;
    if (browsing === null) return;
    if (name === 'backspace')
      return this.#search(
        Array.from(browsing.words ?? '')
          .slice(0, -1)
          .join(''),
      );
    this.#endSearch();
    if (name === 'escape') this.#editor.set(browsing.draft);
    else this.#editor.edit(raw);
  }

  /** What was found is in the input, to be changed or sent. */
  #endSearch(): void {
    const browsing = this.#browsing;
    if (browsing !== null && browsing.words !== null) this.#browsing = { ...browsing, words: null };
  }

  #searchOffers(): ComposerView['completion'] {
    const words = this.#browsing?.words ?? '';
    const isFound = words === '' || foundIn(this.#options.past.entries, words).length > 0;
    const about = `${isFound ? '' : 'nothing found; '}Ctrl+R further back, Enter takes it, Esc goes back`;
    return { offers: [{ text: `search: ${words}`, about, isPart: false }], chosen: 0 };
  }
}
