/** Another user binds names of a lock: needs the right to become one, and to see all processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { lockNames } from '../../../src/session/lock/lock-names.ts';
import { lockFindings } from '../../../src/cli/doctor/lock-check.ts';
import { homeOf, podFolder } from '../../../src/session/home/home.ts';
import { probeLock, strangersOf, takeLock } from '../../../src/session/lock/lock.ts';
import { capable } from '../../support/capable.ts';
import { type Run, script, start, tempFolder } from './log-rig.ts';

const instance = '0190a1b2-0000-7000-8000-000000000003';
const nobody = 65_534;
const canBecomeAnother = capable(
  'right to become another user among all processes',
  () => process.getuid?.() === 0 && readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]',
);

function namesOf(folder: string, of = instance): readonly string[] {
  const path = realpathSync.native(folder);
  const { dev: device, ino: inode } = statSync(path, { bigint: true });
  return lockNames({ instance: of, path, device, inode });
}

/**
 * Binds the names when told `take`, answers `lie`s about who it is, lets go at `free`; `flap` does both
 * without end.
 */
const squatting = `
  const net = require('node:net');
  const names = JSON.parse(process.argv[1]);
  const answer = process.argv[2];
  let servers = [];
  const one = (name) => new Promise((done) => {
    const server = net.createServer((asker) => { asker.on('error', () => {}); if (answer) asker.end(answer); });
    server.once('error', () => done(null));
    server.listen({ path: name, exclusive: true }, () => { servers.push(server); done(server); });
  });
  const take = async () => { for (const name of names) await one(name); };
  const free = async () => {
    const old = servers; servers = [];
    await Promise.all(old.map((server) => new Promise((done) => server.close(done))));
  };
  const orders = { take, free, flap: async () => {
    const again = async () => { await take(); await free(); setTimeout(again, Math.random() * 4); };
    void again();
  } };
  process.stdin.on('data', async (text) => {
    await orders[String(text).trim()]();
    console.log('done ' + servers.length);
  });
`;

/** Children of a process that have ended and are not waited for. */
function zombiesOf(pid: number): number {
  const ids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
  return ids.filter((id) => /^State:\s+Z/m.test(readFileSync(`/proc/${id}/status`, 'latin1'))).length;
}

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
});

/** Tells it an order and answers how many names it has then. */
function stranger(
  names: readonly string[],
  { uid = nobody, answer = '' } = {},
): (order: string) => Promise<number> {
  const child = spawn(process.execPath, ['-e', squatting, JSON.stringify(names), answer], {
    uid,
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (order) => {
    child.stdin.write(`${order}\n`);
    const { value } = await lines.next();
    return Number(String(value).split(' ')[1]);
  };
}

/** Takes the lock at each line and lets go at the next, saying whether it had it. */
function taker(folder: string, uid = 0): Run {
  return start(
    script(
      tempFolder(),
      'session/lock/lock.ts',
      `let lock = null;
       process.setuid(${uid});
       console.log('ready');
       process.stdin.on('data', async () => {
         if (lock?.taken) await lock.release(), (lock = null), console.log('released');
         else lock = await ours.takeLock(${JSON.stringify({ instance, folder })}), console.log(lock.taken);
       });`,
    ),
  );
}

async function told(run: Run): Promise<string> {
  run.child.stdin!.write('next\n');
  return await run.line();
}

async function ready(folder: string, uid = 0): Promise<Run> {
  const run = taker(folder, uid);
  await run.line();
  return run;
}

describe.runIf(canBecomeAnother)('names of a lock that another user holds', () => {
  it.each([[[0]], [[1]], [[2]], [[0, 1, 2]]])(
    '[lock.strangers-name] names %j',
    async (which) => {
      const folder = tempFolder();
      const names = namesOf(folder).filter((_, at) => which.includes(at));
      const lie = JSON.stringify({ pid: 1, startTime: '1', bootId: 'x' });
      for (const answer of ['', lie, JSON.stringify({ pid: process.pid, startTime: '1', bootId: 'x' })]) {
        const tell = stranger(names, { answer });
        expect(await tell('take')).toBe(names.length);
        expect(await probeLock({ instance, folder })).toBe('free');
        const lock = await takeLock({ instance, folder });
        expect(lock).toMatchObject({ taken: true });
        expect(await probeLock({ instance, folder })).toBe('held');
        expect(await takeLock({ instance, folder })).toMatchObject({
          taken: false,
          holder: { pid: process.pid },
        });
        if (lock.taken) await lock.release();
        expect(await probeLock({ instance, folder })).toBe('free');
        expect(readdirSync(folder)).toEqual([]);
        expect(await tell('free')).toBe(0);
      }
    },
    60_000,
  );

  it('[lock.strangers-name] what a process of our own holds is no stranger’s, whatever it is', async () => {
    const folder = tempFolder();
    const tell = stranger(namesOf(folder).slice(2), { uid: 0 });
    expect(await tell('take')).toBe(1);
    expect(await probeLock({ instance, folder })).toBe('held');
    expect(await takeLock({ instance, folder })).toEqual({ taken: false });
  });

  it('[lock.strangers-orders] whoever has it keeps it when the stranger leaves or comes, and loses it by its death', async () => {
    const folder = tempFolder();
    const tell = stranger(namesOf(folder));
    await tell('take');
    const [first, second] = await Promise.all([ready(folder), ready(folder)]);
    expect(await told(first)).toBe('true');
    // All names are free now, and the second could have them.
    await tell('free');
    expect(await told(second)).toBe('false');
    expect(await probeLock({ instance, folder })).toBe('held');
    await tell('take');
    expect(await told(second)).toBe('false');
    await first.kill();
    expect(await probeLock({ instance, folder })).toBe('free');
    expect(await told(second)).toBe('true');
    await tell('free');
    await second.kill();
    // Its lock file is left, and is a dead one’s.
    const third = await ready(folder);
    expect(await told(third)).toBe('true');
    expect(await tell('take')).toBe(0);
    expect(await takeLock({ instance, folder })).toMatchObject({ taken: false });
    await third.kill();
  }, 60_000);

  it('[lock.strangers-orders] of many that try while the stranger comes and goes never two have it', async () => {
    const folder = tempFolder();
    const runs = await Promise.all(Array.from({ length: 6 }, async () => await ready(folder)));
    const flapping = namesOf(folder).map((name) => stranger([name]));
    await Promise.all(flapping.map(async (tell) => await tell('flap')));
    let had = 0;
    for (let round = 0; round < 25; round += 1) {
      const answers = await Promise.all(runs.map(told));
      const winners = runs.filter((_, at) => answers[at] === 'true');
      expect(winners.length).toBeLessThanOrEqual(1);
      had += winners.length;
      for (const run of winners) expect(await told(run)).toBe('released');
    }
    expect(had).toBeGreaterThan(0);
    await Promise.all(runs.map(async (run) => await run.kill()));
  }, 120_000);

  it('[lock.strangers-busy] where files come and go beside it', async () => {
    const folder = tempFolder();
    const tell = stranger(namesOf(folder).slice(0, 1));
    await tell('take');
    const busy = spawn('/bin/sh', ['-c', 'while :; do : > a; : > b; rm a b; done'], {
      cwd: folder,
      stdio: 'ignore',
    });
    await expect.poll(() => readdirSync(folder)).toContain('a');
    children.push(busy);
    expect(strangersOf({ instance, folder })).toEqual([expect.stringMatching(/^podkin-lock-3-.*-0190a1b2/)]);
    for (let round = 0; round < 30; round += 1) {
      const lock = await takeLock({ instance, folder });
      expect(lock.taken).toBe(true);
      if (lock.taken) await lock.release();
    }
  });

  it('[lock.strangers-busy] where a process of an ordinary user has ended and nobody waited for it', async () => {
    const uid = 54_321;
    const folder = tempFolder();
    chownSync(folder, uid, uid);
    await stranger(namesOf(folder).slice(0, 1))('take');
    // The one that it becomes waits for nobody.
    const parent = spawn('/bin/sh', ['-c', 'true & exec sleep 1000'], { uid, cwd: '/', stdio: 'ignore' });
    children.push(parent);
    const run = await ready(folder, uid);
    await expect.poll(() => zombiesOf(parent.pid!)).toBe(1);
    expect(await told(run)).toBe('true');
    await run.kill();
  });

  it('[lock.strangers-busy] doctor names it, for the registry and for a pod', async () => {
    const home = homeOf({ PODKIN_HOME: tempFolder() });
    const folder = podFolder(home, 'kid');
    const pod = folder.path;
    mkdirSync(pod, { recursive: true });
    expect(lockFindings(home, [{ name: 'kid', instance, folder }])).toEqual([]);
    const names = [...namesOf(home.state, 'scope-registry').slice(0, 1), ...namesOf(pod).slice(2)];
    await stranger(names)('take');
    expect(lockFindings(home, [{ name: 'kid', instance, folder }])).toMatchObject([
      {
        check: 'locks',
        level: 'warning',
        text: expect.stringContaining('of the lock of the scope registry'),
      },
      { check: 'locks', level: 'warning', text: expect.stringContaining('of the lock of kid (podkin-lock-') },
    ]);
  });
});
