/**
 * The error output while a screen has the terminal. What Node or a library writes there would break the frame
 * and be drawn over: it is held, and written once the terminal has been given back. Nothing is held where the
 * error output is no terminal.
 */

/** The first of it says most of what is wrong. */
const heldCharsMax = 65_536;

type Write = NodeJS.WriteStream['write'];

export class HeldErrors {
  readonly #stream: NodeJS.WriteStream;
  #text = '';
  #leftOut = 0;
  #restore: (() => void) | null = null;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  hold(): void {
    if (this.#restore !== null || !this.#stream.isTTY) return;
    const stream = this.#stream;
    // oxlint-disable-next-line typescript/unbound-method -- put back where it was, and called there alone
    const write = stream.write;
    const held: Write = (chunk, encoding?: unknown, done?: unknown) => {
      this.#take(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      const callback = typeof encoding === 'function' ? encoding : done;
      if (typeof callback === 'function') queueMicrotask(() => callback());
      return true;
    };
    stream.write = held;
    const showWarnings = this.#holdWarnings();
    this.#restore = () => {
      stream.write = write;
      showWarnings();
    };
  }

  /** What was written meanwhile; empty: nothing. */
  release(): string {
    this.#restore?.();
    this.#restore = null;
    const left = this.#leftOut === 0 ? '' : `\n[${this.#leftOut} more characters]\n`;
    const text = this.#text + left;
    [this.#text, this.#leftOut] = ['', 0];
    return text;
  }

  #take(text: string): void {
    const room = heldCharsMax - this.#text.length;
    this.#text += text.slice(0, room);
    this.#leftOut += Math.max(0, text.length - room);
  }

  /** Node writes its warnings past the stream. Who has turned them off gets none here either. */
  #holdWarnings(): () => void {
    const shown = process.listeners('warning');
    if (shown.length === 0) return () => undefined;
    const onWarning = (warning: Error): void => {
      this.#take(`(node:${process.pid}) ${warning.name}: ${warning.message}\n`);
    };
    process.removeAllListeners('warning');
    process.on('warning', onWarning);
    return () => {
      process.off('warning', onWarning);
      for (const listener of shown) process.on('warning', listener);
    };
  }
}
