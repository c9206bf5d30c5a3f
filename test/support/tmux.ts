/**
 * Many terminals of one tmux server, of any size: what a person would see, as text, and keys to press. A
 * capture is taken once what is waited for is there and nothing moves any more.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pressRead } from './read-keys.ts';
import { type TestHome, commandFile } from './rig.ts';
import { patienceMs, pause } from './waiting.ts';

const run = promisify(execFile);

export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

/** So long nothing may have changed. */
const stillMs = 150;

export class Tmux {
  readonly #folder = mkdtempSync(join(tmpdir(), 'pk-tmux-'));
  #windows = 0;

  /** A window in which podkin is called with those words; behind it stands `status N`. Ends with the home. */
  podkin(
    home: TestHome,
    args: readonly string[],
    size: WindowSize,
    environment: NodeJS.ProcessEnv = {},
  ): TmuxWindow {
    const words = [process.execPath, commandFile, ...args].map(quoted).join(' ');
    return this.shell(home, `${words}; echo "status $?"; exec cat`, size, environment);
  }

  shell(
    home: TestHome,
    line: string,
    { columns, rows }: WindowSize,
    environment: NodeJS.ProcessEnv = {},
  ): TmuxWindow {
    this.#windows += 1;
    const name = `w${this.#windows}`;
    const { PATH, ...own } = home.environment;
    const variables = Object.entries({ ...own, LANG: 'C.UTF-8', ...environment });
    const size = ['-x', String(columns), '-y', String(rows)];
    const begin = ['-f', '/dev/null', 'new-session', '-d', '-s', name, '-c', home.work];
    const words = [
      ...begin,
      ...size,
      ...variables.flatMap(([key, value]) => ['-e', `${key}=${value ?? ''}`]),
      line,
    ];
    execFileSync('tmux', ['-S', this.#socket, ...words], { env: { PATH, LANG: 'C.UTF-8' }, stdio: 'ignore' });
    const window = new TmuxWindow(this.#socket, name);
    home.beforeClose(() => window.close());
    return window;
  }

  close(): void {
    if (this.#windows > 0) tryTmux(this.#socket, 'kill-server');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #socket(): string {
    return join(this.#folder, 's');
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function tryTmux(socket: string, ...args: readonly string[]): void {
  try {
    execFileSync('tmux', ['-S', socket, ...args], { stdio: 'ignore' });
  } catch {
    // The last window has taken it with it.
  }
}

export class TmuxWindow {
  readonly #socket: string;
  readonly #name: string;

  constructor(socket: string, name: string) {
    [this.#socket, this.#name] = [socket, name];
  }

  /** What is on the screen; `all`: with what has scrolled away; `pens`: with colours. */
  async capture(how: { readonly all?: boolean; readonly pens?: boolean } = {}): Promise<string> {
    const more = [...(how.all === true ? ['-S', '-'] : []), ...(how.pens === true ? ['-e'] : [])];
    const text = await this.#tmux('capture-pane', '-p', '-t', this.#name, ...more);
    return text.replaceAll(/[ \t]+$/gm, '').trimEnd();
  }

  /** The first capture that holds and has stood still for a moment. */
  async until(
    what: string,
    holds: (screen: string) => boolean,
    how: { readonly all?: boolean; readonly pens?: boolean } = {},
  ): Promise<string> {
    const deadlineAt = performance.now() + patienceMs;
    let [last, since] = ['', performance.now()];
    for (;;) {
      const screen = await this.capture(how);
      const nowMs = performance.now();
      if (screen !== last) [last, since] = [screen, nowMs];
      if (holds(screen) && nowMs - since >= stillMs) return screen;
      if (nowMs > deadlineAt) throw new Error(`never on the screen: ${what}\n${screen}`);
      await pause(20);
    }
  }

  /** A key for what has been on the screen for a while. */
  async pressRead(key: string, hasCounted: (screen: string) => boolean): Promise<void> {
    await pressRead(this, key, hasCounted);
  }

  async resize({ columns, rows }: WindowSize): Promise<void> {
    await this.#tmux('resize-window', '-t', this.#name, '-x', String(columns), '-y', String(rows));
  }

  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-t', this.#name, '-l', '--', text);
  }

  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#tmux('send-keys', '-t', this.#name, key);
  }

  /** Of the shell of the window. */
  async shellPid(): Promise<number> {
    return Number((await this.#tmux('display', '-p', '-t', this.#name, '#{pane_pid}')).trim());
  }

  /** Of what the shell of the window has started. */
  async pid(): Promise<number> {
    const { stdout } = await run('pgrep', ['-P', String(await this.shellPid())]);
    return Number(stdout.trim().split('\n')[0]);
  }

  /** What runs in it gets SIGHUP, as from a window that a person closes; waits for its end. */
  async close(): Promise<void> {
    const shell = await this.shellPid().catch(() => null);
    if (shell === null) return;
    tryTmux(this.#socket, 'kill-session', '-t', this.#name);
    const deadlineAt = performance.now() + patienceMs;
    for (;;) {
      const { stdout } = await run('pgrep', ['-s', String(shell)]).catch(() => ({ stdout: '' }));
      if (stdout.trim() === '') return;
      if (performance.now() > deadlineAt) throw new Error(`left in the window: ${stdout}`);
      await pause(10);
    }
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' });
    return stdout;
  }
}
