/** `podkin ps` over real pods: whose trees, what they were asked, what they are at, what they have used. */
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ListedPod } from '../../src/client/listed-pods.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome } from '../support/rig.ts';
import { Terminal } from '../support/terminal.ts';
import { eventually } from '../support/waiting.ts';

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

const scenario = `
price: { input: 1000, output: 1000 }
rules:
  - { pod: root, last: user, matches: "hand", call: [{ SpawnPod: { name: kid, task: "hold on\\nuntil then" } }, { SpawnPod: { name: done, task: "be quick" } }] }
  - { pod: kid, last: user, call: [{ Bash: { command: "until [ -e go ]; do sleep 0.05; done" } }] }
  - { pod: root, last: user, matches: "limit", times: 1, fail: { kind: rateLimit, retryAfterMs: 90000 } }
  - say: "{{pod}} is done."
`;

async function run(name: string, task: string, cwd = home.work): Promise<void> {
  mkdirSync(cwd, { recursive: true });
  const args = ['--permission-mode', 'bypassPermissions', '--model', home.scenario(scenario), task];
  expect(await home.run(['run', '-d', '--name', name, ...args], { cwd })).toMatchObject({ code: 0 });
}

async function listed(...args: string[]): Promise<Record<string, ListedPod>> {
  const { stdout } = await home.run(['ps', '--json', ...args]);
  return Object.fromEntries((JSON.parse(stdout) as ListedPod[]).map((pod) => [pod.path, pod]));
}

const go = () => writeFileSync(join(home.work, 'go'), '');

it('[cli.ps-work] [cli.ps-tree-use] what each was asked and is at; what the whole tree has used', async () => {
  await run('root', 'hand it down');
  await (await home.spawned('kid')).untilEntry('toolCall');
  await (await home.spawned('done')).untilEntry('turnEnded');
  await home.pod('root').untilEntry('turnEnded');
  await eventually(
    home.path,
    async () => (await listed())['root']?.activity?.text === 'children: kid',
    'the root waits for one child',
  );
  const pods = await listed();
  expect(pods).toMatchObject({
    root: { task: 'hand it down', cwd: home.work, activity: { kind: 'wait', text: 'children: kid' } },
    'root/kid': {
      task: 'hold on',
      status: 'running',
      activity: { kind: 'call', text: 'Bash until [ -e go ]; do sleep 0.05; done' },
    },
    'root/done': { task: 'be quick', status: 'idle', activity: { kind: 'ended', text: 'finished' } },
  });
  const all = Object.values(pods);
  const sum = (of: (pod: ListedPod) => number) => all.reduce((total, pod) => total + of(pod), 0);
  expect(pods['root']?.tree.tokens).toBe(sum(({ tokens }) => tokens));
  expect(pods['root']?.tree.cost).toBeCloseTo(
    sum(({ cost }) => cost ?? Number.NaN),
    6,
  );
  expect(pods['root/kid']?.tree).toEqual({ tokens: pods['root/kid']?.tokens, cost: pods['root/kid']?.cost });
  const { stdout } = await home.run(['ps']);
  const lines = stdout.split('\n');
  expect(lines[1]).toMatch(/^root +idle +hand it down +waiting: children: kid /);
  expect(lines[1]).toContain(` ${pods['root']?.tree.tokens} `);
  expect(lines[3]).toMatch(/^└─ kid +running +hold on +Bash until \[ -e go \]; do sleep 0\.05; done \d+s /);

  await home.pod('kid').kill();
  home.expectsNoSockets = false;
  await home.pod('root').untilEntry('podEventReceived', ({ event }) => event.kind === 'died');
  await home.pod('root').untilSettled();
  await home.run(['stop', 'root']);
  expect(await listed('-a')).toMatchObject({
    'root/kid': { status: 'dead', activity: { kind: 'cut', text: expect.stringMatching(/^Bash until/) } },
    'root/done': { status: 'stopped', activity: { kind: 'ended', text: 'finished' } },
  });
  go();
});

it('[cli.ps-work] a provider that asks for a rest: when it is asked again, and why', async () => {
  await run('root', 'a limit');
  await eventually(
    home.path,
    async () => (await listed())['root']?.activity?.kind === 'retry',
    'the provider has refused',
  );
  expect((await home.run(['ps'])).stdout).toMatch(/^root +running +a limit +retrying in \d+ s: rateLimit/m);
  await home.run(['stop', 'root']);
});

it('[cli.ps-here] the trees of this directory; those of others counted, and behind with --all-directories', async () => {
  const other = join(home.work, 'other');
  await run('one', 'it');
  await run('two', 'it', other);
  await run('three', 'it', other);
  await home.run(['wait', 'one', 'two', 'three']);
  const here = await home.run(['ps']);
  expect(here.stdout).toMatch(/^NAME.*\none .*\n$/);
  expect(here.stderr).toBe(
    '2 trees in other directories not shown: "podkin ps --all-directories" shows them.\n',
  );
  const there = await home.run(['ps'], { cwd: other });
  expect(there.stdout).toMatch(/^NAME.*\nthree .*\ntwo .*\n$/);
  const all = await home.run(['ps', '--all-directories']);
  expect(all.stdout).toMatch(new RegExp(`^NAME.*\\none .*\\nin ${other}:\\nthree .*\\ntwo .*\\n$`));
  expect(all.stderr).toBe('');
  const none = await home.run(['ps'], { cwd: home.path });
  expect([none.stdout, none.stderr.split('\n')[0]]).toEqual(['', 'No pod is running here.']);
  expect(none.stderr).toContain('3 trees in other directories');
  expect((await home.run(['ps', '-q'], { cwd: other })).stdout).toBe('one\nthree\ntwo\n');
  expect(Object.keys(await listed())).toEqual(['one', 'three', 'two']);
  await home.run(['stop', 'one', 'two', 'three']);
  expect((await home.run(['ps'])).stderr).toBe(
    'No pod is running here.\n1 stopped pod(s) not shown: "podkin ps -a" shows them.\n',
  );
  expect((await home.run(['ps', '-a'])).stdout).toMatch(/^NAME.*\none +stopped +it +finished /);
});

it('[cli.ps-here] a directory that was moved, and is a link now, is the same one', async () => {
  const [old, moved] = [join(home.work, 'old'), join(home.work, 'moved')];
  await run('one', 'it', old);
  await home.run(['wait', 'one']);
  await home.run(['stop', 'one']);
  renameSync(old, moved);
  symlinkSync(moved, old);
  for (const cwd of [old, moved]) {
    expect((await home.run(['ps', '-a'], { cwd })).stdout, cwd).toMatch(/^NAME.*\none +stopped /);
    expect(await home.run(['run', '-p', '-c', '--', 'go on'], { cwd }), cwd).toMatchObject({ code: 0 });
  }
});

it('[cli.ps-narrow] no row of a terminal is wider than it is', async () => {
  await run('root', `hand it down ${'and on '.repeat(40)}`);
  await (await home.spawned('kid')).untilEntry('toolCall');
  await (await home.spawned('done')).untilEntry('turnEnded');
  const terminal = new Terminal(home, ['ps']);
  await terminal.until('the end', (screen) => screen.includes('status 0'));
  // A row that is wrapped begins with something else.
  const rows = terminal.screen().split('\n');
  expect(rows.slice(0, 4).map((row) => row.split(/ +/)[0])).toEqual(['NAME', 'root', '├─', '└─']);
  expect(rows[0]).toMatch(/TASK +ACTIVITY .*TOKENS +COST/);
  go();
  await home.pod('root').untilSettled();
});
