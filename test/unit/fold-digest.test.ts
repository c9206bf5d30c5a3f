/** The version of a checkpoint: no change of the fold, or of the form of its facts, keeps it as it was. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { relative, resolve } from 'node:path';
import { expect, it } from 'vitest';
// @ts-expect-error -- plain JavaScript of the build
import { foldDigest } from '../../scripts/fold-digest.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const digest: (root: string, read?: (path: string) => string) => string = foldDigest;

function digestWith(changed: string): string {
  return digest(root, (path) => {
    const text = readFileSync(path, 'utf8');
    return relative(root, path) === changed ? `${text}\n// another` : text;
  });
}

it.each([
  'src/session/facts/replay.ts',
  'src/session/facts/replay-children.ts',
  'src/session/facts/facts.ts',
  'src/session/facts/entries.ts',
  'src/session/facts/transcript.ts',
  'src/protocol/pod-event.ts',
  'src/session/log/checkpoint.ts',
  'src/session/log/read-log.ts',
])('[checkpoint.digest] a change of %s makes another', (path) => {
  expect(digestWith(path)).not.toBe(digest(root));
});

it('[checkpoint.digest] it is the same for the same sources, wherever they are', () => {
  expect(digestWith('src/cli/program.ts')).toBe(digest(root));
  const elsewhere = '/elsewhere';
  const moved = (path: string) => readFileSync(resolve(root, relative(elsewhere, path)), 'utf8');
  expect(digest(elsewhere, moved)).toBe(digest(root));
});
