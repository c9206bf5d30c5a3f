/** The terminal is given back on every way out: its settings, and each mode. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'podkin-terminal-'));
const program = join(folder, 'program.mjs');
const source = fileURLToPath(new URL('../support/screen-terminal-program.ts', import.meta.url));
const hasScript = process.platform === 'linux';

beforeAll(async () => {
  await build({
    entryPoints: [source],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Which modes are on, and whether the terminal's settings are as before. */
class Pty {
  readonly child: ChildProcess;
  output = '';
  #waiting: (() => void)[] = [];

  /** `before`, `after`: commands of the shell around it. The status is that of the last one. */
  constructor(words: readonly string[], { before = 'true', after = '' } = {}) {
    // Between two answers of stty what the terminal was set to.
    const command = [process.execPath, program, ...words].join(' ');
    const last = after === '' ? '' : `; ${after}`;
    const line = `${before}; stty -g; ${command}${last}; echo "status $?"; stty -g; echo all-done`;
    this.child = spawn('script', ['-qfec', `bash -c '${line}'`, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm-256color', SHELL: '/bin/bash' },
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      for (const done of this.#waiting.splice(0)) done();
    });
  }

  async until(text: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = text.exec(this.output);
      if (found !== null) return found;
      // The test's own bound ends what never comes.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  get settings(): string[] {
    return [...this.output.matchAll(/^[0-9a-f]+(?::[0-9a-f]+){10,}/gm)].map(([setting]) => setting);
  }

  /** What is on: modes, the alternate screen among them, and pushes of the keyboard and of titles. */
  get left() {
    const on = new Set<string>();
    let [keyboard, titles] = [0, 0];
    // oxlint-disable-next-line no-control-regex -- what a terminal obeys
    for (const [, given = '', command] of this.output.matchAll(/\u001B\[([?<>;\d]*)([hlut])/g)) {
      if (command === 'h') on.add(given);
      if (command === 'l') on.delete(given);
      if (command === 'u' && given.startsWith('>')) keyboard += 1;
      if (command === 'u' && given.startsWith('<')) keyboard -= 1;
      if (command === 't') titles += given.startsWith('22') ? 1 : -1;
    }
    return { on: [...on].filter((mode) => mode !== '?25' && mode !== '?7'), keyboard, titles };
  }
}

const signals = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGABRT',
  'SIGALRM',
  'SIGUSR2',
  'SIGVTALRM',
  'SIGXCPU',
] as const;
const modes = ['panes', 'inline'] as const;

async function expectGivenBack(pty: Pty): Promise<void> {
  await pty.until(/all-done/);
  expect(pty.left).toEqual({ on: [], keyboard: 0, titles: 0 });
  const [before, after] = pty.settings;
  expect(before).toBeDefined();
  expect(after).toBe(before);
  // No mode of the mouse, and nothing that erases what has scrolled away.
  // oxlint-disable-next-line no-control-regex -- what must not be sent
  expect(pty.output).not.toMatch(/\u001B\[\?(?:9|100[0-3]|1015)h|\u001B\[3J/);
  expect(pty.output).toContain('left');
}

describe.runIf(hasScript).each(modes)('the terminal of the screen, %s', (mode) => {
  it.each(['close', 'exit', 'throws', 'rejects'])(
    '[screen.r15] [screen.r02] [screen.r08] is as before behind: %s',
    async (way) => {
      const pty = new Pty([mode, way]);
      await expectGivenBack(pty);
    },
  );

  it.each(signals)('[screen.r15] is as before behind %s', async (signal) => {
    const pty = new Pty([mode, 'wait']);
    const [, pid] = await pty.until(/frame 1 of (\d+)/);
    process.kill(Number(pid), signal);
    await expectGivenBack(pty);
    expect(pty.output).toMatch(/status 1\d\d/);
  });

  it('[screen.r15] is as before after Ctrl+Z where nobody could send it on, and the frame is drawn again', async () => {
    const pty = new Pty([mode, 'wait']);
    await pty.until(/frame 1 of \d+/);
    pty.child.stdin?.write('\u001A');
    await pty.until(/frame 2 of \d+/);
    expect(pty.left.keyboard).toBeGreaterThan(0);
    pty.child.stdin?.write('q');
    await expectGivenBack(pty);
  });

  it('[screen.sent-on] after Ctrl+Z and fg the frame is drawn once, where the shell has left the cursor', async () => {
    const pty = new Pty([mode, 'wait'], { before: 'set -m', after: 'fg >/dev/null' });
    await pty.until(/frame 1 of \d+/);
    pty.child.stdin?.write('\u001A');
    await pty.until(/frame 2 of \d+/);
    pty.child.stdin?.write('q');
    await expectGivenBack(pty);
    expect(pty.output).not.toContain('frame 3');
  });

  it('[screen.r15] after SIGSTOP and SIGCONT each mode is on once, and off at the end', async () => {
    const pty = new Pty([mode, 'wait']);
    const [, pid] = await pty.until(/frame 1 of (\d+)/);
    const before = pty.left;
    process.kill(Number(pid), 'SIGSTOP');
    process.kill(Number(pid), 'SIGCONT');
    await pty.until(/frame 2 of \d+/);
    expect(pty.left).toEqual(before);
    pty.child.stdin?.write('q');
    await expectGivenBack(pty);
  });
});
