/**
 * The text that is typed, with its caret: pi-tui's editor without its screen. It writes nothing and draws
 * nothing; of what it is part of, two members are enough for it.
 *
 * Invariants
 * - E1 What was typed and pasted comes out exactly: tabs too, which the editor would make spaces of; a
 *   character that is assigned to nothing takes their place in it.
 * - E2 Only keys that edit are its: what sends, leaves, completes or scrolls is bound to nothing here.
 */
import { Editor } from '@earendil-works/pi-tui/dist/components/editor.js';
import {
  KeybindingsManager,
  setKeybindings,
  TUI_KEYBINDINGS,
} from '@earendil-works/pi-tui/dist/keybindings.js';
import type { Place } from '../line.ts';

/** For ever unassigned: no text that is exchanged has it. */
const tabMark = '\uFDD0';
const tabShown = '⇥';

/** What of the editor is not declared: it is pinned, and tests hold these. */
interface Inside {
  lastWidth: number;
  layoutText(columns: number): { text: string; hasCursor: boolean; cursorPos?: number }[];
  isOnFirstVisualLine(): boolean;
  isOnLastVisualLine(): boolean;
}

const unbound = [
  'tui.editor.jumpForward',
  'tui.editor.jumpBackward',
  'tui.editor.pageUp',
  'tui.editor.pageDown',
  'tui.input.submit',
  'tui.input.tab',
  'tui.input.copy',
  'tui.select.up',
  'tui.select.down',
  'tui.select.pageUp',
  'tui.select.pageDown',
  'tui.select.confirm',
  'tui.select.cancel',
] as const;

export interface EditorLines {
  readonly lines: readonly string[];
  readonly caret: Place;
}

export class TextEditor {
  readonly #editor: Editor;
  readonly #inside: Inside;
  readonly #widthOf: (text: string) => number;
  /** The first line that is shown. */
  #top = 0;

  constructor(widthOf: (text: string) => number) {
    setKeybindings(
      new KeybindingsManager(TUI_KEYBINDINGS, Object.fromEntries(unbound.map((name) => [name, []]))),
    );
    const plain = (text: string): string => text;
    const list = {
      selectedPrefix: plain,
      selectedText: plain,
      description: plain,
      scrollInfo: plain,
      noMatch: plain,
    };
    const screen = { requestRender: (): void => undefined, terminal: { rows: 24 } };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it asks for no more of it
    const tui = screen as unknown as ConstructorParameters<typeof Editor>[0];
    this.#editor = new Editor(tui, { borderColor: plain, selectList: list });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see there
    this.#inside = this.#editor as unknown as Inside;
    this.#widthOf = widthOf;
  }

  /** Whole: what was pasted in place of its mark. */
  get text(): string {
    return this.#editor.getExpandedText().replaceAll(tabMark, '\t');
  }

  get isEmpty(): boolean {
    return this.#editor.getText() === '';
  }

  /** Of the line with the caret: what is before it, and where that is. */
  get beforeCaret(): { readonly text: string; readonly line: number } {
    const { line, col } = this.#editor.getCursor();
    const text = this.#editor.getLines()[line] ?? '';
    return { text: text.slice(0, col).replaceAll(tabMark, '\t'), line };
  }

  get isAtTop(): boolean {
    return this.#inside.isOnFirstVisualLine();
  }

  get isAtBottom(): boolean {
    return this.#inside.isOnLastVisualLine();
  }

  /** One character. */
  type(text: string): void {
    this.#editor.handleInput(text);
  }

  /** A key that edits, as the terminal sent it; another one does nothing. */
  edit(raw: string): void {
    this.#editor.handleInput(raw);
  }

  newline(): void {
    this.#editor.handleInput('\n');
  }

  backspace(): void {
    this.#editor.handleInput('\u007F');
  }

  /** A long one is shown as a mark with its size. */
  paste(pasted: string): void {
    const text = marked(pasted);
    // The editor puts a blank between a word and a path: what begins like one is typed, its first character.
    const [first = ''] = /^[/~.]/.exec(text) ?? [];
    if (first !== '') this.#editor.insertTextAtCursor(first);
    this.#editor.handleInput(`\u001B[200~${text.slice(first.length)}\u001B[201~`);
  }

  insert(text: string): void {
    this.#editor.insertTextAtCursor(marked(text));
  }

  /** Deletes what is between there and the caret, in the caret's line. */
  eraseTo(column: number): void {
    while (this.#editor.getCursor().col > column) {
      const { col, line } = this.#editor.getCursor();
      this.backspace();
      const after = this.#editor.getCursor();
      if (after.line !== line || after.col >= col) return;
    }
  }

  /** In place of all of it; one undo takes it back. */
  set(text: string): void {
    this.#editor.setText(marked(text));
  }

  /** The text, which is gone then, and with it what could be taken back. */
  take(): string {
    const { text } = this;
    this.#editor.setText('');
    this.#undoNothing();
    return text;
  }

  /** The pasted texts and the past of the text are dropped by what the editor does when it is sent. */
  #undoNothing(): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see `Inside`
    (this.#editor as unknown as { submitValue(): void }).submitValue();
  }

  /** In so many cells and rows at most, those around the caret; one cell is for the caret behind the text. */
  view({ columns, rows }: { readonly columns: number; readonly rows: number }): EditorLines {
    const width = Math.max(1, columns - 1);
    this.#inside.lastWidth = width;
    const all = this.#inside.layoutText(width);
    const at = Math.max(
      0,
      all.findIndex(({ hasCursor }) => hasCursor),
    );
    const shown = Math.max(1, rows);
    this.#top = Math.min(Math.max(this.#top, at - shown + 1), at, Math.max(0, all.length - shown));
    const line = all[at];
    const before = shownText((line?.text ?? '').slice(0, line?.cursorPos ?? 0));
    return {
      lines: all.slice(this.#top, this.#top + shown).map(({ text }) => shownText(text)),
      caret: { row: at - this.#top, column: this.#widthOf(before) },
    };
  }
}

function marked(text: string): string {
  return text.replaceAll(tabMark, '\uFFFD').replaceAll('\t', tabMark);
}

function shownText(text: string): string {
  return text.replaceAll(tabMark, tabShown);
}
