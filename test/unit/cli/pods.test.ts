import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeLock } from '../../../src/session/lock/lock.ts';
import { ownIdentity } from '../../../src/std/process-identity.ts';
import { finished, logHome } from '../../support/log-builder.ts';
import { cliRig } from './home-rig.ts';

/** A root that stopped in order and a child that died with one event undelivered. */
function family() {
  const home = logHome();
  const root = home.pod('root');
  const child = home.pod('alpha', root);
  root.link(child);
  child.emit(finished('one'));
  root.deliver(child);
  child.emit(finished('two'));
  root.stop();
  return { root, child };
}

describe('the dead, as their logs tell', () => {
  it('[cli.ps-dead] tells stopped from dead, counts what waits, and names a parent that is down', async () => {
    const rig = cliRig();
    const { root, child } = family();
    rig.write(root);
    rig.write(child);
    const { status, stdout } = await rig.podkin('ps', '-a', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'alpha', status: 'dead', parent: 'root', pid: null, pendingOut: 1, attention: 'parentDown' },
      { name: 'root', status: 'stopped', parent: null, pid: null, children: ['alpha'], attention: null },
    ]);
    expect((await rig.podkin('ps', '-q')).stdout).toBe('alpha\n');
  });

  it('[cli.ps-received] what the parent holds of a dead pod does not wait, whatever its own log says', async () => {
    const rig = cliRig();
    const { root, child } = family();
    root.receive(child);
    rig.write(root);
    rig.write(child);
    const { stdout } = await rig.podkin('ps', '-a', '--json');
    expect(JSON.parse(stdout)[0]).toMatchObject({ name: 'alpha', pendingOut: 0 });
  });

  it('[cli.silent-is-not-dead] a pod whose lock is held and that does not answer is unreachable', async () => {
    const rig = cliRig();
    const pod = logHome().pod('quiet');
    const folder = rig.write(pod);
    const lock = await takeLock({ instance: pod.instance, folder: folder.path });
    if (!lock.taken) throw new Error('the lock of a new pod is free');
    try {
      expect(JSON.parse((await rig.podkin('ps', '--json')).stdout)).toMatchObject([
        { status: 'unreachable' },
      ]);
      const removal = await rig.podkin('rm', 'quiet');
      expect([removal.status, existsSync(folder.path)]).toEqual([1, true]);
    } finally {
      await lock.release();
    }
    expect(JSON.parse((await rig.podkin('ps', '--json')).stdout)).toMatchObject([{ status: 'dead' }]);
  });

  it('[cli.stopped-in-list] in a list, a pod has stopped once its log says so and its process is gone, whoever holds its lock by then', async () => {
    const rig = cliRig();
    const home = logHome();
    const gone = home.pod('gone');
    gone.stop();
    const folder = rig.write(gone);
    const ending = home.pod('ending');
    ending.add({ type: 'started', incarnation: 2, ...ownIdentity(), podkin: '0.0.0' });
    ending.stop();
    rig.write(ending);
    const lock = await takeLock({ instance: gone.instance, folder: folder.path });
    if (!lock.taken) throw new Error('the lock of a new pod is free');
    try {
      expect(JSON.parse((await rig.podkin('ps', '-a', '--json')).stdout)).toMatchObject([
        { name: 'ending', status: 'stopping', pid: process.pid },
        { name: 'gone', status: 'stopped', pid: null },
      ]);
    } finally {
      await lock.release();
    }
  });

  it('[cli.folder-gone] a pod that runs without its working directory needs attention, until the folder is back', async () => {
    const rig = cliRig();
    const pod = logHome().pod('moved');
    const cwd = join(rig.folder, 'project');
    Object.assign(pod.entries[0]!, { cwd });
    const lock = await takeLock({ instance: pod.instance, folder: rig.write(pod).path });
    if (!lock.taken) throw new Error('the lock of a new pod is free');
    try {
      expect(JSON.parse((await rig.podkin('ps', '--json')).stdout)).toMatchObject([
        { attention: 'folderGone' },
      ]);
      expect((await rig.podkin('ps')).stderr).toContain(
        'moved: its working directory no longer exists: podkin doctor',
      );
      mkdirSync(cwd);
      expect(JSON.parse((await rig.podkin('ps', '--json')).stdout)).toMatchObject([{ attention: null }]);
    } finally {
      await lock.release();
    }
  });

  it('[cli.ps-damaged] a damaged folder hides only itself, and doctor names it', async () => {
    const rig = cliRig();
    const home = logHome();
    rig.write(home.pod('good'));
    writeFileSync(rig.write(home.pod('told')).spec, '{');
    const torn = rig.write(home.pod('torn'));
    writeFileSync(torn.spec, '{');
    writeFileSync(torn.log, '{');
    const { status, stdout } = await rig.podkin('ps', '-a', '-q');
    // The first entry of a log says the same as a damaged pod.json.
    expect([status, stdout]).toEqual([0, 'good\ntold\n']);
    const doctor = await rig.podkin('doctor', '--json');
    expect(doctor.status).toBe(1);
    const logs = JSON.parse(doctor.stdout).filter((finding: { check: string }) => finding.check === 'logs');
    expect(logs).toMatchObject([
      { level: 'failure', text: expect.stringContaining('told/pod.json') },
      { level: 'failure', text: expect.stringContaining('torn/pod.json') },
    ]);
  });

  it('[cli.ps-unreadable] a pod whose log cannot be read is listed, with the reason and what to do', async () => {
    const rig = cliRig();
    const home = logHome();
    rig.write(home.pod('good'));
    const bad = rig.write(home.pod('bad'));
    rmSync(bad.log);
    mkdirSync(bad.log);
    const folder = rig.write(home.pod('unknown'));
    writeFileSync(folder.spec, '{');
    rmSync(folder.log);
    mkdirSync(folder.log);
    const [json, plain, quiet] = [
      await rig.podkin('ps', '--json'),
      await rig.podkin('ps', '--all-directories'),
      await rig.podkin('ps', '-q'),
    ];
    expect(JSON.parse(json.stdout)).toMatchObject([
      { name: 'bad', status: 'dead', attention: 'logUnreadable' },
      { name: 'good', attention: null },
    ]);
    expect(plain.stdout).toMatch(/^bad +dead .* logUnreadable$/m);
    const why = `bad: log unreadable: ${bad.log} is no regular file: put it back from a backup, or podkin rm -f bad, which keeps all of it aside`;
    expect(plain.stderr.split('\n')).toContain(why);
    expect(plain.stderr).not.toContain('podkin restore bad');
    expect(plain.stderr).toMatch(/^unknown: unreadable: .*: podkin doctor says more$/m);
    expect([quiet.stdout, quiet.stderr]).toEqual(['bad\ngood\n', expect.stringContaining(why)]);
    const doctor: { text: string; fix: string | null }[] = JSON.parse(
      (await rig.podkin('doctor', '--json')).stdout,
    );
    expect(doctor.filter(({ text, fix }) => `${text} ${fix}`.includes('restore bad'))).toEqual([]);
    expect(doctor.map(({ text }) => text)).toContainEqual(expect.stringContaining(bad.log));
  });

  it('[run.root-name-refused] what gives a name free is said as its pod is: stopped, running or damaged', async () => {
    const rig = cliRig();
    const home = logHome();
    const stopped = home.pod('stopped');
    stopped.stop();
    rig.write(stopped);
    const running = home.pod('running');
    const lock = await takeLock({ instance: running.instance, folder: rig.write(running).path });
    const damaged = rig.write(home.pod('damaged'));
    writeFileSync(damaged.log, 'what nobody can read\n');
    const scenario = join(rig.folder, 's.yaml');
    writeFileSync(scenario, 'rules: [{ say: ok }]');
    const refusal = async (name: string) => {
      const { status, stderr } = await rig.podkin(
        'run',
        'go',
        '-d',
        '--name',
        name,
        '--model',
        `script/${scenario}`,
      );
      expect(status, stderr).toBe(2);
      return stderr;
    };
    const ofStopped = await refusal('stopped');
    expect(ofStopped).toContain('go on with that one: podkin run -c stopped "…"');
    expect(ofStopped).not.toContain('podkin rm');
    expect(await refusal('running')).toContain('with "podkin rm -f running"');
    expect(await refusal('damaged')).toContain('with "podkin rm -f damaged", which keeps them aside');
    if (lock.taken) await lock.release();
    const rm = await rig.podkin('rm', 'damaged');
    expect([rm.status, existsSync(damaged.path)]).toEqual([1, true]);
    expect(rm.stderr).toContain('"podkin rm -f damaged" removes it and keeps all of it aside');
  });

  it('[doctor.model] a configured model that run would refuse is a failure that says what is missing', async () => {
    for (const [model, said] of [
      ['m1', 'write provider/model'],
      ['nobody/m1', 'is not a provider'],
      ['anthropic/m1', 'ANTHROPIC_API_KEY is not set'],
    ] as const) {
      const rig = cliRig();
      mkdirSync(rig.home.config, { recursive: true, mode: 0o700 });
      writeFileSync(join(rig.home.config, 'config.toml'), `model = "${model}"\n`);
      const { status, stdout } = await rig.podkin('doctor', '--json');
      const findings: { check: string; level: string; text: string }[] = JSON.parse(stdout);
      expect(status).toBe(1);
      expect(findings.find(({ check }) => check === 'configuration')).toMatchObject({
        level: 'failure',
        text: expect.stringContaining(said),
      });
    }
  });

  it('[cli.no-such-pod] every command that takes a name ends with 3 for one that is not there', async () => {
    const rig = cliRig();
    rig.write(logHome().pod('root'));
    const commands = [
      'inspect',
      'logs',
      'events',
      'deliveries',
      'wait',
      'pause',
      'resume',
      'cancel',
      'stop',
      'kill',
    ];
    for (const argv of [
      ...commands.map((name) => [name, 'rooot']),
      ['send', '../root', 'x'],
      ['rm', 'rooot'],
    ]) {
      const { status, stderr } = await rig.podkin(...argv);
      expect([argv[0], status]).toEqual([argv[0], 3]);
      expect(stderr).toContain('there is no pod');
    }
  });

  it('[cli.not-running] what needs a living pod names restore', async () => {
    const rig = cliRig();
    rig.write(logHome().pod('root'));
    for (const argv of [
      ['send', 'root', 'x'],
      ['notify', 'root', 'x'],
      ['pause', 'root'],
      ['events', 'root'],
    ]) {
      const { status, stderr } = await rig.podkin(...argv);
      expect([status, stderr]).toEqual([1, expect.stringContaining('podkin restore root')]);
    }
  });

  it('[cli.wait-dead] a stopped pod answers by its last turn, a dead one fails and names restore', async () => {
    const rig = cliRig();
    const home = logHome();
    for (const outcome of ['finished', 'limitReached', 'errored'] as const) {
      const pod = home.pod(outcome.toLowerCase());
      pod.beginTurn();
      pod.step();
      pod.endTurn(outcome);
      pod.stop();
      rig.write(pod);
    }
    rig.write(home.pod('gone'));
    const statuses = [];
    for (const name of ['finished', 'limitreached', 'errored', 'gone']) {
      statuses.push((await rig.podkin('wait', name)).status);
    }
    expect(statuses).toEqual([0, 5, 1, 1]);
    expect((await rig.podkin('wait', 'gone')).stderr).toContain('podkin restore gone');
  });

  it('[cli.logs] gives the entries as they are, the last ones, and those from a time on', async () => {
    const rig = cliRig();
    const { child } = family();
    rig.write(child);
    const lines = (text: string): unknown[] =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line): unknown => JSON.parse(line));
    expect(lines((await rig.podkin('logs', 'alpha', '--json')).stdout)).toEqual(child.entries);
    expect(lines((await rig.podkin('logs', 'alpha', '--json', '--tail', '2')).stdout)).toEqual(
      child.entries.slice(-2),
    );
    expect((await rig.podkin('logs', 'alpha', '--json', '--tail', '0')).stdout).toBe('');
    const since = child.entries[2]?.time ?? '';
    expect(lines((await rig.podkin('logs', 'alpha', '--json', '--since', since)).stdout)).toEqual(
      child.entries.slice(2),
    );
  });

  it('[cli.deliveries] joins both ends and says why an event is not further', async () => {
    const rig = cliRig();
    const { root, child } = family();
    rig.write(root);
    rig.write(child);
    const rows: unknown = JSON.parse((await rig.podkin('deliveries', '--json')).stdout);
    expect(rows).toMatchObject([
      { from: 'alpha', to: 'root', seq: 1, state: 'received' },
      { from: 'alpha', to: 'root', seq: 2, state: 'committed', reason: expect.stringContaining('root') },
    ]);
  });
});
