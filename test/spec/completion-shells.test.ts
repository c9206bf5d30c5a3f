/** The completion in the shells themselves, by the built command; of those that are installed here. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandFile } from '../support/rig.ts';

let folder: string;
let environment: NodeJS.ProcessEnv;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pk-completion-'));
  mkdirSync(join(folder, 'bin'));
  const program = join(folder, 'bin', 'podkin');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${commandFile}' "$@"\n`);
  chmodSync(program, 0o755);
  mkdirSync(join(folder, 'work', 'src folder'), { recursive: true });
  writeFileSync(join(folder, 'work', 'srv.txt'), '');
  for (const name of ['alpha', 'beta', '0123456789abcdef.kid', '$(touch typed)', ';touch typed', 'a b'])
    mkdirSync(join(folder, 'home', 'state', 'pods', name), { recursive: true });
  environment = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    PODKIN_HOME: join(folder, 'home'),
    LANG: 'C.UTF-8',
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

type Complete = (words: readonly string[]) => string[];

/** The function that bash calls, called as bash calls it. */
const inBash: Complete = (words) =>
  run('bash', [
    '--norc',
    '-c',
    `source <(podkin completion bash)
     COMP_WORDS=(podkin "$@"); COMP_CWORD=$#
     _podkin podkin "\${!#}" "\${COMP_WORDS[COMP_CWORD-1]}"
     (( \${#COMPREPLY[@]} )) && printf '%s\\n' "\${COMPREPLY[@]}"`,
    'bash',
    ...words,
  ]);

/** Only what adds the matches to the list of the editor is the test's own. */
const inZsh: Complete = (words) =>
  run('zsh', [
    '-f',
    '-c',
    `compdef() { :; }
     compadd() { print -rl -- $offered; }
     _files() { print -r -- "files:$1"; }
     source <(podkin completion zsh)
     words=(podkin "$@"); CURRENT=$(( $# + 1 )); PREFIX=$words[-1]
     _podkin`,
    'zsh',
    ...words,
  ]);

const inFish: Complete = (words) =>
  run('fish', [
    '--no-config',
    '-c',
    'podkin completion fish | source; complete -C (string join " " -- podkin $argv)',
    ...words,
  ]).map((line) => line.split('\t')[0] ?? '');

function run(shell: string, args: readonly string[]): string[] {
  const cwd = join(folder, 'work');
  const output = spawnSync(shell, args, { cwd, env: environment, encoding: 'utf8' });
  expect(output.stderr).toBe('');
  return output.stdout.split('\n').filter((line) => line !== '');
}

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true']).status === 0;
}

const shells: readonly [string, Complete][] = [
  ['bash', inBash],
  ['zsh', inZsh],
  ['fish', inFish],
];

describe.each(shells.filter(([shell]) => isInstalled(shell)))('%s', (shell, complete) => {
  it('[completion.shells] commands, flags, values, names', () => {
    expect(complete(['att'])).toEqual(['attach']);
    expect(complete(['run', '--effo'])).toEqual(['--effort']);
    expect(complete(['run', '--effort', 'm'])).toEqual(['medium']);
    expect(complete(['attach', ''])).toEqual(expect.arrayContaining(['alpha', 'beta', 'kid']));
    expect(complete(['attach', ''])).toHaveLength(3);
    expect(complete(['run', '-c', 'a'])).toEqual(['alpha']);
    expect(complete(['run', ''])).toEqual([]);
  });

  it('[completion.shells] paths where a path is due', () => {
    const found = complete(['run', '--write', 'sr']).map((path) => path.replaceAll('\\', ''));
    if (shell === 'zsh') expect(found).toEqual(['files:']);
    else expect(found.map((path) => path.replace(/\/$/, ''))).toEqual(['src folder', 'srv.txt']);
    const folders = complete(['run', '--cwd', 'sr']).map((path) => path.replaceAll('\\', ''));
    if (shell === 'zsh') expect(folders).toEqual(['files:-/']);
    else expect(folders.map((path) => path.replace(/\/$/, ''))).toEqual(['src folder']);
  });

  it('[completion.shells] nothing that was typed is run', () => {
    const typed = ["'$(touch typed)'", "'`touch typed`'", "';touch typed;'"];
    for (const word of typed) {
      complete(['run', word, '--effo']);
      complete(['attach', word.slice(1, -1).replaceAll(/[`$();]/g, String.raw`\$&`)]);
    }
    expect(existsSync(join(folder, 'work', 'typed'))).toBe(false);
  });
});

it('[completion.shells] bash is here, and a shell that is none is refused', () => {
  expect(isInstalled('bash')).toBe(true);
  const script = execFileSync('podkin', ['completion', 'bash'], { env: environment, encoding: 'utf8' });
  expect(script).not.toMatch(/\beval\b/);
  expect(spawnSync('podkin', ['completion', 'tcsh'], { env: environment, encoding: 'utf8' })).toMatchObject({
    status: 2,
    stdout: '',
  });
});
