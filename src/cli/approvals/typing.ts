/**
 * What a person types: lines, as the terminal itself edits them (or as a pipe brings them); and while a
 * approval waits at a terminal, single keys. A text that has been begun is finished as a text, whatever is
 * asked meanwhile. What is pasted is one text, however many lines it has, and no key.
 */
import type { Readable } from 'node:stream';
import { guardTerminal } from '../../std/terminal-guard.ts';
import { pasteMarksOff, pasteMarksOn, TerminalInput } from './terminal-input.ts';

export interface TypingOptions {
  readonly stdin: Readable;
  /** Shows what is typed while this and not the terminal reads it. */
  readonly echo: (text: string) => void;
  readonly onLine: (line: string) => void;
  /** False: it is none, and begins a text. */
  readonly onKey: (key: string) => boolean;
  readonly onEnd?: () => void;
  /**
   * Lines of a terminal are edited here too: pasted ones belong together, and keys without a character show
   * nothing.
   */
  readonly editsLines: boolean;
  /**
   * Somebody has sent this process on, after Ctrl-Z: what stands on the screen is not known. For the time of
   * keys. Ctrl-L, which clears the screen first, wants the same.
   */
  readonly onContinue: () => void;
  /** The window has another size, and stays so for a moment. For the time of keys. */
  readonly onResize: () => void;
}

/** A text being typed, and who gets it. */
interface Draft {
  text: string;
  readonly done: (line: string | null) => void;
}

interface Terminal {
  isTTY?: boolean;
  setRawMode?: (raw: boolean) => unknown;
}

/** Of the terminal's own keys: what the terminal would have made of them. */
const signals: Readonly<Record<string, NodeJS.Signals>> = {
  '\u0003': 'SIGINT',
  '\u001A': 'SIGTSTP',
  '\u001C': 'SIGQUIT',
};

const tabShown = '    ';
const clearScreen = '\u001B[H\u001B[2J';
/** A window that is dragged changes with every pixel. */
const resizedMs = 150;

/** How many characters of a text a key takes away: the last one, the last word, or all. */
function erased(key: string, text: string): number {
  if (key === '\u007F' || key === '\b') return text === '' ? 0 : 1;
  if (key === '\u0015') return Array.from(text).length;
  return key === '\u0017' ? Array.from(/\S*\s*$/u.exec(text)?.[0] ?? '').length : 0;
}

export class Typing {
  readonly #options: TypingOptions;
  readonly #terminal: Terminal;
  /** Of a line whose end has not come yet. */
  #partial = '';
  #draft: Draft | null = null;
  #wantsKeys = false;
  #isRaw = false;
  #isClosed = false;
  readonly #onData = (chunk: string): void => this.#take(chunk);
  readonly #onEnd = (): void => this.#end();
  readonly #input = new TerminalInput();
  readonly #onContinue = (): void => {
    this.#setRaw(this.#isRaw);
    this.#redraw();
  };
  #resized: NodeJS.Timeout | undefined;
  readonly #onResize = (): void => {
    clearTimeout(this.#resized);
    this.#resized = setTimeout(() => this.#isRaw && this.#options.onResize(), resizedMs).unref();
  };
  /** While the terminal is in raw mode: whatever ends this process, it is given back. */
  #release: () => void = () => undefined;

  constructor(options: TypingOptions) {
    this.#options = options;
    const { stdin } = options;
    this.#terminal = stdin as Readable & Terminal;
    stdin.setEncoding('utf8');
    stdin.on('data', this.#onData);
    stdin.on('end', this.#onEnd);
    // Whoever read before, an approval at the start of a run, has stopped it: then a listener alone does not
    // make it flow.
    stdin.resume();
  }

  /** Keys from now on, where there is a terminal; otherwise, and for `false`, lines. */
  keys(wanted: boolean): void {
    this.#wantsKeys = wanted && this.#isTerminal;
    this.#adapt();
  }

  /**
   * The next line, which begins as `text`, is for `done`: null when it was given up. For the time of keys.
   */
  ask(prompt: string, done: (line: string | null) => void, text = ''): void {
    this.#options.echo(prompt + text);
    this.#draft = { text, done };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#isRaw) this.#leaveRaw();
    this.#options.stdin.off('data', this.#onData);
    this.#options.stdin.off('end', this.#onEnd);
    // An open stdin would keep this process alive.
    this.#options.stdin.destroy();
  }

  get #isTerminal(): boolean {
    return this.#terminal.isTTY === true && this.#terminal.setRawMode !== undefined;
  }

  #adapt(): void {
    const { editsLines } = this.#options;
    const raw = this.#wantsKeys || (this.#isTerminal && editsLines) || (this.#isRaw && this.#draft !== null);
    if (raw === this.#isRaw || this.#isClosed) return;
    if (!raw) return this.#leaveRaw();
    this.#isRaw = true;
    this.#release = guardTerminal(() => this.#setRaw(false));
    this.#setRaw(true);
    process.on('SIGCONT', this.#onContinue);
    process.on('SIGWINCH', this.#onResize);
  }

  #leaveRaw(): void {
    this.#isRaw = false;
    this.#setRaw(false);
    this.#release();
    clearTimeout(this.#resized);
    process.off('SIGCONT', this.#onContinue);
    process.off('SIGWINCH', this.#onResize);
  }

  #redraw(): void {
    this.#options.onContinue();
    if (this.#draft !== null) this.#options.echo(this.#draft.text.replaceAll('\t', tabShown));
  }

  #setRaw(raw: boolean): void {
    this.#terminal.setRawMode?.(raw);
    this.#options.echo(raw ? pasteMarksOn : pasteMarksOff);
  }

  #take(chunk: string): void {
    if (!this.#isRaw) return this.#takeLines(chunk);
    for (const { kind, text } of this.#input.take(chunk)) {
      if (kind === 'pasted') this.#paste(text);
      else this.#typed(text);
    }
  }

  #typed(text: string): void {
    const typed = Array.from(text.replace(/[\r\n]+$/, ''));
    const [key] = typed;
    const isKey = typed.length === 1 && key !== undefined && key >= ' ' && key !== '\u007F';
    if (isKey && this.#draft === null && this.#options.onKey(key)) return;
    // Nobody types so fast: a paste, from a terminal that does not mark it.
    const isPaste = typed.some((character) => character === '\r' || character === '\n');
    if (isPaste) this.#paste(typed.join(''));
    for (const character of isPaste ? text.slice(-1).replace(/[^\r\n]/, '') : text) this.#edit(character);
  }

  /** What of it no terminal should be told is left out; Tab is text here. */
  #paste(pasted: string): void {
    const text = pasted.replaceAll(/\r\n?/g, '\n').replaceAll(/[^\P{Cc}\n\t]/gu, '');
    if (text !== '') this.#add(text);
  }

  #add(text: string): void {
    this.#draft ??= { text: '', done: (line) => line !== null && this.#options.onLine(line) };
    this.#draft.text += text;
    this.#options.echo(text.replaceAll('\t', tabShown));
  }

  #takeLines(chunk: string): void {
    const lines = (this.#partial + chunk).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) this.#options.onLine(line.replace(/\r$/, ''));
  }

  #edit(character: string): void {
    const signal = signals[character];
    if (signal !== undefined) return this.#signal(signal);
    if (character === '\u000C') {
      this.#options.echo(clearScreen);
      return this.#redraw();
    }
    const draft = this.#draft;
    if (character === '\u0004' && draft === null) return this.#end();
    if (character === '\r' || character === '\n')
      return draft === null ? undefined : this.#finish(draft.text);
    if (character === '\u001B') return draft === null ? undefined : this.#finish(null);
    const gone = erased(character, draft?.text ?? '');
    if (gone > 0 && draft !== null) return this.#erase(draft, gone);
    if (character < ' ' || /\p{Cc}/u.test(character)) return;
    this.#add(character);
  }

  #erase(draft: Draft, count: number): void {
    const { echo } = this.#options;
    const all = Array.from(draft.text);
    const gone = all.slice(all.length - count);
    draft.text = all.slice(0, all.length - count).join('');
    // A row above cannot be gone back to: what is left of the line is shown anew.
    if (gone.includes('\n')) return echo(`\n${draft.text.split('\n').at(-1) ?? ''}`);
    for (const character of gone)
      echo('\b \b'.repeat(character === '\t' ? tabShown.length : character < '\u007F' ? 1 : 2));
  }

  #finish(line: string | null): void {
    const draft = this.#draft;
    this.#draft = null;
    this.#options.echo('\n');
    draft?.done(line);
    this.#adapt();
  }

  #signal(signal: NodeJS.Signals): void {
    // A shell that comes to the front takes the terminal as it finds it.
    if (signal === 'SIGTSTP') this.#setRaw(false);
    process.kill(process.pid, signal);
  }

  #end(): void {
    if (this.#partial !== '') this.#options.onLine(this.#partial);
    this.#partial = '';
    this.#options.onEnd?.();
  }
}
