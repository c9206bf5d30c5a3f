/**
 * One writer, whatever the path is called: locks that follow the folder, lives that are found wherever they
 * were started from, logs that vanish.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { takeLock } from '../../src/session/lock/lock.ts';
import { receiptsOf } from '../support/audit.ts';
import { capable } from '../support/capable.ts';
import { TestHome, commandFile } from '../support/rig.ts';
import { gone, pause } from '../support/waiting.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const scenario = `rules:
  - { pod: root, last: user, matches: '^go', call: [ { SpawnPod: { name: kid, task: 'work' } } ] }
  - { pod: root, last: user, matches: '^send', call: [ { SendToPod: { name: kid, message: 'more' } } ] }
  - { pod: kid, last: user, matches: '^work', say: 'Kid is done.' }
  - { say: 'Well.' }
`;

it('[restore.lent-lock] a lock that a parent holds to read what its dead child left keeps no pod from being restored', async () => {
  const root = await home.startRoot({ scenario });
  await root.kill();
  const loan = await takeLock({ instance: root.instance, folder: root.folder.path, purpose: 'loan' });
  const restored = home.run(['restore', 'root', '--tree']);
  // Longer than a start waits for a lock that a living pod holds.
  await pause(2_500);
  if (loan.taken) await loan.release();
  expect(await restored).toMatchObject({ code: 0, stdout: 'root\n' });
  expect((await root.call('status', {})).incarnation).toBe(2);
});

it('[lock.moved-home] in a home that was renamed under its pods no second process writes a log, and no death of a living pod is told', async () => {
  const root = await home.startRoot({ scenario });
  await root.run('go');
  const kid = await home.spawned('kid');
  await kid.untilEntry('podEventAcked');
  const before = await kid.process();
  await root.kill();
  // It would notice within a sweep, and end.
  await kid.freeze();
  const elsewhere = `${home.path}/elsewhere`;
  renameSync(`${home.path}/h`, elsewhere);
  const environment = { PODKIN_HOME: elsewhere };
  try {
    expect(await home.run(['restore', 'root'], { environment })).toMatchObject({ code: 0 });
    const again = await home.run(['restore', 'kid'], { environment });
    expect(again).toMatchObject({ code: 1, stderr: 'kid is running already.\n' });
    process.kill(before.pid, 'SIGCONT');
    await home.run(['send', 'root', 'send'], { environment });
    expect(await home.run(['wait', 'root'], { environment })).toMatchObject({ code: 0 });
    expect(await home.run(['verify'], { environment })).toMatchObject({ code: 0 });
    expect((await home.run(['stop', 'root'], { environment })).code).toBe(0);
    await gone(before);
  } finally {
    // What the pod still wrote under the old name before it noticed (a cache, its scenario's count).
    rmSync(`${home.path}/h`, { recursive: true, force: true });
    renameSync(elsewhere, `${home.path}/h`);
  }
  expect(receiptsOf(await root.entries(), kid.instance).map(({ event }) => event.kind)).not.toContain('died');
}, 90_000);

const inNamespace = ['-m', '-p', '--fork', '--mount-proc'];
const canMountBind = capable(
  'a bind mount in namespaces of processes and mounts (unshare)',
  () => process.platform === 'linux' && spawnSync('unshare', [...inNamespace, 'true']).status === 0,
);

it.runIf(canMountBind)(
  '[lock.second-path] under a second path of the same home, in another namespace of processes, a pod is running already, and not a byte is written to its log',
  async () => {
    const root = await home.startRoot({ scenario });
    await root.run('hello');
    await root.untilSettled();
    const before = readFileSync(root.folder.log);
    const other = `${home.path}/second`;
    mkdirSync(other);
    const script = `mount --bind '${home.path}/h' '${other}' && PODKIN_HOME='${other}' '${process.execPath}' '${commandFile}' restore root`;
    const ran = spawnSync('unshare', [...inNamespace, 'sh', '-c', script], {
      env: home.environment,
      encoding: 'utf8',
    });
    expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('root is running already') });
    expect(readFileSync(root.folder.log).equals(before)).toBe(true);
    expect((await root.call('status', {})).incarnation).toBe(1);
  },
);

it.each([
  ['the log alone', (path: string) => rmSync(`${path}/session.jsonl`)],
  [
    'a log that another file has replaced',
    (path: string) => {
      writeFileSync(`${path}/draft`, '');
      renameSync(`${path}/draft`, `${path}/session.jsonl`);
    },
  ],
  ['the whole folder', (path: string) => rmSync(path, { recursive: true })],
])(
  '[log.deleted] %s, deleted under a living pod: it says so, takes nothing more and ends',
  async (what, remove) => {
    home.expectsNoSockets = false;
    const root = await home.startRoot({ scenario, limits: { sweepMs: 200 } });
    const identity = await root.process();
    const alerts: string[] = [];
    const client = await root.client((event) => {
      if (event.type === 'alert') alerts.push(String(event['code']));
    });
    await client.call('subscribe', {});
    if (what === 'the log alone') home.expectsViolations = [/^log root: .* is not there/];
    if (what.startsWith('a log')) home.expectsViolations = [/^log root: .* is empty, and its pod has run/];
    remove(root.folder.path);
    await client.connection.closed;
    await gone(identity);
    expect(alerts).toContain('logDeleted');
    expect((await root.exit()).exitCode).toBe(1);
  },
);

it('[verify.lost-logs] a home whose logs were deleted is not called healthy, by verify or by doctor', async () => {
  home.expectsNoSockets = false;
  const root = await home.startRoot({ scenario, limits: { sweepMs: 200 } });
  await root.run('go');
  const kid = await home.spawned('kid');
  await kid.untilEntry('podEventAcked');
  await root.untilSettled();
  const processes = [await root.process(), await kid.process()];
  const kept = readFileSync(kid.folder.log);
  rmSync(kid.folder.log);
  await gone(processes[1]!);
  await root.until('the end of the kid is told', (all) =>
    receiptsOf(all, kid.instance).some(({ event }) => event.kind === 'died'),
  );
  const verified = await home.run(['verify']);
  expect(verified).toMatchObject({ code: 1 });
  expect(verified.stdout).toContain(`log  kid: ${kid.folder.log} is not there`);
  expect((await home.run(['doctor'])).stdout).toContain(`kid: its session log ${kid.folder.log} was deleted`);
  // It does not begin anew as a first incarnation, whose numbers its parent would refuse.
  const restored = await home.run(['restore', 'kid']);
  expect(restored).toMatchObject({ code: 1 });
  expect(restored.stderr).toContain(`its session log ${kid.folder.log} was deleted`);
  writeFileSync(kid.folder.log, kept, { mode: 0o600 });
  expect(await home.run(['restore', 'kid'])).toMatchObject({ code: 0 });
  // What a pod wrote after all of its folder was deleted.
  const left = join(home.home.state, 'pods/left');
  mkdirSync(left);
  writeFileSync(join(left, 'script-uses.json'), '{}');
  expect((await home.run(['verify'])).stdout).toContain(`log  left: ${left} holds no pod any more`);
  expect((await home.run(['doctor'])).stdout).toContain('podkin rm -f left');
  expect((await home.run(['rm', 'left'])).stderr).toContain(`${left} holds nothing that says what pod it is`);
  rmSync(left, { recursive: true });
});

/** A folder that belongs to somebody else; only root can make one. */
function foreign(path: string): string {
  mkdirSync(path, { mode: 0o700 });
  chownSync(path, 65_534, 65_534);
  return path;
}

type Folder = [what: string, told: RegExp, make: (path: string) => string];
const folders: Folder[] = [
  [
    'too long',
    /has \d+ bytes, at most 103 are possible/,
    (path) => {
      mkdirSync(`${path}${'x'.repeat(100)}`, { mode: 0o700 });
      return `${path}${'x'.repeat(100)}`;
    },
  ],
  [
    'a file',
    /cannot be made \(ENOTDIR/,
    (path) => {
      writeFileSync(path, '');
      return path;
    },
  ],
  [
    'open to everybody',
    /everybody may write in \S+; run: chmod o-w /,
    (path) => {
      mkdirSync(path);
      chmodSync(path, 0o777);
      return path;
    },
  ],
  ...(process.getuid?.() === 0
    ? [['of another user', /belongs to user 65534, not to us \(0\)/, foreign] satisfies Folder]
    : []),
];

it.each(folders)(
  '[run.socket-folder] where XDG_RUNTIME_DIR is %s, run says so and makes nothing',
  async (_, told, make) => {
    const folder = make(`${home.path}/r`);
    const environment = { PODKIN_HOME: '', XDG_RUNTIME_DIR: folder };
    const ran = await home.run(['run', '-p', '--model', home.scenario(scenario), 'go'], { environment });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(told);
    expect(ran.stderr).toContain('XDG_RUNTIME_DIR says where it is: set it to a folder of your own');
    expect(existsSync(`${folder}/podkin`)).toBe(false);
    expect((await home.run(['doctor', '--json'], { environment })).code).toBe(1);
    expect((await home.run(['ps', '-a'], { environment })).stdout).toBe('');
    rmSync(folder, { recursive: true });
  },
);

it('[doctor.long-socket-path] a folder in which no socket fits is told by doctor, and a run that fails for it leaves no pod', async () => {
  const environment = { PODKIN_HOME: `${home.path}/${'long'.repeat(25)}` };
  const ran = await home.run(['run', '-p', '--model', home.scenario(scenario), 'go'], { environment });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/the socket path \S+ has \d+ bytes, at most 103 are possible; choose a shorter/);
  const doctor = await home.run(['doctor', '--json'], { environment });
  const findings = JSON.parse(doctor.stdout) as { check: string; level: string; fix: string }[];
  expect(doctor.code).toBe(1);
  expect(findings.find(({ check }) => check === 'socket folder')).toMatchObject({
    level: 'failure',
    fix: expect.stringContaining('to a shorter path: until then no pod can start'),
  });
  expect((await home.run(['ps', '-a'], { environment })).stdout).not.toContain('root');
});

it.skipIf(process.getuid?.() !== 0)(
  '[doctor.socket-folder] a socket folder that cannot be made is a failure that names its variable',
  async () => {
    const closed = join(home.path, 'closed');
    chmodSync(home.path, 0o755);
    mkdirSync(closed, { mode: 0o555 });
    const args = [commandFile, 'doctor', '--json'];
    const env = { PATH: process.env['PATH'], HOME: '/nonexistent', XDG_RUNTIME_DIR: join(closed, 'user/99') };
    const options = { uid: 65_534, gid: 65_534, cwd: '/', env, encoding: 'utf8' } as const;
    const { status, stdout } = spawnSync(process.execPath, args, options);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toContainEqual({
      check: 'socket folder',
      level: 'failure',
      text: `${closed}/user/99/podkin cannot be made: EACCES at ${closed}`,
      fix: 'set XDG_RUNTIME_DIR to a folder of your own, or unset it',
    });
  },
);
