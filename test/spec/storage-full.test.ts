/**
 * A disk that is full, may not be written, or fails: nothing is acknowledged that it does not hold, and what
 * it holds comes back (I6, failures 35–38).
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditPair, ofType, verified } from '../support/audit.ts';
import { canInject, capable } from '../support/capable.ts';
import { TestHome, type TestPod, commandFile, eventually } from '../support/rig.ts';

let home: TestHome;
const mounted: string[] = [];
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  for (const pod of readdirSync(join(home.home.state, 'pods'))) await home.pod(pod).end();
  for (const path of mounted.splice(0)) offSmallDisk(path);
  await home.close();
});

/** An answer is larger than what the last block of a full disk may have left, even as an excerpt. */
const scenario = `rules:
  - { pod: root, last: user, matches: '^spawn (\\S+) (.+)', call: [ { SpawnPod: { name: '{{match.1}}', task: '{{match.2}}' } } ] }
  - { pod: root, last: user, matches: '^give (\\S+) (.+)', call: [ { SendToPod: { name: '{{match.1}}', message: '{{match.2}}' } } ] }
  - { last: user, matches: '^task (\\d+)', delayMs: 400, say: 'Answer {{match.1}}. ${'€'.repeat(2_100)}' }
  - { say: 'Well.' }
`;

const canMount = capable('a disk of its own', () => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const path = '/tmp/pk-mount-probe';
  execFileSync('mkdir', ['-p', path]);
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', path]).status === 0;
  if (made) execFileSync('umount', [path]);
  rmSync(path, { recursive: true });
  return made;
});
/** Puts the pod's folder on a small disk of its own; before its first start. */
function onSmallDisk(pod: TestPod): void {
  const { path } = pod.folder;
  const aside = join(home.path, 'aside');
  cpSync(path, aside, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'none', path]);
  mounted.push(path);
  cpSync(aside, path, { recursive: true });
}

/** What stands on the small disk stays behind, for the last look at the logs. */
function offSmallDisk(path: string): void {
  const aside = `${path}-aside`;
  cpSync(path, aside, { recursive: true });
  execFileSync('umount', ['--lazy', path]);
  cpSync(aside, path, { recursive: true, force: true });
  rmSync(aside, { recursive: true });
}

/** Leaves so many pages free; answers what makes room again. */
function fill(pod: TestPod, pages = 0): () => void {
  const path = join(pod.folder.path, 'filler');
  try {
    // Whole pages: what is left is the rest of the last page of each file.
    for (;;) writeFileSync(path, Buffer.alloc(4_096), { flag: 'a' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  truncateSync(path, statSync(path).size - pages * 4_096);
  return () => rmSync(path);
}

async function untilAttention(pod: TestPod, wanted: string | null): Promise<void> {
  const holds = async () => (await pod.call('status', {})).attention === wanted;
  await eventually(pod.folder.path, holds, `${pod.name}: attention ${wanted}`);
}

describe.runIf(canMount)('a full disk', () => {
  it('[storage.full-input] nothing is accepted, it says so, and goes on when there is room', async () => {
    const root = home.makeRoot({ scenario });
    onSmallDisk(root);
    await root.start();
    const makeRoom = fill(root);
    // Larger than what the last block has left.
    const text = `task 1 ${'x'.repeat(8_000)}`;
    await expect(root.run(text)).rejects.toMatchObject({ code: 'storageFailed' });
    await expect(root.call('notify', { message: text })).rejects.toMatchObject({ code: 'storageFailed' });
    expect(ofType(await root.entries(), 'inputReceived')).toEqual([]);
    await untilAttention(root, 'storage');
    makeRoom();
    await untilAttention(root, null);
    await root.run('task 2');
    await root.untilSettled();
    expect(JSON.stringify(await root.entries())).toContain('Answer 2.');
    expect(ofType(await root.entries(), 'started')).toHaveLength(1);
  });

  it('[storage.full-parent] an event waits with its child until the parent has room, and is told once', async () => {
    const root = home.makeRoot({ scenario });
    onSmallDisk(root);
    await root.start();
    await root.run('spawn kid hello');
    const kid = await home.spawned('kid');
    await root.until('the spawn is over', (all) => ofType(all, 'turnEnded').length === 2);
    await root.run('give kid task 1');
    await root.until('the task is given', (all) => ofType(all, 'turnEnded').length === 3);
    const makeRoom = fill(root);
    await kid.untilEntry(
      'podEventEmitted',
      ({ event }) => 'text' in event && event.text.startsWith('Answer 1.'),
    );
    await untilAttention(root, 'storage');
    expect((await kid.call('status', {})).pending.outgoing).toBe(1);
    expect(ofType(await kid.entries(), 'podEventAcked').at(-1)?.through).toBe(1);
    makeRoom();
    await root.untilEntry(
      'podEventReceived',
      ({ event }) => 'text' in event && event.text.startsWith('Answer 1.'),
    );
    await root.untilSettled();
    await kid.untilSettled();
    expect(await auditPair(root, kid)).toEqual([]);
    expect(await verified(home)).toEqual([]);
  });

  it('[storage.full-turn] a turn whose answer finds no room is not lost: it is interrupted and resumed', async () => {
    const root = home.makeRoot({ scenario });
    onSmallDisk(root);
    await root.start();
    await root.run('task 3');
    await root.untilEntry('turnStarted');
    // The scenario counts the uses of its rules in a file of its own: it has its page, the log has none.
    const makeRoom = fill(root, 1);
    await untilAttention(root, 'storage');
    makeRoom();
    await root.untilSettled();
    expect(ofType(await root.entries(), 'turnStarted').map(({ kind }) => kind)).toSatisfy(
      (kinds: string[]) =>
        kinds[0] === 'run' && kinds.length > 1 && kinds.slice(1).every((kind) => kind === 'resume'),
    );
    const answers = ofType(await root.entries(), 'assistantMessage').filter((entry) =>
      JSON.stringify(entry.parts).includes('Answer 3.'),
    );
    expect(answers).toHaveLength(1);
    expect(await verified(home)).toEqual([]);
  });
});

const canLimit = capable(
  'limit on the size of files that another process can set (prlimit)',
  () => process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0,
);

describe.runIf(canLimit)('a disk that takes a part of a write', () => {
  it.each([1, 90, 221])(
    '[storage.short-write] %s bytes of an append are taken back; nothing is accepted until there is room, and then the log goes on whole',
    async (taken) => {
      const root = await home.startRoot({ scenario });
      const { pid } = await root.process();
      const limit = (bytes: string) =>
        execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
      const { size } = statSync(root.folder.log);
      limit(String(size + taken));
      await expect(root.run(`task 1 ${'x'.repeat(300)}`)).rejects.toMatchObject({ code: 'storageFailed' });
      expect(statSync(root.folder.log).size).toBe(size);
      await untilAttention(root, 'storage');
      limit('unlimited');
      await untilAttention(root, null);
      await root.run('task 2');
      await root.untilSettled();
      expect(JSON.stringify(await root.entries())).toContain('Answer 2.');
      expect(ofType(await root.entries(), 'inputReceived')).toHaveLength(1);
      expect(ofType(await root.entries(), 'started')).toHaveLength(1);
    },
  );
});

describe('a folder that may not be written', () => {
  it('[storage.read-only] is told with the file and what to do, as an ordinary user sees it', () => {
    const root = home.makeRoot({ scenario });
    const asRoot = process.getuid?.() === 0;
    const user = 65_534;
    if (asRoot) {
      chmodSync(home.path, 0o755);
      for (const path of ['h', 'h/state', 'h/state/pods', 'h/state/pods/root'])
        chownSync(join(home.path, path), user, user);
      for (const name of readdirSync(root.folder.path)) chownSync(join(root.folder.path, name), user, user);
    }
    chmodSync(root.folder.path, 0o500);
    const ran = spawnSync(process.execPath, [commandFile, '__pod', root.folder.path], {
      env: { ...home.environment },
      encoding: 'utf8',
      ...(asRoot ? { uid: user, gid: user } : {}),
    });
    chmodSync(root.folder.path, 0o700);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain(root.folder.log);
    expect(ran.stderr).toMatch(/EACCES|EROFS/);
    expect(ran.stderr).toContain(`the folder ${root.folder.path} must belong to you and be writable`);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
  });
});

/** As a person's command starts it, with its end. */
function failedStart(pod: TestPod, through: string[] = []): { status: number | null; stderr: string } {
  const command = [...through, process.execPath, commandFile, '__pod', pod.folder.path];
  return spawnSync(command[0]!, command.slice(1), {
    env: { ...home.environment, UV_THREADPOOL_SIZE: '1' },
    encoding: 'utf8',
  });
}

async function nothingLeft(pod: TestPod): Promise<void> {
  expect(readdirSync(home.home.runtime)).toEqual([]);
  expect(readdirSync(pod.folder.path).filter((name) => name.startsWith('.address'))).toEqual([]);
  expect(await pod.lock()).toBe('free');
}

describe('a start that fails behind its socket', () => {
  it('[storage.start-released] leaves nothing where the log is none', async () => {
    const root = home.makeRoot({ scenario });
    mkdirSync(root.folder.log);
    const { status, stderr } = failedStart(root);
    expect(status).toBe(1);
    expect(stderr).toContain(`opening ${root.folder.log} failed`);
    expect(stderr).toContain('check the name of the pod and the rights of the file');
    await nothingLeft(root);
    rmSync(root.folder.log, { recursive: true });
  });

  it('[storage.start-released] leaves nothing where the log is another pod’s', async () => {
    const other = await home.startRoot({ scenario, name: 'other' });
    await other.stop();
    const root = home.makeRoot({ scenario });
    cpSync(other.folder.log, root.folder.log);
    const { status, stderr } = failedStart(root);
    expect(status).toBe(1);
    expect(stderr).toContain(
      `is the log of the pod "other" (instance ${other.instance}), not of instance ${root.instance}`,
    );
    await nothingLeft(root);
    rmSync(root.folder.log);
  });

  it.runIf(canMount)('[storage.start-released] leaves nothing on a full disk', async () => {
    const root = home.makeRoot({ scenario });
    onSmallDisk(root);
    const makeRoom = fill(root);
    const { status, stderr } = failedStart(root);
    expect(status).toBe(1);
    expect(stderr).toContain(`${root.folder.log} failed (ENOSPC): free some space`);
    await nothingLeft(root);
    makeRoom();
    await root.start();
    await root.run('hello');
    await root.untilSettled();
  });

  it.runIf(canInject())(
    '[storage.start-released] leaves nothing where its first entry cannot be synced',
    async () => {
      const root = home.makeRoot({ scenario });
      const inject = 'inject=fdatasync:error=EIO:when=1+';
      const strace = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync', '-e', inject];
      const { status, stderr } = failedStart(root, strace);
      expect(status).toBe(1);
      expect(stderr).toContain(`${root.folder.log} failed (EIO)`);
      expect(stderr).toContain('check the disk, then restore the pod');
      expect(readdirSync(home.home.runtime)).toEqual([]);
      expect(await root.lock()).toBe('free');
      await root.start();
      await root.run('hello');
      await root.untilSettled();
    },
  );
});

describe.runIf(canInject())('a disk that fails', () => {
  it.each([2, 3, 4, 5, 6])(
    '[storage.eio] the %sth sync fails: the process ends loudly, and restore finds what was acknowledged',
    async (nth) => {
      const root = home.makeRoot({ scenario });
      const command = [process.execPath, commandFile, '__pod', root.folder.path];
      const inject = `inject=fdatasync:error=EIO:when=${nth}+`;
      // One thread, because the count is each thread's own.
      const environment = { ...home.environment, UV_THREADPOOL_SIZE: '1' };
      const traced = spawn(
        'strace',
        ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync', '-e', inject, ...command],
        {
          env: environment,
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      );
      let errors = '';
      traced.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
      const ended = new Promise<number | null>((resolve) => traced.on('exit', resolve));
      home.expectsNoSockets = false;
      const acknowledged: string[] = [];
      const answers = () =>
        root.call('status', {}).then(
          () => true,
          () => traced.exitCode !== null,
        );
      await eventually(home.path, answers, 'it listens');
      for (let round = 1; traced.exitCode === null && round < 50; round += 1) {
        const answer = await root.run(`hello ${round}`).catch(() => null);
        if (answer === null) break;
        acknowledged.push(answer.submission);
      }
      expect(await ended).not.toBe(0);
      expect(errors).toContain('EIO');
      expect(errors).toContain(root.folder.log);
      await root.start();
      await root.untilSettled();
      const known = ofType(await root.entries(), 'inputReceived').map(({ submission }) => submission);
      expect(known).toEqual(expect.arrayContaining(acknowledged));
      expect(await verified(home)).toEqual([]);
    },
  );
});

describe('a damaged log', () => {
  it('[storage.torn] a torn end is cut and kept aside; everything before it is there', async () => {
    const root = await home.startRoot({ scenario });
    await root.run('task 1');
    await root.untilSettled();
    await root.kill();
    const before = await root.entries();
    const whole = readFileSync(root.folder.log);
    const lastLine = whole.subarray(whole.lastIndexOf(10, whole.length - 2) + 1);
    writeFileSync(root.folder.log, lastLine.subarray(0, lastLine.length >> 1), { flag: 'a' });
    await root.start();
    const alert = await root.untilEntry('alert', ({ code }) => code === 'logMended');
    expect(alert.text).toContain(`${lastLine.length >> 1} torn bytes`);
    const after = await root.entries();
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.map(({ seq }) => seq)).toEqual(after.map((_, index) => index + 1));
    await root.run('task 2');
    await root.untilSettled();
    expect(await verified(home)).toEqual([]);
  });

  it('[storage.damaged-line] a damaged line is set aside and told; what follows it is there', async () => {
    const root = await home.startRoot({ scenario });
    await root.run('task 1');
    await root.untilSettled();
    await root.kill();
    const before = await root.entries();
    const bytes = readFileSync(root.folder.log);
    const at = bytes.indexOf('Answer 1.');
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(root.folder.log, bytes);
    await root.start();
    const alert = await root.untilEntry('alert', ({ code }) => code === 'logMended');
    expect(alert.text).toContain('1 damaged line(s)');
    const last = before.at(-1);
    expect(await root.entries()).toContainEqual(last);
    await root.run('task 2');
    await root.untilSettled();
    home.expectsViolations = [/^log root: entry \d+ follows entry/, /^log root: 1 damaged line/];
  });
});

it.skipIf(!canMount)(
  '[storage.full-home] run in a full home names the file and what to do, and leaves nothing of a pod',
  async () => {
    mkdirSync(join(home.home.state, 'pods'), { recursive: true, mode: 0o700 });
    const full = join(home.path, 'full');
    mkdirSync(full);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'none', full]);
    try {
      spawnSync('dd', ['if=/dev/zero', `of=${join(full, 'fill')}`, 'bs=4k']);
      for (const mode of ['-p', '-d']) {
        const args = ['run', mode, '--model', home.scenario(scenario), 'task 1'];
        const ran = await home.run(args, { environment: { PODKIN_HOME: full } });
        expect(ran).toMatchObject({ code: 1, stdout: '' });
        expect(ran.stderr).toMatch(
          /^podkin: ENOSPC: no space left on device, \w+ '([^']+)': free some space there/,
        );
        expect(/'([^']+)'/.exec(ran.stderr)?.[1]).toMatch(new RegExp(`^${full}/`));
        expect(readdirSync(join(full, 'state', 'pods'))).toEqual([]);
      }
    } finally {
      execFileSync('umount', [full]);
    }
  },
);
