/** The folders that `core.hooksPath` names, read as plain files, however the settings are written. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hookPaths, hookPlaces, hookProtection } from '../../../src/scope/paths/git-hooks.ts';
import { hookLines } from '../../../src/scope/paths/git-settings.ts';
import { protectedPaths } from '../../../src/scope/sandbox/protected.ts';
import { editTool } from '../../../src/tools/edit.ts';
import { readTool } from '../../../src/tools/read.ts';
import { writeTool } from '../../../src/tools/write.ts';
import { call, contextIn, tempFolder } from '../tools/bench-context.ts';

afterEach(() => vi.unstubAllEnvs());

async function tree(files: Record<string, string>): Promise<string> {
  const root = await tempFolder();
  vi.stubEnv('HOME', join(root, 'no-home'));
  vi.stubEnv('XDG_CONFIG_HOME', join(root, 'no-home/.config'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

const hooksAt = (value: string): string => `[core]\n\tbare = false\n\thooksPath = ${value}\n`;

async function mayWrite(root: string, path: string, write: readonly string[] = [root]): Promise<boolean> {
  const context = contextIn(root, { scope: { read: [root], write: [...write] } });
  const answer = await call(writeTool, { path, content: 'x' }, context);
  if (answer.isError !== true) return true;
  expect(answer, path).toMatchObject({ denied: true, text: expect.stringMatching(/always read-only.*hook/) });
  return false;
}

describe('core.hooksPath', () => {
  it.each([
    ['[core]\nhooksPath = a\n', ['a']],
    ['[core]\n\tHOOKSPATH=a/b  # why\n', ['a/b']],
    ['[CORE] hookspath = "a b" ; why\n', ['a b']],
    ['[core]\r\n\thooksPath = a\r\n', ['a']],
    ['[core]\nhooksPath = a\\\nb\n', ['ab']],
    ['[core]\nhooksPath = "a#\\"b"\n', ['a#"b']],
    ['[core]\nhooksPath = one\n[core]\nhooksPath = two\n', ['one', 'two']],
    ['[core]\nhooksPath =\n', ['']],
    ['[core]\n# hooksPath is = not set\neditor = vi\n', []],
  ])('[scope.hooks-path] is read as git reads it: %j', (text, values) => {
    expect(hookLines(text)).toEqual({ values, includes: [], isKnown: true });
  });

  it.each([
    ['[include]\npath = x\n', ['x']],
    ['\uFEFF[Include] path = "a b" ; why\n\tPATH=~/c\n', ['a b', '~/c']],
    ['[core]\n[INCLUDEIF "gitdir:~/x]\\"y"]\npath = y\n[user]\npath = no\n', ['y']],
    ['\t[includeif.gitdir]\r\n\tpath = y\\\n/z\r\n', ['y/z']],
    ['[core] [include] path = x\n', ['x']],
    ['[includes]\npath = no\n[core]\n# path = no\n', []],
  ])('[scope.hooks-path] what is included is read as git reads it: %j', (text, includes) => {
    expect(hookLines(text)).toEqual({ values: [], includes, isKnown: true });
  });

  it('[scope.hooks-path] a section that cannot be read makes it unknown', () => {
    expect(hookLines('[include\npath = x\n')).toEqual({ values: [], includes: ['x'], isKnown: false });
  });

  it('[scope.hooks-path] file tools do not write in the folder it names, there or not, and write beside it', async () => {
    const root = await tree({ '.git/config': hooksAt('tools/my-hooks') });
    expect(await mayWrite(root, 'tools/my-hooks/pre-commit')).toBe(false);
    expect(await mayWrite(root, 'tools/my-hooks/lib/new.sh')).toBe(false);
    expect(await mayWrite(root, 'Tools/MY-HOOKS/new.sh')).toBe(false);
    expect(await mayWrite(root, 'tools/my-hooks.txt')).toBe(true);
    expect(await mayWrite(root, 'tools/other/pre-commit')).toBe(true);
    expect(await mayWrite(root, 'tools/my-hooks/pre-commit', [join(root, 'tools/my-hooks')])).toBe(true);
    await writeFile(join(root, 'tools/my-hooks/pre-commit'), 'old');
    const context = contextIn(root);
    await call(readTool, { path: 'tools/my-hooks/pre-commit' }, context);
    const edit = { path: 'tools/my-hooks/pre-commit', old: 'old', new: 'mine' };
    expect(await call(editTool, edit, context)).toMatchObject({ denied: true });
    expect(await readFile(join(root, 'tools/my-hooks/pre-commit'), 'utf8')).toBe('old');
  });

  it.each<[string, Record<string, string>, string]>([
    ['in a work tree below', { 'sub/.git/config': hooksAt('h') }, 'sub/h/pre-commit'],
    ['leading out of the work tree', { 'sub/.git/config': hooksAt('../h') }, 'h/pre-commit'],
    ['of one work tree', { '.git/config': '', '.git/config.worktree': hooksAt('h') }, 'h/pre-commit'],
    [
      'of a linked work tree',
      { 'sub/.git': 'gitdir: ../main/w\n', 'main/w/commondir': '..\n', 'main/config': hooksAt('h') },
      'sub/h/commit-msg',
    ],
    [
      'of a submodule',
      { 'sub/.git': 'gitdir: ../.git/modules/s\n', '.git/modules/s/config': hooksAt('h') },
      'sub/h/x',
    ],
    ["of the user's own settings", { 'no-home/.gitconfig': hooksAt('~/h') }, 'no-home/h/x'],
    ["of the user's own settings elsewhere", { 'no-home/.config/git/config': hooksAt('~/h') }, 'no-home/h/x'],
    ['relative in the user’s own settings', { '.git/config': '', 'no-home/.gitconfig': hooksAt('h') }, 'h/x'],
    ['relative in them, before there is a repository', { 'no-home/.gitconfig': hooksAt('h') }, 'h/x'],
    [
      'relative in them elsewhere, in a work tree below',
      { 'sub/.git/config': '', 'no-home/.config/git/config': hooksAt('h') },
      'sub/h/x',
    ],
    [
      'of what the user’s own settings include',
      { 'no-home/.gitconfig': '[include]\n\tpath = more\n', 'no-home/more': hooksAt('h') },
      'h/x',
    ],
    [
      'of what a repository’s settings include',
      { '.git/config': '[include]\n\tpath = extra\n', '.git/extra': hooksAt('h') },
      'h/x',
    ],
    [
      'of what they include on a condition, over two files',
      {
        '.git/config': '[includeIf "gitdir:/nowhere/"]\n\tpath = ~/one\n',
        'no-home/one': '[include]\npath = two\n',
        'no-home/two': hooksAt('h'),
      },
      'h/x',
    ],
  ])('[scope.hooks-path] also %s', async (_, files, path) => {
    const root = await tree(files);
    expect(await mayWrite(root, path)).toBe(false);
    expect(await mayWrite(root, 'plain.txt')).toBe(true);
    expect(hookPaths({ read: [], write: [root] }).some((one) => join(root, path).startsWith(`${one}/`))).toBe(
      true,
    );
  });

  it('[scope.hooks-path] of the work tree itself only what is called as a hook is meant', async () => {
    const root = await tree({ '.git/config': hooksAt('.') });
    expect(await mayWrite(root, 'pre-commit')).toBe(false);
    expect(await mayWrite(root, 'a.txt')).toBe(true);
    expect(await mayWrite(root, 'sub/pre-commit')).toBe(true);
    expect(hookPaths({ read: [], write: [root] })).toContain(join(root, 'commit-msg'));
    expect(hookPaths({ read: [], write: [root] })).not.toContain(root);
  });

  it('[scope.hooks-path] a settings file that others include is not written, there or not', async () => {
    const root = await tree({ '.git/config': '[include]\n\tpath = ../conf/mine\n' });
    const context = contextIn(root);
    const answer = await call(writeTool, { path: 'conf/mine', content: 'x' }, context);
    expect(answer).toMatchObject({
      denied: true,
      text: expect.stringContaining('settings of git include it'),
    });
    expect(await mayWrite(root, 'conf/other')).toBe(true);
    expect(hookPaths({ read: [], write: [root] })).toEqual([join(root, 'conf/mine')]);
  });

  it('[scope.hooks-path] files that include one another, or too many, come to an end', async () => {
    const root = await tree({ '.git/config': '[include]\n\tpath = a\n', '.git/a': '[include]\npath = a\n' });
    expect(await mayWrite(root, 'any/where/pre-commit')).toBe(true);
    const many = Array.from({ length: 200 }, (_, n) => `\tpath = f${n}\n`).join('');
    await writeFile(join(root, '.git/config'), `[include]\n${many}`);
    expect(await mayWrite(root, 'any/where/pre-push')).toBe(false);
    await writeFile(join(root, '.git/config'), '[include]\n\tpath = d0/f\n');
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const folder = join(root, '.git', ...Array.from({ length: n + 1 }, (_, at) => `d${at}`));
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, 'f'), `[include]\npath = d${n + 1}/f\n`);
      }),
    );
    expect(await mayWrite(root, 'any/where/commit-msg')).toBe(false);
  });

  it('[scope.hooks-path] where settings are no file, too large or somebody else’s, whatever is called as a hook is meant', async () => {
    const unknown: ((root: string) => Promise<unknown>)[] = [
      (root) => writeFile(join(root, '.git/config'), hooksAt('~other/x')),
      (root) => writeFile(join(root, '.git/config'), hooksAt('%(prefix)/x')),
      (root) => writeFile(join(root, '.git/config'), '[include]\n\tpath = ~other/x\n'),
      (root) => writeFile(join(root, '.git/config'), '[include]\n\tpath = ../githooks\n'),
      (root) => writeFile(join(root, '.git/config'), '#'.repeat(300 * 1024)),
      (root) => Promise.resolve(execFileSync('mkfifo', [join(root, '.git/config')])),
      (root) => symlink('/dev/zero', join(root, '.git/config')),
      (root) => mkdir(join(root, '.git/config')),
    ];
    for (const make of unknown) {
      const root = await tree({ '.git/HEAD': '', 'githooks/x': '' });
      await make(root);
      expect(await mayWrite(root, 'any/where/pre-commit')).toBe(false);
      expect(await mayWrite(root, 'any/where/a.txt')).toBe(true);
      expect(hookPaths({ read: [], write: [root] })).toEqual([join(root, 'githooks')]);
    }
  });

  it('[scope.hooks-path] a shell is held from the same folders, there or not, but not from one that is granted', async () => {
    const root = await tree({ '.git/config': hooksAt('tools/hooks') });
    const held = (write: string[]) =>
      protectedPaths({ read: [], write }, { home: '/none', exists: () => false }).filter((path) =>
        path.startsWith(join(root, 'tools')),
      );
    expect(held([root])).toEqual([join(root, 'tools/hooks')]);
    expect(held([root, join(root, 'tools/hooks')])).not.toContain(join(root, 'tools/hooks'));
    await mkdir(join(root, 'real'));
    await mkdir(join(root, 'tools'));
    await symlink('../real', join(root, 'tools/hooks'));
    expect(hookPaths({ read: [], write: [root] }).sort()).toEqual([
      join(root, 'real'),
      join(root, 'tools/hooks'),
    ]);
    expect(await mayWrite(root, 'tools/hooks/pre-commit')).toBe(false);
    const places = hookPlaces([root]);
    expect(hookProtection({ read: [], write: [root] }, places, join(root, 'real'))).toContain(
      'core.hooksPath',
    );
    expect(
      hookProtection({ read: [], write: [join(root, 'real')] }, places, join(root, 'real')),
    ).toBeUndefined();
  });
});
