/** What commands take for a pod where files, or whole pods, are not as they should be. */
import { cpSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { type PodFolder, podFolder } from '../../../src/session/home/home.ts';
import { folderOf } from '../../../src/session/home/pod-place.ts';
import { type LogBuilder, logHome } from '../../support/log-builder.ts';
import { type CliRig, cliRig } from './home-rig.ts';

let rig: CliRig;
let pods: Record<'one' | 'kid' | 'two' | 'other', LogBuilder>;
let folders: Record<keyof typeof pods, PodFolder>;

beforeEach(() => {
  rig = cliRig();
  const home = logHome();
  const one = home.pod('one');
  const two = home.pod('two');
  pods = { one, kid: home.pod('kid', one), two, other: home.pod('kid', two) };
  one.link(pods.kid);
  two.link(pods.other);
  for (const pod of [pods.kid, pods.other, one, two]) pod.stop();
  const write = (pod: LogBuilder) => rig.write(pod);
  folders = { one: write(one), kid: write(pods.kid), two: write(two), other: write(pods.other) };
});

it('[names.gone-root] of two pods with one path each is called by its instance', async () => {
  rmSync(folders.one.path, { recursive: true });
  const again = logHome().pod('one');
  // A root of the same name, with a child of the same name.
  const instance = '0190a1b2-0000-7000-8000-0000000000f1';
  const spec = JSON.parse(JSON.stringify(again.entries[0])) as Record<string, unknown>;
  const root = { name: 'one', instance };
  const write = (place: string, more: object) => {
    const folder = podFolder(rig.home, place);
    cpSync(folders.other.path, folder.path, { recursive: true });
    rmSync(folder.log);
    const { seq: _seq, time: _time, type: _type, ...rest } = spec;
    writeFileSync(folder.spec, JSON.stringify({ ...rest, root, ...more }));
  };
  write('one', { ...root, parent: null, depth: 0 });
  const second = '0190a1b2-0000-7000-8000-0000000000f2';
  write('80000000000000f1.kid', { name: 'kid', instance: second, parent: root, depth: 1 });
  const ran = await rig.podkin('logs', 'one/kid');
  expect(ran.status).toBe(2);
  for (const one of [pods.kid.instance, second]) expect(ran.stderr).toContain(one);
  expect((await rig.podkin('inspect', pods.kid.instance)).stdout).toContain(pods.kid.instance);
});

it('[names.wreck] a damaged child is named by doctor, hides no namesake, and rm -f moves it aside', async () => {
  const place = basename(folders.kid.path);
  writeFileSync(folders.kid.spec, 'nothing');
  writeFileSync(folders.kid.log, 'nothing');
  const ran = await rig.podkin('logs', 'kid');
  // The one that can be read.
  expect([ran.status, ran.stderr]).toEqual([0, '']);
  expect((await rig.podkin('doctor')).stdout).toContain(place);
  const kept = await rig.podkin('rm', place);
  expect([kept.status, kept.stdout]).toEqual([1, '']);
  expect(kept.stderr).toContain(`podkin rm -f ${place}`);
  const removed = await rig.podkin('rm', '-f', place);
  expect([removed.status, removed.stdout]).toEqual([0, 'kid\n']);
  expect(readdirSync(join(rig.home.state, 'set-aside'))).toEqual([`kid-${pods.kid.instance}-damaged`]);
  expect((await rig.podkin('inspect', 'kid')).stdout).toContain(pods.other.instance);
});

it('[names.no-copy] a folder in the place of another tree is misplaced', async () => {
  const wrong = podFolder(rig.home, basename(folders.other.path).replace('kid', 'kit'));
  renameSync(folders.kid.path, wrong.path);
  const ran = await rig.podkin('logs', basename(wrong.path));
  expect(ran.status).toBe(1);
  expect(ran.stderr).toContain(`rename the folder back to "${basename(folders.kid.path)}"`);
  expect((await rig.podkin('verify')).stdout).toContain('was renamed or copied by hand');
});

it('[names.old-place] a pod is looked for at both places, and is no namesake of another tree', () => {
  const of = (pod: LogBuilder, root: LogBuilder) => folderOf(rig.home, pod, root.instance).path;
  const top = podFolder(rig.home, 'kid');
  expect(of(pods.kid, pods.one)).toBe(folders.kid.path);
  expect(of(pods.one, pods.one)).toBe(folders.one.path);
  renameSync(folders.other.path, top.path);
  expect(of(pods.other, pods.two)).toBe(top.path);
  expect(of(pods.kid, pods.one)).toBe(folders.kid.path);
  rmSync(folders.kid.path, { recursive: true });
  // Gone, and another tree's is beside the roots.
  expect(of(pods.kid, pods.one)).toBe(folders.kid.path);
  // Of both in one tree, the instance decides.
  cpSync(top.path, folders.other.path, { recursive: true });
  writeFileSync(
    join(folders.other.path, 'pod.json'),
    JSON.stringify({ ...specOf(pods.other), instance: second }),
  );
  expect(of(pods.other, pods.two)).toBe(top.path);
  expect(folderOf(rig.home, { name: 'kid', instance: second }, pods.two.instance).path).toBe(
    folders.other.path,
  );
});

const second = '0190a1b2-0000-7000-8000-0000000000f2';

function specOf(pod: LogBuilder): object {
  const [session] = pod.entries;
  const { seq: _seq, time: _time, type: _type, ...spec } = session as unknown as Record<string, unknown>;
  return spec;
}
