import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { filesNamedIn } from '../../../src/client/run-input.ts';
import type { Watching } from '../../../src/screen/ports.ts';
import { fileCandidates, runningCandidates } from '../../../src/screen/loop/file-candidates.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'podkin-files-'));
  mkdirSync(join(folder, 'src'));
  for (const name of ['src/b.ts', 'src/a.ts', 'README.md', '.hidden', 'two words', 'bad\u001B[2Jname'])
    writeFileSync(join(folder, name), '');
  symlinkSync('/', join(folder, 'away'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const texts = (text: string) => fileCandidates(text, folder)?.candidates.map((one) => one.text);

it('[screen.file-offers] names in the folder, sorted, in place of what was typed behind @', () => {
  expect(texts('see @')).toEqual(['README.md', 'src/', 'two\\ words']);
  expect(fileCandidates('see @src/a', folder)).toEqual({
    from: 5,
    to: 10,
    candidates: [{ text: 'src/a.ts', kind: 'file' }],
  });
  expect(texts('@.h')).toEqual(['.hidden']);
});

it('[screen.file-offers] no link is followed, nothing above the folder is listed, no name steers', () => {
  for (const text of ['@away/', '@../', '@src/../../', '@/etc/', '@nowhere/', '@README.md/'])
    expect(texts(text) ?? []).toEqual([]);
  expect(texts('@b')).toEqual([]);
  expect(fileCandidates('mail@', folder)).toBeNull();
});

const asking = (status: string, call: (...args: readonly unknown[]) => Promise<unknown>) =>
  ({ tree: { rows: [{ instance: 'i', status }] }, call }) as unknown as Watching;

it('[screen.file-offers-pod] a pod that runs is asked with the end of the text; no name that steers is offered', async () => {
  const asked: unknown[] = [];
  const long = `${'x'.repeat(10_000)} @a`;
  const found = await runningCandidates(
    long,
    'i',
    asking('idle', (...args) => {
      asked.push(args);
      const candidates = ['a.ts', 'a b', 'a\\ b', 'a\u001B[2J'].map((text) => ({ text, kind: 'file' }));
      return Promise.resolve({ from: 4_095, to: 4_096, candidates });
    }),
  );
  expect(asked).toEqual([['i', 'complete', { text: long.slice(-4_096) }]]);
  expect(found).toEqual({
    from: long.length - 1,
    to: long.length,
    candidates: [
      { text: 'a.ts', kind: 'file' },
      { text: 'a\\ b', kind: 'file' },
    ],
  });
});

it.each(['dead', 'stopped'])('[screen.file-offers-pod] one that is %s is not asked', async (status) => {
  const nobody = () => Promise.reject(new Error('asked'));
  await expect(runningCandidates('@a', 'i', asking(status, nobody))).resolves.toBeNull();
});

it('[screen.file-offers-pod] one that does not answer, or that is not here, leaves it to its folder', async () => {
  const silent = () => Promise.reject(new Error('no answer'));
  await expect(runningCandidates('@a', 'i', asking('running', silent))).resolves.toBeNull();
  await expect(runningCandidates('@a', 'other', asking('running', silent))).resolves.toBeNull();
});

it('[screen.file-blanks] a name with blanks is offered as it is typed, and typed on; one with a tab or a backslash is not', () => {
  for (const name of ['a\tb', 'a\\b', 'a\u00A0b', 'a"b']) writeFileSync(join(folder, name), '');
  mkdirSync(join(folder, 'my notes'));
  writeFileSync(join(folder, 'my notes', 'in may.md'), '');
  expect(texts('@a')).toEqual([]);
  for (const typed of ['@m', '@my\\', '@my\\ ', '@my\\ no']) {
    const found = fileCandidates(`see ${typed}`, folder)!;
    expect(found, typed).toMatchObject({ from: 5, to: 4 + typed.length });
    expect(found.candidates, typed).toEqual([{ text: 'my\\ notes/', kind: 'folder' }]);
  }
  const [inside] = texts('see @my\\ notes/i')!;
  expect(inside).toBe('my\\ notes/in\\ may.md');
  expect(filesNamedIn(`see @${inside} now`)).toEqual(['my notes/in may.md']);
  // A blank without the sign ends the path.
  expect(texts('see @my no')).toBeUndefined();
});
