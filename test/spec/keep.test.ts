/** Trees that go on by themselves: killed as a whole again and again, asked to end, ending too often. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { livingPods } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { type Ran, TestHome, commandFile, gone } from '../support/rig.ts';
import { sizeOf } from '../support/size.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const names = ['root', 'a', 'b', 'c', 'd'];
const pods = () => names.map((name) => home.pod(name));
const kills = sizeOf('KEEP_KILLS', { short: 2, full: 100 });

/** A root with two children, one of which has two of its own. "round N" goes down to all of them. */
const tree = `
rules:
  - { pod: root, last: user, matches: "^grow", call: [{ SpawnPod: { name: a, task: "grow", write: ["a"] } }, { SpawnPod: { name: b, task: "grow", write: ["b"] } }] }
  - { pod: a, last: user, matches: "^grow", call: [{ SpawnPod: { name: c, task: "grow", write: ["a/c"] } }, { SpawnPod: { name: d, task: "grow", write: ["a/d"] } }] }
  - { pod: root, last: user, matches: "^(round [0-9]+)", call: [{ SendToPod: { name: a, message: "{{match.1}}" } }, { SendToPod: { name: b, message: "{{match.1}}" } }] }
  - { pod: a, last: user, matches: "^(round [0-9]+)", call: [{ SendToPod: { name: c, message: "{{match.1}}" } }, { SendToPod: { name: d, message: "{{match.1}}" } }] }
  - { pod: b, last: user, matches: "^round ([0-9]+)", call: [{ Bash: { command: "echo {{match.1}} >> b/done; sleep 0.1" } }] }
  - { last: user, matches: "^round ([0-9]+)", call: [{ Bash: { command: "echo {{match.1}} >> a/{{pod}}/done; sleep 0.1" } }] }
  - { say: "{{pod}} is done." }
`;
const free = ['--permission-mode', 'bypassPermissions'];

function start(...args: string[]): Promise<Ran> {
  for (const folder of ['a/c', 'a/d', 'b']) mkdirSync(join(home.work, folder), { recursive: true });
  return home.run(['run', '-d', ...args, ...free, '--model', home.scenario(tree), 'grow']);
}
const restoreKept = () => home.run(['restore', '--kept']);

async function killAll(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
  home.expectsNoSockets = false;
  const living = await Promise.all(pods().map(async (pod) => ({ pod, was: await pod.process() })));
  await Promise.all(living.map(({ pod }) => pod.signal(signal)));
  await Promise.all(living.map(({ was }) => gone(was)));
}

const settled = () => home.run(['wait', 'root']);

describe('a tree that is kept', () => {
  it(
    `[keep.killed] killed as a whole ${kills} times it goes on each time: nothing is lost, nothing is done twice`,
    async () => {
      await start('--keep');
      await settled();
      for (let round = 1; round <= kills; round += 1) {
        await home.run(['send', 'root', `round ${round}`]);
        // A moment by chance: anywhere in its work.
        await pause(Math.random() * 600);
        await killAll();
        // A person's word: the bound on restarts counts from here.
        await home.run(['keep', 'root']);
        const restored = await restoreKept();
        expect([restored.code, restored.stdout], restored.stderr).toEqual([0, 'root\n']);
        await settled();
      }
      // A call that was under way at a kill may have done nothing: a round that nobody kills has each.
      await home.run(['send', 'root', `round ${kills + 1}`]);
      await settled();
      for (const path of ['b/done', 'a/c/done', 'a/d/done']) {
        const rounds = existsSync(join(home.work, path)) ? readFileSync(join(home.work, path), 'utf8') : '';
        const lines = rounds.trim().split('\n');
        expect(lines, path).toEqual([...new Set(lines)]);
        expect(lines.at(-1), path).toBe(String(kills + 1));
      }
      expect((await livingPods(home)).toSorted()).toEqual(names.toSorted());
      await promiseKept(home);
      expect(await home.run(['stop', 'root'])).toMatchObject({ code: 0 });
    },
    60_000 + kills * 30_000,
  );

  it('[keep.asked] a machine that ends its pods in order is not asked for by anybody, a stop is', async () => {
    await start('--keep');
    await settled();
    await home.run(['stop', 'd']);
    await killAll('SIGTERM').catch(() => undefined);
    expect(await restoreKept()).toMatchObject({ code: 0, stdout: 'root\n' });
    await settled();
    expect((await livingPods(home)).toSorted()).toEqual(['a', 'b', 'c', 'root']);
    await home.run(['stop', 'root']);
    expect(await restoreKept()).toMatchObject({ code: 0, stdout: '' });
    expect(await livingPods(home)).toEqual([]);
    await promiseKept(home);
  });

  it('[keep.asked] what the end of the machine cut in order goes on, and what a person had paused does not', async () => {
    const model = home.scenario(`
rules:
  - { last: user, call: [{ Bash: { command: "echo began >> begun; until [ -e go ]; do sleep 0.02; done" } }] }
  - { last: tool, say: "It goes on." }
`);
    const root = home.pod('root');
    await home.run(['run', '-d', '--keep', ...free, '--model', model, 'build']);
    await home.untilFile('begun', 'began\n');
    const was = await root.process();
    await root.signal('SIGTERM');
    await gone(was);
    expect(await restoreKept()).toMatchObject({ code: 0, stdout: 'root\n' });
    expect(await settled()).toMatchObject({ code: 0 });
    expect((await root.entriesOf('assistantMessage')).at(-1)).toMatchObject({
      parts: [{ type: 'text', text: 'It goes on.' }],
    });
    expect(readFileSync(join(home.work, 'begun'), 'utf8')).toBe('began\n');
    await home.run(['send', 'root', 'again']);
    await home.untilFile('begun', 'began\nbegan\n');
    await home.run(['pause', 'root']);
    home.file('go');
    await root.untilStatus('paused');
    const paused = await root.process();
    await root.signal('SIGTERM');
    await gone(paused);
    expect(await restoreKept()).toMatchObject({ code: 0, stdout: 'root\n' });
    expect((await root.call('status', {})).status).toBe('paused');
    await home.run(['stop', 'root']);
  });

  it('[keep.bound] one that ends three times within ten minutes stays down and says why, until a person keeps it again', async () => {
    await start('--keep');
    await settled();
    for (let time = 0; time < 3; time += 1) {
      await killAll();
      expect(await restoreKept()).toMatchObject({ code: 0, stdout: 'root\n' });
    }
    await killAll();
    for (let time = 0; time < 2; time += 1) {
      const down = await restoreKept();
      expect(down).toMatchObject({ code: 1, stdout: '' });
      expect(down.stderr).toMatch(
        /^root stays down: it was started again by itself 3 times within 10 minutes/,
      );
    }
    expect((await home.run(['keep'])).stdout).toBe('root  down: it ended too often\n');
    await home.run(['keep', 'root']);
    expect(await restoreKept()).toMatchObject({ code: 0, stdout: 'root\n' });
    await home.run(['stop', 'root']);
  });

  it('[keep.marks] what is not kept stays down, a child is kept with its root, and keep lists', async () => {
    await start();
    await settled();
    expect(await home.run(['keep', 'a'])).toMatchObject({ code: 2 });
    expect(await home.run(['keep', 'none'])).toMatchObject({ code: 3 });
    expect(await home.run(['restore'])).toMatchObject({ code: 2 });
    expect((await home.run(['keep'])).stderr).toContain('No tree is kept');
    await home.run(['keep', 'root']);
    expect((await home.run(['keep'])).stdout).toBe('root  running\n');
    expect(JSON.parse((await home.run(['keep', '--json'])).stdout)).toMatchObject([
      { name: 'root', cwd: home.work, state: 'running' },
    ]);
    expect(await restoreKept()).toMatchObject({ code: 0, stdout: '' });
    await home.run(['keep', 'root', '--off']);
    await killAll();
    expect(await restoreKept()).toMatchObject({ code: 0, stdout: '' });
    expect(await livingPods(home)).toEqual([]);
  });
});

describe('the service of kept trees', () => {
  /** A `systemctl` that notes what it is asked. */
  function fakeSystemctl(status = 0): NodeJS.ProcessEnv {
    const folder = join(home.path, 'fake bin');
    mkdirSync(folder, { recursive: true });
    const program = join(folder, 'systemctl');
    writeFileSync(
      program,
      `#!/bin/sh\necho "$@" >> "${join(home.path, 'asked')}"\necho refused >&2\nexit ${status}\n`,
    );
    chmodSync(program, 0o755);
    return {
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      XDG_CONFIG_HOME: join(home.path, 'conf %h "x"'),
    };
  }
  const unitPath = () => join(home.path, 'conf %h "x"', 'systemd/user/podkin-kept.service');
  const keep = (environment: NodeJS.ProcessEnv, ...args: string[]) =>
    home.run(['keep', ...args], { environment });

  it.runIf(process.platform === 'linux')(
    '[keep.service] what it runs starts the tree again, with the environment that is written in it',
    async () => {
      await start('--keep');
      await settled();
      const environment = fakeSystemctl();
      expect(await keep(environment, '--install')).toMatchObject({ code: 0 });
      expect(readFileSync(join(home.path, 'asked'), 'utf8')).toBe(
        '--user daemon-reload\n--user enable podkin-kept.service\n',
      );
      await killAll();
      const unit = readFileSync(unitPath(), 'utf8');
      const words = (line: string) =>
        [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) =>
          word.replaceAll(/\\(.)/g, '$1').replaceAll('%%', '%').replaceAll('$$', '$'),
        );
      const [, command = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
      const variables = [...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(([, line = '']) => words(line));
      expect(words(command)).toEqual([process.execPath, commandFile, 'restore', '--kept']);
      expect(variables).toContain(`XDG_CONFIG_HOME=${join(home.path, 'conf %h "x"')}`);
      const [program = '', ...args] = words(command);
      const env = Object.fromEntries(
        variables.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
      const stdout = await new Promise((resolve) => {
        execFile(program, args, { env, cwd: '/' }, (_, text) => resolve(text));
      });
      expect(stdout).toBe('root\n');
      expect(await keep(environment, '--uninstall')).toMatchObject({ code: 0 });
      expect(existsSync(unitPath())).toBe(false);
      expect((await keep(environment, '--uninstall')).stderr).toContain('No service was installed');
      await home.run(['stop', 'root']);
    },
  );

  it.runIf(process.platform === 'linux')(
    '[keep.service] where it cannot be switched on, that is said with what to run',
    async () => {
      const ran = await keep(fakeSystemctl(1), '--install');
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain(
        'systemctl --user daemon-reload && systemctl --user enable podkin-kept.service',
      );
    },
  );
});
