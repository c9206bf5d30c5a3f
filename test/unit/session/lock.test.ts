import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LockUnavailable, probeLock, takeLock } from '../../../src/session/lock/lock.ts';
import type { HeldLock, LockKind, LockRefused } from '../../../src/session/lock/lock.ts';
import { ownIdentity } from '../../../src/std/process-identity.ts';
import { failure, script, start, tempFolder } from './log-rig.ts';
import type { Run } from './log-rig.ts';

const kinds: LockKind[] = process.platform === 'linux' ? ['abstractSocket', 'file'] : ['file'];
const instance = '0190a1b2-0000-7000-8000-000000000002';

/** Takes the lock when told to, says what came of it, and stays. */
const taker = (folder: string, kind: LockKind): string =>
  script(
    tempFolder(),
    'session/lock/lock.ts',
    `console.log('ready');
     process.stdin.once('data', async () => {
       const lock = await ours.takeLock(${JSON.stringify({ instance, folder, kind })});
       console.log(JSON.stringify({ taken: lock.taken, pid: process.pid, holder: lock.holder?.pid }));
     });`,
  );

interface Answer {
  taken: boolean;
  pid: number;
  holder?: number;
}
const take = async (run: Run): Promise<Answer> => {
  run.child.stdin!.write('take\n');
  const answer: Answer = JSON.parse(await run.line());
  return answer;
};

function must(lock: HeldLock | LockRefused): HeldLock {
  if (!lock.taken) throw new Error('the lock was refused');
  return lock;
}

describe.each(kinds)('the lock of a pod, kind %s', (kind) => {
  it('[lock.one-wins] of twenty processes at once exactly one takes it, and the others can tell who', async () => {
    const folder = tempFolder();
    const path = taker(folder, kind);
    // The second round finds what a killed holder left behind.
    for (let round = 0; round < 2; round += 1) {
      const runs = Array.from({ length: 20 }, () => start(path));
      await Promise.all(runs.map((run) => run.line()));
      const answers = await Promise.all(runs.map(take));
      const winners = answers.filter((answer) => answer.taken);
      expect(winners).toHaveLength(1);
      expect(await probeLock({ instance, folder, kind })).toBe('held');
      const late = await takeLock({ instance, folder, kind });
      expect(late).toEqual({ taken: false, holder: expect.objectContaining({ pid: winners[0]!.pid }) });
      await Promise.all(runs.map((run) => run.kill()));
      expect(await probeLock({ instance, folder, kind })).toBe('free');
    }
    const lock = must(await takeLock({ instance, folder, kind }));
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  }, 60_000);

  it('[lock.killed-holder] a killed holder has it no more, a stopped one still has', async () => {
    const folder = tempFolder();
    const holder = start(taker(folder, kind));
    await holder.line();
    expect(await take(holder)).toMatchObject({ taken: true });
    holder.child.kill('SIGSTOP');
    expect(await probeLock({ instance, folder, kind })).toBe('held');
    expect(await takeLock({ instance, folder, kind })).toMatchObject({ taken: false });
    await holder.kill();
    await must(await takeLock({ instance, folder, kind })).release();
  }, 30_000);

  it('[lock.release] within one process too it is held once, until it is released', async () => {
    const folder = tempFolder();
    const other = tempFolder();
    expect(await probeLock({ instance, folder, kind })).toBe('free');
    const lock = must(await takeLock({ instance, folder, kind }));
    expect(await takeLock({ instance, folder, kind })).toEqual({ taken: false, holder: ownIdentity() });
    const elsewhere = must(await takeLock({ instance, folder: other, kind }));
    await Promise.all([lock.release(), lock.release(), elsewhere.release()]);
    expect([lock.held, await probeLock({ instance, folder, kind })]).toEqual([false, 'free']);
    await must(await takeLock({ instance, folder, kind })).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('[lock.unavailable] without its folder it says so', async () => {
    const folder = join(tempFolder(), 'none');
    const error = await failure(takeLock({ instance, folder, kind }));
    expect(error).toBeInstanceOf(LockUnavailable);
    expect(String(error)).toMatch(/check that the folder exists/);
  });
});

describe('the lock file', () => {
  const kind = 'file';
  const left = (folder: string, fields: object): void =>
    writeFileSync(
      join(folder, 'lock'),
      JSON.stringify({ ...ownIdentity(), claim: 'left-behind', ...fields }),
    );

  it.each([
    ['another process has the pid now', { startTime: '1' }],
    ['the machine was started anew', { bootId: 'an earlier one' }],
    ['nobody has the pid', { pid: 2 ** 22 + 1 }],
  ])('[lock.pid-reuse] is taken over when %s', async (_, fields) => {
    const folder = tempFolder();
    left(folder, fields);
    expect(await probeLock({ instance, folder, kind })).toBe('free');
    const lock = must(await takeLock({ instance, folder, kind }));
    expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'))).toMatchObject(ownIdentity());
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('[lock.pid-reuse] is not taken over from a living holder, nor from one who is just taking over', async () => {
    const folder = tempFolder();
    left(folder, {});
    expect(await takeLock({ instance, folder, kind })).toEqual({ taken: false, holder: ownIdentity() });
    left(folder, { startTime: '1' });
    const heir = { ...ownIdentity(), claim: 'heir' };
    writeFileSync(join(folder, 'lock.after-left-behind'), JSON.stringify(heir));
    expect(await takeLock({ instance, folder, kind })).toEqual({ taken: false, holder: ownIdentity() });
    expect(await probeLock({ instance, folder, kind })).toBe('held');
  });

  it('[lock.one-wins] of twenty that find a dead holder and a dead heir exactly one takes over', async () => {
    const folder = tempFolder();
    left(folder, { startTime: '1' });
    const heir = { ...ownIdentity(), startTime: '2', claim: 'heir' };
    writeFileSync(join(folder, 'lock.after-left-behind'), JSON.stringify(heir));
    const path = taker(folder, kind);
    const runs = Array.from({ length: 20 }, () => start(path));
    await Promise.all(runs.map((run) => run.line()));
    const answers = await Promise.all(runs.map(take));
    expect(answers.filter((answer) => answer.taken)).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['lock']);
  }, 30_000);

  it('[lock.unavailable] something else under its name is not removed but named', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'lock'), 'mine');
    const error = await failure(takeLock({ instance, folder, kind }));
    expect(String(error)).toMatch(/is not a lock file of podkin: remove it/);
    expect(readdirSync(folder)).toEqual(['lock']);
  });
});
