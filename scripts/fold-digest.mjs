// Which fold makes a checkpoint: a digest of every source file that the fold, and the form of what it keeps,
// are made of, types included. Two builds with one digest come to the same facts by the same log.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';

const beginnings = [
  'src/session/facts/replay.ts',
  'src/session/facts/transcript.ts',
  'src/session/log/checkpoint.ts',
];

/** @param {string} root @param {(path: string) => string} [read] */
export function foldDigest(root, read = (path) => readFileSync(path, 'utf8')) {
  const texts = new Map();
  const visit = (path) => {
    if (texts.has(path)) return;
    const text = read(path);
    texts.set(path, text);
    for (const [, target] of text.matchAll(/\bfrom '(\.[^']+\.ts)'/g)) visit(resolve(dirname(path), target));
  };
  for (const path of beginnings) visit(resolve(root, path));
  const hash = createHash('sha256');
  for (const path of [...texts.keys()].sort((a, b) => (a < b ? -1 : 1)))
    hash.update(`${relative(root, path)}\0${texts.get(path)}\0`);
  return hash.digest('hex').slice(0, 32);
}
