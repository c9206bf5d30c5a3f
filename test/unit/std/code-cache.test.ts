/** The file of a code cache: what is taken from it, and what stays in its folder. */
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cacheFileName, readCodeCache, writeCodeCache } from '../../../src/std/code-cache.ts';

const data = Buffer.from('what V8 made of a program');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pk-code-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('[start.code-cache] what was written is read, and each program has a name of its own', async () => {
  const name = cacheFileName('pod', Buffer.from('a program'));
  expect(cacheFileName('pod', Buffer.from('a program'))).toBe(name);
  expect(cacheFileName('pod', Buffer.from('b program'))).not.toBe(name);
  expect(name).toContain(`pod-${process.version}-${process.arch}-`);
  await writeCodeCache(folder, name, data);
  expect(readCodeCache(join(folder, name))).toEqual(data);
});

it('[start.cache-refused] any flipped bit, any cut, a link, and a file that others may write', async () => {
  const path = join(folder, 'pod-a.cache');
  await writeCodeCache(folder, 'pod-a.cache', data);
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at += 1) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << (at % 8);
    writeFileSync(path, flipped);
    expect(readCodeCache(path)).toBeUndefined();
    writeFileSync(path, whole.subarray(0, at));
    expect(readCodeCache(path)).toBeUndefined();
  }
  writeFileSync(path, whole);
  symlinkSync(path, join(folder, 'link.cache'));
  expect(readCodeCache(join(folder, 'link.cache'))).toBeUndefined();
  for (const mode of [0o620, 0o602, 0o666]) {
    chmodSync(path, mode);
    expect(readCodeCache(path)).toBeUndefined();
  }
  chmodSync(path, 0o600);
  expect(readCodeCache(path)).toEqual(data);
  expect(readCodeCache(folder)).toBeUndefined();
  expect(readCodeCache(join(folder, 'none'))).toBeUndefined();
});

it('[start.cache-old] the four youngest of a program stay, what was left unfinished long ago goes, what is not ours stays', async () => {
  const age = (name: string, minutes: number): void => {
    const atS = Date.now() / 1000 - minutes * 60;
    utimesSync(join(folder, name), atS, atS);
  };
  for (const [i, letter] of ['a', 'b', 'c', 'd', 'e'].entries()) {
    await writeCodeCache(folder, `pod-${letter}.cache`, data);
    age(`pod-${letter}.cache`, 10 - i);
  }
  for (const name of ['pod-a.cache.1.tmp', 'pod-b.cache.2.tmp', 'notes.txt'])
    writeFileSync(join(folder, name), '');
  age('pod-a.cache.1.tmp', 5);
  age('notes.txt', 500);
  // Under a name that is no program's, nothing is old.
  await writeCodeCache(folder, 'Other', data);
  rmSync(join(folder, 'Other'));
  // Another program's are not counted with them, however old.
  await writeCodeCache(folder, 'command-a.cache', data);
  age('command-a.cache', 20);
  await writeCodeCache(folder, 'pod-f.cache', data);
  expect(readdirSync(folder).sort()).toEqual([
    'command-a.cache',
    'notes.txt',
    'pod-b.cache.2.tmp',
    'pod-c.cache',
    'pod-d.cache',
    'pod-e.cache',
    'pod-f.cache',
  ]);
});

it('[start.no-cache-folder] what cannot be written is told, and nothing is left of it', async () => {
  writeFileSync(join(folder, 'file'), 'as it was');
  await expect(writeCodeCache(join(folder, 'file'), 'pod-a.cache', data)).rejects.toThrow(/EEXIST|ENOTDIR/);
  await writeCodeCache(join(folder, 'code'), 'pod-a.cache', data);
  // A folder in its place: the rename fails.
  await expect(writeCodeCache(folder, 'code', data)).rejects.toThrow(/EISDIR|ENOTDIR|ENOTEMPTY|EEXIST/);
  expect(readdirSync(folder).sort()).toEqual(['code', 'file']);
});
