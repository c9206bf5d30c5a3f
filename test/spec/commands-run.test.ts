/**
 * `podkin run` as a user calls it: what goes where, the exit status of every way in which it can end, and
 * that nothing is left.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand, linesOf, livingPods, resultOf, socketsOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, commandFile, eventually } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    expect(await livingPods(home)).toEqual([]);
    expect(socketsOf(home)).toEqual([]);
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const tree = `
rules:
  - { pod: root, last: user, say: "I hand it down.", call: [{ SpawnPod: { name: child, task: "work", write: ["out"] } }] }
  - { pod: root, last: tool, say: "I wait." }
  - { pod: root, last: notification, matches: 'Pod "child" finished', say: "All is done." }
  - { pod: child, last: user, call: [{ Write: { path: "out/a.txt", content: "A" } }] }
  - { pod: child, last: tool, say: "It is written." }
`;

const color = '\u001B[';

describe('what goes where', () => {
  it('[commands.run] without options the work goes by on stdout, the summary on stderr', async () => {
    const ran = await home.run(['run', '--model', home.scenario(tree), 'do it']);
    expect(ran.code, ran.stderr).toBe(0);
    const shown = [
      'I hand it down.',
      '→ SpawnPod child',
      'I wait.',
      '◆ child finished: It is written.',
      'All is done.',
    ];
    const places = shown.map((text) => ran.stdout.indexOf(text));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(ran.stdout.match(/All is done\./g)).toHaveLength(1);
    expect(ran.stderr).toMatch(/root is done \(.*1 child.*\)[^]*child: done, 1 turn\b[^]*podkin logs root/);
    expect(ran.stdout + ran.stderr).not.toContain(color);
    expect(readFileSync(join(home.work, 'out', 'a.txt'), 'utf8')).toBe('A');
  });

  it('[commands.print-text] -p gives the answer and nothing else on stdout', async () => {
    const ran = await home.run(['run', '-p', '--model', home.scenario(tree), 'do it']);
    expect(ran).toEqual({ code: 0, signal: null, stdout: 'All is done.\n', stderr: '' });
  });

  it('[commands.stream-json] stream-json gives every entry of every pod in its order and the result last', async () => {
    const args = ['run', '-p', '--output-format', 'stream-json', '--model', home.scenario(tree), 'do it'];
    const ran = await home.run(args);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const lines = linesOf<{ type: string; pod: string; entry: { seq: number } }>(ran.stdout);
    expect(lines.pop()).toMatchObject({ type: 'result', status: 'done', text: 'All is done.' });
    expect(new Set(lines.map(({ type }) => type))).toEqual(new Set(['entry']));
    for (const name of ['root', 'child']) {
      const streamed = lines.flatMap(({ pod, entry }) => (pod === name ? [entry] : []));
      expect(streamed).toEqual(await home.pod(name).entries());
    }
  });

  it.each(['json', 'stream-json'])(
    '[commands.result-last] the last line of %s is the result also on failure',
    async (format) => {
      const model = home.scenario('rules:\n  - fail: { kind: badRequest }\n');
      const ran = await home.run(['run', '-p', '--output-format', format, '--model', model, 'do it']);
      expect(ran.code).toBe(1);
      expect(resultOf(ran)).toMatchObject({ type: 'result', status: 'failed', text: '', name: 'root' });
      expect(ran.stderr).toContain(resultOf(ran).reason);
    },
  );

  it('[commands.stdin] the task may come on stdin and arrives word for word', async () => {
    const model = home.scenario('rules:\n  - say: "ok"\n');
    const input = 'two lines\nand a "quote" \\ ünï\n';
    const ran = await home.run(['run', '-p', '--model', model, '-'], { input });
    expect(ran).toMatchObject({ code: 0, stdout: 'ok\n' });
    expect(await home.pod('root').entriesOf('userMessage')).toMatchObject([{ text: input }]);
  });
});

describe('how it can end', () => {
  const deniedWrite = `
rules:
  - { last: user, call: [{ Write: { path: "elsewhere.txt", content: "x" } }] }
  - { last: tool, say: "I could not." }
`;

  it('[commands.denied] a denied tool in headless mode is status 4, named, with the answer', async () => {
    mkdirSync(join(home.work, 'mine'));
    const args = [
      'run',
      '-p',
      '--output-format',
      'json',
      '--write',
      'mine',
      '--model',
      home.scenario(deniedWrite),
    ];
    const ran = await home.run([...args, 'do it']);
    expect(ran.code).toBe(4);
    expect(resultOf(ran)).toMatchObject({
      status: 'denied',
      text: 'I could not.',
      permissionDenials: [{ pod: 'root', tool: 'Write' }],
    });
    expect(ran.stderr).toMatch(/--write/);
    expect(existsSync(join(home.work, 'elsewhere.txt'))).toBe(false);
  });

  it('[commands.denied-shown] with a person watching a denied tool is shown, and the status is that of the answer', async () => {
    const ran = await home.run(['run', '--write', 'mine', '--model', home.scenario(deniedWrite), 'do it']);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('✗ Write denied');
    expect(ran.stderr).toMatch(/a tool was denied \(Write in root: .*--write/);
  });

  it('[commands.scope] --write and --read bound what the tools may touch, also for paths that are not there yet', async () => {
    mkdirSync(join(home.work, 'seen'));
    home.file('seen/a.txt', 'readable');
    home.file('hidden.txt', 'secret');
    const model = home.scenario(`
rules:
  - last: user
    call:
      - Read: { path: seen/a.txt }
      - Read: { path: hidden.txt }
      - Write: { path: new/deep/b.txt, content: "written" }
      - Write: { path: seen/c.txt, content: "not written" }
  - { last: tool, say: "{{lastText}}" }
`);
    const args = [
      'run',
      '-p',
      '--output-format',
      'json',
      '--write',
      'new',
      '--read',
      'seen',
      '--model',
      model,
    ];
    const ran = await home.run([...args, 'do it']);
    expect(ran.code).toBe(4);
    const { text, permissionDenials } = resultOf(ran);
    expect(permissionDenials.map(({ tool }) => tool)).toEqual(['Read', 'Write']);
    expect(text).toContain('readable');
    expect(text).not.toContain('secret');
    expect(readFileSync(join(home.work, 'new', 'deep', 'b.txt'), 'utf8')).toBe('written');
    expect(existsSync(join(home.work, 'seen', 'c.txt'))).toBe(false);
  });

  it.each([
    ['--max-steps', '2', 'steps'],
    ['--max-cost', '0.0000001', 'cost'],
  ])('[commands.limit] %s ends as a limit with status 5', async (flag, value, reason) => {
    const model = home.scenario('rules:\n  - { say: "again", call: [{ ListPods: {} }] }\n');
    // A scenario costs nothing, so a bound on costs must not stop it either: bounded by steps as well.
    const args = ['run', '-p', '--output-format', 'json', flag, value, '--model', model, 'do it'];
    const ran = await home.run(args, { environment: { PODKIN_LIMITS_STEPS: '3' } });
    expect(ran.code).toBe(5);
    expect(resultOf(ran)).toMatchObject({ status: 'limit', reason: reason === 'cost' ? 'steps' : reason });
    expect(await home.pod('root').entriesOf('stepCompleted')).toHaveLength(flag === '--max-steps' ? 2 : 3);
  });

  it.each<[string, string[], RegExp]>([
    [
      'no model at all',
      ['run', 'do it'],
      /No model is configured\. Three ways to go on: \(1\).*\(2\).*\(3\).*podkin demo/,
    ],
    [
      'no key',
      ['run', '--model', 'anthropic/claude-sonnet-5-5', 'do it'],
      /no key for anthropic: ANTHROPIC_API_KEY is not set\. Three ways/,
    ],
    ['an unknown provider', ['run', '--model', 'acme/x', 'do it'], /"acme" is not a provider.*anthropic/],
    ['no such scenario', ['run', '--model', 'script/none.yaml', 'do it'], /no scenario file .*none\.yaml/],
    ['no task', ['run'], /there is no task/],
    ['an empty stdin', ['run', '-'], /stdin held no task/],
    ['an unknown option', ['run', '--wirte', 'x', 'do it'], /unknown option '--wirte'[^]*--write/],
    ['an unknown command', ['rnu'], /unknown command 'rnu'[^]*run/],
    ['an unknown format', ['run', '-p', '--output-format', 'xml', 'do it'], /text, json, stream-json/],
    ['a bad number', ['run', '--max-steps', 'many', 'do it'], /steps/],
    ['a bad mode', ['run', '--permission-mode', 'yolo', 'do it'], /bypassPermissions/],
    [
      'a directory that is not there',
      ['run', '--cwd', 'nowhere', 'do it'],
      /nowhere: there is no such directory/,
    ],
    ['-p with -d', ['run', '-p', '-d', 'do it'], /-p waits/],
    ['a bad timeout', ['wait', 'root', '--timeout', 'soon'], /"soon" is not a number of seconds/],
  ])(
    '[commands.usage] %s is status 2 with a sentence on stderr, and nothing is made',
    async (_, args, sentence) => {
      const ran = await home.run(args);
      expect(ran.stderr).toMatch(sentence);
      expect(ran).toMatchObject({ code: 2, stdout: '' });
      expect(existsSync(join(home.home.state, 'pods'))).toBe(false);
    },
  );

  const endless = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: child, task: "work", write: [] } }] }
  - { pod: root, say: "I wait." }
  - { pod: child, last: user, call: [{ Bash: { command: "echo $$ > pid; exec sleep 600" } }] }
`;

  /** A run whose child is in the middle of a command, and a check that nothing of either is left. */
  async function midCommand(): Promise<{ command: RunningCommand; nothingLeft: () => Promise<void> }> {
    const args = ['run', '-p', '--output-format', 'stream-json', '--permission-mode', 'bypassPermissions'];
    // The command's process is looked for among ours, so it runs in no sandbox.
    const config = join(home.path, 'config.toml');
    writeFileSync(config, '[sandbox]\nprogram = "/nowhere/bwrap"\n');
    const command = new RunningCommand(home, [
      ...args,
      '--config',
      config,
      '--model',
      home.scenario(endless),
      'do it',
    ]);
    const child = await home.spawned('child');
    await child.untilEntry('toolCall');
    let tool = 0;
    const begun = () => {
      const path = join(home.work, 'pid');
      tool = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
      return tool > 0;
    };
    await eventually(home.work, begun, 'the command has begun');
    const nothingLeft = async () => {
      expect(await livingPods(home)).toEqual([]);
      expect(() => process.kill(tool, 0)).toThrow('ESRCH');
      for (const name of ['root', 'child']) expect(await home.pod(name).entriesOf('stopped')).toHaveLength(1);
    };
    return { command, nothingLeft };
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    '[commands.signal] %s in the middle of a tree ends it with %i and leaves nothing running',
    async (signal, status) => {
      const { command, nothingLeft } = await midCommand();
      command.signal(signal);
      const ran = await command.ended;
      expect(ran.code, ran.stderr).toBe(status);
      expect(resultOf(ran)).toMatchObject({ status: 'failed', reason: `ended by ${signal}` });
      expect(ran.stderr).toContain('To go on where it was: podkin run -c root');
      await nothingLeft();
    },
  );

  it('[commands.output-lost] an answer that cannot be written is no success, and no pod runs on', async () => {
    const model = home.scenario('rules: [{ say: "hello there" }]');
    const into = (output: number, more: string[]) => {
      const args = [commandFile, 'run', '-p', '--model', model, ...more, 'go'];
      const options = { cwd: home.work, env: home.environment, encoding: 'utf8' } as const;
      const ran = spawnSync(process.execPath, args, { ...options, stdio: ['ignore', output, 'pipe'] });
      closeSync(output);
      return [ran.status, ran.stderr];
    };
    expect(into(openSync('/dev/full', 'w'), ['--name', 'full'])).toEqual([
      1,
      'podkin: the output cannot be written (ENOSPC): make room, or send it elsewhere\n',
    ]);
    for (const format of ['text', 'json']) {
      const pipe = join(home.path, format);
      execFileSync('mkfifo', [pipe]);
      const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
      const writer = openSync(pipe, 'w');
      closeSync(reader);
      expect(into(writer, ['--name', format, '--output-format', format])).toEqual([141, '']);
    }
    expect(await livingPods(home)).toEqual([]);
  });

  it('[commands.reader-gone] a reader that goes away ends the tree: nothing works on for nobody', async () => {
    const { command, nothingLeft } = await midCommand();
    command.stopReading();
    // The next thing that the tree does has no reader any more.
    await home.run(['notify', 'root', 'news']);
    expect((await command.ended).code).toBe(141);
    await nothingLeft();
  });

  it('[commands.reader-stalled] a signal ends a run whose reader has stopped reading, with the signal’s status', async () => {
    const pipe = join(home.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const output = openSync(pipe, 'w');
    // Far more than a pipe holds.
    const model = home.scenario(`rules: [{ say: "${'x'.repeat(300_000)}" }]`);
    const args = [commandFile, 'run', '-p', '--name', 'root', '--model', model, 'go'];
    const command = spawn(process.execPath, args, {
      cwd: home.work,
      env: home.environment,
      stdio: ['ignore', output, 'ignore'],
    });
    const ended = once(command, 'exit');
    const root = home.pod('root');
    await eventually(home.home.state, () => existsSync(root.folder.log), 'the root’s log');
    await root.untilEntry('stopped');
    expect(command.exitCode).toBe(null);
    command.kill('SIGTERM');
    expect(await ended).toEqual([143, null]);
    closeSync(output);
    closeSync(reader);
  });
});
