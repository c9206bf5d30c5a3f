/**
 * What a person types: lines, as the terminal itself edits them (or as a pipe brings them); and while a question waits at a terminal, single keys.
 * A text that has been begun is finished as a text, whatever is asked meanwhile.
 */
import type { Readable } from 'node:stream';

export interface TypingOptions {
  readonly stdin: Readable;
  /** Shows what is typed while this and not the terminal reads it. */
  readonly echo: (text: string) => void;
  readonly onLine: (line: string) => void;
  /** False: it is none, and begins a text. */
  readonly onKey: (key: string) => boolean;
  readonly onEnd?: () => void;
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
  readonly #onContinue = (): void => this.#setRaw(this.#isRaw);

  constructor(options: TypingOptions) {
    this.#options = options;
    const { stdin } = options;
    this.#terminal = stdin as Readable & Terminal;
    stdin.setEncoding('utf8');
    stdin.on('data', this.#onData);
    stdin.on('end', this.#onEnd);
    // Whoever read before, a question at the start of a run, has stopped it: then a listener alone does not make it flow.
    stdin.resume();
  }

  /** Keys from now on, where there is a terminal; otherwise, and for `false`, lines. */
  keys(wanted: boolean): void {
    this.#wantsKeys = wanted && this.#terminal.isTTY === true && this.#terminal.setRawMode !== undefined;
    this.#adapt();
  }

  /** The next line is for `done`: null when it was given up. For the time of keys. */
  ask(prompt: string, done: (line: string | null) => void): void {
    this.#options.echo(prompt);
    this.#draft = { text: '', done };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#isRaw) this.#setRaw(false);
    process.off('SIGCONT', this.#onContinue);
    this.#options.stdin.off('data', this.#onData);
    this.#options.stdin.off('end', this.#onEnd);
    // An open stdin would keep this process alive.
    this.#options.stdin.destroy();
  }

  #adapt(): void {
    const raw = this.#wantsKeys || (this.#isRaw && this.#draft !== null);
    if (raw === this.#isRaw || this.#isClosed) return;
    this.#isRaw = raw;
    this.#setRaw(raw);
    if (raw) process.on('SIGCONT', this.#onContinue);
    else process.off('SIGCONT', this.#onContinue);
  }

  #setRaw(raw: boolean): void {
    this.#terminal.setRawMode?.(raw);
  }

  #take(chunk: string): void {
    if (!this.#isRaw) return this.#takeLines(chunk);
    // Arrows and their like.
    if (chunk.length > 1 && chunk.startsWith('\u001B')) return;
    const typed = Array.from(chunk.replace(/[\r\n]+$/, ''));
    const [key] = typed;
    const isKey = typed.length === 1 && key !== undefined && key >= ' ' && key !== '\u007F';
    if (isKey && this.#draft === null && this.#options.onKey(key)) return;
    for (const character of chunk) this.#edit(character);
  }

  #takeLines(chunk: string): void {
    const lines = (this.#partial + chunk).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) this.#options.onLine(line.replace(/\r$/, ''));
  }

  #edit(character: string): void {
    const { echo } = this.#options;
    const signal = signals[character];
    if (signal !== undefined) return this.#signal(signal);
    const draft = this.#draft;
    if (character === '\u0004' && draft === null) return this.#end();
    if (character === '\r' || character === '\n')
      return draft === null ? undefined : this.#finish(draft.text);
    if (character === '\u001B') return draft === null ? undefined : this.#finish(null);
    if (character === '\u007F' || character === '\b' || character === '\u0015') {
      if (draft === null) return;
      const all = Array.from(draft.text);
      const kept = character === '\u0015' ? [] : all.slice(0, -1);
      for (const gone of all.slice(kept.length)) echo(gone < '\u007F' ? '\b \b' : '\b\b  \b\b');
      draft.text = kept.join('');
      return;
    }
    if (character < ' ') return;
    this.#draft ??= { text: '', done: (line) => line !== null && this.#options.onLine(line) };
    this.#draft.text += character;
    echo(character);
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
