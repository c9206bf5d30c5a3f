/**
 * Homes that are not this user's alone, a user whom the system does not know, and a working directory that is
 * gone.
 */
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { capable } from '../support/capable.ts';
import { TestHome, commandFile } from '../support/rig.ts';

const stranger = 54_321;
const isRoot = capable('root, to be two users', () => process.getuid?.() === 0);
const canBeStranger =
  isRoot &&
  capable('a checkout that other users may read', () => runAsStranger(['--version'], {}, '/').status === 0);

let home: TestHome;
beforeEach(() => {
  home = new TestHome({ isNew: true });
});
afterEach(() => home.close());

const scenario = 'rules: [{ say: "done" }]';

function runAsStranger(args: string[], environment: NodeJS.ProcessEnv, cwd: string) {
  const env = { PATH: process.env['PATH'], ...environment };
  const options = { uid: stranger, gid: stranger, cwd, env, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [commandFile, ...args], options);
  return { status, stdout, stderr };
}

function looseHome(mode: number): string {
  const path = join(home.path, 'loose');
  mkdirSync(join(path, 'config'), { recursive: true });
  chmodSync(path, mode);
  return path;
}

describe('a home', () => {
  it('[home.not-ours] that others may write is refused by every command, and doctor finds nothing else', async () => {
    const path = looseHome(0o777);
    const environment = { PODKIN_HOME: path };
    const args = ['run', '-p', '--model', home.scenario(scenario), 'go'];
    for (const command of [['ps'], ['verify'], ['logs', 'root'], args]) {
      const { code, stderr } = await home.run(command, { environment });
      expect([command[0], code]).toEqual([command[0], 1]);
      expect(stderr).toBe(
        `podkin: ${path} can be written by others (mode 777): check what is there, then chmod go-w ${path}\n`,
      );
    }
    const doctor = await home.run(['doctor', '--json'], { environment });
    expect(doctor.code).toBe(1);
    expect(JSON.parse(doctor.stdout)).toEqual([expect.objectContaining({ check: 'home', level: 'failure' })]);
    expect(existsSync(join(path, 'state'))).toBe(false);
    chmodSync(path, 0o755);
    expect((await home.run(['ps'], { environment })).code).toBe(0);
    // Only the settings: they name programs.
    writeFileSync(join(path, 'config/config.toml'), '');
    chmodSync(join(path, 'config/config.toml'), 0o666);
    expect((await home.run(['ps'], { environment })).stderr).toContain(
      'config.toml can be written by others',
    );
    rmSync(join(path, 'config/config.toml'));
    for (const name of ['pods', 'removed', 'trusted']) {
      const inside = join(path, 'state', name);
      mkdirSync(inside, { recursive: true });
      chmodSync(inside, 0o777);
      expect((await home.run(['ps'], { environment })).stderr).toContain(
        `${inside} can be written by others`,
      );
      rmSync(inside, { recursive: true });
    }
  });

  /** One that is in order itself, below folders as deep as `names`. */
  function deepHome(...names: string[]): string {
    const path = join(home.path, ...names, 'h');
    mkdirSync(join(path, 'config'), { recursive: true, mode: 0o755 });
    return path;
  }
  const asked = async (environment: NodeJS.ProcessEnv) => await home.run(['ps'], { environment });

  it('[home.above] of which a folder far above, or one that a link to it lies in, can be written by others is refused, and a sticky one is not', async () => {
    const path = deepHome('a', 'b', 'c');
    const loose = join(home.path, 'a');
    const way = join(home.path, 'way');
    mkdirSync(way);
    symlinkSync(deepHome('safe'), join(way, 'there'));
    const link = join(home.path, 'link');
    symlinkSync('way/there', link);
    for (const [folder, environment] of [
      [loose, { PODKIN_HOME: path }],
      [loose, { PODKIN_HOME: '', XDG_STATE_HOME: path, XDG_CONFIG_HOME: home.path }],
      [loose, { PODKIN_HOME: '', XDG_CONFIG_HOME: path, XDG_STATE_HOME: home.path }],
      // Nothing of it is there yet.
      [loose, { PODKIN_HOME: join(path, 'not/yet') }],
      [way, { PODKIN_HOME: link }],
    ] as const) {
      expect(await asked(environment)).toMatchObject({ code: 0 });
      chmodSync(folder, 0o777);
      const { code, stderr } = await asked(environment);
      expect([code, stderr]).toEqual([
        1,
        `podkin: ${folder} is on the way to the home and can be written by others (mode 777): podkin obeys only a home that nobody else can replace; set PODKIN_HOME to one, or chmod go-w ${folder}\n`,
      ]);
      chmodSync(folder, 0o1777);
      expect(await asked(environment)).toMatchObject({ code: 0 });
      chmodSync(folder, 0o755);
    }
  });

  it.runIf(isRoot)(
    '[home.above] of which a folder far above belongs to another user, or to a group that may write, is refused',
    async () => {
      const path = deepHome('a', 'b', 'c');
      const above = join(home.path, 'a');
      chownSync(above, stranger, 0);
      const owned = await asked({ PODKIN_HOME: path });
      expect([owned.code, owned.stderr]).toEqual([
        1,
        expect.stringContaining(
          `${above} is on the way to the home and belongs to another user (${stranger})`,
        ),
      ]);
      chownSync(above, 0, stranger);
      chmodSync(above, 0o775);
      expect((await asked({ PODKIN_HOME: path })).stderr).toContain('can be written by others (mode 775)');
      chownSync(above, 0, 0);
      expect(await asked({ PODKIN_HOME: path })).toMatchObject({ code: 0 });
    },
  );

  it.runIf(isRoot)(
    '[home.not-ours] that belongs to another user is not obeyed, also through a link',
    async () => {
      const path = looseHome(0o700);
      const evil = join(home.path, 'evil');
      writeFileSync(evil, `#!/bin/sh\ntouch ${home.path}/obeyed\n`, { mode: 0o755 });
      writeFileSync(join(path, 'config/config.toml'), `[sandbox]\nprogram = "${evil}"\n`);
      chownSync(path, stranger, stranger);
      const link = join(home.path, 'link');
      symlinkSync(path, link);
      for (const [shown, why] of [
        [path, path],
        [link, link],
      ] as const) {
        const doctor = await home.run(['doctor'], { environment: { PODKIN_HOME: shown } });
        expect(doctor.code).toBe(1);
        expect(doctor.stdout).toContain(
          `${why} belongs to another user (${stranger}): podkin obeys only a home`,
        );
      }
      expect(existsSync(join(home.path, 'obeyed'))).toBe(false);
    },
  );
});

it('[home.named] PODKIN_HOME with ~/ is in the home of the user, and a relative one is refused: it would be another in each folder', async () => {
  const environment = { HOME: home.path, PODKIN_HOME: '~/own' };
  const ran = await home.run(['run', '-p', '--model', home.scenario(scenario), 'go'], { environment });
  expect([ran.code, existsSync(join(home.work, '~'))]).toEqual([0, false]);
  expect(existsSync(join(home.path, 'own/state/pods/root'))).toBe(true);
  for (const named of ['h', './h', '~nobody/h']) {
    const refused = await home.run(['ps'], { environment: { PODKIN_HOME: named } });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('is not an absolute path')]);
  }
});

describe.runIf(canBeStranger)('a user id without a name', () => {
  it('[home.nobody] without HOME has all commands that need no home, and all of them with PODKIN_HOME', () => {
    chmodSync(home.path, 0o755);
    for (const args of [['--version'], ['--help'], ['help', 'run'], ['ps', '--help']]) {
      expect(runAsStranger(args, {}, '/')).toMatchObject({ status: 0, stderr: '' });
    }
    for (const environment of [{}, { HOME: '' }, { HOME: 'relative' }]) {
      const ps = runAsStranger(['ps'], environment, '/');
      expect(ps.status).toBe(1);
      expect(ps.stderr).toMatch(/^podkin: there is no place for a home: .*; set PODKIN_HOME or HOME\n$/);
    }
    const own = join(home.path, 'own');
    mkdirSync(own, { mode: 0o700 });
    chownSync(own, stranger, stranger);
    cpSync(home.scenario(scenario).slice('script/'.length), join(own, 's.yaml'));
    chownSync(join(own, 's.yaml'), stranger, stranger);
    const ran = runAsStranger(
      ['run', '-p', '--model', 'script/s.yaml', 'go'],
      { PODKIN_HOME: join(own, 'h') },
      own,
    );
    expect(ran).toEqual({ status: 0, stdout: 'done\n', stderr: '' });
    for (const command of ['ps', 'doctor', 'verify', 'deliveries']) {
      expect(runAsStranger([command], { PODKIN_HOME: join(own, 'h') }, '/').status).toBe(0);
    }
  });
});

describe('a working directory that is gone', () => {
  it('[home.cwd-gone] hinders only what begins in it', async () => {
    const model = home.scenario(scenario);
    const inGone = (args: string[]) => {
      const gone = join(home.path, 'gone');
      mkdirSync(gone);
      // A shell stays in what it has removed.
      const script = 'rmdir "$1" && shift && exec "$@"';
      const command = ['-c', script, 'sh', gone, process.execPath, commandFile, ...args];
      return spawnSync('/bin/sh', command, { cwd: gone, env: home.environment, encoding: 'utf8' });
    };
    const refused = inGone(['run', '-p', '--model', model, 'go']);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(
      /^podkin: the working directory is gone or cannot be entered \(ENOENT\): change/,
    );
    expect(inGone(['run', '-d', '--cwd', home.work, '--model', model, 'go'])).toMatchObject({
      status: 0,
      stdout: 'root\n',
    });
    for (const args of [
      ['ps'],
      ['doctor'],
      ['logs', 'root'],
      ['wait', 'root'],
      ['stop', 'root'],
      ['restore', 'root'],
    ]) {
      expect([args, inGone(args).status]).toEqual([args, 0]);
    }
    expect(inGone(['stop', 'root']).status).toBe(0);
    rmSync(join(home.path, 'gone'), { force: true, recursive: true });
  });
});

describe('a home that cannot be written', () => {
  const inMounts = (script: string) =>
    spawnSync('unshare', ['-m', 'bash', '-c', script, 'bash', process.execPath, commandFile], {
      cwd: home.work,
      env: home.environment,
      encoding: 'utf8',
    });
  const readOnly =
    'mount --bind "$PODKIN_HOME" "$PODKIN_HOME" && mount -o remount,bind,ro "$PODKIN_HOME" && exec "$@" doctor --json';
  const canMount =
    isRoot &&
    capable(
      'a file system to mount read-only (unshare -m)',
      () => spawnSync('unshare', ['-m', 'true']).status === 0,
    );

  const failuresOf = (stdout: string) =>
    (JSON.parse(stdout) as { check: string; level: string; text: string; fix: string }[]).filter(
      ({ check, level }) => check === 'home' && level === 'failure',
    );

  it.runIf(canMount).each([[[]], [['state', 'config', 'run']]])(
    '[cli.doctor-unwritable] on a read-only file system, with %j there, is a failure that says what to do',
    (folders) => {
      for (const name of ['', ...folders])
        mkdirSync(`${home.path}/h/${name}`, { recursive: true, mode: 0o700 });
      const { status, stdout } = inMounts(readOnly);
      const state =
        folders.length === 0 ? `${home.path}/h, which ${home.path}/h/state` : `${home.path}/h/state`;
      expect(failuresOf(stdout)).toMatchObject([
        { text: expect.stringContaining(state), fix: expect.stringContaining('mount its file system') },
      ]);
      expect(stdout).toContain('cannot be written (EROFS): no pod can start');
      expect(stdout).toMatch(/h\/run cannot be (?:made|written): EROFS at /);
      expect(status).toBe(1);
    },
  );

  it('[cli.doctor-unwritable] that is a file in its place is one too, and a home that is not there yet is none', async () => {
    const before = await home.run(['doctor', '--json']);
    expect([before.code, failuresOf(before.stdout)]).toEqual([0, []]);
    mkdirSync(`${home.path}/h`, { mode: 0o700 });
    writeFileSync(`${home.path}/h/state`, '');
    const { code, stdout } = await home.run(['doctor', '--json']);
    expect(code).toBe(1);
    const [found] = failuresOf(stdout);
    expect(found?.text).toBe(`${home.path}/h/state cannot be written (ENOTDIR): no pod can start`);
    expect(found?.fix).toContain('set PODKIN_HOME to one');
    rmSync(`${home.path}/h/state`);
  });

  it.runIf(canBeStranger)('[cli.doctor-unwritable] whose rights let nothing be made is one too', () => {
    const state = `${home.path}/h/state`;
    mkdirSync(state, { recursive: true, mode: 0o700 });
    for (const path of [`${home.path}/h`, state]) chownSync(path, stranger, stranger);
    chmodSync(state, 0o500);
    chmodSync(home.path, 0o755);
    const { status, stdout } = runAsStranger(
      ['doctor', '--json'],
      { PODKIN_HOME: `${home.path}/h`, HOME: '/' },
      '/',
    );
    expect(status).toBe(1);
    expect(failuresOf(stdout)).toMatchObject([
      { text: `${state} cannot be written (EACCES): no pod can start` },
    ]);
  });
});
