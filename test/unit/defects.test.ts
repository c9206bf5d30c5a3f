/**
 * The table of named defects has not gone stale: each can be put in, and the guarantee that has to fail then
 * has a test there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { defects } from '../defects/table.ts';
import { requirements } from '../requirements.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('[defects.fresh] the text of each occurs once in the source, and the change is one', () => {
  const stale = defects.filter(({ file, find, replace }) => {
    const source = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '';
    return source.split(find).length !== 2 || find === replace;
  });
  expect(stale.map(({ id, file, find }) => ({ id, file, find }))).toEqual([]);
});

it('[defects.cited] each names a guarantee, and a test file that cites it', () => {
  const uncited = defects.filter(({ test, guarantee }) => {
    const text = existsSync(join(root, test)) ? readFileSync(join(root, test), 'utf8') : '';
    return !Object.hasOwn(requirements, guarantee) || !text.includes(`[${guarantee}]`);
  });
  expect(uncited.map(({ id, test, guarantee }) => ({ id, test, guarantee }))).toEqual([]);
});

it('[defects.fresh] each has a name and a sentence of its own', () => {
  for (const field of ['id', 'breaks'] as const)
    expect(new Set(defects.map((defect) => defect[field])).size).toBe(defects.length);
});
