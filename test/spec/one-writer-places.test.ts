/**
 * Pods of one home whose commands and lives come from different surroundings: other runtime folders, a folder
 * that goes, a copy, another container.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeOf } from '../../src/session/home/home.ts';
import { folderNamed } from '../support/pod-folders.ts';
import { readEntries } from '../../src/session/log/read-log.ts';
import { capable } from '../support/capable.ts';
import { type Ran, TestHome, commandFile } from '../support/rig.ts';
import { eventually, gone } from '../support/waiting.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const scenario = `rules:
  - { pod: root, last: user, matches: '^go', call: [ { SpawnPod: { name: kid, task: 'work' } } ] }
  - { pod: kid, last: user, matches: '^work', delayMs: 3000, say: 'Kid is done.' }
  - { pod: root, last: notification, say: 'Root has it.' }
  - { say: 'Well.' }
`;

/** A home as most people have it, with its sockets in a folder that the surroundings name. */
function surroundings(runtime: string | null, temporary = 'tmp'): NodeJS.ProcessEnv {
  mkdirSync(join(home.path, temporary), { recursive: true });
  const environment: NodeJS.ProcessEnv = {
    PODKIN_HOME: '',
    TMPDIR: join(home.path, temporary),
    PODKIN_LIMITS_SWEEP_MS: '300',
  };
  if (runtime === null) return environment;
  mkdirSync(join(home.path, runtime), { recursive: true, mode: 0o700 });
  return { ...environment, XDG_RUNTIME_DIR: join(home.path, runtime) };
}

async function podkin(environment: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran> {
  return await home.run(args, { environment });
}

const runRoot = (environment: NodeJS.ProcessEnv): Promise<Ran> =>
  podkin(environment, 'run', '-d', '--name', 'root', '--model', home.scenario(scenario), 'go');

async function statuses(environment: NodeJS.ProcessEnv): Promise<[string, string][]> {
  const { stdout } = await podkin(environment, 'ps', '-a', '--json');
  return (JSON.parse(stdout) as { name: string; status: string }[]).map(({ name, status }) => [name, status]);
}

async function receipts(environment: NodeJS.ProcessEnv): Promise<string[]> {
  const kinds: string[] = [];
  const folder = folderNamed(homeOf({ ...home.environment, ...environment }), 'root');
  for await (const { entry } of readEntries(folder.log)) {
    if (entry.type === 'podEventReceived') kinds.push(entry.event.kind);
  }
  return kinds;
}

describe('addresses', () => {
  it('[address.surroundings] a parent that is restored from other surroundings, its child and every command find each other', async () => {
    const session = surroundings('login');
    const cron = surroundings(null);
    expect(await runRoot(session)).toMatchObject({ code: 0 });
    const kid = () => folderNamed(homeOf({ ...home.environment, ...session }), 'kid');
    await eventually(home.path, () => existsSync(kid().address), 'the kid has its address');
    expect(await podkin(cron, 'kill', 'root')).toMatchObject({ code: 0 });
    expect(await podkin(cron, 'restore', 'root')).toMatchObject({ code: 0 });
    expect(await podkin(surroundings('ssh'), 'wait', 'root')).toMatchObject({ code: 0 });
    await eventually(home.path, async () => (await receipts(session)).length > 0, 'the report of the kid');
    expect(await receipts(session)).toEqual(['turnEnded']);
    expect(await statuses(surroundings('ssh'))).toEqual([
      ['kid', 'idle'],
      ['root', 'idle'],
    ]);
    expect(await podkin(cron, 'verify')).toMatchObject({ code: 0 });
    expect(await podkin(surroundings('ssh'), 'stop', 'root')).toMatchObject({ code: 0 });
  });

  it('[address.runtime-gone] a folder of sockets that goes and cannot be made again is replaced, and everybody finds the pod there', async () => {
    const session = surroundings('login');
    expect(await runRoot(session)).toMatchObject({ code: 0 });
    expect(await podkin(session, 'wait', 'root')).toMatchObject({ code: 0 });
    rmSync(join(home.path, 'login'), { recursive: true });
    writeFileSync(join(home.path, 'login'), 'nobody can make a folder here');
    const { address } = folderNamed(homeOf({ ...home.environment, ...session }), 'root');
    const kid = folderNamed(homeOf({ ...home.environment, ...session }), 'kid');
    const movedTo = (file: string) => readFileSync(file, 'utf8').includes(join(home.path, 'tmp'));
    await eventually(home.path, () => movedTo(address) && movedTo(kid.address), 'both have moved');
    expect(await statuses(session)).toEqual([
      ['kid', 'idle'],
      ['root', 'idle'],
    ]);
    expect(await podkin(session, 'stop', 'root')).toMatchObject({ code: 0 });
  });

  it('[address.copy] a copy of a home does not lead to the pods of the original', async () => {
    const root = await home.startRoot({ scenario });
    cpSync(`${home.path}/h`, `${home.path}/copy`, {
      recursive: true,
      filter: (path) => !path.endsWith('.sock'),
    });
    const copy = { PODKIN_HOME: `${home.path}/copy` };
    // The process that its log names runs, and is another home's.
    expect(await statuses(copy)).toEqual([['root', 'unreachable']]);
    expect((await podkin(copy, 'send', 'root', 'hello')).code).toBe(1);
    expect(await root.entriesOf('inputReceived')).toEqual([]);
  });
});

/** As a container that shares the home: its own network, processes, and nothing of the others' sockets. */
const inContainer = ['unshare', '-m', '-n', '-p', '--fork', '--mount-proc'];
const canIsolate = capable(
  'namespaces of its own to make (root and unshare)',
  () =>
    process.platform === 'linux' &&
    spawnSync(inContainer[0]!, [...inContainer.slice(1), 'true']).status === 0,
);

/** A mount table of its own, with the processes and the network of all. */
const inMounts = ['unshare', '-r', '-m'];
const canBind = capable(
  'second path to make for a folder (unshare and mount --bind)',
  () =>
    process.platform === 'linux' &&
    spawnSync(inMounts[0]!, [...inMounts.slice(1), 'mount', '--bind', '/usr', '/usr']).status === 0,
);

describe.runIf(canBind)('a home under two paths', () => {
  /** A command that sees the home at `second` too, and is told to use it there. */
  function underSecondPath(args: string[]): Ran {
    const second = join(home.path, 'second');
    mkdirSync(second, { recursive: true });
    const [program = '', ...options] = inMounts;
    const script = 'mount --bind "$PODKIN_HOME" "$1" && export PODKIN_HOME="$1" && shift && exec "$@"';
    const ran = spawnSync(
      program,
      [...options, 'bash', '-c', script, 'bash', second, process.execPath, commandFile, ...args],
      { cwd: home.work, env: home.environment, encoding: 'utf8' },
    );
    return { code: ran.status, signal: ran.signal, stdout: ran.stdout, stderr: ran.stderr };
  }

  it.each(['first', 'second'])(
    '[lock.bind-mount] a pod that was started under the %s path has one writer under both',
    async (path) => {
      mkdirSync(`${home.path}/h`, { recursive: true, mode: 0o700 });
      const outside = (...args: string[]) => home.run(args);
      const inside = (...args: string[]) => Promise.resolve(underSecondPath(args));
      const [own, other] = path === 'first' ? [outside, inside] : [inside, outside];
      const model = home.scenario(scenario);
      expect(await own('run', '-d', '--name', 'root', '--model', model, 'go')).toMatchObject({ code: 0 });
      const root = home.pod('root');
      const kid = await home.spawned('kid');
      await root.until('the kid has reported', (all) => all.some(({ type }) => type === 'podEventReceived'));
      for (const pod of [root, kid]) {
        const refused = await other('restore', pod.name);
        expect(refused).toMatchObject({ code: 1, stderr: `${pod.name} is running already.\n` });
        expect(await pod.entriesOf('started')).toHaveLength(1);
      }
      expect(await other('send', 'root', 'hello')).toMatchObject({ code: 0 });
      expect(await other('wait', 'root')).toMatchObject({ code: 0 });
      expect(await own('verify')).toMatchObject({ code: 0 });
      expect((await root.entriesOf('inputReceived')).map(({ kind }) => kind)).toEqual(['run', 'run']);
      expect(await other('stop', 'root')).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('root is stopped.'),
      });
    },
  );
});

describe.runIf(canIsolate)('an address that cannot be written', () => {
  it('[address.rewritten] is written as soon as it can be', async () => {
    const session = surroundings('login');
    expect(await runRoot(session)).toMatchObject({ code: 0 });
    expect(await podkin(session, 'wait', 'root')).toMatchObject({ code: 0 });
    const folder = folderNamed(homeOf({ ...home.environment, ...session }), 'root');
    execFileSync('mount', ['--bind', folder.path, folder.path]);
    execFileSync('mount', ['-o', 'remount,bind,ro', folder.path]);
    try {
      rmSync(join(home.path, 'login'), { recursive: true });
      writeFileSync(join(home.path, 'login'), 'nobody can make a folder here');
      const failed = () =>
        readFileSync(folder.stderr, 'utf8').includes(`beside ${folder.log} failed (EROFS)`);
      await eventually(home.path, failed, 'the root has tried');
    } finally {
      execFileSync('umount', [folder.path]);
    }
    const written = () => readFileSync(folder.address, 'utf8').includes(join(home.path, 'tmp'));
    await eventually(home.path, written, 'the root has written it');
    expect(await podkin(session, 'stop', 'root')).toMatchObject({ code: 0 });
  });
});

describe.runIf(canIsolate)('another container', () => {
  /** The folder of sockets is hidden by an empty one. */
  function contained(environment: NodeJS.ProcessEnv, args: string[], lingerS = 0): Ran {
    const [program = '', ...options] = inContainer;
    const runtime = join(home.path, 'login');
    const script = `mount -t tmpfs -o mode=700 none '${runtime}' && "$@"; code=$?; sleep ${lingerS}; exit $code`;
    const ran = spawnSync(
      program,
      [...options, 'bash', '-c', script, 'bash', process.execPath, commandFile, ...args],
      { cwd: home.work, env: { ...home.environment, ...environment }, encoding: 'utf8' },
    );
    return { code: ran.status, signal: ran.signal, stdout: ran.stdout, stderr: ran.stderr };
  }

  it('[life.unknown] of a pod that cannot be asked no death is told and no second process starts, until a person says so', async () => {
    const session = surroundings('login');
    expect(await runRoot(session)).toMatchObject({ code: 0 });
    expect(await podkin(session, 'wait', 'root')).toMatchObject({ code: 0 });
    const refused = contained(session, ['restore', 'root', '--tree']);
    expect(refused.code).toBe(1);
    for (const name of ['root', 'kid']) {
      expect(refused.stderr).toMatch(
        new RegExp(`Whether "${name}" still runs is not known.*podkin restore --force ${name}`),
      );
    }
    for (const command of ['stop', 'kill', 'attach', 'rm']) {
      const told = contained(session, [command, 'root']);
      expect(told.code, command).toBe(1);
      expect(told.stderr, command).toContain('Whether "root" runs is not known');
    }
    expect(contained(session, ['send', 'root', 'hello']).stderr).toContain(
      'Whether "root" runs is not known',
    );
    const listed = JSON.parse(contained(session, ['ps', '-a', '--json']).stdout) as object[];
    expect(listed).toMatchObject([
      { name: 'kid', status: 'unreachable', attention: 'elsewhere' },
      { name: 'root', status: 'unreachable', attention: 'elsewhere' },
    ]);
    for (const args of [
      ['rm', 'kid'],
      ['rm', '-f', 'kid'],
    ]) {
      const { code, stderr } = contained(session, args);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/"kid" (?:stays|could not be stopped)/)]);
    }
    expect(await statuses(session)).toEqual([
      ['kid', 'idle'],
      ['root', 'idle'],
    ]);
    // The parent alone goes, and comes back in the container: of its child it says nothing.
    expect(await podkin(session, 'kill', 'root')).toMatchObject({ code: 0 });
    // All that runs in the container ends with its first process, so that stays for some sweeps.
    const forced = contained(
      { ...session, PODKIN_LIMITS_DEATH_GRACE_MS: '100' },
      ['restore', '--force', 'root'],
      3,
    );
    expect(forced).toMatchObject({ code: 0, stdout: 'root\n' });
    expect(await receipts(session)).toEqual(['turnEnded']);
    expect(await podkin(session, 'verify')).toMatchObject({ code: 0 });
    expect(await podkin(session, 'stop', 'kid')).toMatchObject({ code: 0 });
  });

  it('[life.elsewhere] one whose socket can be reached is asked, and is running', async () => {
    const root = await home.startRoot({ scenario });
    const [program = '', ...options] = inContainer;
    const ran = spawnSync(program, [...options, process.execPath, commandFile, 'restore', 'root'], {
      env: home.environment,
      encoding: 'utf8',
    });
    expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('root is running already') });
    expect(await root.entriesOf('started')).toHaveLength(1);
    const stopped = spawnSync(program, [...options, process.execPath, commandFile, 'stop', 'root'], {
      env: home.environment,
      encoding: 'utf8',
    });
    expect(stopped).toMatchObject({ status: 0, stderr: 'root is stopped.\n' });
    expect((await root.exit()).exitCode).toBe(0);
  });

  it('[life.elsewhere] one that lives is neither removed nor taken for stopped from there, and ends when it is told to', async () => {
    const root = await home.startRoot({ scenario });
    const identity = await root.process();
    const [program = '', ...options] = inContainer;
    const there = (...args: string[]) =>
      spawnSync(program, [...options, process.execPath, commandFile, ...args], {
        env: home.environment,
        encoding: 'utf8',
      });
    expect(there('rm', 'root')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('"root" is running'),
    });
    const stopped = there('stop', 'root');
    expect(stopped).toMatchObject({ status: 0, stderr: 'root is stopped.\n' });
    expect(await root.entriesOf('stopped')).toHaveLength(1);
    await gone(identity);
    expect(there('rm', 'root')).toMatchObject({ status: 0, stdout: 'root\n' });
  });

  const work = () => join(home.path, 'work');
  const giving = `rules:
  - { pod: root, last: user, matches: '^go', call: [ { SpawnPod: { name: kid, task: 'work', write: ['part'] } } ] }
  - { last: user, matches: '^write', call: [ { Write: { path: 'part/file', content: 'mine' } } ] }
  - { say: 'Well.' }
`;
  const giveAway = (environment: NodeJS.ProcessEnv): Promise<Ran> =>
    podkin(environment, 'run', '-d', '--name', 'root', '--model', home.scenario(giving), 'go');
  const inside = (environment: NodeJS.ProcessEnv, ...args: string[]) => {
    const [program = '', ...options] = inContainer;
    const env = { ...home.environment, ...environment };
    return spawnSync(program, [...options, process.execPath, commandFile, ...args], {
      cwd: home.work,
      env,
      encoding: 'utf8',
    });
  };
  const writing = (name: string, ...more: string[]) => {
    const model = home.scenario(giving);
    return [
      'run',
      'write',
      '-p',
      '--name',
      name,
      '--model',
      model,
      '--permission-mode',
      'acceptEdits',
      ...more,
    ];
  };
  /** As an earlier build has written it. */
  function forgetNamespaces(): void {
    const path = join(homeOf({ ...home.environment, PODKIN_HOME: '' }).state, 'scope.json');
    const file = JSON.parse(readFileSync(path, 'utf8')) as { claims: { namespaces?: object }[] };
    for (const claim of file.claims) delete claim.namespaces;
    writeFileSync(path, JSON.stringify(file));
  }

  it.each(['this', 'an earlier'])(
    '[scope.claims-elsewhere] a part that was given to a child there by %s build is not written from here, until the child has ended',
    async (build) => {
      const session = surroundings('login');
      expect(await giveAway(session)).toMatchObject({ code: 0 });
      expect(await podkin(session, 'wait', 'root')).toMatchObject({ code: 0 });
      if (build !== 'this') forgetNamespaces();
      const refused = inside(session, ...writing('other', '--write', '.'));
      expect(refused).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/held for writing by the pod "kid" .*; stop that pod first/),
      });
      // It shares the folder with the root, and writes beside what the child holds.
      const beside = inside(session, ...writing('beside'));
      expect(beside.stdout + beside.stderr).toContain('kid');
      expect(existsSync(join(work(), 'part/file'))).toBe(false);
      expect(await podkin(session, 'stop', 'root')).toMatchObject({ code: 0 });
      expect(inside(session, ...writing('after', '--write', '.'))).toMatchObject({ status: 0 });
      expect(readFileSync(join(work(), 'part/file'), 'utf8')).toBe('mine');
    },
  );

  it('[scope.claims-elsewhere] one that cannot be asked keeps its part, and what is refused says that it is not known and what to do', async () => {
    const session = surroundings('login');
    expect(await giveAway(session)).toMatchObject({ code: 0 });
    expect(await podkin(session, 'wait', 'root')).toMatchObject({ code: 0 });
    const refused = contained(session, writing('other', '--write', '.'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /held for writing by the pod "kid" .* whether that pod runs is not known: .*"podkin restore --force kid"/,
    );
    const doctor = contained(session, ['doctor']);
    expect(doctor.stdout).toMatch(/kid \(in another container; whether it runs is not known\): /);
    expect(await podkin(session, 'stop', 'root')).toMatchObject({ code: 0 });
    expect(contained(session, writing('after', '--write', '.'))).toMatchObject({ code: 0 });
    expect(readFileSync(join(work(), 'part/file'), 'utf8')).toBe('mine');
  });
});
