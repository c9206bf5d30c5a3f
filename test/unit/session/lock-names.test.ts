import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, renameSync, statSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { lockNames } from '../../../src/session/lock/lock-names.ts';
import { probeLock, takeLock } from '../../../src/session/lock/lock.ts';
import { ownIdentity } from '../../../src/std/process-identity.ts';
import { sha256Hex } from '../../../src/std/sha256.ts';
import { tempFolder } from './log-rig.ts';

const instance = '0190a1b2-0000-7000-8000-000000000002';
const onLinux = describe.runIf(process.platform === 'linux');

it('[lock.names] the names of every build, byte by byte: none is ever changed or left out', () => {
  const folder = {
    instance,
    path: '/home/ä b/.local/state/podkin/pods/root',
    device: 0xfe01n,
    inode: 0x1a2b3cn,
  };
  expect(lockNames(folder)).toEqual([
    '\0podkin-lock-3-fe01-1a2b3c-0190a1b2-0000-7000-8000-000000000002'.padEnd(108, '-'),
    '\0podkin-lock-0190a1b2-0000-7000-8000-000000000002-1ceee257'.padEnd(108, '-'),
    '\0podkin-lock-1f067372a24ef16673b372b14a0d5d3870476e66feea378aff7159e575574cbb'.padEnd(108, '-'),
  ]);
  for (const name of lockNames(folder)) expect(Buffer.byteLength(name)).toBe(108);
});

it('[lock.names] the hash in the first name is SHA-256, whatever the length', () => {
  for (let length = 0; length < 200; length += 1) {
    const text = 'pöd'.repeat(length).slice(0, length);
    expect(sha256Hex(text)).toBe(createHash('sha256').update(text).digest('hex'));
  }
});

/** How builds before 353eed4, and those from it to 91ab402, named the lock: their code as it stood. */
const earlierBuilds: [string, (folder: string) => string][] = [
  [
    'f157ff8',
    (folder) => {
      const hash = createHash('sha256').update(`${instance}\n${folder}`).digest('hex');
      return `\0podkin-lock-${hash}`.padEnd(108, '-');
    },
  ],
  [
    '91ab402',
    (folder) => {
      const sum = crc32(folder).toString(16).padStart(8, '0');
      return `\0podkin-lock-${instance}-${sum}`.padEnd(108, '-');
    },
  ],
];

/** Null where the name is taken. */
function listenAs(name: string): Promise<Server | null> {
  const server = createServer((asker) => asker.end(JSON.stringify(ownIdentity())));
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen({ path: name, exclusive: true }, () => resolve(server));
  });
}

onLinux('a pod of this build', () => {
  it.each(earlierBuilds)(
    '[lock.earlier-builds] and one of %s exclude each other both ways',
    async (_, nameOf) => {
      const folder = realpathSync(tempFolder());
      const old = await listenAs(nameOf(folder));
      expect(await probeLock({ instance, folder })).toBe('held');
      expect(await takeLock({ instance, folder })).toEqual({ taken: false, holder: ownIdentity() });
      await new Promise((resolve) => old?.close(resolve));
      expect(await probeLock({ instance, folder })).toBe('free');
      const lock = await takeLock({ instance, folder });
      expect(lock.taken).toBe(true);
      expect(await listenAs(nameOf(folder))).toBeNull();
      if (lock.taken) await lock.release();
      const again = await listenAs(nameOf(folder));
      expect(again).not.toBeNull();
      await new Promise((resolve) => again?.close(resolve));
    },
  );

  it('[lock.renamed] is found by its folder, whatever that is called by now, and a copy is another folder', async () => {
    const above = tempFolder();
    const before = join(above, 'before');
    const after = join(above, 'after');
    mkdirSync(before);
    const lock = await takeLock({ instance, folder: before });
    const { ino } = statSync(before);
    renameSync(before, after);
    expect(statSync(after).ino).toBe(ino);
    expect(await probeLock({ instance, folder: after })).toBe('held');
    expect(await takeLock({ instance, folder: after })).toEqual({ taken: false, holder: ownIdentity() });
    mkdirSync(before);
    // Under the old name the earlier builds' names still stand for the pod that moved away.
    expect(await probeLock({ instance, folder: before })).toBe('held');
    if (lock.taken) await lock.release();
    expect(await probeLock({ instance, folder: after })).toBe('free');
  });

  it('[lock.lent] one that is held to look at what a dead pod left says so', async () => {
    const folder = tempFolder();
    const loan = await takeLock({ instance, folder, purpose: 'loan' });
    expect(await probeLock({ instance, folder })).toBe('lent');
    expect(await takeLock({ instance, folder })).toEqual({
      taken: false,
      holder: { ...ownIdentity(), purpose: 'loan' },
    });
    if (loan.taken) await loan.release();
  });
});
