/**
 * The terminal of the screen: its modes, its size, what comes from it and goes to it. The only part of the
 * screen with effects on it.
 *
 * Invariants
 * - T1 Whatever ends the process, but for SIGKILL, each mode is put back: on leaving, by `exit`, by a signal
 *   that nobody else catches, before a stop and while another program has the terminal.
 * - T2 No mode of the mouse is set unless it was asked for, and nothing erases what has scrolled away.
 * - T3 Over a slow line a frame has left when the terminal answers behind it: what is between here and there
 *   takes any number of frames, and a key would be shown behind them all.
 * - T4 What is written into the error output meanwhile is shown behind it, and not in it.
 * - T5 While another program has the terminal nothing is written to it: the next frame takes it whole.
 */
import { writeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { type Deferred, deferred } from '../std/deferred.ts';
import { HeldErrors } from '../std/held-errors.ts';
import { systemCode } from '../std/system-code.ts';
import { guardTerminal } from '../std/terminal-guard.ts';
import { waitForNone } from '../std/unread-terminal.ts';
import type { Size } from './line.ts';
import type { ScreenTerminal, TerminalEvents } from './ports.ts';

export interface TerminalParts {
  readonly stdin: Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };
  readonly stdout: Writable & { columns?: number; rows?: number; fd?: number };
  readonly isSlow: boolean;
  readonly mouse: boolean;
}

/**
 * The title saved; bracketed paste, reports of the window's focus; the kitty keyboard protocol, of which only
 * what keeps Esc and Alt apart, and whether it is there.
 */
const on = '\u001B[22;0t\u001B[?2004h\u001B[?1004h\u001B[>1u\u001B[?u';
const off = '\u001B[<u\u001B[?1004l\u001B[?2004l\u001B[?25h\u001B[m\u001B[23;0t';
const mouseOn = '\u001B[?1000h\u001B[?1006h';
const mouseOff = '\u001B[?1006l\u001B[?1000l';
/** What was being written may have been cut off anywhere: in a title, a sequence, a synchronized write. */
const afterCut = '\u001B\\\u001B[?2026l\u001B[?7h\u001B[m';
const [alternateOn, alternateOff] = ['\u001B[?1049h', '\u001B[?1049l'];
const titleBegins = '\u001B]0;';
const frameEnds = '\u001B[?2026l';
/** A question that every terminal answers, in its turn: what it is. */
const whatIsIt = '\u001B[c';
// oxlint-disable-next-line no-control-regex -- what a terminal says
const itIs = /\u001B\[\?[\d;]*c/;
const answerCharsMax = 64;
/** A line that stands still for so long is written to again; a terminal that never answers is not asked. */
const answerMs = 5_000;
/** After a stop that is over, its SIGCONT comes with the next turn of the loop. */
const sentOnWithinMs = 50;

export class Terminal implements ScreenTerminal {
  readonly #parts: TerminalParts;
  readonly isSlow: boolean;
  #events: TerminalEvents | null = null;
  #release: () => void = () => undefined;
  #isOn = false;
  #isAlternate = false;
  #isClosed = false;
  /** T5: another program has the terminal, until it is resolved. */
  #lent: Deferred<void> | null = null;
  /** As it was last set, to be set again behind a stop. */
  #title = '';
  /** Asked behind a frame, and not answered yet. */
  #asked: Deferred<void> | null = null;
  #answers: boolean | null = null;
  #mayAsk = true;
  #lastRead = '';
  readonly #errors = new HeldErrors();
  readonly #onData = (chunk: string): void => {
    if (this.#asked !== null) this.#hear(chunk);
    this.#events?.onInput(chunk);
  };
  readonly #onResize = (): void => this.#events?.onResize();
  readonly #onLost = (): void => this.#events?.onLost();
  readonly #onStop = (): void => this.suspend();
  readonly #onContinue = (): void => {
    if (this.#isClosed || this.#lent !== null) return;
    if (this.#isOn) this.#forget();
    this.#takeOver();
    this.#events?.onBack();
  };

  constructor(parts: TerminalParts) {
    this.#parts = parts;
    this.isSlow = parts.isSlow;
  }

  /** As it is now: a frame for a size that the terminal had a moment ago would be broken by it. */
  get size(): Size {
    const { stdout } = this.#parts;
    if ('_refreshSize' in stdout && typeof stdout._refreshSize === 'function') stdout._refreshSize();
    const { columns = 80, rows = 24 } = stdout;
    // One that does not know says 0.
    return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
  }

  get isDrained(): boolean {
    return this.#lent === null && this.#parts.stdout.writableLength === 0 && this.#asked === null;
  }

  /**
   * Fulfils when no other program has the terminal, and no answer is to come any more that its next reader
   * would take for typed.
   */
  async answered(): Promise<void> {
    await this.#lent?.promise;
    this.#mayAsk = false;
    await this.#asked?.promise;
  }

  open(events: TerminalEvents): void {
    this.#events = events;
    const { stdin, stdout } = this.#parts;
    stdin.setEncoding('utf8');
    stdin.on('data', this.#onData);
    stdin.on('end', this.#onLost);
    stdin.on('error', this.#onLost);
    stdout.on('resize', this.#onResize);
    process.on('SIGCONT', this.#onContinue);
    process.on('SIGTSTP', this.#onStop);
    this.#release = guardTerminal(() => this.#giveBack());
    waitForNone(stdout);
    this.#takeOver();
    stdin.resume();
  }

  write(bytes: string): void {
    if (bytes === '' || this.#isClosed) return;
    if (this.#lent !== null) {
      if (bytes.startsWith(titleBegins)) this.#title = bytes;
      return;
    }
    const [begins, ends] = [bytes.lastIndexOf(alternateOn), bytes.lastIndexOf(alternateOff)];
    if (begins !== ends) this.#isAlternate = begins > ends;
    if (bytes.startsWith(titleBegins)) this.#title = bytes;
    const isFirst = this.#asked === null && this.#mayAsk && this.#answers !== false;
    const asks = this.isSlow && isFirst && bytes.endsWith(frameEnds);
    if (asks) this.#ask();
    this.#parts.stdout.write(asks ? bytes + whatIsIt : bytes, () => this.#ifDrained());
  }

  #ifDrained(): void {
    if (this.isDrained) this.#events?.onDrain();
  }

  #ask(): void {
    const asked = deferred<void>();
    this.#asked = asked;
    this.#lastRead = '';
    const late = setTimeout(() => {
      this.#answers ??= false;
      asked.resolve();
    }, answerMs).unref();
    void asked.promise.then(() => {
      clearTimeout(late);
      this.#asked = null;
      this.#ifDrained();
    });
  }

  /** An answer may come in pieces. */
  #hear(chunk: string): void {
    const read = this.#lastRead + chunk;
    this.#lastRead = read.slice(-answerCharsMax);
    if (!itIs.test(read)) return;
    this.#answers = true;
    this.#asked?.resolve();
  }

  suspend(): void {
    this.#giveBack();
    process.off('SIGTSTP', this.#onStop);
    // As the terminal would: to all that were started together.
    process.kill(0, 'SIGTSTP');
    // Here again: sent on, or, where nobody could send it on, never stopped. What sent it on is heard of
    // first: heard of afterwards, it would be taken for one that ended a stop which nobody noticed.
    process.on('SIGTSTP', this.#onStop);
    setTimeout(() => {
      if (!this.#isOn) this.#onContinue();
    }, sentOnWithinMs);
  }

  async lend<T>(work: () => Promise<T>): Promise<T> {
    await this.answered();
    this.#giveBack();
    const lent = deferred<void>();
    this.#lent = lent;
    this.#parts.stdin.pause();
    try {
      return await work();
    } finally {
      this.#lent = null;
      lent.resolve();
      if (!this.#isClosed) {
        this.#takeOver();
        this.#parts.stdin.resume();
        this.#events?.onBack();
      }
    }
  }

  close(): void {
    if (this.#isClosed) return;
    // What it would leave with has been written.
    this.#events = null;
    this.#isClosed = true;
    const { stdin, stdout } = this.#parts;
    stdout.write(this.#offBytes());
    this.#isOn = false;
    this.#cook();
    this.#showErrors();
    this.#release();
    process.off('SIGCONT', this.#onContinue);
    process.off('SIGTSTP', this.#onStop);
    stdin.off('data', this.#onData);
    stdin.off('end', this.#onLost);
    stdin.off('error', this.#onLost);
    stdout.off('resize', this.#onResize);
    // An open one would keep this process alive.
    stdin.destroy();
  }

  #takeOver(): void {
    this.#parts.stdin.setRawMode?.(true);
    this.#errors.hold();
    this.#isOn = true;
    this.#mayAsk = true;
    this.write(on + (this.#parts.mouse ? mouseOn : ''));
    this.write(this.#title);
  }

  /** At once, whatever waits in the stream: the process may end with it. */
  #giveBack(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    writeNow(this.#parts.stdout.fd ?? 1, `${afterCut}${this.#leaving()}${this.#offBytes()}`);
    this.#cook();
    this.#showErrors();
  }

  #showErrors(): void {
    writeNow(2, this.#errors.release());
  }

  /**
   * Sent on after a stop that could not be noticed (SIGSTOP): whoever had the terminal meanwhile found its
   * modes, and left its own. Where the cursor is nobody knows.
   */
  #forget(): void {
    const wasAlternate = this.#isAlternate;
    const leaving = this.#leaving();
    this.write(`${afterCut}${wasAlternate ? leaving : ''}${this.#offBytes()}`);
    this.#cook();
    this.#isOn = false;
  }

  /** What the loop leaves the screen with; its defect, if it has one, must not keep the modes on. */
  #leaving(): string {
    const isAlternate = this.#isAlternate;
    this.#isAlternate = false;
    try {
      const bytes = this.#events?.onGiveBack() ?? '';
      if (!isAlternate || bytes.includes(alternateOff)) return bytes;
    } catch {
      // The process may be about to end by that very defect.
    }
    return isAlternate ? `\u001B[<u${alternateOff}` : '\r\n';
  }

  #offBytes(): string {
    return this.#parts.mouse ? mouseOff + off : off;
  }

  #cook(): void {
    try {
      this.#parts.stdin.setRawMode?.(false);
    } catch {
      // The terminal is gone, and with it its modes.
    }
  }
}

/** A terminal that is not read holds nobody up: so many tries, then it is left. */
const triesMax = 100;

function writeNow(fd: number, text: string): void {
  let rest = Buffer.from(text);
  for (let tries = 0; rest.length > 0 && tries < triesMax; tries += 1) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') return;
    }
  }
}
