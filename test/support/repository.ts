/** Repositories for tests, made with the machine's git and no settings but these. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const environment = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'p',
  GIT_AUTHOR_EMAIL: 'p@p',
  GIT_COMMITTER_NAME: 'p',
  GIT_COMMITTER_EMAIL: 'p@p',
};

export function git(folder: string, ...args: string[]): string {
  const options = { cwd: folder, env: environment, encoding: 'utf8', stdio: 'pipe' } as const;
  return execFileSync('git', args, options).trim();
}

/** With one commit, of `a.txt` and `sub/s.txt`; its id. */
export function makeRepository(folder: string, ...options: string[]): string {
  mkdirSync(join(folder, 'sub'), { recursive: true });
  git(folder, 'init', '-q', '-b', 'main', ...options);
  writeFileSync(join(folder, 'a.txt'), 'one\n');
  writeFileSync(join(folder, 'sub', 's.txt'), 'sub\n');
  return commitAll(folder, 'first');
}

export function commitAll(folder: string, message: string): string {
  git(folder, 'add', '-A');
  git(folder, 'commit', '-qm', message);
  return git(folder, 'rev-parse', 'HEAD');
}

/**
 * Every way in which settings of a repository make git run something: each would leave its name in `marks`,
 * where it may write, and end the git that has run it.
 */
export function makeHostile(gitFolder: string, marks: string): void {
  const act = (name: string) => `touch '${marks}/${name}' 2>/dev/null; kill -9 $PPID`;
  const hooks = join(gitFolder, 'hooks');
  mkdirSync(hooks, { recursive: true });
  const names = ['reference-transaction', 'post-checkout', 'post-index-change', 'pre-auto-gc', 'post-merge'];
  for (const name of [...names, 'fsmonitor-watchman', 'update', 'pre-receive'])
    writeFileSync(join(hooks, name), `#!/bin/sh\n${act(`hook-${name}`)}\n`, { mode: 0o755 });
  const settings: [string, string][] = [
    ['core.fsmonitor', act('fsmonitor')],
    ['core.hooksPath', hooks],
    ['core.sshCommand', act('ssh')],
    ['core.pager', act('pager')],
    ['core.alternateRefsCommand', act('refs')],
    ['uploadpack.packObjectsHook', act('pack')],
    ['filter.x.smudge', act('smudge')],
    ['filter.x.clean', act('clean')],
    ['filter.x.process', act('process')],
    ['diff.x.textconv', act('textconv')],
    ['diff.external', act('external')],
    ['gc.auto', '1'],
    ['alias.status', `!${act('alias')}`],
  ];
  for (const [key, value] of settings)
    git(gitFolder, 'config', '--file', join(gitFolder, 'config'), key, value);
  mkdirSync(join(gitFolder, 'info'), { recursive: true });
  writeFileSync(join(gitFolder, 'info', 'attributes'), '* filter=x diff=x\n');
}
