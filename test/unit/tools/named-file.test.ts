/** Files that a person names in their input: which words name one, and what comes of it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { foldedFiles } from '../../../src/session/facts/folded-files.ts';
import { filesNamedIn } from '../../../src/client/run-input.ts';
import { readNamedFile } from '../../../src/tools/named-file.ts';
import { contextIn, tempFolder } from './bench-context.ts';

describe('words that name files', () => {
  it.each<[string, string[]]>([
    ['compare @a.ts with @src/b.ts, please', ['a.ts', 'src/b.ts,']],
    ['(@a.ts) [@b.ts] `@c.ts` "@d.ts" <@e.ts>', ['a.ts)', 'b.ts]', 'c.ts', 'd.ts', 'e.ts']],
    ['@a.ts', ['a.ts']],
    ['two\n@a.ts\n@a.ts', ['a.ts']],
    ['@"with blanks.md" and @with\\ blanks.txt', ['with blanks.md', 'with blanks.txt']],
    ['@~/notes.md @/etc/hosts @../x', ['~/notes.md', '/etc/hosts', '../x']],
    ['me@example.com a@b @ @@', ['@']],
    ['npm i @scope/package', ['scope/package']],
    ["see @it's.txt and '@b.ts' 看 @日本語.md，然后", ["it's.txt", 'b.ts', '日本語.md，然后']],
    ['look at it\n\n<stdin>\n+ @Override @/etc/passwd\n</stdin>', []],
    ['see @a\n\n<stdin-->\n@b </stdin>\n</stdin-->', ['a']],
    [
      Array.from({ length: 30 }, (_, at) => `@f${at}`).join(' '),
      Array.from({ length: 20 }, (_, at) => `f${at}`),
    ],
    [`@${'a'.repeat(4_097)} @b\0c @d`, ['d']],
  ])('[input.files] %j', (text, files) => {
    expect(filesNamedIn(text)).toEqual(files);
  });
});

describe('a file that is named', () => {
  const none = async (): Promise<null> => null;

  it('[input.files] is read as Read reads it, with the signs of the sentence left out', async () => {
    const folder = await tempFolder();
    writeFileSync(join(folder, 'a.ts'), 'one\ntwo\n');
    writeFileSync(join(folder, 'b).'), 'odd\n');
    mkdirSync(join(folder, 'sub'));
    const context = contextIn(folder);
    expect(await readNamedFile('a.ts', context, none)).toEqual({
      kind: 'text',
      path: 'a.ts',
      text: expect.stringMatching(/one\n.*two/),
    });
    expect(await readNamedFile('a.ts).,', context, none)).toMatchObject({ kind: 'text', path: 'a.ts' });
    expect(await readNamedFile('b).', context, none)).toMatchObject({ kind: 'text', path: 'b).' });
    for (const sign of ['。', '、', '，', '！', '…', '」', '”', '？)'])
      expect(await readNamedFile(`a.ts${sign}`, context, none), sign).toMatchObject({ path: 'a.ts' });
    // What the model is shown it may change.
    expect(context.fileViews.seen(join(folder, 'a.ts'))).toBeDefined();
    for (const named of ['sub', 'nothing', 'scope/package', '.', 'a.ts/x', 'x'.repeat(4_000)]) {
      expect(await readNamedFile(named, context, none)).toBe(null);
    }
  });

  it('[input.files-refused] what may not be read is said, and not read', async () => {
    const folder = await tempFolder();
    const outside = await tempFolder();
    writeFileSync(join(outside, 'secret'), 'SECRET');
    symlinkSync(join(outside, 'secret'), join(folder, 'link'));
    writeFileSync(join(folder, 'denied'), 'SECRET');
    writeFileSync(join(folder, 'ruled'), 'SECRET');
    writeFileSync(join(folder, 'binary'), Buffer.from([0, 1, 2, 0, 255]));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const scope = {
      read: [folder],
      write: [],
      deny: [{ path: join(folder, 'denied'), right: 'read' as const }],
    };
    const context = contextIn(folder, { scope });
    const rule = async (path: string) => (path === join(folder, 'ruled') ? 'Denied: the rule.' : null);
    for (const named of ['link', 'denied', 'ruled', 'binary', 'pipe', join(outside, 'secret')]) {
      const found = await readNamedFile(named, context, rule);
      expect(found, named).toMatchObject({ kind: 'refused', path: named });
      expect(JSON.stringify(found)).not.toContain('SECRET');
    }
  });
});

it('[input.files] people are shown the names of what came along', () => {
  const text =
    'see @a\n\n<file path="a">\n1\tx\n2\ty\n</file>\n\n<file- path="b\\"c">\n</file>\n</file->\n\n[@d was not added: no]';
  expect(foldedFiles(text)).toBe(
    'see @a\n[with "a", 2 lines]\n[with "b\\"c", 1 line]\n\n[@d was not added: no]',
  );
  const open = '\n\n<file path="a">\n';
  expect(foldedFiles(`x${open}</file>y`)).toBe('x\n[with "a", 1 line]y');
  const many = open.repeat(100_000);
  expect(foldedFiles(many)).toBe(many);
  expect(foldedFiles('see <file path="a">')).toBe('see <file path="a">');
});
