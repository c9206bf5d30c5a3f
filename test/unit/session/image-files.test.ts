/** The files of a session's images. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keepImage, readImage } from '../../../src/session/home/image-files.ts';
import { folderAt } from '../../../src/session/home/home.ts';
import { tempFolder } from '../tools/bench-context.ts';

const bytesOf = (fill: number, size = 1_000) => Buffer.alloc(size, fill);
const hashOf = (content: Buffer) => createHash('sha256').update(content).digest('hex');

it('[image.kept] each is a file of its own, 0600 and named by its content, also where it is kept twice', async () => {
  const folder = folderAt(await tempFolder());
  const hash = await keepImage(folder, bytesOf(1));
  expect(hash).toBe(hashOf(bytesOf(1)));
  expect(await keepImage(folder, bytesOf(1))).toBe(hash);
  await keepImage(folder, bytesOf(2));
  expect(readdirSync(folder.images).toSorted()).toEqual([hashOf(bytesOf(1)), hashOf(bytesOf(2))].toSorted());
  expect(statSync(join(folder.images, hash)).mode & 0o777).toBe(0o600);
  expect(statSync(folder.images).mode & 0o777).toBe(0o700);
  expect((await readImage(folder, hash))?.equals(bytesOf(1))).toBe(true);
});

it('[image.kept] what is not what its name says is gone: changed, cut, a link, a folder, no name at all', async () => {
  const folder = folderAt(await tempFolder());
  expect(await readImage(folder, hashOf(bytesOf(1)))).toBe(null);
  const hash = await keepImage(folder, bytesOf(1));
  const path = join(folder.images, hash);
  writeFileSync(path, bytesOf(3));
  expect(await readImage(folder, hash)).toBe(null);
  writeFileSync(path, bytesOf(1).subarray(0, 10));
  expect(await readImage(folder, hash)).toBe(null);
  rmSync(path);
  writeFileSync(join(folder.path, 'elsewhere'), bytesOf(1));
  symlinkSync(join(folder.path, 'elsewhere'), path);
  expect(await readImage(folder, hash)).toBe(null);
  rmSync(path);
  mkdirSync(path);
  expect(await readImage(folder, hash)).toBe(null);
  for (const name of ['', '../elsewhere', `${hash}/`, hash.toUpperCase()])
    expect(await readImage(folder, name)).toBe(null);
});

it('[image.kept] where it cannot be kept the error says so, and no draft stays', async () => {
  const folder = folderAt(await tempFolder());
  writeFileSync(folder.images, 'no folder');
  await expect(keepImage(folder, bytesOf(1))).rejects.toThrow(/EEXIST|ENOTDIR/);
  rmSync(folder.images);
  mkdirSync(folder.images);
  if (process.getuid?.() === 0) return;
  chmodSync(folder.images, 0o500);
  await expect(keepImage(folder, bytesOf(1))).rejects.toThrow('EACCES');
  expect(readdirSync(folder.images)).toEqual([]);
});

it('[image.kept-bound] the oldest go first, and one that is kept again is new', async () => {
  const folder = folderAt(await tempFolder());
  const kept: string[] = [];
  for (const fill of [1, 2, 3]) {
    kept.push(await keepImage(folder, bytesOf(fill)));
    utimesSync(join(folder.images, kept.at(-1) ?? ''), fill, fill);
  }
  await keepImage(folder, bytesOf(1));
  const newest = await keepImage(folder, bytesOf(4), 2_000);
  expect(new Set(readdirSync(folder.images))).toEqual(new Set([kept[0], kept[2], newest]));
});
