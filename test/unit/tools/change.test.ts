import { link, mkdir, readFile, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { editTool } from '../../../src/tools/edit.ts';
import { readTool } from '../../../src/tools/read.ts';
import { writeTool } from '../../../src/tools/write.ts';
import { call, contextIn, tempFolder } from './bench-context.ts';

async function fileWith(content: string | Buffer) {
  const folder = await tempFolder();
  const path = join(folder, 'f.txt');
  await writeFile(path, content);
  const context = contextIn(folder);
  const read = () => call(readTool, { path }, context);
  const edit = (input: { old: string; new: string; all?: boolean }) =>
    call(editTool, { path, ...input }, context);
  const now = () => readFile(path, 'utf8');
  return { folder, path, context, read, edit, now };
}

describe('Write', () => {
  it('[write.new] a new file is made with its folders, and may be changed at once', async () => {
    const folder = await tempFolder();
    const context = contextIn(folder);
    expect((await call(writeTool, { path: 'a/b/f', content: 'é' }, context)).text).toMatch(
      /^Created .* \(2 bytes\)\.$/,
    );
    expect((await call(writeTool, { path: 'a/b/f', content: 'two' }, context)).text).toMatch(/^Replaced /);
    expect(await readFile(join(folder, 'a/b/f'), 'utf8')).toBe('two');
  });

  it('[write.folder-gone] a working directory that is gone is not made again, and comes back as it was', async () => {
    const folder = await tempFolder();
    const cwd = join(folder, 'project');
    await mkdir(cwd);
    const context = contextIn(cwd);
    await rename(cwd, join(folder, 'moved'));
    for (const path of ['a/f', join(cwd, 'f')])
      expect(await call(writeTool, { path, content: 'x' }, context)).toEqual({
        isError: true,
        text: expect.stringContaining(`the working directory ${cwd} no longer exists`),
      });
    expect(await readdir(folder)).toEqual(['moved']);
    await rename(join(folder, 'moved'), cwd);
    expect((await call(writeTool, { path: 'a/f', content: 'x' }, context)).text).toMatch(/^Created /);
  });

  it('[write.read-first] a file that was not read, or changed since, is not overwritten', async () => {
    const { path, context, read, now } = await fileWith('one');
    const write = () => call(writeTool, { path, content: 'mine' }, context);
    expect(await write()).toMatchObject({ isError: true, text: expect.stringContaining('was not read yet') });
    await read();
    await writeFile(path, 'theirs');
    expect(await write()).toMatchObject({ isError: true, text: expect.stringContaining('changed since') });
    expect(await now()).toBe('theirs');
    await read();
    expect((await write()).isError).toBeUndefined();
    expect(await now()).toBe('mine');
  });

  it('[write.read-part] lines that no Read has shown are named, reads of parts add up, and edits keep count', async () => {
    const lines = Array.from({ length: 3000 }, (_, index) => `line ${index + 1}`);
    const { path, context, now } = await fileWith(`${lines.join('\n')}\n`);
    const read = (offset: number, limit: number) => call(readTool, { path, offset, limit }, context);
    const write = () => call(writeTool, { path, content: 'mine' }, context);
    const edit = (old: string, fresh: string) => call(editTool, { path, old, new: fresh }, context);
    const refusal = async (what: string, offset: number) =>
      expect(await write()).toEqual({
        isError: true,
        text: `Lines ${what} of ${path} were not read: read them (Read with offset ${offset}), or use Edit.`,
      });
    await call(readTool, { path }, context);
    await refusal('2001–3000', 2001);
    await read(2501, 10);
    await refusal('2001–2500, 2511–3000', 2001);
    // An edit is no read of the rest, and moves it: two lines more above, one less between.
    expect((await edit('line 5\n', 'line 5\na\nb\n')).isError).toBeUndefined();
    expect((await edit('line 2505\n', '')).isError).toBeUndefined();
    await refusal('2003–2502, 2512–3001', 2003);
    await read(2003, 500);
    await read(2512, 489);
    expect(await write()).toMatchObject({
      isError: true,
      text: expect.stringMatching(/^Line 3001 of .* was not read: read it \(Read with offset 3001\)/),
    });
    await read(3001, 1);
    expect((await write()).isError).toBeUndefined();
    expect(await now()).toBe('mine');
  });

  it('[write.read-part] a file with a line that Read cuts is not replaced, and is edited', async () => {
    const { path, context, read, edit, now } = await fileWith(`short\n${'x'.repeat(2001)}end\n`);
    await read();
    expect(await call(writeTool, { path, content: 'mine' }, context)).toEqual({
      isError: true,
      text: `Line 2 of ${path} is longer than Read shows, so its end was not read: use Edit, or, if all of the file is to go, remove it with a command first.`,
    });
    await edit({ old: 'short', new: 'S' });
    expect((await call(writeTool, { path, content: 'mine' }, context)).text).toContain('Line 2 of');
    expect(await now()).toMatch(/^S\nx+end\n$/);
    // Exactly as long as is shown.
    const fits = await fileWith(`${'x'.repeat(2000)}\r\n`);
    await fits.read();
    expect((await call(writeTool, { path: fits.path, content: 'm' }, fits.context)).isError).toBeUndefined();
  });

  it('[write.scope] nothing is written outside: siblings, `..`, links, hard links; nor in mode `plan`', async () => {
    const folder = await tempFolder();
    const inside = join(folder, 'b');
    await mkdir(inside);
    await mkdir(join(folder, 'bc'));
    await writeFile(join(folder, 'bc/f'), 'theirs');
    await symlink(join(folder, 'bc'), join(inside, 'out'));
    await link(join(folder, 'bc/f'), join(inside, 'twin'));
    const context = contextIn(inside, { scope: { read: [folder], write: [inside] } });
    await call(readTool, { path: 'twin' }, context);
    await call(readTool, { path: join(folder, 'bc/f') }, context);
    for (const path of ['../bc/f', '../bc/new', 'out/f', 'out/new', 'twin']) {
      const answer = await call(writeTool, { path, content: 'mine' }, context);
      expect(answer, path).toMatchObject({
        isError: true,
        denied: true,
        text: expect.stringContaining('Denied'),
      });
      const edited = await call(editTool, { path, old: 'theirs', new: 'mine' }, context);
      expect(edited.isError, path).toBe(true);
    }
    expect(await readFile(join(folder, 'bc/f'), 'utf8')).toBe('theirs');
    expect(await readdir(join(folder, 'bc'))).toEqual(['f']);
    expect((await readdir(inside)).sort()).toEqual(['out', 'twin']);
  });

  it('[write.bad-target] a directory, a file in the way of a folder and an empty path are said plainly', async () => {
    const { folder, context } = await fileWith('x');
    await mkdir(join(folder, 'd'));
    expect((await call(writeTool, { path: 'd', content: '' }, context)).text).toContain('is a directory');
    expect((await call(writeTool, { path: 'f.txt/x', content: '' }, context)).text).toContain(
      'not a directory',
    );
    expect(() => writeTool.input().parse({ path: '', content: '' })).toThrow('empty');
  });
});

describe('Edit', () => {
  it('[edit.exact] an exact, unique text is replaced, special characters literally, and the changed lines are shown', async () => {
    const { read, edit, now } = await fileWith('a\nb\nc\nd\ne\nf\ng\nh\n');
    await read();
    const answer = await edit({ old: 'e\n', new: '$& $1\nE\n' });
    expect(await now()).toBe('a\nb\nc\nd\n$& $1\nE\nf\ng\nh\n');
    expect(answer.text).toContain('     2\tb\n     3\tc\n     4\td\n     5\t$& $1\n     6\tE\n');
    expect(answer.text).not.toContain('     1\ta');
    expect((await edit({ old: 'h', new: 'H' })).isError).toBeUndefined();
  });

  it('[edit.unique] several places need `all`, which changes each', async () => {
    const { read, edit, now } = await fileWith('x = 1\ny = 1\nz = 1\n');
    await read();
    const many = await edit({ old: '= 1', new: '= 22' });
    expect(many).toMatchObject({ isError: true, text: expect.stringContaining('3 times (lines 1, 2, 3)') });
    const all = await edit({ old: '= 1', new: '= 22', all: true });
    expect(all.text).toContain('3 places');
    expect(await now()).toBe('x = 22\ny = 22\nz = 22\n');
  });

  it('[edit.not-found] a text that is not there is answered with the likeliest reason', async () => {
    const { read, edit } = await fileWith('function f() {\n\treturn 1;\n}\nOther Line\n');
    await read();
    const hint = async (old: string) => (await edit({ old, new: 'n' })).text;
    expect(await hint('f() {\n    return 1;\n}')).toContain(
      'only in whitespace:\n     1\tfunction f() {\n     2\t\treturn 1;',
    );
    expect(await hint('     2\t\treturn 1;')).toContain('line numbers');
    expect(await hint('other line')).toContain('At line 4');
    expect(await hint('Other Line\nmore')).toContain('first line is at line 4');
    expect(await hint('nowhere')).toContain('Read the file again');
    expect(await hint('n')).toContain('the same');
  });

  it('[edit.endings] CR LF, mixed endings and the byte order mark stay as they are', async () => {
    const crlf = await fileWith('\uFEFFone\r\ntwo\r\nthree\r\n');
    await crlf.read();
    expect((await crlf.edit({ old: 'one\ntwo', new: '1\n1.5\n2' })).isError).toBeUndefined();
    expect(await crlf.now()).toBe('\uFEFF1\r\n1.5\r\n2\r\nthree\r\n');
    const mixed = await fileWith('one\r\ntwo\nthree\n');
    await mixed.read();
    await mixed.edit({ old: 'two\nthree', new: '2\n3' });
    expect(await mixed.now()).toBe('one\r\n2\n3\n');
  });

  it('[edit.read-first] the file must have been read as it is now, and be UTF-8 text', async () => {
    const { path, context, read, edit, now } = await fileWith('one');
    expect((await edit({ old: 'one', new: '1' })).text).toContain('was not read yet');
    await read();
    await writeFile(path, 'one more');
    expect((await edit({ old: 'one', new: '1' })).text).toContain('changed since');
    expect(await now()).toBe('one more');
    await writeFile(path, Buffer.from('caf\xe9 one', 'latin1'));
    await read();
    expect((await edit({ old: 'one', new: '1' })).text).toContain('not UTF-8');
    expect((await call(editTool, { path: 'none', old: 'a', new: 'b' }, context)).text).toContain('use Write');
  });
});
