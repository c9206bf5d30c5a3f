/**
 * The terminal of the screen: its modes, its size, what comes from it and goes to it. The only part of the
 * screen with effects on it.
 *
 * Invariants
 * - T1 Whatever ends the process, but for SIGKILL, each mode is put back: on leaving, by `exit`, by a signal
 *   that nobody else catches, before a stop and while another program has the terminal.
 * - T2 No mode of the mouse is set unless it was asked for, and nothing erases what has scrolled away.
 */
import { writeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { Size } from './line.ts';
import type { ScreenTerminal, TerminalEvents } from './ports.ts';

export interface TerminalParts {
  readonly stdin: Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };
  readonly stdout: Writable & { columns?: number; rows?: number; fd?: number };
  readonly isSlow: boolean;
  readonly mouse: boolean;
}

/** Bracketed paste, reports of the window's focus; the kitty keyboard protocol, and whether it is there. */
const on = '\u001B[?2004h\u001B[?1004h\u001B[>1u\u001B[?u';
const off = '\u001B[<u\u001B[?1004l\u001B[?2004l\u001B[?25h\u001B[0m';
const mouseOn = '\u001B[?1000h\u001B[?1006h';
const mouseOff = '\u001B[?1006l\u001B[?1000l';
const saveTitle = '\u001B[22;0t';
const restoreTitle = '\u001B[23;0t';
const [alternateOn, alternateOff] = ['\u001B[?1049h', '\u001B[?1049l'];
const endings = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

export class Terminal implements ScreenTerminal {
  readonly #parts: TerminalParts;
  readonly isSlow: boolean;
  #events: TerminalEvents | null = null;
  #isOn = false;
  #isAlternate = false;
  #isClosed = false;
  readonly #onData = (chunk: string): void => this.#events?.onInput(chunk);
  readonly #onResize = (): void => this.#events?.onResize();
  readonly #onLost = (): void => this.#events?.onLost();
  readonly #onExit = (): void => this.#giveBack();
  readonly #onContinue = (): void => {
    if (this.#isClosed) return;
    this.#takeOver();
    this.#events?.onBack();
  };
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    // Whoever else catches it ends in order.
    if (process.listenerCount(signal) > 1) return;
    this.#giveBack();
    this.#release();
    process.kill(process.pid, signal);
  };

  constructor(parts: TerminalParts) {
    this.#parts = parts;
    this.isSlow = parts.isSlow;
  }

  get size(): Size {
    const { columns = 80, rows = 24 } = this.#parts.stdout;
    // One that does not know says 0.
    return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
  }

  get isDrained(): boolean {
    return this.#parts.stdout.writableLength === 0;
  }

  open(events: TerminalEvents): void {
    this.#events = events;
    const { stdin, stdout } = this.#parts;
    stdin.setEncoding('utf8');
    stdin.on('data', this.#onData);
    stdin.on('end', this.#onLost);
    stdin.on('error', this.#onLost);
    stdout.on('resize', this.#onResize);
    process.on('exit', this.#onExit);
    process.on('SIGCONT', this.#onContinue);
    for (const signal of endings) process.on(signal, this.#onSignal);
    waitForNone(stdout);
    this.#takeOver();
    this.write(saveTitle);
    stdin.resume();
  }

  write(bytes: string): void {
    if (bytes === '' || this.#isClosed) return;
    const [begins, ends] = [bytes.lastIndexOf(alternateOn), bytes.lastIndexOf(alternateOff)];
    if (begins !== ends) this.#isAlternate = begins > ends;
    this.#parts.stdout.write(bytes, () => this.isDrained && this.#events?.onDrain());
  }

  suspend(): void {
    this.#giveBack();
    // As the terminal would: to all that were started together.
    process.kill(0, 'SIGTSTP');
  }

  async lend<T>(work: () => Promise<T>): Promise<T> {
    this.#giveBack();
    this.#parts.stdin.pause();
    try {
      return await work();
    } finally {
      if (!this.#isClosed) {
        this.#takeOver();
        this.#parts.stdin.resume();
        this.#events?.onBack();
      }
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.write(restoreTitle);
    this.#isClosed = true;
    const { stdin, stdout } = this.#parts;
    this.#giveBack();
    this.#release();
    stdin.off('data', this.#onData);
    stdin.off('end', this.#onLost);
    stdin.off('error', this.#onLost);
    stdout.off('resize', this.#onResize);
    this.#events = null;
    // An open one would keep this process alive.
    stdin.destroy();
  }

  #release(): void {
    process.off('exit', this.#onExit);
    process.off('SIGCONT', this.#onContinue);
    for (const signal of endings) process.off(signal, this.#onSignal);
  }

  #takeOver(): void {
    this.#parts.stdin.setRawMode?.(true);
    this.#isOn = true;
    this.write(on + (this.#parts.mouse ? mouseOn : ''));
  }

  /** At once, whatever waits in the stream: the process may end with it. */
  #giveBack(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    const { stdout, stdin, mouse } = this.#parts;
    const leave = this.#isAlternate ? alternateOff : '';
    this.#isAlternate = false;
    writeNow(stdout.fd ?? 1, `${mouse ? mouseOff : ''}${off}${leave}`);
    try {
      stdin.setRawMode?.(false);
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
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
    }
  }
}

/** Node writes to a terminal in a blocking call: one that is not read would hold the loop in it. */
function waitForNone(stream: Writable): void {
  if (!('_handle' in stream)) return;
  const handle = stream._handle;
  if (typeof handle !== 'object' || handle === null || !('setBlocking' in handle)) return;
  if (typeof handle.setBlocking === 'function') handle.setBlocking(false);
}
