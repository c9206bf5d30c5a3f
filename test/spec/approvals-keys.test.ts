/** Approvals at a terminal, answered by a key: on the screen, and in plain lines. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { livingPods } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod } from '../support/rig.ts';
import { Terminal, hasTerminal } from '../support/terminal.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const below = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: low, task: go, write: ["."] } }] }
  - { pod: low, last: user, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { say: "{{pod}}: {{lastText}}" }
`;
const late = `
rules:
  - { last: user, matches: go, delayMs: 800, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { say: "{{lastText}}" }
`;

const marks = () => {
  const path = join(home.work, 'marks');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

async function untilQueued(root: TestPod, text: string): Promise<void> {
  await root.until('the text is queued', (all) =>
    all.some(
      (entry) =>
        entry.type === 'inputReceived' && entry.kind === 'run' && 'text' in entry && entry.text === text,
    ),
  );
}

async function quits(flags: readonly string[]): Promise<void> {
  const terminal = Terminal.shell(home);
  terminal.command(['run', ...flags, '--model', home.scenario(below), 'go']);
  await terminal.until('the approval', (screen) => screen.includes('low asks for Bash'));
  terminal.press('C-\\');
  await terminal.until('the end', (screen) => screen.includes('root was interrupted by SIGQUIT'));
  terminal.type('echo "status $?"; stty -a | grep -c " icanon"');
  terminal.press('Enter');
  await terminal.until('a line is taken', (screen) => /\nstatus 131\n1\n/.test(screen));
  expect(await livingPods(home)).toEqual([]);
  expect(await home.pod('root').entriesOf('stopped')).toHaveLength(1);
}

describe.skipIf(!hasTerminal)('on the screen', () => {
  it('[approval.keys] run shows the approval of a pod below and takes the key', async () => {
    const terminal = new Terminal(home, ['run', '--model', home.scenario(below), 'go']);
    const asked = await terminal.until('the approval', (screen) => screen.includes('? low asks for Bash'));
    expect(asked).toContain('root ▸ low');
    await terminal.until('how it is answered', (screen) => screen.includes('Alt+w to answer'));
    terminal.press('M-w');
    await terminal.until('the keys', (screen) =>
      screen.includes('y yes  n no  A always  N no, why  p by a rule'),
    );
    await terminal.pressRead('y', (screen) => screen.includes('low is answered: allow'));
    const ended = await terminal.until('the end', (screen) => screen.includes('status 0'));
    expect(ended).toContain('root is done');
    expect(marks()).toBe('ran\n');
  });

  it('[approval.keys] attach on the root answers for a pod below, and no key becomes a text', async () => {
    const root = await home.startRoot({ scenario: below });
    await root.run('go');
    const terminal = new Terminal(home, ['attach', 'root']);
    await terminal.until('the approval', (screen) => screen.includes('? low asks for Bash'));
    await terminal.answer('n', 'low is answered: deny');
    const low = home.pod('low');
    expect(await low.untilEntry('approval', ({ state }) => state === 'answered')).toMatchObject({
      decision: 'deny',
    });
    await root.untilSettled();
    expect(marks()).toBe('');
    expect((await root.entriesOf('userMessage')).map(({ text }) => text)).toEqual(['go']);
  });

  it('[approval.one-key] no with a reason is typed as a line, and Escape goes back to the approval', async () => {
    const root = await home.startRoot({ scenario: below });
    await root.run('go');
    const terminal = new Terminal(home, ['attach', 'root']);
    await terminal.until('the approval', (screen) => screen.includes('? low asks for Bash'));
    await terminal.answer('N', 'No, because');
    terminal.type('never mind');
    terminal.press('Escape');
    await terminal.until('the approval again', (screen) => !screen.includes('No, because'));
    await terminal.answer('N', 'No, because');
    terminal.type('use pnpm insteadd');
    terminal.press('BSpace');
    terminal.press('Enter');
    const low = home.pod('low');
    expect(await low.untilEntry('approval', ({ state }) => state === 'answered')).toMatchObject({
      decision: 'deny',
      reason: 'use pnpm instead',
    });
    await root.untilSettled();
    expect(marks()).toBe('');
    expect((await root.entriesOf('userMessage')).map(({ text }) => text)).toEqual(['go']);
  });

  it('[approval.unread] a text that was begun before the approval goes on as a text, whatever its letters are', async () => {
    const root = await home.startRoot({ scenario: late });
    const terminal = new Terminal(home, ['attach', 'root']);
    await terminal.until('the prompt', (screen) => screen.includes('Enter send'));
    terminal.type('plan ');
    await root.run('go');
    await terminal.until('the approval', (screen) => screen.includes('? root asks for Bash'));
    terminal.type('any');
    terminal.press('Enter');
    await untilQueued(root, 'plan any');
    expect((await root.entriesOf('approval')).map(({ state }) => state)).toEqual(['asked']);
    await terminal.answer('n', 'root is answered: deny');
    await root.untilSettled();
    expect(marks()).toBe('');
    expect((await root.entriesOf('userMessage')).map(({ text }) => text)).toEqual(['go', 'plan any']);
  });

  it('[approval.again] after Ctrl-Z and fg the approval is shown again, and no key counts before it could be read', async () => {
    const terminal = Terminal.shell(home);
    terminal.command(['run', '--model', home.scenario(below), 'go']);
    await terminal.until('the approval', (screen) => screen.includes('? low asks for Bash'));
    terminal.press('M-w');
    await terminal.until('the keys', (screen) => screen.includes('y yes'));
    terminal.press('C-z');
    await terminal.until('it is stopped', (screen) => screen.includes('Stopped'));
    terminal.type('fg');
    terminal.press('Enter');
    await terminal.until('it again', () => terminal.window().includes('y yes'));
    terminal.type('y');
    await terminal.until('too early', (screen) => screen.includes('has only just come up'));
    expect(await home.pod('low').entriesOf('approval')).toHaveLength(1);
    await terminal.answer('y', 'is answered: allow');
    await terminal.until('the end', (screen) => screen.includes('root is done'));
    expect(marks()).toBe('ran\n');
  });

  it('[commands.quit] Ctrl-\\ at an approval stops the tree, says so, and the terminal takes lines again', async () => {
    await quits([]);
  });
});

describe.skipIf(!hasTerminal)('in plain lines', () => {
  /**
   * A key that comes too early answers nothing and says so: it is typed again after each time that it has
   * said so.
   */
  const pressUntil = async (terminal: Terminal, key: string, sign: string) => {
    const early = (screen: string) => screen.split('has only just come up').length - 1;
    for (let tries = early(terminal.screen()) + 1; !terminal.screen().includes(sign); tries += 1) {
      terminal.type(key);
      await terminal.until(sign, (screen) => screen.includes(sign) || early(screen) >= tries);
    }
  };

  it('[approval.keys] [approval.numbered] run shows the approval of a pod below and takes the key', async () => {
    const terminal = new Terminal(home, ['run', '--plain', '--model', home.scenario(below), 'go']);
    await terminal.until('the approval', (screen) => screen.includes('? low asks for Bash'));
    await pressUntil(terminal, '1', 'is answered: allow');
    await terminal.until('the end', (screen) => screen.includes('status 0'));
    expect(marks()).toBe('ran\n');
    expect(terminal.screen()).toContain(
      '1 y: yes, 2 n: no, 3 a: always for this very call, 4 r: no, and why',
    );
  });

  it('[approval.keys] attach on the root answers for a pod below, and no key becomes a text', async () => {
    const root = await home.startRoot({ scenario: below });
    await root.run('go');
    const terminal = new Terminal(home, ['attach', '--plain', 'root']);
    await terminal.until('the approval', (screen) => screen.includes('? low asks for Bash'));
    await pressUntil(terminal, 'n', 'is answered: deny');
    const low = home.pod('low');
    expect(await low.untilEntry('approval', ({ state }) => state === 'answered')).toMatchObject({
      decision: 'deny',
    });
    await root.untilSettled();
    expect(marks()).toBe('');
    expect((await root.entriesOf('userMessage')).map(({ text }) => text)).toEqual(['go']);
  });

  it('[approval.one-key] no with a reason is typed as a line, and Escape goes back to the approval', async () => {
    const root = await home.startRoot({ scenario: below });
    await root.run('go');
    const terminal = new Terminal(home, ['attach', '--plain', 'root']);
    await terminal.until('the approval', (screen) => screen.includes('? low asks for Bash'));
    await pressUntil(terminal, 'r', 'No, because');
    terminal.type('never mind');
    terminal.press('Escape');
    const prompts = (screen: string) => screen.split('No, because').length - 1;
    await terminal.until('a second prompt', (screen) => {
      if (prompts(screen) < 2) terminal.type('r');
      return prompts(screen) >= 2;
    });
    terminal.type('use pnpm insteadd');
    terminal.press('BSpace');
    terminal.press('Enter');
    const low = home.pod('low');
    expect(await low.untilEntry('approval', ({ state }) => state === 'answered')).toMatchObject({
      decision: 'deny',
      reason: 'use pnpm instead',
    });
    await root.untilSettled();
    expect(marks()).toBe('');
    expect((await root.entriesOf('userMessage')).map(({ text }) => text)).toEqual(['go']);
  });

  it('[approval.unread] a text that was begun before the approval goes on as a text, whatever its letters are', async () => {
    const root = await home.startRoot({ scenario: late });
    const terminal = new Terminal(home, ['attach', '--plain', 'root']);
    await terminal.until('the greeting', (screen) => screen.includes('/help lists the commands'));
    terminal.type('plan ');
    await root.run('go');
    await terminal.until('the approval', (screen) => screen.includes('y: yes'));
    terminal.type('any');
    terminal.press('Enter');
    await untilQueued(root, 'plan any');
    expect((await root.entriesOf('approval')).map(({ state }) => state)).toEqual(['asked']);
    await pressUntil(terminal, 'n', 'is answered: deny');
    await root.untilSettled();
    expect(marks()).toBe('');
    expect((await root.entriesOf('userMessage')).map(({ text }) => text)).toEqual(['go', 'plan any']);
  });

  it('[approval.again] after Ctrl-Z and fg the approval is shown again, and no key counts before it could be read', async () => {
    const terminal = Terminal.shell(home);
    terminal.command(['run', '--plain', '--model', home.scenario(below), 'go']);
    const times = (screen: string, part: string) => screen.split(part).length - 1;
    await terminal.until('the approval', (screen) => screen.includes('y: yes'));
    terminal.press('C-z');
    await terminal.until('it is stopped', (screen) => screen.includes('Stopped'));
    terminal.type('fg');
    terminal.press('Enter');
    await terminal.until('it again', (screen) => times(screen, '│ echo ran >> marks') === 2);
    terminal.type('y');
    await terminal.until('too early', (screen) => screen.includes('has only just come up'));
    expect(await home.pod('low').entriesOf('approval')).toHaveLength(1);
    await pressUntil(terminal, 'y', 'is answered: allow');
    await terminal.until('the end', (screen) => screen.includes('root is done'));
    expect(marks()).toBe('ran\n');
  });

  it('[commands.quit] Ctrl-\\ at an approval stops the tree, says so, and the terminal takes lines again', async () => {
    await quits(['--plain']);
  });
});
