/**
 * Where things are kept: two homes side by side, the places of the XDG variables, and the demo in a home of
 * its own.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nameAt } from '../../src/session/home/place.ts';
import { homeOf } from '../../src/session/home/home.ts';
import { namesIn } from '../support/pod-folders.ts';
import { livingPods } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, commandFile } from '../support/rig.ts';

let homes: TestHome[];
beforeEach(() => {
  homes = [new TestHome(), new TestHome()];
});
afterEach(async () => {
  for (const home of homes) {
    try {
      await promiseKept(home);
    } finally {
      await home.close();
    }
  }
});

const tree = `
rules:
  - { pod: root, last: user, matches: "^go$", call: [{ SpawnPod: { name: child, task: "work", write: [] } }] }
  - { pod: root, last: tool, say: "I wait." }
  - { pod: root, last: notification, matches: "It is (.*)\\\\.", say: "I heard {{match.1}}." }
  - { pod: child, say: "It is ANSWER." }
`;

it('[commands.homes] two homes with the same names at the same time know nothing of each other', async () => {
  const answers = ['left', 'right'];
  const detached = await Promise.all(
    homes.map((home, i) => {
      const model = home.scenario(tree.replace('ANSWER', answers[i]!));
      return home.run(['run', '-d', '--model', model, 'go']);
    }),
  );
  for (const ran of detached) expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: 'root\n' });
  for (const [i, home] of homes.entries()) {
    expect(await home.run(['wait', 'root'])).toMatchObject({ code: 0 });
    const said = (await home.pod('root').entriesOf('assistantMessage')).at(-1)!.parts;
    expect(said).toMatchObject([{ text: `I heard ${answers[i]}.` }]);
    expect((await home.run(['ps', '-q'])).stdout).toBe('child\nroot\n');
  }
  const [left, right] = homes as [TestHome, TestHome];
  expect(left.pod('root').instance).not.toBe(right.pod('root').instance);
  expect(await left.run(['stop', 'root'])).toMatchObject({ code: 0 });
  expect(await livingPods(left)).toEqual([]);
  expect(await livingPods(right)).toEqual(['child', 'root']);
  const again = await right.run(['send', 'child', 'work', '--wait']);
  expect(again).toMatchObject({ code: 0, stdout: 'It is right.\n' });
  expect(await left.run(['rm', 'child', 'root'])).toMatchObject({ code: 0 });
  expect((await right.run(['ps', '-q'])).stdout).toBe('child\nroot\n');
});

it('[commands.xdg] without PODKIN_HOME, configuration, state and sockets are where the XDG variables say', async () => {
  const home = homes[0]!;
  const at = (name: string) => join(home.path, name);
  for (const name of ['conf', 'stat', 'r']) mkdirSync(at(name), { mode: 0o700 });
  const environment = {
    PODKIN_HOME: '',
    XDG_CONFIG_HOME: at('conf'),
    XDG_STATE_HOME: at('stat'),
    XDG_RUNTIME_DIR: at('r'),
    PODKIN_MODEL: home.scenario(tree.replace('ANSWER', 'there')),
  };
  const podkin = (...args: string[]) => home.run(args, { environment });
  expect(await podkin('run', '-d', 'go')).toMatchObject({ code: 0, stdout: 'root\n' });
  try {
    expect(await podkin('wait', 'root')).toMatchObject({ code: 0 });
    expect(
      readdirSync(join(at('stat'), 'podkin', 'pods'))
        .map(nameAt)
        .sort(),
    ).toEqual(['child', 'root']);
    expect(readdirSync(join(at('r'), 'podkin')).filter((name) => name.endsWith('.sock'))).toHaveLength(2);
    expect(existsSync(join(home.home.state, 'pods'))).toBe(false);
    const { socket, log } = JSON.parse((await podkin('inspect', 'root')).stdout) as Record<string, string>;
    expect(socket).toContain(join(at('r'), 'podkin'));
    expect(log).toContain(join(at('stat'), 'podkin'));
  } finally {
    expect(await podkin('stop', 'root')).toMatchObject({ code: 0 });
  }
  expect(JSON.parse((await podkin('ps', '-a', '--json')).stdout)).toMatchObject([
    { name: 'child', status: 'stopped', pid: null },
    { name: 'root', status: 'stopped', pid: null },
  ]);
  expect(readdirSync(join(at('r'), 'podkin')).filter((name) => name.endsWith('.sock'))).toEqual([]);
});

it('[commands.demo] the demo tells the whole story in under 20 s, without a key, and leaves no process', async () => {
  const home = homes[0]!;
  const begunMs = performance.now();
  const ran = await home.run(['demo'], { environment: { TMPDIR: home.path } });
  expect(performance.now() - begunMs).toBeLessThan(20_000);
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toMatch(/0 lost, 0 duplicated, 0 out of order/);
  expect(ran.stdout).toMatch(/SIGKILL/);
  const folder = readdirSync(home.path).find((name) => name.startsWith('pk-demo-'))!;
  const demo = homeOf({ PODKIN_HOME: join(home.path, folder, 'home') });
  expect(namesIn(demo)).toHaveLength(4);
  expect(await livingPods({ home: demo })).toEqual([]);
});

it('[commands.error-line] a folder whose name breaks lines and steers a terminal is shown as numbers by every error', () => {
  const [home] = homes;
  const named = 'a\nb\tc\u001B[31m\u202E';
  const shown = 'a<U+000A>b<U+0009>c<U+001B>[31m<U+202E>';
  const folder = join(home!.path, named);
  const own = join(folder, 'h');
  mkdirSync(join(own, 'config'), { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 's.yaml'), 'no scenario');
  const podkin = (...args: string[]) => {
    const env = { ...home!.environment, PODKIN_HOME: own };
    return spawnSync(process.execPath, [commandFile, ...args], { cwd: folder, env, encoding: 'utf8' });
  };
  const told = (...args: string[]) => {
    const { status, stderr } = podkin(...args);
    return { status, lines: stderr.split('\n').slice(0, -1) };
  };
  const here = join(home!.path, shown);
  expect(told('run', '-p', '--model', 'script/x', 'go')).toEqual({
    status: 2,
    lines: [`podkin: There is no scenario file ${here}/x: check the path behind script/.`],
  });
  expect(told('run', '-p', '--cwd', 'no\nne', 'go')).toEqual({
    status: 2,
    lines: [`podkin: --cwd ${here}/no<U+000A>ne: there is no such directory`],
  });
  expect(told('run', '-p', '--model', 'script/s.yaml', 'go').lines[0]).toContain(
    `root failed: ${here}/s.yaml is not a scenario: `,
  );
  expect(told('lo\ngs').lines).toEqual([
    "podkin: unknown command 'lo<U+000A>gs'",
    '(Did you mean logs?)',
    'A task goes with run: podkin run "lo<U+000A>gs"',
    '"podkin --help" lists all commands.',
  ]);
  writeFileSync(join(own, 'config/config.toml'), 'bad');
  expect(told('run', '-p', 'go')).toEqual({
    status: 2,
    lines: [expect.stringContaining(`podkin: ${here}/h/config/config.toml, line 1`)],
  });
  // The system's own words about a path.
  chmodSync(own, 0o777);
  expect(told('ps')).toEqual({
    status: 1,
    lines: [expect.stringContaining(`podkin: ${here}/h can be written by others`)],
  });
});
