/** Going on with the work of yesterday: `podkin run -c` and `--resume`, from scripts and from a terminal. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand, livingPods, resultOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod } from '../support/rig.ts';
import { Terminal, hasTerminal } from '../support/terminal.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    expect(await livingPods(home)).toEqual([]);
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const answers = `
rules:
  - { matches: "^long", delayMs: 600000, say: "never" }
  - { matches: "first", say: "The first is done." }
  - { matches: "again", say: "Done again." }
  - { say: "Something else." }
`;

/** A command of the pod runs until this file is there. */
const waiting = `
rules:
  - { last: user, matches: "^build", say: "I build.", call: [{ Bash: { command: "touch begun; until [ -e go ]; do sleep 0.02; done" } }] }
  - { last: tool, say: "It is built." }
  - { last: user, say: "Something else is done." }
`;
const free = ['--permission-mode', 'bypassPermissions'];

const run = (...args: string[]) => home.run(['run', ...args]);
const texts = async (pod: TestPod) => (await pod.entriesOf('userMessage')).map(({ text }) => text);

/** Its command is in the middle. */
async function cutBy(end: (command: RunningCommand, pod: TestPod) => Promise<unknown>): Promise<TestPod> {
  const command = new RunningCommand(home, ['run', ...free, '--model', home.scenario(waiting), 'build it']);
  const pod = await home.spawned('root');
  await pod.untilEntry('toolCall');
  await end(command, pod);
  await command.ended;
  return pod;
}

describe('a root that has done its work', () => {
  it('[continue.newest] -c gives the newest root of this directory its next task, with what it knows', async () => {
    const model = home.scenario(answers);
    await run('-p', '--name', 'old', '--model', model, 'first');
    await run('-p', '--name', 'new', '--model', model, 'first');
    const ran = await run('-p', '-c', 'do it again');
    expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'Done again.\n']);
    expect(await texts(home.pod('new'))).toEqual(['first', 'do it again']);
    // The newest is who did something last, whatever it was made for.
    await run('-p', '-c', 'old', 'once more again');
    expect((await run('-p', '--continue', 'and again')).code).toBe(0);
    expect(await texts(home.pod('old'))).toEqual(['first', 'once more again', 'and again']);
  });

  it('[continue.newest] of another directory none is taken', async () => {
    const model = home.scenario(answers);
    await run('-p', '--model', model, 'first');
    const elsewhere = join(home.path, 'elsewhere');
    mkdirSync(elsewhere);
    const ran = await run('-p', '--cwd', elsewhere, '-c', 'do it again');
    expect([ran.code, ran.stdout]).toEqual([3, '']);
    expect(ran.stderr).toContain(`nothing was run in ${elsewhere} yet`);
    expect((await run('-p', '--cwd', home.work, '-c', 'do it again')).code).toBe(0);
  });

  it('[continue.result] the result is what this run came to: its answer, its usage, its children', async () => {
    const model = home.scenario(answers);
    const first = resultOf(await run('-p', '--output-format', 'json', '--model', model, 'first'));
    const next = resultOf(await run('-p', '--output-format', 'json', '-c', 'do it again'));
    expect(next).toMatchObject({ status: 'done', name: 'root', text: 'Done again.', children: [] });
    expect(next.instance).toBe(first.instance);
    // The second request holds the first, and the first is not counted again.
    expect(next.usage.inputTokens).toBeLessThan(3 * first.usage.inputTokens);
    expect(next.usage.outputTokens).toBeLessThan(2 * first.usage.outputTokens);
    const shown = await run('-c', 'and again');
    expect(shown.stdout).toContain('Done again.');
    expect(shown.stdout).not.toContain('The first is done.');
  });

  it('[continue.nothing] without a task, where nothing was cut, it is asked for one', async () => {
    await run('-p', '--model', home.scenario(answers), 'first');
    const ran = await run('-c');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('say what it is to do next, as in: podkin run -c root "…"');
    expect(await texts(home.pod('root'))).toEqual(['first']);
  });

  it('[continue.past] a child that has done its work before is no part of what this run came to', async () => {
    const spawns = `rules:
  - { pod: root, last: user, times: 1, call: [{ SpawnPod: { name: kid, task: count } }] }
  - { say: "Said." }
`;
    expect((await run('-p', '--model', home.scenario(spawns), 'first')).code).toBe(0);
    const ran = await run('-p', '--output-format', 'json', '-c', 'and the rest');
    expect(JSON.parse(ran.stdout.trim().split('\n').at(-1)!)).toMatchObject({ status: 'done', children: [] });
  });

  it('[continue.nothing] behind a turn that failed that is said, and why', async () => {
    const failing = 'rules:\n  - { times: 1, fail: { kind: authentication } }\n  - { say: "Done now." }\n';
    expect((await run('-p', '--model', home.scenario(failing), 'first')).code).toBe(1);
    const ran = await run('-p', '-c');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/its last turn failed \(.*401.*\): say what it is to do next/);
    expect((await run('-p', '-c', 'Go on')).stdout).toBe('Done now.\n');
  });

  it('[continue.running] one that runs takes the task where it is, and runs on', async () => {
    await run('-d', '--model', home.scenario(answers), 'first');
    const ran = await run('-p', '-c', 'do it again');
    expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'Done again.\n']);
    expect(await livingPods(home)).toEqual(['root']);
    expect(await home.pod('root').entriesOf('started')).toHaveLength(1);
    expect((await home.run(['stop', 'root'])).code).toBe(0);
  });

  const echo = `
rules:
  - { last: user, matches: "^slow", say: "slow {{lastText}}", call: [{ Bash: { command: "echo > begun; until [ -e go ]; do sleep 0.02; done" } }] }
  - { last: tool, say: "The slow one." }
  - { last: user, say: "The other one." }
`;
  const ways: readonly (readonly [string, string, readonly string[]])[] = [
    ['run -p -c of one that runs', 'runs', ['run', '-p', '-c', 'root']],
    ['run -p -c of one that was stopped', 'stopped', ['run', '-p', '-c', 'root']],
    ['send --wait', 'runs', ['send', '--wait', 'root']],
  ];
  it.for(ways)('[answer.own] two at once with %s: each prints its own answer', async ([, state, command]) => {
    await run('-d', ...free, '--model', home.scenario(echo), 'first');
    const pod = home.pod('root');
    await home.run(['wait', 'root']);
    if (state === 'stopped') await home.run(['stop', 'root']);
    const first = new RunningCommand(home, [...command, 'slow']);
    await pod.untilEntry('toolCall');
    const second = new RunningCommand(home, [...command, 'other']);
    await pod.untilEntry('inputReceived', ({ text }) => text === 'other');
    home.file('go');
    expect(await first.ended).toMatchObject({ code: 0, stdout: 'The slow one.\n' });
    expect(await second.ended).toMatchObject({ code: 0, stdout: 'The other one.\n' });
    await home.run(['stop', 'root']);
  });

  it('[answer.own] a run prints the answer to its task, also where somebody sends something else', async () => {
    const first = new RunningCommand(home, ['run', '-p', ...free, '--model', home.scenario(echo), 'slow']);
    const pod = await home.spawned('root');
    await pod.untilEntry('toolCall');
    await home.run(['send', 'root', 'other']);
    home.file('go');
    expect(await first.ended).toMatchObject({ code: 0, stdout: 'The slow one.\n' });
    expect(await pod.entriesOf('turnEnded')).toHaveLength(2);
  });

  it('[continue.detached] -d restores it, hands over the task and returns', async () => {
    await run('-p', '--model', home.scenario(answers), 'first');
    const ran = await run('-d', '-c', 'do it again');
    expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'root\n']);
    expect((await home.run(['wait', 'root'])).code).toBe(0);
    expect(await texts(home.pod('root'))).toEqual(['first', 'do it again']);
    expect((await home.run(['stop', 'root'])).code).toBe(0);
  });
});

describe('work that was cut', () => {
  const ends: [string, (command: RunningCommand, pod: TestPod) => Promise<unknown>][] = [
    ['by Ctrl+C', async (command) => command.signal('SIGINT')],
    ['by a crash of the machine', (command, pod) => (command.signal('SIGKILL'), pod.kill())],
  ];

  it.each(ends)('[continue.cut] %s is gone on with, and no call of it is made twice', async (_, end) => {
    const pod = await cutBy(end);
    writeFileSync(join(home.work, 'go'), '');
    const ran = await run('-p', '-c');
    expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'It is built.\n']);
    expect(await texts(pod)).toEqual(['build it']);
    expect(await pod.entriesOf('toolCall')).toHaveLength(1);
    expect((await pod.entriesOf('turnStarted')).map(({ kind }) => kind)).toEqual(['run', 'resume']);
  });

  it.each(ends)('[continue.instead] %s gives way to a task', async (_, end) => {
    const pod = await cutBy(end);
    const ran = await run('-p', '-c', 'leave that');
    expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'Something else is done.\n']);
    expect((await pod.entriesOf('turnStarted')).map(({ kind }) => kind)).toEqual(['run', 'run']);
  });

  it('[continue.cut-below] of a child is told to its parent, which goes on from there', async () => {
    const tree = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: child, task: "build" } }] }
  - { pod: root, last: tool, say: "I wait." }
  - { pod: root, last: notification, say: "It was cut, I know." }
  - { pod: child, last: user, call: [{ Bash: { command: "until [ -e go ]; do sleep 0.02; done" } }] }
`;
    const command = new RunningCommand(home, [
      'run',
      ...free,
      '--model',
      home.scenario(tree),
      'hand it down',
    ]);
    await (await home.spawned('child')).untilEntry('toolCall');
    await home.pod('root').untilEntry('turnEnded');
    command.signal('SIGINT');
    await command.ended;
    const ran = await run('-p', '-c');
    expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'It was cut, I know.\n']);
  });

  it('[continue.cut-stays] a restore alone goes on with nothing, and resume does', async () => {
    const pod = await cutBy(async (command) => command.signal('SIGINT'));
    writeFileSync(join(home.work, 'go'), '');
    expect((await home.run(['restore', 'root'])).code).toBe(0);
    expect(await pod.call('status', {})).toMatchObject({ status: 'idle', turns: 1 });
    expect((await home.run(['resume', 'root'])).code).toBe(0);
    await pod.untilEntry('turnEnded');
    expect(readFileSync(pod.folder.log, 'utf8')).toContain('It is built.');
    expect((await home.run(['stop', 'root'])).code).toBe(0);
  });
});

describe('what is asked wrongly', () => {
  it.each([
    [['-c', 'nobody'], 3, 'there is no pod "nobody"; where it is a task, say: podkin run -c -- nobody'],
    [['-c', '--model', 'a/b', 'do it again'], 2, 'is not a provider'],
    [['-c', '--max-cost', '3', 'do it again'], 2, '"podkin budget NAME AMOUNT" changes'],
    [['-c', '--resume'], 2, 'give one of them'],
    [['-c', 'child', 'do it again'], 2, 'go on with the root of its tree, podkin run -c root'],
  ])('[continue.usage] %j', async (args, code, said) => {
    const tree = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: child, task: "first" } }] }
  - { say: "The first is done." }
`;
    await run('-p', '--model', home.scenario(tree), 'hand it down');
    const ran = await run('-p', ...args);
    expect([ran.code, ran.stdout]).toEqual([code, '']);
    expect(ran.stderr).toContain(said);
    expect(await texts(home.pod('root'))).toEqual(['hand it down']);
  });
});

describe('--resume', () => {
  it.runIf(hasTerminal)(
    '[continue.choose] lists the roots of this directory, the newest first, and goes on with the one that is chosen',
    async () => {
      const model = home.scenario(answers);
      await run('-p', '--name', 'old', '--model', model, 'first of all\nand more');
      await run('-p', '--name', 'new', '--model', model, 'first thing today');
      const terminal = new Terminal(home, ['run', '--resume', 'do it again']);
      await terminal.until('the list', (screen) => screen.includes('1 to 2: that one'));
      const [newest, oldest] = terminal.screen().split('\n').slice(1, 3);
      expect(newest).toMatch(/^1 +first thing today .* stopped +new$/);
      expect(oldest).toMatch(/^2 +first of all .* stopped +old$/);
      terminal.type('2');
      terminal.press('Enter');
      await terminal.until('the end', (screen) => screen.includes('status 0'));
      expect(terminal.screen()).toContain('Done again.');
      expect(await texts(home.pod('old'))).toEqual(['first of all\nand more', 'do it again']);
    },
  );

  it('[continue.choose] where nobody can answer it lists them and says how to name one', async () => {
    await run('-p', '--model', home.scenario(answers), 'first');
    const ran = await run('--resume');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/1 +first .*root\n.*podkin run -c NAME/);
  });
});

describe('a pod that does not run and is spoken to', () => {
  it('[continue.restored-first] is started again first with --restore, and not without it', async () => {
    await run('-p', '--model', home.scenario(answers), 'first');
    const refused = await home.run(['send', 'root', 'do it again']);
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('podkin restore root');
    const sent = await home.run(['send', '--restore', '--wait', 'root', 'do it again']);
    expect([sent.code, sent.stdout], sent.stderr).toEqual([0, 'Done again.\n']);
    expect((await home.run(['stop', 'root'])).code).toBe(0);
  });

  it.runIf(hasTerminal)('[attach.died] what is typed for a pod that has died is given back', async () => {
    home.expectsNoSockets = false;
    await run('-d', '--model', home.scenario(answers), 'first');
    await home.run(['wait', 'root']);
    const terminal = new Terminal(home, ['attach', 'root']);
    await terminal.until('the history', (screen) => screen.includes('The first is done.'));
    await home.run(['kill', 'root']);
    await terminal.until('its death', (screen) => screen.includes('has died'));
    terminal.type('my line');
    terminal.press('Enter');
    await terminal.until('what becomes of it', (screen) =>
      screen.includes('"root" is not running: this is sent'),
    );
    terminal.press('C-d');
    await terminal.until('the end', (screen) => screen.includes('status 0'));
    expect(terminal.screen()).toContain('Detached; "root" is not running. Start it again');
    expect(terminal.screen()).toContain('podkin restore root');
    expect(terminal.screen()).toContain('This was not sent: my line');
    expect(terminal.screen()).not.toContain('keeps running');
    expect(await texts(home.pod('root'))).toEqual(['first']);
  });

  it.runIf(hasTerminal)('[continue.restored-first] on a terminal it is asked', async () => {
    await run('-p', '--model', home.scenario(answers), 'first');
    const terminal = new Terminal(home, ['attach', 'root']);
    await terminal.until('the question', (screen) => screen.includes('y: yes'));
    expect(terminal.screen()).toContain('"root" is not running.');
    terminal.type('y');
    terminal.press('Enter');
    await terminal.until('the history', (screen) => screen.includes('The first is done.'));
    terminal.type('/stop');
    terminal.press('Enter');
    const asked = await terminal.until('what it asks', (screen) => screen.includes('Stop root?'));
    expect(asked.split('any other key no')).toHaveLength(2);
    await terminal.pressRead('y', (screen) => /(?:stopping …|"root" has ended)/.test(screen));
    const ended = await terminal.until('the end', (screen) => screen.includes('status '));
    expect(ended).toContain('"root" has ended. Start it again with: podkin restore root');
  });
});
