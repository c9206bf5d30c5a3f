/**
 * A real terminal for a command: tmux with a server of its own, whose socket is in the test's folder. What
 * stands on the screen can be read and typed to.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pressRead } from './read-keys.ts';
import { type TestHome, commandFile, eventually } from './rig.ts';

/** This machine has tmux. */
export const hasTerminal = (() => {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

const lineOf = (args: readonly string[]) => [process.execPath, commandFile, ...args].map(quoted).join(' ');

/** Of a terminal's session, named by its leader. */
function hasProcess(session: string): boolean {
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      // Behind the name of the program: state, parent, group, session.
      const [state, , , of] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
      return of === session && state !== 'Z';
    } catch {
      return false;
    }
  });
}

export class Terminal {
  readonly #home: TestHome;
  readonly #socket: string;
  #closed = false;

  /**
   * Runs the command in a window of 100 × 40. When it has ended, the screen says "status N" and stays. Closed
   * with the home at the latest.
   */
  constructor(home: TestHome, args: readonly string[] | null, environment: NodeJS.ProcessEnv = {}) {
    this.#home = home;
    this.#socket = join(home.path, `t${Math.random().toString(36).slice(2, 8)}`);
    const command =
      args === null ? 'exec bash --norc --noprofile -i' : `${lineOf(args)}; echo "status $?"; exec cat`;
    execFileSync(
      'tmux',
      [
        '-S',
        this.#socket,
        '-f',
        '/dev/null',
        'new-session',
        '-d',
        '-x',
        '100',
        '-y',
        '40',
        '-c',
        home.work,
        command,
      ],
      { env: { ...home.environment, LANG: 'C.UTF-8', ...environment }, stdio: 'ignore' },
    );
    const session = this.#tmux('list-panes', '-F', '#{pane_pid}').trim();
    home.beforeClose(async () => {
      this.close();
      // What runs in it hears of it by a signal, and may write at its end.
      await eventually(home.path, () => !hasProcess(session), 'all of the terminal has ended');
    });
  }

  /** A shell with job control, to which commands are typed. */
  static shell(home: TestHome): Terminal {
    // It would write its history at its end, into the home that is being taken away.
    return new Terminal(home, null, { HISTFILE: '/dev/null' });
  }

  /** Into a shell. */
  command(args: readonly string[]): void {
    this.type(lineOf(args));
    this.press('Enter');
  }

  /** The text of the window with its history; with `colors` its escape sequences too. */
  screen(options: { colors?: boolean } = {}): string {
    const colors = options.colors === true ? ['-e'] : [];
    return this.#tmux('capture-pane', '-p', '-S', '-', ...colors).trimEnd();
  }

  /** What is on the screen itself. */
  window(): string {
    return this.#tmux('capture-pane', '-p').trim();
  }

  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  /** As from a clipboard: marked where the command has asked for it. */
  paste(text: string): void {
    this.#tmux('set-buffer', text);
    this.#tmux('paste-buffer', '-p');
  }

  /** `Enter`, `C-c`, `C-z` … */
  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  async until(what: string, holds: (screen: string) => boolean): Promise<string> {
    let screen = '';
    const check = () => {
      screen = this.screen();
      return holds(screen);
    };
    await eventually(this.#home.work, check, `on the screen: ${what}`, () => screen);
    return screen;
  }

  /**
   * Goes to the question of a pod on the screen, and presses the key as a person does who has read it; again
   * where it was too early.
   */
  async answer(key: string, sign: string): Promise<void> {
    this.press('M-w');
    await this.pressRead(key, (screen) => screen.includes(sign));
  }

  /** A key for what has been on the screen for a while. */
  async pressRead(key: string, hasCounted: (screen: string) => boolean): Promise<void> {
    const window = {
      capture: () => Promise.resolve(this.screen()),
      press: (one: string) => Promise.resolve(this.type(one)),
      until: this.until.bind(this),
    };
    await pressRead(window, key, hasCounted);
  }

  /** Of the command that runs in the window, by the pids of what the window's own shell has started. */
  commandPid(): number {
    const shell = this.#tmux('list-panes', '-F', '#{pane_pid}').trim();
    return Number(execFileSync('pgrep', ['-P', shell], { encoding: 'utf8' }).trim());
  }

  /** As a person closes the window: what runs in it gets SIGHUP. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#tmux('kill-server');
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8', stdio: 'pipe' });
  }
}
