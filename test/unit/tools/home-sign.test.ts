/** `~` in what the tools are given: the home of the user, and never a folder of that name. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { pathProblem } from '../../../src/scope/paths/path-problem.ts';
import { absolutePath } from '../../../src/tools/input-path.ts';
import { editTool } from '../../../src/tools/edit.ts';
import { globTool } from '../../../src/tools/glob.ts';
import { grepTool } from '../../../src/tools/grep.ts';
import { readTool } from '../../../src/tools/read.ts';
import { writeTool } from '../../../src/tools/write.ts';
import { call, contextIn, tempFolder } from './bench-context.ts';

afterEach(() => vi.unstubAllEnvs());

async function homeAndWork() {
  const home = await tempFolder();
  const work = await tempFolder();
  vi.stubEnv('HOME', home);
  return { home, work, wide: contextIn(work, { scope: { read: [home, work], write: [home, work] } }) };
}

describe('~ in a path', () => {
  it('[tools.home-sign] is the home, for every tool, and checked as that', async () => {
    const { home, work, wide } = await homeAndWork();
    expect((await call(writeTool, { path: '~/d/notes.txt', content: 'one\n' }, wide)).text).toContain(
      'Created',
    );
    expect(await readFile(join(home, 'd/notes.txt'), 'utf8')).toBe('one\n');
    expect((await call(readTool, { path: '~/d/notes.txt' }, wide)).text).toContain('one');
    await call(editTool, { path: '~/d/notes.txt', old: 'one', new: 'two' }, wide);
    expect(await readFile(join(home, 'd/notes.txt'), 'utf8')).toBe('two\n');
    const file = join(home, 'd/notes.txt');
    expect((await call(globTool, { pattern: '*.txt', path: '~/d' }, wide)).text).toBe(file);
    expect((await call(globTool, { pattern: '~/d/*.txt' }, wide)).text).toBe(file);
    expect((await call(globTool, { pattern: 'd/*', path: '~' }, wide)).text).toBe(file);
    expect((await call(grepTool, { pattern: 'two', path: '~' }, wide)).text).toBe(file);
    expect(await readdir(work)).toEqual([]);
    const narrow = contextIn(work);
    for (const answer of [
      await call(writeTool, { path: '~/x', content: '' }, narrow),
      await call(readTool, { path: '~/d/notes.txt' }, narrow),
      await call(globTool, { pattern: '~/d/*' }, narrow),
      await call(grepTool, { pattern: 'two', path: '~/d' }, narrow),
    ]) {
      expect(answer).toMatchObject({ denied: true, text: expect.stringContaining(home) });
    }
    expect(await readdir(work)).toEqual([]);
    expect(absolutePath(wide, '~')).toBe(home);
    expect(absolutePath(wide, '~/../x')).toBe(join(home, '../x'));
    expect(absolutePath(wide, 'a/~/b')).toBe(join(work, 'a/~/b'));
    expect(writeTool.needs?.(writeTool.input().parse({ path: '~/x', content: '' }), wide)).toEqual({
      kind: 'edit',
      path: join(home, 'x'),
    });
  });

  it('[tools.home-sign] with a name behind, and where no home is known, is refused with what to write', async () => {
    const { work } = await homeAndWork();
    const complaints = (path: string) => [
      ...[readTool, writeTool, editTool].map((tool) =>
        String(tool.input().safeParse({ path, content: '', old: 'a', new: 'b' }).error),
      ),
      ...[globTool, grepTool].map((tool) => String(tool.input().safeParse({ pattern: 'x', path }).error)),
      String(globTool.input().safeParse({ pattern: path }).error),
      pathProblem(path, process.env['HOME'] ?? null),
    ];
    for (const path of ['~root/x', '~other', '~+', '~-/x', '~.txt']) {
      for (const complaint of complaints(path)) expect(complaint, path).toContain('with ./ in front');
    }
    expect(pathProblem('~/x', null)).toContain('no home of the user is known');
    expect(pathProblem('~/x', '/home/u')).toBeNull();
    expect(String(grepTool.input().safeParse({ pattern: 'x', glob: '~/a/*' }).error)).toContain('`path`');
    const context = contextIn(work);
    await writeFile(join(work, '~old'), 'old\n');
    await mkdir(join(work, '~'));
    await writeFile(join(work, '~/in'), 'in\n');
    expect((await call(readTool, { path: './~old' }, context)).text).toContain('old');
    expect((await call(readTool, { path: './~/in' }, context)).text).toContain('in');
    // Answers name files as they can be given back.
    expect((await call(globTool, { pattern: '*' }, context)).text.split('\n').sort()).toEqual([
      './~/',
      './~old',
    ]);
    expect((await call(grepTool, { pattern: 'in', glob: '*' }, context)).text).toBe('./~/in');
  });
});
