/**
 * What pods, children and providers say, on the stdout of every command that shows it: a real terminal is not
 * steered by it, a program gets it whole.
 */
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendByHand } from '../support/by-hand.ts';
import { capable } from '../support/capable.ts';
import { TestHome, type TestPod, commandFile } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

/**
 * Clears the screen, twice; turns the order of what follows; a tag that nobody sees; a line of ours, forged.
 */
const hostile =
  'Ha\u001B[2J\u009B2J\u007F\u202E\u2066\u{E0041}\u2028\n\u001B[33m? root asks for Read\u001B[0m end';
const inYaml = JSON.stringify(hostile);

const scenario = `rules:
  - { last: user, matches: '^ask', call: [ { Bash: { command: ${inYaml} } } ] }
  - { say: ${inYaml} }
`;

const hasPty = capable(
  'terminal to give to a command (script)',
  () => spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0,
);

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Every byte that a terminal would get. */
function onTerminal(...args: string[]): string {
  const command = [process.execPath, commandFile, ...args].map(quoted).join(' ');
  const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
    cwd: home.work,
    env: { ...home.environment, TERM: 'xterm' },
    encoding: 'utf8',
  });
  return stdout;
}

/** Without the colours that are ours, and the ends of lines as a terminal has them. */
function foreign(bytes: string): string {
  // oxlint-disable-next-line no-control-regex -- the very bytes that are looked for
  return bytes.replaceAll('\r\n', '\n').replaceAll(/\u001B\[(?:0|1|2|22|31|32|33|36|39)m/g, '');
}

const steering = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u{E0000}-\u{E007F}]/u;

async function hostilePod(): Promise<TestPod> {
  const root = await home.startRoot({ scenario });
  await root.run('say it');
  await root.untilSettled();
  await root.run('ask me');
  await root.untilEntry('approval', ({ state }) => state === 'asked');
  return root;
}

describe.runIf(hasPty)('words that would steer a terminal', () => {
  it('[cli.no-steering] stdout of every command that shows them holds none of it on a terminal', async () => {
    const root = await hostilePod();
    const living = ['ps', 'ps --tree', 'logs root', 'approvals', 'approvals --full'];
    const json = ['ps --json', 'logs root --json', 'inspect root', 'approvals --json --full'];
    for (const line of [...living, ...json, 'deliveries', 'verify', 'doctor']) {
      const shown = foreign(onTerminal(...line.split(' ')));
      expect(shown, line).not.toMatch(steering);
      expect(shown, line).not.toBe('');
    }
    expect(foreign(onTerminal('logs', 'root'))).toContain('Ha[2J2J');
    // What a person judges is shown by number, behind the bar.
    expect(foreign(onTerminal('approvals'))).toContain('│ Ha<U+001B>[2J<U+009B>2J<U+007F><U+202E>');
    await root.kill();
    await appendByHand(root, { type: 'alert', level: 'warning', code: 'x', text: hostile });
    for (const line of ['ps -a', 'logs root', 'logs root --json', 'inspect root', 'wait root', 'doctor']) {
      expect(foreign(onTerminal(...line.split(' '))), line).not.toMatch(steering);
    }
    // No yellow but ours: the forged approval request has lost its colour.
    expect(onTerminal('logs', 'root')).not.toContain('\u001B[33m? root asks');
  });

  it('[cli.no-steering] a program reads the same words out of JSON that steers no terminal either', async () => {
    const root = await hostilePod();
    const logs = await home.run(['logs', 'root', '--json']);
    expect(logs.stdout).not.toMatch(steering);
    expect(logs.stdout).toContain(String.raw`Ha\u001b[2J\u009b2J\u007f\u202e\u2066\udb40\udc41\u2028\n`);
    const entries = logs.stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(entries).toEqual(await root.entries());
    const inspected = await home.run(['inspect', 'root']);
    expect(inspected.stdout).not.toMatch(steering);
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      questions: [{ tool: 'Bash', call: hostile, why: expect.any(String), request: expect.any(String) }],
    });
  });
});
