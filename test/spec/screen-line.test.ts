/** The screen over lines that are slow, for several people, and with an end that nobody has asked for. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Pty, hasPty } from '../support/pty.ts';
import { TestHome, commandFile } from '../support/rig.ts';
import { memoryOf } from '../../bench/stage.ts';
import { hasTerminal } from '../support/terminal.ts';
import { Tmux, type TmuxWindow } from '../support/tmux.ts';

const tmux = new Tmux();
let home: TestHome;
const ptys: Pty[] = [];
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  for (const pty of ptys.splice(0)) await pty.end();
  await home.close();
});
afterAll(() => tmux.close());

/** The words that open the screen: of the whole tree, or of one pod. */
const tree: readonly string[] = [];
const inline = (name: string): string[] => ['attach', name];

function opened(
  args: readonly string[],
  how: { bytesPerSecond?: number; environment?: NodeJS.ProcessEnv } = {},
): Pty {
  const { bytesPerSecond, environment = {} } = how;
  const pty = new Pty([process.execPath, commandFile, ...args], {
    columns: 80,
    rows: 24,
    cwd: home.work,
    environment: { ...home.environment, ...environment },
    ...(bytesPerSecond !== undefined && { bytesPerSecond }),
  });
  ptys.push(pty);
  return pty;
}

const talking = `
rules:
  - { last: user, matches: "talk (.*)", tokenDelayMs: 5, say: ${JSON.stringify('every word of it takes its place in a line. '.repeat(2_000))} }
  - { say: "{{lastText}} is done." }
`;

describe.skipIf(!hasPty)('a slow line', () => {
  it('[screen.r10] at 2 kB a second a key is echoed within a second, nothing piles up, and memory is flat', async () => {
    const root = await home.startRoot({ scenario: talking });
    await root.run('talk a lot');
    const pty = opened(inline('root'), { bytesPerSecond: 2_000, environment: { SSH_CONNECTION: 'a b c d' } });
    await pty.until('what it says', (shown) => shown.includes('takes its place'));
    const before = memoryOf(pty.pid).rssMb;
    const echoesMs: number[] = [];
    for (const key of 'QXZJKVWYQXZJ') {
      const [from, at] = [performance.now(), pty.shown.length];
      pty.write(key);
      await pty.until(`the echo of ${key}`, (shown) => shown.includes(key, at));
      echoesMs.push(performance.now() - from);
    }
    expect(Math.max(...echoesMs.toSorted((a, b) => a - b).slice(0, -1)), echoesMs.join(' ')).toBeLessThan(
      1_000,
    );
    // The first screen, then no more than a frame.
    expect(pty.behindMax).toBeLessThan(6_000);
    expect(pty.behind).toBeLessThan(2_500);
    expect(memoryOf(pty.pid).rssMb - before).toBeLessThan(20);
    await root.call('cancel', {});
  });
});

describe.skipIf(!hasTerminal)('several people at one tree', () => {
  it('[screen.watching] three of them see the same, the answer of one closes the question of all', async () => {
    const scenario = `
rules:
  - { last: user, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { say: "It is done." }
`;
    const root = await home.startRoot({ scenario });
    await root.run('do it');
    const size = { columns: 80, rows: 24 };
    const windows = [inline('root'), inline('root'), tree].map((args) => tmux.podkin(home, args, size));
    await Promise.all(
      windows.map((window) => window.until('the question', (screen) => screen.includes('echo ran >> marks'))),
    );
    expect((await root.call('status', {})).watching).toBe(3);
    const [first, second, third] = windows as [TmuxWindow, TmuxWindow, TmuxWindow];
    await first.press('M-w');
    await first.until('its keys', (screen) => /\by yes/.test(screen));
    await first.pressRead('y', (screen) => !screen.includes('asks for Bash'));
    await Promise.all(
      windows.map((window) => window.until('no question', (screen) => !screen.includes('asks for Bash'))),
    );
    await home.untilFile('marks', 'ran\n');
    await second.type('and again');
    await second.press('Enter');
    await Promise.all(
      [first, second].map((window) =>
        window.until('the text of another', (screen) => screen.includes('and again'), { all: true }),
      ),
    );
    await third.press('C-c', 'C-c');
    await third.until('its end', (screen) => screen.includes('status 0'));
    expect((await root.call('status', {})).watching).toBe(2);
  });
});

describe.skipIf(!hasTerminal)('a pod that answers nobody', () => {
  it('[screen.frozen] its row says so, where the pod is shown and in the tree, and is as before when it goes on', async () => {
    const root = await home.startRoot({
      scenario: 'rules:\n  - { last: user, delayMs: 600000, say: "late" }\n',
    });
    await root.run('work');
    const size = { columns: 80, rows: 24 };
    const windows = [inline('root'), tree].map((args) => tmux.podkin(home, args, size));
    const both = async (what: string, holds: (screen: string) => boolean): Promise<void> => {
      await Promise.all(windows.map((window) => window.until(what, holds)));
    };
    const isAtWork = (screen: string): boolean => /running|asks the model|no token/.test(screen);
    await both('that it works', isAtWork);
    await root.signal('SIGSTOP');
    try {
      await both('that it does not answer', (screen) => /unreachable|does not answer/.test(screen));
    } finally {
      await root.signal('SIGCONT');
    }
    await both(
      'that it works again',
      (screen) => isAtWork(screen) && !/unreachable|does not answer/.test(screen),
    );
    await root.call('cancel', {});
  });
});

describe.skipIf(!hasPty)('an end that nobody has asked for', () => {
  it('[screen.r15] [screen.r02] killed, the screen takes nothing with it; ended by a signal, the terminal is as before', async () => {
    const root = await home.startRoot({ scenario: talking });
    await root.run('hello');
    await root.untilSettled();
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
      const node = [process.execPath, commandFile, ...tree].map((word) => `'${word}'`).join(' ');
      const pty = new Pty(['bash', '-c', `stty -g; ${node}; stty -g; echo all-done`], {
        columns: 80,
        rows: 24,
        cwd: home.work,
        environment: home.environment,
      });
      ptys.push(pty);
      await pty.until('a frame', (shown) => shown.includes('\u001B[?2026l') && shown.includes('root'));
      const program = Number(execFileSync('pgrep', ['-P', String(pty.pid)], { encoding: 'utf8' }).trim());
      process.kill(program, signal);
      await pty.until('the end', (shown) => shown.includes('all-done'));
      const settings = [...pty.shown.matchAll(/[0-9a-f]+(?::[0-9a-f]+){10,}/g)].map(([one]) => one);
      expect(settings[1], signal).toBe(settings[0]);
      expect(pty.shown.lastIndexOf('\u001B[?1049l'), signal).toBeGreaterThan(
        pty.shown.lastIndexOf('\u001B[?1049h'),
      );
      expect(pty.shown).not.toContain('\u001B[3J');
    }
    const killed = opened(tree);
    await killed.until('a frame', (shown) => shown.includes('root'));
    process.kill(killed.pid, 'SIGKILL');
    await killed.exited();
    expect((await root.call('status', {})).status).toBe('idle');
  });

  it('[screen.errors] what Node or a library writes into the error output is shown behind the screen', async () => {
    const root = await home.startRoot({ scenario: talking });
    await root.run('hello');
    await root.untilSettled();
    const preload = join(home.work, 'says.cjs');
    writeFileSync(
      preload,
      `process.on('SIGUSR2', () => {
        process.emitWarning('mind the gap');
        process.stderr.write('a library speaks\\n');
        setImmediate(() => setImmediate(() => process.emit('SIGHUP')));
      });`,
    );
    const pty = opened(tree, { environment: { NODE_OPTIONS: `--require ${preload}` } });
    await pty.until('a frame', (shown) => shown.includes('\u001B[?2026l') && shown.includes('root'));
    process.kill(pty.pid, 'SIGUSR2');
    await pty.until('what was said', (shown) => shown.includes('a library speaks'));
    const left = pty.shown.lastIndexOf('\u001B[?1049l');
    expect(left).toBeGreaterThan(0);
    for (const said of ['Warning: mind the gap', 'a library speaks'])
      expect(pty.shown.indexOf(said), said).toBeGreaterThan(left);
  });
});
