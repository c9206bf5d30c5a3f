import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PathScope } from '../../../src/session/facts/entries.ts';
import { failureNotes, narrowingsMet } from '../../../src/tools/failed-command.ts';
import { contextIn, tempFolder } from './bench-context.ts';

const scope: PathScope = {
  read: ['/p'],
  write: ['/p'],
  deny: [
    { path: '/p/.env', right: 'read' },
    { path: '/p/docs', right: 'write' },
    { path: '/p/src/gen', right: 'write', holder: 'kid' },
    { path: '/p/top/*', right: 'read' },
  ],
};
const readOnly = 'Read-only file system';

function met(command: string, output: string, folders: readonly string[] = ['/p']): string[] {
  return narrowingsMet({ command, output }, { scope, folders });
}

describe('a failed command', () => {
  it('[shell.failure-names] names what its paths meet, each once, and nothing else', () => {
    const git = expect.stringMatching(/^\/p\/\.git is always read-only for pods: git obeys it/);
    const docs = '/p/docs is denied to this pod for writing, and read-only for its shell.';
    const gen = '/p/src/gen is read-only here: the pod "kid" holds it for writing until it is stopped.';
    const env = '/p/.env is denied to this pod, and hidden from its shell.';
    for (const [command, output, expected] of [
      ['touch .git/x', `touch: cannot touch '.git/x': ${readOnly}`, [git]],
      ['git commit -m x', `fatal: Unable to create '/p/.git/index.lock': ${readOnly}`, [git]],
      ['cat .env', 'cat: .env: Permission denied', [env]],
      ['test -s "./.env" && source ./.env', '', [env]],
      ['touch docs/q', `touch: cannot touch 'docs/q': ${readOnly}`, [docs]],
      ['rm -rf docs 2>/dev/null', '', [docs]],
      ['make', `src/gen/a.c: ${readOnly}`, [gen]],
      [
        'cat top/x',
        'cat: top/x: No such file or directory',
        ['/p/top/* is denied to this pod, and hidden from its shell.'],
      ],
      ['cp a docs/; cp a .env', `cp: ${readOnly}`, [docs, env]],
      // Another reason for the failure, and paths that nothing stands against.
      ['grep x docs/a', 'docs/b: x', []],
      ['npm test', '1 test failed', []],
      ['touch src/x', `touch: ${readOnly}`, []],
      ['touch docsy .envy', `touch: ${readOnly}`, []],
    ] as const)
      expect([command, met(command, output)]).toEqual([command, expected]);
  });

  it('[shell.failure-names] is looked at from where it goes with cd, and bounded', async () => {
    const folder = await tempFolder();
    const own = {
      read: [folder],
      write: [folder],
      deny: [{ path: join(folder, 'src/gen'), right: 'write' as const }],
    };
    const context = contextIn(folder, { scope: own });
    const said = await failureNotes({ command: 'cd src && touch gen/x', output: readOnly }, context);
    expect(said).toEqual([
      `${join(folder, 'src/gen')} is denied to this pod for writing, and read-only for its shell.`,
    ]);
    const many = '.git .vscode .npmrc .bashrc .envrc .mcp.json .claude .cursor'.split(' ');
    expect(met(`touch ${many.join(' ')}`, readOnly)).toHaveLength(5);
    const long = met(`touch ${'x '.repeat(200_000)}`, `${'y '.repeat(1_000_000)} ${readOnly}`);
    expect(long).toEqual([]);
  });

  it('[shell.git-outside] a .git that is a file and leads out of the scope is told for git commands alone', async () => {
    const folder = await tempFolder();
    const tree = join(folder, 'wt');
    await mkdir(join(tree, 'sub'), { recursive: true });
    await writeFile(join(tree, '.git'), `gitdir: ${folder}/main/.git/worktrees/wt\n`);
    const context = contextIn(join(tree, 'sub'), { scope: { read: [tree], write: [tree] } });
    const notes = async (command: string) => await failureNotes({ command, output: 'fatal: x' }, context);
    const [note = ''] = await notes('git status');
    expect(note).toContain(
      `${tree}/.git is a file that leads git to ${folder}/main/.git/worktrees/wt, which this pod may not read`,
    );
    expect(note).toContain(`(as --write .. --read ${folder}/main/.git)`);
    expect(await notes('ls')).toEqual([]);
    const wider = contextIn(tree, { scope: { read: [folder], write: [tree] } });
    expect(await failureNotes({ command: 'git status', output: '' }, wider)).toEqual([]);
    // A submodule's is relative; a folder, a link and a text that is none say nothing.
    await writeFile(join(tree, '.git'), 'gitdir: ../super/.git/modules/m\n');
    expect((await notes('git log'))[0]).toContain(`--read ${folder}/super/.git/modules/m)`);
    await writeFile(join(tree, '.git'), 'nothing');
    expect(await notes('git log')).toEqual([]);
    await mkdir(join(tree, 'sub/.git'));
    expect(await notes('git log')).toEqual([]);
    await mkdir(join(tree, 'other'));
    await symlink('/etc/hostname', join(tree, 'other/.git'));
    const linked = contextIn(join(tree, 'other'), { scope: { read: [tree], write: [tree] } });
    expect(await failureNotes({ command: 'git log', output: '' }, linked)).toEqual([]);
  });
});
