import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../../src/tools/file-content.ts';
import { lineWindow } from '../../../src/tools/line-window.ts';
import { readTool } from '../../../src/tools/read.ts';
import { call, contextIn, tempFolder } from './bench-context.ts';

async function readOf(content: string | Buffer, over: { offset?: number; limit?: number } = {}) {
  const folder = await tempFolder();
  await writeFile(join(folder, 'f'), content);
  const context = contextIn(folder);
  const answer = await call(readTool, { path: 'f', ...over }, context);
  return { ...answer, seen: context.fileViews.seen(join(folder, 'f')) };
}

describe('Read', () => {
  it('[read.numbered] lines come with their numbers, without CR and byte order mark, and the content is remembered', async () => {
    const content = '\uFEFFone\r\ntwo\r\n\r\nfour';
    const answer = await readOf(content);
    expect(answer.text).toBe(
      '     1\tone\n     2\ttwo\n     3\t\n     4\tfour\n[The file begins with a byte order mark. Lines end in CR LF.]',
    );
    expect(answer.seen).toEqual({ hash: hashOf(Buffer.from(content)), unread: [], cut: [] });
  });

  it('[read.range] a part says which lines it is, of how many, and where to go on', async () => {
    const content = Array.from({ length: 2500 }, (_, index) => `l${index + 1}\n`).join('');
    const whole = await readOf(content);
    expect(whole.text).toContain('  2000\tl2000\n[Lines 1 to 2000 of 2500. Go on with offset 2001.]');
    const part = await readOf(content, { offset: 2499, limit: 5 });
    expect(part.text).toBe('  2499\tl2499\n  2500\tl2500\n[Lines 2499 to 2500 of 2500.]');
    const past = await readOf(content, { offset: 2501 });
    expect(past).toMatchObject({ isError: true, text: expect.stringContaining('has 2500 lines') });
  });

  it('[read.long-lines] a long line is cut with a note, and a long answer stops with the offset to go on from', async () => {
    const long = await readOf(`${'é'.repeat(5000)}\nnext\n`);
    expect(long.text).toContain(
      `     1\t${'é'.repeat(2000)}… [cut: this line has 10000 bytes]\n     2\tnext`,
    );
    const many = await readOf(`${'x'.repeat(1999)}\n`.repeat(100));
    expect(many.text).toContain('[Lines 1 to 50 of 100. Go on with offset 51.]');
  });

  it('[read.not-text] binary and empty files, directories and missing files are said plainly', async () => {
    const binary = await readOf(Buffer.from([0x7f, 0x45, 0, 1, 2]));
    expect(binary).toMatchObject({ isError: true, text: expect.stringContaining('binary file of 5 bytes') });
    expect(binary.seen).toBeUndefined();
    const empty = await readOf('');
    expect(empty.text).toMatch(/is empty\.$/);
    expect(empty.seen).toEqual({ hash: hashOf(Buffer.alloc(0)), unread: [], cut: [] });
    const folder = await tempFolder();
    await mkdir(join(folder, 'd'));
    expect((await call(readTool, { path: 'd' }, contextIn(folder))).text).toContain('Use Glob');
    expect((await call(readTool, { path: 'none' }, contextIn(folder))).text).toContain('does not exist');
    expect(() => readTool.input().parse({ path: 'a\0b' })).toThrow('NUL');
  });

  it('[read.huge] a huge file is read by range only, and never held whole', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'huge');
    const lines = 'a line of text\n'.repeat(1000);
    await writeFile(path, lines.repeat(1000));
    const context = contextIn(folder);
    const refused = await call(readTool, { path }, context);
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('offset and limit') });
    const part = await call(readTool, { path, offset: 999_999, limit: 1 }, context);
    expect(part.text).toBe(
      '999999\ta line of text\n[Lines 999999 to 999999 of 1000000. Go on with offset 1000000.]',
    );
    // Of nothing but a hole.
    await truncate(path, 4 * 1024 ** 3 + 1);
    const none = await call(readTool, { path, offset: 1, limit: 1 }, context);
    expect(none).toMatchObject({ isError: true, text: expect.stringContaining('with Grep') });
    // One line of 200 MB: what is kept of it must be what is shown of it.
    const window = lineWindow({ offset: 1, limit: 1, charsMax: 1000 });
    const piece = Buffer.alloc(1024 * 1024, 'y');
    const before = process.memoryUsage().arrayBuffers;
    for (let mebibytes = 0; mebibytes < 200; mebibytes += 1) window.add(piece);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 1024 * 1024);
    expect(window.end().lines[0]).toContain(`this line has ${200 * 1024 * 1024} bytes`);
  });

  it('[read.scope] outside of the scope nothing is read, neither by `..` nor through a link; own outputs are readable', async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'in'));
    await writeFile(join(folder, 'secret'), 'secret');
    await symlink(join(folder, 'secret'), join(folder, 'in/link'));
    const outputDir = join(folder, 'outputs');
    await mkdir(outputDir);
    await writeFile(join(outputDir, 'call.txt'), 'long output');
    const context = contextIn(join(folder, 'in'), {
      scope: { read: [join(folder, 'in')], write: [] },
      outputDir,
    });
    for (const path of ['../secret', 'link', '/etc/passwd', join(folder, 'in/../secret')]) {
      const answer = await call(readTool, { path }, context);
      expect(answer).toMatchObject({
        isError: true,
        denied: true,
        text: expect.stringContaining('Denied: no right to read'),
      });
      expect(answer.text).toContain(join(folder, 'in'));
    }
    expect((await call(readTool, { path: join(outputDir, 'call.txt') }, context)).text).toContain(
      'long output',
    );
  });
});
