/**
 * Logs and folders of pods that a person has exchanged, copied or renamed by hand, and what is in the place
 * of all of them.
 */
import { cpSync, existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readTombstones } from '../../../src/session/home/home.ts';
import { folderNamed } from '../../support/pod-folders.ts';
import { type LogBuilder, logHome } from '../../support/log-builder.ts';
import { type CliRig, cliRig } from './home-rig.ts';

let rig: CliRig;
let kid: LogBuilder;
let twin: LogBuilder;
beforeEach(() => {
  rig = cliRig();
  const home = logHome();
  const root = home.pod('root');
  [kid, twin] = [home.pod('kid', root), home.pod('twin', root)];
  for (const child of [kid, twin]) {
    root.link(child);
    child.emit();
    root.deliver(child);
    child.ack();
    child.stop();
  }
  for (const pod of [root, kid, twin]) rig.write(pod);
});

const place = (name: string) => folderNamed(rig.home, name);

interface Verified {
  pods: number;
  events: number;
  violations: { rule: string; pod: string; text: string }[];
}

/** What is wrong with files, by `verify`, which fails by it. */
async function verified(): Promise<Verified> {
  const { status, stdout } = await rig.podkin('verify', '--json');
  expect(status).toBe(1);
  const report: Verified = JSON.parse(stdout);
  return { ...report, violations: report.violations.filter(({ rule }) => rule === 'log') };
}

async function failuresOfLogs(): Promise<string[]> {
  const { status, stdout } = await rig.podkin('doctor', '--json');
  expect(status).toBe(1);
  const findings: { check: string; level: string; text: string; fix: string }[] = JSON.parse(stdout);
  return findings.flatMap(({ check, text, fix }) => (check === 'logs' ? [`${text} → ${fix}`] : []));
}

describe('what lies in another pod’s place', () => {
  it('[verify.misplaced] two logs exchanged: each is named with the pod that it is of', async () => {
    renameSync(place('kid').log, place('kid').stderr);
    renameSync(place('twin').log, place('kid').log);
    renameSync(place('kid').stderr, place('twin').log);
    const text = (name: string, of: LogBuilder) =>
      `${place(name).log} is the log of the pod "${of.name}" (instance ${of.instance}), not of "${name}"`;
    const advice = 'put each log back into the folder of its own pod';
    const { pods, violations } = await verified();
    expect([pods, violations]).toEqual([
      3,
      [
        { rule: 'log', pod: 'kid', text: `${text('kid', twin)}: ${advice}` },
        { rule: 'log', pod: 'twin', text: `${text('twin', kid)}: ${advice}` },
      ],
    ]);
    expect(await failuresOfLogs()).toEqual([
      `kid: ${text('kid', twin)} → ${advice}`,
      `twin: ${text('twin', kid)} → ${advice}`,
    ]);
    const refused = await rig.podkin('rm', 'kid');
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining(text('kid', twin)) });
    expect(await rig.podkin('rm', '-f', 'kid')).toMatchObject({ status: 0, stdout: 'kid\n' });
    expect(readdirSync(join(rig.home.state, 'set-aside'))).toEqual([`kid-${kid.instance}-damaged`]);
    // Of what the other had sent nothing is said of this one.
    expect(readTombstones(rig.home)).toMatchObject([{ name: 'kid', instance: kid.instance, emitted: 0 }]);
  });

  it.each(['copy', 'zcopy'])(
    '[verify.misplaced] a folder copied as "%s" counts once, is named, and is no way to the pod',
    async (name) => {
      cpSync(place('kid').path, place(name).path, { recursive: true });
      const text = `${place(name).spec} is of the pod "kid" (instance ${kid.instance}), not of "${name}"`;
      const { pods, events, violations } = await verified();
      expect([pods, events]).toEqual([3, 4]);
      expect(violations).toEqual([{ rule: 'log', pod: name, text: expect.stringContaining(text) }]);
      expect(await failuresOfLogs()).toEqual([expect.stringContaining(`${name}: ${text}`)]);
      const restored = await rig.podkin('restore', name);
      expect(restored).toMatchObject({ status: 1, stderr: expect.stringContaining(text) });
      expect((await rig.podkin('rm', name)).status).toBe(1);
      expect(await rig.podkin('rm', '-f', name)).toMatchObject({ status: 0 });
      expect([existsSync(place(name).path), existsSync(place('kid').log)]).toEqual([false, true]);
      expect(readTombstones(rig.home)).toEqual([]);
      expect((await rig.podkin('verify')).status).toBe(0);
    },
  );

  it('[verify.misplaced] a folder renamed is named, restore says to rename it back, and then all is well', async () => {
    renameSync(place('kid').path, place('other').path);
    const text = `${place('other').spec} is of the pod "kid" (instance ${kid.instance}), not of "other"`;
    const { pods, violations } = await verified();
    expect([pods, violations]).toEqual([
      3,
      [{ rule: 'log', pod: 'other', text: expect.stringContaining(text) }],
    ]);
    expect(await failuresOfLogs()).toEqual([expect.stringContaining(`other: ${text}`)]);
    const restored = await rig.podkin('restore', 'other');
    expect(restored.status).toBe(1);
    expect(restored.stderr).toContain(`${text}: its folder was renamed or copied by hand`);
    expect(restored.stderr).toContain('rename the folder back to "8000000000000001.kid"');
    renameSync(place('other').path, place('kid').path);
    expect((await rig.podkin('verify')).status).toBe(0);
  });
});

it('[verify.unlisted] a file in the place of the folder of the pods: verify, ps and doctor fail, and say what to do', async () => {
  const pods = join(rig.home.state, 'pods');
  renameSync(pods, join(rig.folder, 'away'));
  writeFileSync(pods, 'x');
  const found = `the pods of this home cannot be listed: ${pods} is no folder`;
  const advice =
    'make it a folder that belongs to you and that you may read, or set PODKIN_HOME to another home';
  expect(await verified()).toMatchObject({
    pods: 0,
    violations: [{ rule: 'log', pod: '*', text: `${found}; ${advice}` }],
  });
  for (const command of [
    ['ps', '-a'],
    ['restore', 'kid'],
  ])
    expect(await rig.podkin(...command)).toMatchObject({
      status: 1,
      stderr: `podkin: ${found}; ${advice}\n`,
    });
  expect((await rig.podkin('doctor')).status).toBe(1);
});

it('[verify.unlisted] a file in the place of the tombstones is a violation', async () => {
  writeFileSync(join(rig.home.state, 'removed'), 'x');
  const { violations } = await verified();
  expect(violations).toEqual([
    {
      rule: 'log',
      pod: '*',
      text: expect.stringContaining(`${rig.home.state}/removed cannot be read (ENOTDIR`),
    },
  ]);
});
