/**
 * How a file's text is stored, over all of its forms: what Read says of it, and what Write and Edit leave on
 * the disk, byte by byte.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { editTool } from '../../../src/tools/edit.ts';
import { readTool } from '../../../src/tools/read.ts';
import { formScanner } from '../../../src/tools/text-form.ts';
import { writeTool } from '../../../src/tools/write.ts';
import { call, contextIn, tempFolder } from './bench-context.ts';

const mark = '\uFEFF';
const le = (text: string): Buffer => Buffer.from(text, 'utf16le');
const be = (text: string): Buffer => le(text).swap16();
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const utf8 = (text: string): Buffer => Buffer.from(text);

async function withFile(content: Buffer) {
  const folder = await tempFolder();
  const path = join(folder, 'f');
  await writeFile(path, content);
  const context = contextIn(folder);
  return {
    read: await call(readTool, { path: 'f' }, context),
    write: (text: string) => call(writeTool, { path: 'f', content: text }, context),
    edit: (from: string, to: string, all = false) =>
      call(editTool, { path: 'f', old: from, new: to, all }, context),
    now: () => readFile(path),
  };
}

describe('Read', () => {
  it.each([
    ['lines of LF', utf8('a\nb\n'), '     1\ta\n     2\tb'],
    ['no end at the last line', utf8('a\nb'), '     1\ta\n     2\tb'],
    ['CR LF', utf8('a\r\nb\r\n'), '     1\ta\n     2\tb\n[Lines end in CR LF.]'],
    ['CR alone', utf8('a\rb\r'), '     1\ta\n     2\tb\n[Lines end in CR alone.]'],
    [
      'mixed',
      utf8('a\r\nb\nc\n'),
      '     1\ta\n     2\tb\n     3\tc\n[Line ends are mixed: 1 of CR LF, 2 of LF.]',
    ],
    ['a mark', utf8(`${mark}a\n`), '     1\ta\n[The file begins with a byte order mark.]'],
    ['UTF-16 LE', le(`${mark}aé\n😀\n`), '     1\taé\n     2\t😀\n[The encoding is UTF-16LE.]'],
    [
      'UTF-16 BE with CR LF',
      be(`${mark}aé\r\nb\r\n`),
      '     1\taé\n     2\tb\n[The encoding is UTF-16BE. Lines end in CR LF.]',
    ],
  ])('[read.form] says what is unusual of how a file is stored: %s', async (_, bytes, text) => {
    expect((await withFile(bytes)).read).toEqual({ text });
  });

  it('[read.form] what is not UTF-8 is said to be left alone by Write and Edit', async () => {
    const { read } = await withFile(latin1('caf\xe9\n'));
    expect(read.text).toContain('     1\tcaf\uFFFD\n[This is not UTF-8 text;');
    expect(read.text).toContain('Write and Edit leave the file alone');
  });

  it('[read.form] UTF-16 without a mark and other binary files are told apart', async () => {
    for (const bytes of [le('plain text\n'), be('plain text\n')]) {
      const { read } = await withFile(bytes);
      expect(read).toMatchObject({ isError: true, text: expect.stringContaining('UTF-16 without a byte') });
    }
    for (const bytes of [utf8('a\0b'), Buffer.from([0xff, 0xfe, 0, 0, 65, 0, 0, 0]), le(`${mark}a\0b`)]) {
      const { read } = await withFile(bytes);
      expect(read).toMatchObject({ isError: true, text: expect.stringContaining('leave the file alone') });
    }
  });

  it('[read.form] the form is the same however the bytes come in pieces', () => {
    const texts = [utf8(`${mark}ä€😀\r\nb\rc\n`), le(`${mark}ä€😀\r\nb\rc\n`), be(`${mark}ä€😀\r\nb\rc\n`)];
    for (const bytes of texts) {
      for (let size = 2; size < 9; size += 1) {
        const scanner = formScanner();
        for (let at = 0; at < bytes.length; at += size) scanner.add(bytes.subarray(at, at + size));
        const form = scanner.end();
        expect(form.encoding, `${size}`).not.toBeNull();
        expect(form.ends, `${size}`).toEqual({ crlf: 1, lf: 1, cr: 1 });
      }
    }
  });
});

describe('Write', () => {
  it.each<[string, Buffer, string, Buffer]>([
    ['LF', utf8('a\nb\n'), 'A\nB\n', utf8('A\nB\n')],
    ['no end at the last line', utf8('a\nb'), 'A\nB', utf8('A\nB')],
    ['CR LF', utf8('a\r\nb\r\n'), 'A\nB\n', utf8('A\r\nB\r\n')],
    ['CR LF, content with some', utf8('a\r\nb\r\n'), 'A\r\nB\nC', utf8('A\r\nB\r\nC')],
    ['CR alone', utf8('a\rb\r'), 'A\nB\n', utf8('A\rB\r')],
    ['a mark', utf8(`${mark}a\n`), 'A\n', utf8(`${mark}A\n`)],
    ['a mark that the content has too', utf8(`${mark}a\n`), `${mark}A\n`, utf8(`${mark}A\n`)],
    ['a mark and nothing else', utf8(mark), 'A\n', utf8(`${mark}A\n`)],
    ['UTF-16 LE', le(`${mark}a\n`), 'é😀\n', le(`${mark}é😀\n`)],
    ['UTF-16 LE, CR LF', le(`${mark}a\r\nb\r\n`), 'A\nB\n', le(`${mark}A\r\nB\r\n`)],
    ['UTF-16 BE, CR LF', be(`${mark}a\r\nb\r\n`), 'A\nB\n', be(`${mark}A\r\nB\r\n`)],
    ['UTF-16 LE, emptied', le(`${mark}a\n`), '', le(mark)],
    ['an empty file', utf8(''), 'A\r\nB\n', utf8('A\r\nB\n')],
    ['mixed, with ends that the content gives', utf8('a\r\nb\n'), 'A\r\nB\n', utf8('A\r\nB\n')],
    ['mixed, content of one line', utf8('a\r\nb\n'), 'A', utf8('A')],
  ])(
    '[write.form] keeps encoding, mark and line ends of what it replaces: %s',
    async (_, before, text, after) => {
      const { write, now } = await withFile(before);
      expect(await write(text)).not.toHaveProperty('isError');
      expect((await now()).toString('hex')).toBe(after.toString('hex'));
      // What was written is what was seen: it may be written again.
      expect(await write(`${text}x`)).not.toHaveProperty('isError');
    },
  );

  it('[write.form] says what it kept, and what of the content is new', async () => {
    const crlf = await withFile(utf8(`${mark}a\r\n`));
    expect((await crlf.write('A\n')).text).toMatch(
      /\(6 bytes\)\. Kept as it was: line ends CR LF, the byte order mark\.$/,
    );
    const lf = await withFile(utf8('a\n'));
    expect((await lf.write(`${mark}A\r\n`)).text).toMatch(
      /New, as the content has it: line ends with CR, a byte order mark\.$/,
    );
    expect((await (await withFile(utf8('a\n'))).write('A\n')).text).toMatch(/\(2 bytes\)\.$/);
  });

  it.each<[string, Buffer, string]>([
    ['latin-1', latin1('x = 1 // caf\xe9\n'), 'is not UTF-8 text, so Write leaves it alone'],
    ['half a pair in UTF-16', Buffer.concat([le(`${mark}a`), Buffer.from([0, 0xd8])]), 'is not UTF-8 text'],
    ['an odd byte in UTF-16', Buffer.concat([le(`${mark}ab`), Buffer.from([65])]), 'is not UTF-8 text'],
    ['a character cut at the end', Buffer.from([65, 0xe2, 0x82]), 'is not UTF-8 text'],
    ['mixed line ends', utf8('a\r\nb\n'), 'line ends of several kinds, which Write would lose. Use Edit'],
    ['binary', utf8('a\0b'), 'was not read yet'],
  ])('[write.form] leaves alone what it could not put back: %s', async (_, before, reason) => {
    const { write, now } = await withFile(before);
    expect(await write('new\ntext\n')).toMatchObject({
      isError: true,
      text: expect.stringContaining(reason),
    });
    expect((await now()).equals(before)).toBe(true);
  });

  it('[write.form] a NUL far from the beginning is text as any other', async () => {
    const far = `${'x'.repeat(99)}\r\n`.repeat(90);
    const { write, edit, now } = await withFile(utf8(`${far}\0\r\nb\r\n`));
    await edit('b', 'B\nC');
    expect((await now()).toString()).toBe(`${far}\0\r\nB\r\nC\r\n`);
    await write('\0\n');
    expect((await now()).toString()).toBe('\0\r\n');
  });
});

describe('Edit', () => {
  it.each<[string, Buffer, [string, string], Buffer]>([
    ['no end at the last line', utf8('a\nb'), ['b', 'B\nC'], utf8('a\nB\nC')],
    ['CR LF', utf8('a\r\nb\r\nc\r\n'), ['a\nb', 'A\nA2\nB'], utf8('A\r\nA2\r\nB\r\nc\r\n')],
    ['CR alone', utf8('a\rb\rc'), ['a\nb', 'A\nB\nX'], utf8('A\rB\rX\rc')],
    ['UTF-16 LE', le(`${mark}a\r\nb\r\n`), ['a\nb', 'é\n😀'], le(`${mark}é\r\n😀\r\n`)],
    ['UTF-16 BE', be(`${mark}a\nb\n`), ['b', 'é'], be(`${mark}a\né\n`)],
    ['a mark', utf8(`${mark}a\n`), ['a', 'b'], utf8(`${mark}b\n`)],
    [
      'mixed, breaks of both kinds named as LF',
      utf8('a\r\nb\nc\r\n'),
      ['a\nb\nc', 'A\nB\nC'],
      utf8('A\r\nB\nC\r\n'),
    ],
    ['mixed, a line more', utf8('a\r\nb\nc\n'), ['a\nb', 'a\nnew\nb'], utf8('a\r\nnew\r\nb\nc\n')],
    [
      'mixed, a line more in the middle of one',
      utf8('a\r\nb\r\nc\n'),
      ['b', 'b\nb2'],
      utf8('a\r\nb\r\nb2\r\nc\n'),
    ],
    ['mixed, a line less', utf8('a\r\nb\nc\r\nd'), ['a\nb\nc\n', 'a\nc\n'], utf8('a\r\nc\r\nd')],
    ['mixed, an end taken whole', utf8('a\r\nb\nc'), ['a\n', ''], utf8('b\nc')],
    ['mixed, a CR named as such', utf8('a\r\nb\nc\n'), ['a\r\nb', 'a\nb'], utf8('a\nb\nc\n')],
    ['mixed, a CR in the new text', utf8('a\r\nb\nc\n'), ['c', 'c\r\nd'], utf8('a\r\nb\nc\r\nd\n')],
    ['a stray CR', utf8('a\rb\nc\n'), ['a\nb', 'x\ny'], utf8('x\ry\nc\n')],
    [
      'signs of patterns',
      utf8('f(a) [b]* $1\r\n{x|y}\n^.\\d\n'),
      ['$1\n{x|y}\n^.\\d', '$&\n$1\n\\d'],
      utf8('f(a) [b]* $&\r\n$1\n\\d\n'),
    ],
  ])('[edit.form] changes what it is asked to and no byte else: %s', async (_, before, [from, to], after) => {
    const { edit, now } = await withFile(before);
    expect(await edit(from, to)).not.toHaveProperty('isError');
    expect((await now()).toString('hex')).toBe(after.toString('hex'));
  });

  it('[edit.form] several places in mixed line ends keep each their own', async () => {
    const { edit, now } = await withFile(utf8('k: 1\r\nv\r\nk: 1\nv\n'));
    expect(await edit('k: 1\nv', 'k: 2\nv')).toMatchObject({
      isError: true,
      text: expect.stringContaining('2 times (lines 1, 3)'),
    });
    const all = await edit('k: 1\nv', 'k: 22\nw\nv', true);
    expect(all.text).toContain('2 places');
    expect(all.text).toContain('     4\tk: 22\n     5\tw\n     6\tv');
    expect((await now()).toString()).toBe('k: 22\r\nw\r\nv\r\nk: 22\nw\nv\n');
    expect((await edit('nowhere\nat all', 'x')).text).toContain('old was not found');
    expect((await edit('w\nv', 'w\nv')).text).toContain('nothing would change');
  });

  it('[edit.form] what could not be put back is left alone', async () => {
    for (const bytes of [latin1('a caf\xe9\n'), Buffer.concat([le(`${mark}a`), Buffer.from([0, 0xd8])])]) {
      const { edit, now } = await withFile(bytes);
      expect((await edit('a', 'b')).text).toContain('is not UTF-8 text, so Edit leaves it alone');
      expect((await now()).equals(bytes)).toBe(true);
    }
  });
});
