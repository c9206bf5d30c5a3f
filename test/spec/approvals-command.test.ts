/** Approvals as people meet them: listed, answered by command or key, denied where nobody can be asked. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand, livingPods, resultOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome } from '../support/rig.ts';
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

const flat = `
rules:
  - { last: user, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { last: tool, say: "said: {{lastText}}" }
`;
const below = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: low, task: go, write: ["."] } }] }
  - { pod: low, last: user, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { say: "{{pod}}: {{lastText}}" }
`;
const marks = () => {
  const path = join(home.work, 'marks');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

describe('podkin approvals and approve', () => {
  it('[approval.commands] [approval.reason-is-no-yes] list what waits, answer by id, its beginning or the name of the pod, and say what cannot be', async () => {
    const root = await home.startRoot({ scenario: flat });
    expect((await home.run(['approvals'])).stderr).toContain('No pending approvals');
    await root.run('go');
    await root.untilEntry('approval');
    const listed = await home.run(['approvals', '--json']);
    const rows = JSON.parse(listed.stdout) as { request: string }[];
    const request = rows[0]?.request ?? '';
    expect(rows).toMatchObject([{ pod: 'root', running: true, tool: 'Bash', summary: 'echo ran >> marks' }]);
    expect((await home.run(['approvals'])).stdout).toContain(`podkin approve ${request}`);
    const ps = await home.run(['ps']);
    expect([ps.stdout, ps.stderr]).toEqual([
      expect.stringContaining('approval'),
      expect.stringContaining('podkin approve root'),
    ]);
    const wait = new RunningCommand(home, ['wait', 'root']);
    await wait.until('the approval', ({ stderr }) => stderr.includes(`podkin approve ${request}`));
    expect((await home.run(['approve', 'nobody'])).code).toBe(3);
    expect((await home.run(['approve', request, '--deny', '--always'])).code).toBe(2);
    const half = await home.run(['approve', request, '--reason', 'not so']);
    expect([half.code, half.stdout, half.stderr]).toEqual([2, '', expect.stringContaining('--deny')]);
    const answered = await home.run(['approve', request.slice(0, 5), '--deny', '--reason', 'not now']);
    expect(answered).toMatchObject({ code: 0, stdout: 'root: Bash denied: echo ran >> marks\n' });
    expect((await wait.ended).code).toBe(0);
    expect(await root.untilEntry('toolResult')).toMatchObject({ text: expect.stringContaining('not now') });
    const none = await home.run(['approve', 'root']);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('has no pending approval')]);
    await root.run('go');
    await root.until(
      'a second approval',
      (all) => all.filter(({ type }) => type === 'approval').length === 3,
    );
    expect((await home.run(['approve', 'root', '--always'])).stdout).toContain('allowed, now and always');
    await root.untilSettled();
    expect(marks()).toBe('ran\n');
  });

  it('[approval.long-read] a yes to a call of which an approval shows only the beginning needs --full, which only the whole call names', async () => {
    const command = `echo ${'a'.repeat(4_500)}; echo ran >> marks`;
    const root = await home.startRoot({ scenario: flat.replace('echo ran >> marks', command) });
    await root.run('go');
    const { request } = await root.untilEntry('approval');
    expect((await home.run(['approvals'])).stdout).not.toContain('podkin approve');
    const full = (await home.run(['approvals', '--full'])).stdout;
    expect(full.replaceAll(/\n +│ /g, '')).toContain(command);
    expect(full).toContain(`podkin approve ${request} --full`);
    const rows = JSON.parse((await home.run(['approvals', '--full', '--json'])).stdout) as unknown;
    expect(rows).toMatchObject([{ summary: command }]);
    expect(JSON.parse((await home.run(['inspect', 'root'])).stdout)).toMatchObject({
      questions: [{ call: command }],
    });
    for (const yes of [['root'], [request], [request, '--always']]) {
      const refused = await home.run(['approve', ...yes]);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('podkin approvals --full')]);
    }
    expect((await home.run(['approve', request, '--full'])).code).toBe(0);
    await root.untilSettled();
    expect(marks()).toBe('ran\n');
    await root.run('go');
    await root.untilEntry('approval', (entry) => entry.state === 'asked' && entry.request !== request);
    expect((await home.run(['approve', 'root', '--deny'])).stdout).toContain('denied');
    await root.untilSettled();
    expect(marks()).toBe('ran\n');
  });

  it('[approval.commands] a dead pod is listed, and can be answered once it is restored', async () => {
    const again = `  - { last: tool, matches: "make the same call", call: [{ Bash: { command: "echo ran >> marks" } }] }`;
    const root = await home.startRoot({
      scenario: flat.replace('  - { last: tool', `${again}\n  - { last: tool`),
    });
    await root.run('go');
    await root.untilEntry('approval');
    await root.kill();
    expect((await home.run(['approvals'])).stdout).toContain('podkin restore root');
    const refused = await home.run(['approve', 'root']);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('podkin restore root')]);
    expect((await home.run(['restore', 'root'])).code).toBe(0);
    expect((await home.run(['approve', 'root'])).code).toBe(0);
    await root.untilSettled();
    expect(marks()).toBe('ran\n');
  });
});

describe('podkin run', () => {
  it('[approval.headless] with -p denies instead of asking, in the whole tree, names the call and ends with 4', async () => {
    const args = ['run', '-p', '--output-format', 'json', '--model', home.scenario(below), 'go'];
    const ran = await home.run(args);
    expect(ran.code).toBe(4);
    expect(resultOf(ran)).toMatchObject({
      status: 'denied',
      permissionDenials: [
        {
          pod: 'low',
          tool: 'Bash',
          input: '{"command":"echo ran >> marks"}',
          text: expect.stringContaining('run -p'),
        },
      ],
    });
    expect(await home.pod('low').entriesOf('approval')).toEqual([]);
    expect(marks()).toBe('');
  });

  const states: readonly (readonly [string, 'runs' | 'stopped', string])[] = [
    ['runs', 'runs', flat],
    ['was stopped', 'stopped', flat],
    ['runs, of a child of it', 'runs', below],
    ['was stopped, of a child of it', 'stopped', below],
  ];
  it.for(states)('[approval.headless-now] run -p -c of a tree that %s', async ([, state, scenario]) => {
    const more = '  - { last: user, matches: "^first", say: "yes" }';
    const model = home.scenario(scenario.replace('rules:', `rules:\n${more}`));
    await home.run(['run', '-d', '--model', model, 'first']);
    await home.run(['wait', 'root']);
    if (state === 'stopped') await home.run(['stop', 'root']);
    const ran = await home.run(['run', '-p', '-c', 'root', '--output-format', 'json', 'go']);
    expect(ran.code, ran.stderr).toBe(4);
    const pod = scenario === flat ? 'root' : 'low';
    const text = expect.stringMatching(/run -p.* and this call needs one \(permission mode default asks/);
    expect(resultOf(ran)).toMatchObject({
      status: 'denied',
      permissionDenials: [{ pod, tool: 'Bash', text }],
    });
    expect(ran.stdout).not.toContain('byPerson');
    expect(ran.stderr).toContain('podkin run -c root "…"');
    expect(marks()).toBe('');
    const answers = (await home.pod(pod).entriesOf('approval')).flatMap((one) =>
      one.state === 'answered' ? [[one.decision, one.by]] : [],
    );
    expect(answers).toEqual(state === 'runs' ? [['deny', 'headless']] : []);
    await home.run(['stop', 'root']);
  });

  it('[approval.headless-now] a tree that was begun with -p asks where it is gone on with without', async () => {
    expect((await home.run(['run', '-p', '--model', home.scenario(flat), 'go'])).code).toBe(4);
    const run = new RunningCommand(home, ['run', '-c', 'root', 'go on']);
    await run.until('the approval', ({ stderr }) => stderr.includes('podkin approve '));
    const request = /podkin approve (\w+)/.exec(run.stderr)?.[1] ?? '';
    expect((await home.run(['approve', request])).code).toBe(0);
    expect((await run.ended).code).toBe(0);
    expect(marks()).toBe('ran\n');
  });

  it('[approval.rule-flags] --allow-tool lets the command through without an approval, --deny-tool outweighs it, below the root too', async () => {
    const model = home.scenario(below);
    const run = (...more: string[]) => home.run(['run', '-p', '--model', model, 'go', ...more]);
    expect((await run('--allow-tool', 'Bash(echo ran >> marks)')).code).toBe(0);
    expect(marks()).toBe('ran\n');
    await home.run(['rm', '-f', 'root', 'low']);
    const denied = await run('--allow-tool', 'Bash', '--deny-tool', 'Bash(echo *)');
    expect([denied.code, denied.stderr]).toEqual([4, expect.stringContaining('Bash(echo *)')]);
    expect(marks()).toBe('ran\n');
    const malformed = await home.run(['run', '--model', model, 'go', '--deny-tool', 'Bash(']);
    expect([malformed.code, malformed.stderr]).toEqual([2, expect.stringContaining('"Bash("')]);
  });

  it('[approval.run-waits] without a keyboard it says on stderr which command answers, and waits', async () => {
    const run = new RunningCommand(home, ['run', '--model', home.scenario(below), 'go']);
    await run.until('the approval', ({ stderr }) => stderr.includes('podkin approve '));
    const request = /podkin approve (\w+)/.exec(run.stderr)?.[1] ?? '';
    expect(run.stdout).not.toContain('podkin approve');
    expect((await home.run(['approve', request])).code).toBe(0);
    expect((await run.ended).code).toBe(0);
    expect(marks()).toBe('ran\n');
  });
});

describe.skipIf(!hasTerminal)('at a terminal', () => {
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

  it('[approval.keys] run shows the approval of a pod below and takes the key', async () => {
    const terminal = new Terminal(home, ['run', '--model', home.scenario(below), 'go']);
    await terminal.until('the approval', (screen) => screen.includes('? low asks for Bash'));
    await pressUntil(terminal, 'y', 'is answered: allow');
    await terminal.until('the end', (screen) => screen.includes('status 0'));
    expect(marks()).toBe('ran\n');
    expect(terminal.screen()).toContain('y: yes, n: no, r: no, and why, a: always for this very call');
  });

  it('[approval.keys] attach on the root answers for a pod below, and no key becomes a text', async () => {
    const root = await home.startRoot({ scenario: below });
    await root.run('go');
    const terminal = new Terminal(home, ['attach', 'root']);
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
    const terminal = new Terminal(home, ['attach', 'root']);
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
    const scenario = `
rules:
  - { last: user, matches: go, delayMs: 800, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { say: "{{lastText}}" }
`;
    const root = await home.startRoot({ scenario });
    const terminal = new Terminal(home, ['attach', 'root']);
    await terminal.until('the greeting', (screen) => screen.includes('/help lists the commands'));
    terminal.type('plan ');
    await root.run('go');
    await terminal.until('the approval', (screen) => screen.includes('y: yes'));
    terminal.type('any');
    terminal.press('Enter');
    await root.until('the text is queued', (all) =>
      all.some(
        (entry) =>
          entry.type === 'inputReceived' &&
          entry.kind === 'run' &&
          'text' in entry &&
          entry.text === 'plan any',
      ),
    );
    expect((await root.entriesOf('approval')).map(({ state }) => state)).toEqual(['asked']);
    await pressUntil(terminal, 'n', 'is answered: deny');
    await root.untilSettled();
    expect(marks()).toBe('');
    expect((await root.entriesOf('userMessage')).map(({ text }) => text)).toEqual(['go', 'plan any']);
  });

  it('[approval.again] after Ctrl-Z and fg the approval is shown again, and no key counts before it could be read', async () => {
    const terminal = Terminal.shell(home);
    terminal.command(['run', '--model', home.scenario(below), 'go']);
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
    const terminal = Terminal.shell(home);
    terminal.command(['run', '--model', home.scenario(below), 'go']);
    await terminal.until('the approval', (screen) => screen.includes('y: yes'));
    terminal.press('C-\\');
    await terminal.until('the end', (screen) => screen.includes('root was interrupted by SIGQUIT'));
    terminal.type('echo "status $?"; stty -a | grep -c " icanon"');
    terminal.press('Enter');
    await terminal.until('a line is taken', (screen) => /\nstatus 131\n1\n/.test(screen));
    expect(await livingPods(home)).toEqual([]);
    expect(await home.pod('root').entriesOf('stopped')).toHaveLength(1);
  });
});
