/** Settings of git and the folder that it takes hooks from, against git itself. */
import { spawnSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { gitSettings } from '../../../src/scope/paths/git-config-text.ts';
import { hookPlaces } from '../../../src/scope/paths/git-hooks.ts';
import { capable } from '../../support/capable.ts';
import { tempFolder } from '../tools/bench-context.ts';

const hasGit = capable('git', () => spawnSync('git', ['--version']).status === 0);

/** Nothing of this machine's own settings. */
const bare = { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', HOME: '/nowhere', LC_ALL: 'C' };

/** What git reads; null where it refuses the file. */
function byGit(text: string): string[] | null {
  const run = spawnSync('git', ['config', '--file', '-', '--no-includes', '-z', '--list'], {
    input: text,
    env: bare,
  });
  return run.status === 0 ? run.stdout.toString().split('\0').slice(0, -1) : null;
}

/** As `--list -z` writes it, with each of the values that it may be. */
function byUs(text: string): string[][] | null {
  const { settings, isWhole } = gitSettings(text);
  return isWhole
    ? settings.map(({ section, subsection, name, values }) => {
        const key = [
          ...(section === null ? [] : [section]),
          ...(subsection === null ? [] : [subsection]),
          name,
        ].join('.');
        return values.length === 0 ? [key] : values.map((value) => `${key}\n${value}`);
      })
    : null;
}

function expectAlike(text: string): void {
  const theirs = byGit(text);
  const ours = byUs(text);
  const fits = theirs?.every((line, at) => ours?.[at]?.includes(line) === true) ?? ours === null;
  expect({ text, ours: fits && ours?.length === theirs?.length ? theirs : ours }).toEqual({
    text,
    ours: theirs,
  });
}

const written = [
  'hooksPath = hk',
  'hooksPath = "hk\\t"',
  'hooksPath = hk\\t',
  'hooksPath = "hk "',
  'hooksPath = hk   ',
  'hooksPath = hk \t ; why',
  'hooksPath = hk#why',
  'hooksPath = "h#k"',
  'hooksPath = h"k ; "x',
  'hooksPath = a  \t b',
  'hooksPath = "a" "b"',
  'hooksPath = a ""',
  'hooksPath = \\"hk\\"',
  'hooksPath = a\\\\b',
  'hooksPath = a\\nb\\bc',
  'hooksPath = a\\xb',
  'hooksPath = "hk',
  'hooksPath = h\\\nk',
  'hooksPath = h \\\n  k',
  'hooksPath = h\\',
  'hooksPath = h ; \\\nhooksPath = k',
  'hooksPath = a = b',
  'hooksPath=',
  'hooksPath',
  'hooksPath hk',
  'hooks_path = hk',
  'HooksPATH = hk',
  'hooksPath\t=\thk',
  '\\\nhooksPath = hk',
  '# hooksPath = no\n;hooksPath = no',
  'hooksPath = one\nhooksPath = two',
  'x = 1 hooksPath = no',
  'hooksPath = h\u00e9k',
  'hooksPath = a\rb\r\n',
  '\u00a0hooksPath = hk',
];
const heads = [
  '[core]',
  '[CORE]\n',
  '[core] ',
  '[core]#x\n',
  '[core "x"]\n',
  '\t[core.x]\n',
  '[ core]\n',
  '[core ]\n',
  '[core "a\\"b\\\\c\\d"]\n',
  '[core  "x" ]\n',
  '[core "x\ny"]\n',
  '[includeif.gitdir:x]\n',
  '[core\n',
  '[]\n',
  '[ "x"]\n',
  '[.]\n',
  '[.x "y"]\n',
  '[core.]\n',
  '\uFEFF[core]\n',
  '',
];

describe.skipIf(!hasGit)('the text of settings', () => {
  it('[scope.hooks-path] is read as git itself reads it, each form of a value and of a head', () => {
    for (const line of written) expectAlike(`[core]\n\t${line}\n`);
    for (const line of written) expectAlike(`[core]\r\n${line.replaceAll('\n', '\r\n')}`);
    for (const head of heads) expectAlike(`${head}hooksPath = hk\n[user]\n\tname = x\n`);
  });

  it('[scope.hooks-path] is read as git itself reads it, made up of its signs at random', () => {
    const signs = [
      '[core]',
      '\n',
      ' ',
      '\t',
      '\\',
      '"',
      '#',
      ';',
      '=',
      'a',
      'b',
      't',
      '\r',
      '[',
      ']',
      '.',
      'x = ',
    ];
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    for (let n = 0; n < 150; n += 1) {
      const text = Array.from({ length: 3 + random(14) }, () => signs[random(signs.length)]).join('');
      expectAlike(`[core]\nx = ${text}`);
      expectAlike(`[core${text}`);
    }
  });
});

describe.skipIf(!hasGit)('the folder of hooks', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each<[string, Record<string, string>]>([
    ['a tab', { '.git/config': 'hooksPath = "hk\\t"' }],
    ['a blank at its end', { '.git/config': 'hooksPath = "hk "' }],
    ['blanks within', { '.git/config': 'hooksPath = h\t k' }],
    ['no value', { '.git/config': 'hooksPath =' }],
    ['the home', { '.git/config': 'hooksPath = ~' }],
    ['below the home', { '.git/config': 'hooksPath = ~/hk/' }],
    ['a sign of no home', { '.git/config': 'hooksPath = %x/y' }],
    ['dots', { '.git/config': 'hooksPath = ./a/../b//c' }],
    ['dots behind a link', { '.git/config': 'hooksPath = link/../hk' }],
    ['through a link, not there yet', { '.git/config': 'hooksPath = link/hk/new' }],
    ['the last of several', { '.git/config': 'hooksPath = a\n[user]\nname = x\n[core]\nhooksPath = b' }],
    ['included', { '.git/config': '[include]\npath = "m\\tre"', '.git/m\tre': '[core]\nhooksPath = hk' }],
    [
      'included from behind a link',
      { '.git/config': '[include]\npath = ../link/../more', 'far/more': '[core]\nhooksPath = hk' },
    ],
    ['of the user', { 'home/.gitconfig': '[core]\nhooksPath = "u\\t"' }],
  ])('[scope.hooks-path] is the one that git takes: %s', async (_, files) => {
    const root = await tempFolder();
    const environment = { ...bare, HOME: join(root, 'home') };
    vi.stubEnv('HOME', environment.HOME);
    vi.stubEnv('XDG_CONFIG_HOME', join(root, 'home/.config'));
    const tree = join(root, 'tree');
    spawnSync('git', ['init', '-q', tree], { env: environment });
    await mkdir(join(root, 'far/away'), { recursive: true });
    await symlink('../far/away', join(tree, 'link'));
    for (const [name, text] of Object.entries(files)) {
      const file = join(name.startsWith('.git/') ? tree : root, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, name === '.git/config' ? `[core]\nrepositoryFormatVersion = 0\n${text}\n` : text);
    }
    const asked = spawnSync('git', ['rev-parse', '--git-path', 'hooks/pre-commit'], {
      cwd: tree,
      env: environment,
    });
    const named = asked.stdout.toString().replace(/\n$/, '');
    // The system says where that is, whatever of it is there.
    const led = spawnSync('realpath', ['-m', '-z', '--', named.replace(/\/pre-commit$/, '') || '/'], {
      cwd: tree,
    });
    const folder = led.stdout.toString().replace(/\0$/, '');
    expect(folder).toMatch(/^\//);
    expect(hookPlaces([tree]).folders.map(({ path }) => path)).toContain(folder);
  });
});
