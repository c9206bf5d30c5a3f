/** `podkin prune`, and a task without a command: what a person types every day. */
import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand, livingPods } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, eventually } from '../support/rig.ts';

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

const tree = `
rules:
  - { pod: root, last: user, matches: "hand", call: [{ SpawnPod: { name: child, task: "work" } }] }
  - { matches: "wait", call: [{ Bash: { command: "until [ -e go ]; do sleep 0.02; done" } }] }
  - { say: "done" }
`;
const run = (...args: string[]) =>
  home.run(['run', '-p', '--permission-mode', 'bypassPermissions', '--model', home.scenario(tree), ...args]);
const names = async () => {
  const { stdout } = await home.run(['ps', '-a', '-q']);
  return stdout.trim().split('\n').toSorted();
};

describe('podkin prune', () => {
  it('[prune.ended] removes trees that have ended and owe nothing, the deepest pod first', async () => {
    await run('hand it down');
    await run('--name', 'alone', 'do it');
    const named = await home.run(['prune', '--dry-run']);
    expect([named.code, named.stdout.trim().split('\n').toSorted()]).toEqual([0, ['alone', 'child', 'root']]);
    expect(await names()).toEqual(['alone', 'child', 'root']);
    const ran = await home.run(['prune']);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout.indexOf('child')).toBeLessThan(ran.stdout.indexOf('root'));
    expect(await names()).toEqual(['']);
  });

  it('[prune.stays] what runs, died or was cut stays, and is told with what can be done', async () => {
    const model = home.scenario(tree);
    await home.run(['run', '-d', '--name', 'lives', '--model', model, 'do it']);
    await home.run(['run', '-d', '--name', 'died', '--model', model, 'do it']);
    await home.run(['wait', 'lives', 'died']);
    await home.pod('died').kill();
    const free = ['--permission-mode', 'bypassPermissions', '--model', model];
    const cut = new RunningCommand(home, ['run', '--name', 'cut', ...free, 'wait for it']);
    await (await home.spawned('cut')).untilEntry('toolCall');
    cut.signal('SIGINT');
    await cut.ended;
    const ran = await home.run(['prune']);
    expect([ran.code, ran.stdout]).toEqual([0, '']);
    expect(ran.stderr.trim().split('\n').toSorted()).toEqual([
      'cut stays: a turn of "cut" was cut: "podkin run -c cut" goes on with it',
      'died stays: "died" died: "podkin restore died" or "podkin rm died"',
      'lives stays: "lives" is running',
    ]);
    await home.run(['stop', 'lives']);
    await home.run(['rm', 'died']);
  });

  it('[prune.stays] a kept tree that the end of the machine ended stays, one that a person ended does not', async () => {
    const model = home.scenario(tree);
    await home.run(['run', '-d', '--keep', '--model', model, 'do it']);
    await home.run(['wait', 'root']);
    const root = home.pod('root');
    process.kill((await root.call('hello', { protocol: 1 })).pid, 'SIGTERM');
    await eventually(home.path, async () => (await livingPods(home)).length === 0, 'it has ended');
    expect(await home.run(['prune'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'root stays: "root" is kept, to be started again: "podkin keep --off root" lets it go\n',
    });
    expect((await home.run(['restore', '--kept'])).stdout).toBe('root\n');
    await home.run(['stop', 'root']);
    expect((await home.run(['prune'])).stdout).toBe('root\n');
  });

  it('[prune.own-end] what ended with the pod in the background keeps nothing', async () => {
    const model = home.scenario(`
rules:
  - { last: user, times: 1, call: [{ Bash: { command: "sleep 300", background: true } }] }
  - { say: "done" }
`);
    const ran = await home.run([
      'run',
      '-p',
      '--permission-mode',
      'bypassPermissions',
      '--model',
      model,
      'go',
    ]);
    expect(ran.code, ran.stderr).toBe(0);
    const ended = (await home.pod('root').entries()).filter(({ type }) => type === 'commandEnded');
    expect(ended).toMatchObject([{ how: 'withPod', wakes: false }]);
    expect(await home.run(['prune'])).toMatchObject({ code: 0, stdout: 'root\n', stderr: '' });
  });

  it('[prune.advice] a notice that wakes nobody is read with the text that is asked for', async () => {
    const model = home.scenario(tree);
    await home.run(['run', '-d', '--model', model, 'do it']);
    await home.run(['wait', 'root']);
    await home.pod('root').call('notify', { message: 'look there', wake: false });
    await home.run(['stop', 'root']);
    expect(await home.run(['prune'])).toMatchObject({
      stdout: '',
      stderr:
        'root stays: "root" has not read all that was given to it: "podkin run -c root TEXT" has it read\n',
    });
    expect((await home.run(['run', '-p', '-c', 'root', 'go on'])).code).toBe(0);
    expect((await home.run(['prune'])).stdout).toBe('root\n');
  });

  it('[prune.advice] what a child has not read is read where its tree is started again', async () => {
    const free = ['--permission-mode', 'bypassPermissions', '--model', home.scenario(tree)];
    await home.run(['run', '-d', ...free, 'hand it down']);
    await home.run(['wait', 'root']);
    await home.run(['pause', 'child']);
    await home.run(['send', 'child', 'more']);
    await home.run(['stop', 'root']);
    expect((await home.run(['prune'])).stderr).toBe(
      'root stays: "child" has not read all that was given to it: "podkin restore root --tree", then "podkin resume child"\n',
    );
    expect((await home.run(['restore', 'root', '--tree'])).code).toBe(0);
    expect((await home.run(['resume', 'child'])).code).toBe(0);
    expect((await home.run(['wait', 'child'])).code).toBe(0);
    await home.run(['stop', 'root']);
    expect((await home.run(['prune'])).stdout).toContain('root\n');
  });

  it('[prune.age] with --older-than only trees in which nothing was done for so long', async () => {
    await run('--name', 'old', 'do it');
    await run('--name', 'new', 'do it');
    const past = new Date(Date.now() - 40 * 86_400_000);
    utimesSync(home.pod('old').folder.log, past, past);
    expect((await home.run(['prune', '--older-than', '30d'])).stdout).toBe('old\n');
    expect(await names()).toEqual(['new']);
    const wrong = await home.run(['prune', '--older-than', 'long']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('--older-than: "long" is neither');
  });
});

describe('a task without a command', () => {
  it('[cli.task-alone] of several words is run', async () => {
    const config = join(home.path, 'model.toml');
    writeFileSync(config, `model = "${home.scenario(tree)}"\n`);
    const ran = await home.run(['-p', '--config', config, 'do it now']);
    expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'done\n']);
  });

  it.each([
    [['fisrt'], 'A task goes with run: podkin run "fisrt"'],
    [['stp'], '(Did you mean stop?)'],
    [['two words', 'more'], 'too many arguments'],
  ])('[cli.task-alone] %j starts nothing', async (args, said) => {
    const ran = await home.run(args);
    expect([ran.code, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toContain(said);
    expect(existsSync(join(home.home.state, 'pods'))).toBe(false);
  });
});
