import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fileCandidates } from '../../../src/screen/loop/file-candidates.ts';

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
  expect(texts('see @')).toEqual(['README.md', 'src/']);
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
