/** Files of one pod, and of the home, that are not what podkin wrote there: every other command goes on. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { endTree } from '../../../src/cli/control/end-tree.ts';
import { Registry } from '../../../src/scope/ownership/registry.ts';
import { readTombstone, writeTombstone } from '../../../src/session/home/home.ts';
import { takeLock } from '../../../src/session/lock/lock.ts';
import { logHome } from '../../support/log-builder.ts';
import { type CliRig, cliRig } from './home-rig.ts';

const damages: Record<string, (path: string) => void> = {
  missing: () => undefined,
  empty: (path) => writeFileSync(path, ''),
  'another version': (path) => writeFileSync(path, '{"schema":99}'),
  'a folder': (path) => mkdirSync(path),
  'a link to itself': (path) => symlinkSync(basename(path), path),
  'a link to a device': (path) => symlinkSync('/dev/zero', path),
  'a pipe': (path) => void execFileSync('mkfifo', [path]),
  bytes: (path) => writeFileSync(path, Buffer.from([0xff, 0, 0x7b])),
};

function damage(path: string, how: string): void {
  rmSync(path, { force: true });
  damages[how]?.(path);
}

/** The rest of the home, seen by commands that look at all of it. */
async function expectOthersWork(rig: CliRig): Promise<void> {
  const ps = await rig.podkin('ps', '-a', '-q');
  expect([ps.status, ps.stdout.split('\n')]).toEqual([0, expect.arrayContaining(['good'])]);
  for (const argv of [['deliveries'], ['logs', 'good'], ['inspect', 'good']])
    expect([argv[0], (await rig.podkin(...argv)).status]).toEqual([argv[0], 0]);
  const order = { reason: 'over', graceMs: 5_000, termMs: 5_000, hurry: new AbortController().signal };
  expect(await endTree({ home: rig.home, rootInstance: 'another', ...order })).toEqual([]);
}

describe.each(Object.keys(damages))('%s', (how) => {
  it('[catalogue.damaged-neighbour] in the place of pod.json: the log says the same, others go on, rm -f removes it', async () => {
    const rig = cliRig();
    const home = logHome();
    rig.write(home.pod('good'));
    const { spec, path } = rig.write(home.pod('bad'));
    damage(spec, how);
    await expectOthersWork(rig);
    const doctor = await rig.podkin('doctor');
    expect(doctor.stdout).toContain('pod.json');
    const removed = await rig.podkin('rm', '-f', 'bad');
    expect([removed.status, removed.stdout, existsSync(path)]).toEqual([0, 'bad\n', false]);
  });

  it('[cli.rm-damaged] in the place of pod.json and of the log: it is kept aside whole', async () => {
    const rig = cliRig();
    const home = logHome();
    rig.write(home.pod('good'));
    const folder = rig.write(home.pod('bad'));
    damage(folder.spec, how);
    damage(folder.log, how);
    await expectOthersWork(rig);
    const removed = await rig.podkin('rm', '-f', 'bad');
    expect([removed.status, removed.stdout, existsSync(folder.path)]).toEqual([0, 'bad\n', false]);
    const aside = join(rig.home.state, 'set-aside');
    const [kept = ''] = readdirSync(aside);
    expect(removed.stderr).toContain(join(aside, kept));
    expect(readdirSync(join(aside, kept))).toContain('link-token');
  });

  it('[catalogue.damaged-neighbour] in the place of a tombstone or of the registry: others go on, the tombstone is named', async () => {
    const rig = cliRig();
    rig.write(logHome().pod('good'));
    const stone = {
      name: 'x',
      removedAt: '',
      parent: null,
      received: {},
      emitted: 0,
      acked: 0,
      discarded: false,
    };
    writeTombstone(rig.home, { ...stone, instance: 'x' });
    damage(join(rig.home.state, 'removed', 'x.json'), how);
    damage(new Registry(rig.home).path, how);
    await expectOthersWork(rig);
    expect(await new Registry(rig.home).update((claims) => ({ claims, answer: claims.length }))).toBe(0);
    if (how === 'missing') return;
    expect((await rig.podkin('doctor')).stdout).toContain('x.json');
    expect((await rig.podkin('verify')).stdout).toContain('x.json');
  });
});

it.each([
  ['{', 'is not what podkin writes', 'podkin rules add'],
  [' '.repeat(2_000_000), 'is larger than 1048576 bytes', 'podkin rules add'],
  [null, 'may be written by others', 'chmod go-w'],
])('[cli.doctor-kept] saved rules: %#, named by doctor', async (text, why, fix) => {
  const rig = cliRig();
  rig.write(logHome().pod('good'));
  const path = join(rig.home.state, 'rules.json');
  writeFileSync(path, text ?? '{"schema":1,"projects":[]}', { mode: 0o600 });
  if (text === null) chmodSync(path, 0o666);
  const { stdout } = await rig.podkin('doctor');
  expect(stdout).toContain(`${path} ${why}: none of your saved rules holds`);
  expect(stdout).toContain(fix);
  rmSync(path);
  expect((await rig.podkin('doctor')).stdout).not.toContain('saved rules');
});

it('[cli.rm-damaged] a log that is no pod’s is kept, and damaged lines in one are told when it goes', async () => {
  const rig = cliRig();
  const home = logHome();
  const other = rig.write(home.pod('other'));
  writeFileSync(other.log, 'what nobody can read\n');
  const removed = await rig.podkin('rm', '-f', 'other');
  const [kept = ''] = readdirSync(join(rig.home.state, 'set-aside'));
  expect([
    removed.status,
    readFileSync(join(rig.home.state, 'set-aside', kept, 'session.jsonl'), 'utf8'),
  ]).toEqual([0, 'what nobody can read\n']);
  const torn = rig.write(home.pod('torn'));
  const [first, second] = readFileSync(torn.log, 'utf8').split('\n');
  writeFileSync(torn.log, [first, 'damaged', second, ''].join('\n'));
  expect((await rig.podkin('rm', '-f', 'torn')).stderr).toContain('1 damaged line(s) of the log of "torn"');
});

it('[cli.rm-damaged] what its parent knows of it becomes its tombstone; it stays while a process holds it', async () => {
  const rig = cliRig();
  const home = logHome();
  const parent = home.pod('parent');
  const child = home.pod('child', parent);
  const folder = rig.write(child);
  const { instance } = child;
  rig.write(parent);
  writeFileSync(folder.log, 'x');
  writeFileSync(folder.spec, JSON.stringify({ name: 'child', instance }));
  const lock = await takeLock({ instance, folder: folder.path });
  if (!lock.taken) throw new Error('the lock is free');
  const refused = await rig.podkin('rm', '-f', 'child');
  await lock.release();
  expect([refused.status, existsSync(folder.path)]).toEqual([1, true]);
  expect(refused.stderr).toContain('still runs');
  expect((await rig.podkin('rm', '-f', 'child')).status).toBe(0);
  expect(readTombstone(rig.home, instance)).toMatchObject({ name: 'child', discarded: true });
});

it('[cli.rm-pieces] what could not be read of a log, kept beside it, goes only by force and with a word', async () => {
  const rig = cliRig();
  const pod = logHome().pod('pod');
  pod.stop();
  const folder = rig.write(pod);
  writeFileSync(`${folder.log}.torn-1`, 'torn');
  writeFileSync(`${folder.log}.damaged-300`, 'damaged');
  const refused = await rig.podkin('rm', 'pod');
  const pieces = 'session.jsonl.damaged-300, 7 bytes, session.jsonl.torn-1, 4 bytes';
  expect([refused.status, existsSync(folder.path)]).toEqual([1, true]);
  expect(refused.stderr).toContain(
    `"pod" stays: its folder holds what could not be read of its log (${pieces})`,
  );
  const removed = await rig.podkin('rm', '-f', 'pod');
  expect([removed.status, existsSync(folder.path)]).toEqual([0, false]);
  expect(removed.stderr).toContain(`Discarded: what could not be read of the log of "pod": ${pieces}.`);
});
