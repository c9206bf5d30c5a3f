import { cpuTimer } from '../../support/cpu-timer.ts';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { globTool } from '../../../src/tools/glob.ts';
import { grepTool } from '../../../src/tools/grep.ts';
import { editTool } from '../../../src/tools/edit.ts';
import { readTool } from '../../../src/tools/read.ts';
import { writeTool } from '../../../src/tools/write.ts';
import { findPrograms } from '../../../src/scope/sandbox/own-programs.ts';
import { call, contextIn, tempFolder } from './bench-context.ts';

async function tree(files: Record<string, string>): Promise<string> {
  const folder = await tempFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

describe('Glob', () => {
  it('[glob.match] files match by path, newest first, without what .gitignore names', async () => {
    const folder = await tree({
      'src/old.ts': '',
      'src/deep/new.ts': '',
      'top.ts': '',
      '.hidden.ts': '',
      'out/made.ts': '',
      '.git/x.ts': '',
      '.gitignore': 'out/\n',
    });
    for (const [index, name] of ['src/old.ts', 'top.ts', '.hidden.ts', 'src/deep/new.ts'].entries()) {
      await utimes(join(folder, name), 1000 + index, 1000 + index);
    }
    const context = contextIn(folder);
    const glob = async (pattern: string, path?: string) =>
      (await call(globTool, { pattern, ...(path === undefined ? {} : { path }) }, context)).text;
    expect(await glob('**/*.ts')).toBe(
      'src/deep/new.ts\n.hidden.ts\ntop.ts\nsrc/old.ts\n[Left out, because .gitignore or a file like it names them: out/. To look there, name it as path.]',
    );
    expect(await glob('out/*.ts')).toBe('out/made.ts');
    expect(await glob('*.ts')).toBe('.hidden.ts\ntop.ts');
    expect(await glob('**/*.ts', 'src')).toBe('src/deep/new.ts\nsrc/old.ts');
    expect(await glob(`${folder}/src/*.ts`)).toBe('src/old.ts');
    expect(await glob(`${folder}/top.ts`)).toBe('top.ts');
    expect(await glob('*.none')).toContain('No file matches');
  });

  it('[search.ignore-files] they count up to the root of the repository, and no further', async () => {
    const folder = await tree({
      '.gitignore': '*\n',
      'project/.git/HEAD': '',
      'project/.gitignore': 'skip.ts\n',
      'project/a.ts': 'x',
      'project/skip.ts': 'x',
      'project/sub/skip.ts': 'x',
      'project/sub/b.ts': 'x',
      'plain/c.ts': 'x',
      'plain/.gitignore': 'd.ts\n',
      'plain/d.ts': 'x',
    });
    const found = async (path: string) => {
      const context = contextIn(join(folder, path));
      const globbed = (await call(globTool, { pattern: '**/*.ts' }, context)).text.split('\n');
      const grepped = (await call(grepTool, { pattern: 'x', output: 'files' }, context)).text.split('\n');
      const files = (lines: string[]) => lines.filter((line) => line.endsWith('.ts')).toSorted();
      expect(files(grepped)).toEqual(files(globbed));
      return files(globbed);
    };
    expect(await found('project')).toEqual(['a.ts', 'sub/b.ts']);
    expect(await found('project/sub')).toEqual(['b.ts']);
    expect(await found('plain')).toEqual(['c.ts']);
    expect(await found('')).toEqual([]);
  });

  it('[scope.other-name] a path through a link is the file that it leads to, for every tool; what is outside or denied stays so', async () => {
    const folder = await tree({ 'real/a.txt': 'one', 'real/shut/b.txt': 'one', 'other/c.txt': 'one' });
    await symlink(join(folder, 'real'), join(folder, 'link'));
    await symlink(join(folder, 'other'), join(folder, 'out'));
    const real = join(folder, 'real');
    const deny = [{ path: join(real, 'shut'), right: 'read' as const }];
    const context = contextIn(real, { scope: { read: [], write: [real], deny } });
    const by = (name: string) => join(folder, name);
    expect((await call(readTool, { path: by('link/a.txt') }, context)).text).toContain('one');
    expect((await call(grepTool, { pattern: 'one', path: by('link') }, context)).text).toContain(
      'link/a.txt',
    );
    const edit = { path: by('link/a.txt'), old: 'one', new: 'two' };
    expect((await call(editTool, edit, context)).isError).toBeUndefined();
    expect(
      (await call(writeTool, { path: by('link/new.txt'), content: 'x' }, context)).isError,
    ).toBeUndefined();
    expect(readdirSync(real).toSorted()).toEqual(['a.txt', 'new.txt', 'shut']);
    for (const path of ['link/shut/b.txt', 'out/c.txt', 'link/../other/c.txt', 'none/x']) {
      expect(await call(readTool, { path: by(path) }, context), path).toMatchObject({ denied: true });
    }
  });

  it('[glob.folders-links] folders and links inside the scope are found by their names, and what they lead to through them', async () => {
    const folder = await tree({
      'packages/a/f.ts': '',
      'packages/b/f.ts': '',
      'skip/x': '',
      '.gitignore': 'skip/\n',
    });
    await mkdir(join(folder, 'packages/empty'));
    await symlink('packages/a/f.ts', join(folder, 'link.ts'));
    await symlink('packages/a', join(folder, 'linked'));
    await symlink('/etc', join(folder, 'out'));
    const glob = async (pattern: string, path?: string) => {
      const { text } = await call(
        globTool,
        { pattern, ...(path === undefined ? {} : { path }) },
        contextIn(folder),
      );
      return text.split('\n').sort();
    };
    const note =
      '[Left out, because .gitignore or a file like it names them: skip/. To look there, name it as path.]';
    expect(await glob('*')).toEqual(['.gitignore', note, 'link.ts', 'linked/', 'packages/'].sort());
    expect(await glob('*', 'packages')).toEqual(['packages/a/', 'packages/b/', 'packages/empty/']);
    expect(await glob('link.ts')).toEqual(['link.ts']);
    expect(await glob('linked/*')).toEqual(['linked/f.ts']);
    expect(await glob('*/')).toEqual([note, 'linked/', 'packages/'].sort());
    expect(await glob('out/*')).toEqual([expect.stringContaining('Denied')]);
    const usedMs = cpuTimer();
    await writeFile(join(folder, 'a'.repeat(60)), '');
    for (const pattern of ['+(*)b', `${'*a'.repeat(30)}*b`]) {
      expect((await glob(pattern)).join(' ')).toContain('No file matches');
    }
    expect(usedMs()).toBeLessThan(2_000);
  });

  it('[glob.cap] at most 1000 paths, and how many more there are', async () => {
    const folder = await tempFolder();
    await Promise.all(Array.from({ length: 1003 }, (_, index) => writeFile(join(folder, `f${index}`), '')));
    const { text } = await call(globTool, { pattern: '*' }, contextIn(folder));
    expect(text.split('\n')).toHaveLength(1001);
    expect(text).toContain('[and 3 more.');
  });

  it('[search.brackets] names with brackets are found by their letters, beside the class that they may be', async () => {
    const folder = await tree({
      'src/[slug]/page.tsx': 'needle',
      'src/s/page.tsx': 'needle',
      'src/[[...all]]/x.tsx': 'needle',
      'src/[my-param]/[id].tsx': 'needle',
      'src/other/page.tsx': 'needle',
    });
    const context = contextIn(folder);
    const lines = ({ text }: { text: string }) => text.split('\n').sort();
    const glob = async (pattern: string) => lines(await call(globTool, { pattern }, context));
    const grep = async (glob: string) => lines(await call(grepTool, { pattern: 'needle', glob }, context));
    for (const [pattern, expected] of [
      ['src/[slug]/*.tsx', ['src/[slug]/page.tsx', 'src/s/page.tsx']],
      ['src/[[...all]]/*', ['src/[[...all]]/x.tsx']],
      ['src/[my-param]/[id].tsx', ['src/[my-param]/[id].tsx']],
      ['**/[id].{ts,tsx}', ['src/[my-param]/[id].tsx']],
    ] as const) {
      expect([pattern, await glob(pattern), await grep(pattern)]).toEqual([pattern, expected, expected]);
    }
    expect(await grep('!src/[slug]/*')).toEqual([
      'src/[[...all]]/x.tsx',
      'src/[my-param]/[id].tsx',
      'src/other/page.tsx',
    ]);
  });

  it('[search.not-utf8] a name that is not UTF-8 is said by Glob and Grep', async () => {
    const folder = await tree({ 'a.txt': 'needle' });
    const name = Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from('.txt')]);
    await writeFile(name, 'needle');
    const below = Buffer.concat([Buffer.from(`${folder}/d`), Buffer.from([0xe9])]);
    await mkdir(below);
    await writeFile(Buffer.concat([below, Buffer.from('/b.txt')]), 'needle');
    await writeFile(join(folder, 'real\uFFFD.txt'), 'needle');
    const context = contextIn(folder);
    const { text } = await call(globTool, { pattern: '**/*.txt' }, context);
    expect(text.split('\n').slice(0, 2).sort()).toEqual(['a.txt', 'real\uFFFD.txt']);
    expect(text).toMatch(
      /\n\[2 paths found here cannot be named to a tool, because a name in it is not UTF-8 \(as /,
    );
    expect((await call(grepTool, { pattern: 'needle' }, context)).text).toContain('[2 paths found here');
    const alone = await call(globTool, { pattern: 'caf*' }, context);
    expect(alone.text).toMatch(/^\[One path found here cannot be named .*\]$/);
    expect((await call(globTool, { pattern: 'a*' }, context)).text).toBe('a.txt');
  });

  it('[search.scope] Glob and Grep stay inside the read scope, also through links and `..`', async () => {
    const folder = await tree({ 'in/a': 'needle', 'out/secret': 'needle' });
    const inside = join(folder, 'in');
    await symlink(join(folder, 'out'), join(inside, 'link'));
    const context = contextIn(inside);
    expect((await call(globTool, { pattern: '**/*' }, context)).text).toBe('a');
    expect((await call(grepTool, { pattern: 'needle' }, context)).text).toBe('a');
    for (const path of ['..', '../out', 'link', join(folder, 'out')]) {
      for (const answer of [
        await call(globTool, { pattern: '*', path }, context),
        await call(grepTool, { pattern: 'needle', path }, context),
      ]) {
        expect(answer).toMatchObject({ isError: true, text: expect.stringContaining('Denied') });
      }
    }
    expect((await call(globTool, { pattern: '../*' }, context)).isError).toBe(true);
    expect((await call(globTool, { pattern: `${folder}/out/*` }, context)).text).toContain('Denied');
    expect((await call(globTool, { pattern: '*', path: 'a' }, context)).text).toContain('is a file');
  });

  it('[search.direct] of a directory of which /* may be read Glob and Grep show its files and nothing deeper', async () => {
    const folder = await tree({ 'flat/a': 'needle', 'flat/deep/b': 'needle', other: 'needle' });
    const scope = { read: [join(folder, 'flat/*')], write: [] };
    const context = contextIn(folder, { scope });
    expect((await call(globTool, { pattern: '**/*', path: 'flat' }, context)).text).toBe('flat/a');
    expect((await call(grepTool, { pattern: 'needle', path: 'flat' }, context)).text).toBe('flat/a');
    expect((await call(grepTool, { pattern: 'needle', path: '.' }, context)).text).toContain('Denied');
    expect((await call(globTool, { pattern: '*', path: '.' }, context)).text).toContain('Denied');
    // The folder is a direct child, what is in it is not.
    expect((await call(grepTool, { pattern: 'needle', path: 'flat/deep' }, context)).text).toBe('No match.');
    expect((await call(globTool, { pattern: '*', path: 'flat/deep' }, context)).text).toContain('No file');
    const denied = contextIn(folder, {
      scope: { ...scope, deny: [{ path: join(folder, 'flat'), right: 'read' }] },
    });
    expect((await call(globTool, { pattern: '*', path: 'flat' }, denied)).text).toContain('Denied');
  });
});

describe('Grep', () => {
  it('[grep.outputs] gives files, lines with context, or counts; paths are short', async () => {
    const folder = await tree({
      'a.txt': 'one\ntwo\r\nthree\n',
      'b/c.md': 'Two\ntwo\n',
    });
    const grep = async (input: object) =>
      (await call(grepTool, { pattern: 'two', ...input }, contextIn(folder))).text;
    expect(await grep({})).toBe('a.txt\nb/c.md');
    expect(await grep({ output: 'content', context: 1, path: 'a.txt' })).toBe(
      'a.txt-1-one\na.txt:2:two\na.txt-3-three',
    );
    expect(await grep({ output: 'count', ignoreCase: true })).toBe('a.txt:1\nb/c.md:2');
    expect(await grep({ glob: '*.md' })).toBe('b/c.md');
    expect(await grep({ pattern: 'one.*three', multiline: true })).toBe('a.txt');
    expect(await grep({ pattern: 'one.*three' })).toBe('No match.');
    expect(await grep({ output: 'content', limit: 1 })).toMatch(
      /^a\.txt:2:two\n\[Only the first 1 lines; there is more/,
    );
  });

  it('[grep.ignored] what was not searched because it is ignored is named, with and without a match', async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'build'));
    await writeFile(join(folder, '.gitignore'), 'build/\n*.log\n');
    for (const name of ['build/out.js', 'a.log', 'a.js']) await writeFile(join(folder, name), 'needle\n');
    const note =
      '[Left out, because .gitignore or a file like it names them: a.log, build/. To look there, name it as path.]';
    const grep = async (pattern: string, more: object = {}) =>
      (await call(grepTool, { pattern, ...more }, contextIn(folder))).text;
    expect(await grep('needle')).toBe(`a.js\n${note}`);
    expect(await grep('absent')).toBe(`No match.\n${note}`);
    expect(await grep('needle', { path: 'build' })).toBe('build/out.js');
    expect(await grep('needle', { path: 'a.js' })).toBe('a.js');
  });

  it('[grep.line-ends] the end of a line is found before its CR', async () => {
    const folder = await tree({ 'a.txt': 'foo\r\nbar\r\n', 'b.txt': 'foo\nbar\n' });
    const grep = async (pattern: string) =>
      (await call(grepTool, { pattern, output: 'content' }, contextIn(folder))).text;
    expect(await grep('foo$')).toBe('a.txt:1:foo\nb.txt:1:foo');
    expect(await grep('^bar$')).toBe('a.txt:2:bar\nb.txt:2:bar');
  });

  it('[grep.pattern-is-data] a pattern is never an option, no match is no error, a bad one gets ripgrep’s words', async () => {
    const folder = await tree({ f: '--files --pre=sh\n' });
    const grep = async (pattern: string) => await call(grepTool, { pattern }, contextIn(folder));
    expect((await grep('--pre=sh')).text).toBe('f');
    expect(await grep('absent')).toEqual({ text: 'No match.' });
    expect(await grep('(')).toMatchObject({
      isError: true,
      text: expect.stringContaining('regex parse error'),
    });
  });

  it('[grep.cap] a long answer is cut with a note, and so is a long line', async () => {
    const folder = await tree({ f: `${'x'.repeat(400)}\n`.repeat(1000), g: 'y'.repeat(5000) });
    const grep = async (input: object) =>
      (await call(grepTool, { output: 'content', ...input }, contextIn(folder))).text;
    const many = await grep({ pattern: 'x', limit: 100_000 });
    expect(many.length).toBeLessThan(51_000);
    expect(many).toContain('there is more');
    expect((await grep({ pattern: 'y' })).length).toBeLessThan(700);
  });

  it('[search.ripgrep] PODKIN_RG is taken before the package, that before the system, and the PATH never; a wrong one is said', async () => {
    const folder = await tempFolder();
    const mine = join(folder, 'rg');
    await writeFile(mine, '#!/bin/sh\nexit 1\n');
    await chmod(mine, 0o755);
    expect(findPrograms({ PODKIN_RG: mine, PATH: '/bin' }).ripgrep).toEqual({ path: mine, chosenAs: mine });
    expect(findPrograms({ PATH: folder }).ripgrep).toMatchObject({
      path: expect.stringMatching(/node_modules\/.*\/bin\/rg$/),
      chosenAs: null,
    });
    const problemOf = (chosen: string) => findPrograms({ PODKIN_RG: chosen }).ripgrep;
    const none = problemOf(join(folder, 'none'));
    expect(none).toEqual({ problem: expect.stringContaining('not the absolute path of a program') });
    expect(problemOf('rg')).toEqual({ problem: expect.stringContaining('not the absolute path') });
    await chmod(mine, 0o757);
    expect(problemOf(mine)).toEqual({ problem: expect.stringContaining('every user may change') });
    await chmod(mine, 0o755);
    await chmod(folder, 0o777);
    expect(problemOf(mine)).toEqual({ problem: expect.stringContaining(`${folder} is open to all`) });
    const programs = { ripgrep: none, closed: [] };
    expect(await call(grepTool, { pattern: 'x' }, contextIn(folder, { programs }))).toMatchObject({
      isError: true,
      text: expect.stringContaining('PODKIN_RG'),
    });
  });

  it('[search.ripgrep-not-the-pods] a ripgrep that the pod may write is not run, and one on the PATH never is', async () => {
    const folder = await tree({ f: 'needle\n', 'bin/rg': `#!/bin/sh\ntouch ran\n` });
    await chmod(join(folder, 'bin/rg'), 0o755);
    await symlink('/bin/false', join(folder, 'linked'));
    const grep = async (chosen: string) => {
      const programs = findPrograms({ PODKIN_RG: chosen, PATH: join(folder, 'bin') });
      return await call(grepTool, { pattern: 'needle' }, contextIn(folder, { programs }));
    };
    expect((await grep('')).text).toBe('f');
    // A link counts as well: the pod could make it lead elsewhere.
    for (const name of ['bin/rg', 'linked']) {
      expect(await grep(join(folder, name))).toMatchObject({
        isError: true,
        text: expect.stringContaining('lies where this pod may write'),
      });
    }
    expect(existsSync(join(folder, 'ran'))).toBe(false);
    const reading = contextIn(folder, {
      scope: { read: [folder], write: [join(folder, 'src')] },
      programs: findPrograms({ PODKIN_RG: join(folder, 'bin/rg') }),
    });
    expect((await call(grepTool, { pattern: 'needle' }, reading)).text).toMatch(/^No match\.\n/);
    expect(existsSync(join(folder, 'ran'))).toBe(true);
  });

  it('[search.abort] an aborted search ends with the reason of the signal', async () => {
    const folder = await tree({ f: 'x' });
    const context = contextIn(folder, { signal: AbortSignal.abort(new Error('turn cancelled')) });
    await expect(call(grepTool, { pattern: 'x' }, context)).rejects.toThrow('turn cancelled');
  });
});
