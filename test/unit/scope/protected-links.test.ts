/** What a protected name leads to is as read-only as the name, for file tools and shells by one list. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { linkTargets } from '../../../src/scope/paths/protected-links.ts';
import { protectedPaths } from '../../../src/scope/sandbox/protected.ts';
import { writeTool } from '../../../src/tools/write.ts';
import { call, contextIn, tempFolder } from '../tools/bench-context.ts';

async function project(links: Record<string, string>): Promise<string> {
  const root = await tempFolder();
  for (const path of ['conf/editor', 'conf/hooks', 'dots', 'repo', 'sub', '.git/hooks', '.zed'])
    mkdirSync(join(root, path), { recursive: true });
  for (const [name, target] of Object.entries(links)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    symlinkSync(target, join(root, name));
  }
  return root;
}

async function mayWrite(root: string, path: string, write: readonly string[] = [root]): Promise<boolean> {
  const context = contextIn(root, { scope: { read: [root], write: [...write] } });
  const answer = await call(writeTool, { path, content: 'x' }, context);
  if (answer.isError === true) {
    expect(answer, path).toMatchObject({ denied: true, text: expect.stringMatching(/always read-only/) });
    expect(existsSync(join(root, path)), path).toBe(false);
    return false;
  }
  expect(readFileSync(join(root, path), 'utf8')).toBe('x');
  return true;
}

it.each([
  ['a folder', { '.vscode': 'conf/editor' }, 'conf/editor/tasks.json', 'conf/editor'],
  ['a file that is missing', { '.npmrc': 'conf/npm' }, 'conf/npm', 'conf/npm'],
  ['a link to a link', { '.husky': 'hop', hop: 'conf/hooks' }, 'conf/hooks/pre-commit', 'conf/hooks'],
  ['a link to a missing link', { '.envrc': 'conf/a', 'conf/a': 'b' }, 'conf/b', 'conf/b'],
  ['a name in another spelling', { '.VSCode': 'conf/editor' }, 'conf/editor/tasks.json', 'conf/editor'],
  ['a folder above the name', { '.cargo': 'dots' }, 'dots/config.toml', 'dots/config.toml'],
  ['a repository', { '.git2': 'x', 'sub/.git': '../repo' }, 'repo/config', 'repo'],
  ['a hook', { '.git/hooks/pre-commit': '../../conf/check' }, 'conf/check', 'conf/check'],
  ['a file in the folder', { '.zed/tasks.json': '../conf/tasks' }, 'conf/tasks', 'conf/tasks'],
])('[scope.protected-links] %s', async (_, links, path, target) => {
  const root = await project(links);
  expect(await mayWrite(root, path)).toBe(false);
  expect(await mayWrite(root, 'conf/other')).toBe(true);
  expect(protectedPaths({ read: [], write: [root] }, { home: '/none', exists: () => false })).toContain(
    join(root, target),
  );
});

it('[scope.protected-links] of other roots too; a root that is granted by itself, and what lies outside, are not among them', async () => {
  const root = await project({ '.vscode': 'conf/editor', '.envrc': '/etc/hostname', '.husky': '.' });
  const other = await tempFolder();
  symlinkSync(join(other, 'deep'), join(root, '.idea'));
  const paths = (write: string[]) => linkTargets({ read: [], write }).map(({ path }) => path);
  expect(paths([root])).toEqual([join(root, 'conf/editor')]);
  expect(paths([root, other]).sort()).toEqual([join(root, 'conf/editor'), join(other, 'deep')].sort());
  expect(paths([`${root}/*`, join(root, 'conf')])).toEqual([join(root, 'conf/editor')]);
  expect(await mayWrite(root, 'conf/editor/x', [root, join(root, 'conf/editor')])).toBe(true);
  symlinkSync('.nanorc', join(root, '.nanorc'));
  writeFileSync(join(root, 'plain'), '');
  expect(paths([root])).toEqual([join(root, 'conf/editor')]);
});
