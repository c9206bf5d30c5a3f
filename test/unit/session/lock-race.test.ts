import { readdirSync, writeFileSync } from 'node:fs';
import type * as nodeFs from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { takeLock } from '../../../src/session/lock/lock.ts';
import { ownIdentity } from '../../../src/std/process-identity.ts';
import { tempFolder } from './log-rig.ts';

// What other processes do in the instant before a name is claimed, which is the only moment at which they
// could harm.
const before: { link: (name: string) => void } = vi.hoisted(() => ({ link: () => {} }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof nodeFs>();
  const linkSync: typeof fs.linkSync = (from, to) => {
    before.link(String(to));
    fs.linkSync(from, to);
  };
  return { ...fs, linkSync };
});

it('[lock.late-look] who acts on an old look at a dead holder does not push the new holder out', async () => {
  const folder = tempFolder();
  const lock = join(folder, 'lock');
  const claim = (fields: object): void =>
    writeFileSync(lock, JSON.stringify({ ...ownIdentity(), ...fields }));
  claim({ startTime: '1', claim: 'dead' });
  const names: string[] = [];
  before.link = (name) => {
    names.push(name);
    // Another one took over and has tidied up after itself.
    if (name.endsWith('.after-dead')) claim({ claim: 'new' });
  };
  expect(await takeLock({ instance: 'any', folder, kind: 'file' })).toEqual({
    taken: false,
    holder: ownIdentity(),
  });
  expect(names).toEqual([lock, `${lock}.after-dead`, lock]);
  expect(readdirSync(folder)).toEqual(['lock']);
});
