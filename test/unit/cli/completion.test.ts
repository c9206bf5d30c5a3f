/** What Tab offers behind `podkin`: by the table of commands, and by the folders of the home. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { valuesByName } from '../../../src/cli/completion/complete.ts';
import { commands } from '../../../src/cli/command-table.ts';
import { logHome } from '../../support/log-builder.ts';
import { cliRig } from './home-rig.ts';

const rig = () => {
  const made = cliRig();
  const offered = async (...words: string[]) => {
    const { stdout } = await made.podkin('__complete', ...words);
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']));
  };
  return { ...made, offered };
};

it('[completion.table] every command is offered, and every flag of each but what was given', async () => {
  const { offered } = rig();
  const names = commands.map(({ usage }) => usage.split(' ')[0] ?? '');
  expect(await offered('')).toEqual([...names, 'help']);
  expect(await offered('help', 'st')).toEqual(['stop']);
  for (const { usage, options } of commands) {
    const flags = options.map(([flag]) => /--[\w-]+/.exec(flag)?.[0] ?? '');
    expect(await offered(usage.split(' ')[0] ?? '', '--'), usage).toEqual([...flags, '--help']);
  }
  expect(await offered('run', '--print', '--deny', 'x', '--pr')).toEqual(['--profile']);
  expect(await offered('run', '--deny', 'x', '--deny')).toEqual(['--deny-tool', '--deny', '--deny-write']);
});

it('[completion.table] each value and argument of the table is known as what it is', () => {
  const unknown = commands.flatMap(({ usage, options }) =>
    [usage, ...options.map(([flag]) => flag)].flatMap((text) =>
      [...text.matchAll(/[<[]([\w-]+)(?:\.\.\.)?[>\]]/g)].flatMap(([, name = '']) =>
        name in valuesByName ? [] : [`${text}: ${name}`],
      ),
    ),
  );
  expect(unknown).toEqual([]);
});

it.each([
  [
    ['run', '--effort', ''],
    ['low', 'medium', 'high'],
  ],
  [['run', '--effort=m'], ['--effort=medium']],
  // As bash cuts it.
  [['run', '--effort', '=', 'm'], ['medium']],
  [
    ['run', '--effort', ''],
    ['low', 'medium', 'high'],
  ],
  [['set', 'root', '--permission-mode', 'p'], ['plan']],
  [['run', '-p', '--output-format', 's'], ['stream-json']],
  [['run', '--effort', '--'], []],
  [['run', '--timeout-minutes', ''], []],
  [['run', ''], []],
  [['run', '--write', ''], [':files']],
  [['run', '--write', 'src', ''], [':files']],
  [['run', '--write', 'src', '--eff'], ['--effort']],
  [['run', '--cwd', ''], [':folders']],
  [['run', '--', '--eff'], []],
  [['fix the bug', '--eff'], ['--effort']],
  [['--print', '--eff'], ['--effort']],
  [['config', '--schema', ''], ['project']],
  [['config', '--schema', '--j'], ['--json']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['completion', 'bash', ''], []],
  [['nothing', ''], []],
  [['$(reboot)', ''], []],
])('[completion.values] %j', async (words, expected) => {
  expect(await rig().offered(...words)).toEqual(expected);
});

it('[completion.names] names come from the disk, those of several trees as paths, roots where only roots will do', async () => {
  const { write, offered } = rig();
  const logs = logHome();
  const [one, other] = [logs.pod('one'), logs.pod('other')];
  for (const pod of [one, other, logs.pod('kid', one), logs.pod('kid', other), logs.pod('lone', one)])
    write(pod);
  expect((await offered('attach', '')).toSorted()).toEqual(['lone', 'one', 'one/kid', 'other', 'other/kid']);
  expect((await offered('stop', 'one', 'oth')).toSorted()).toEqual(['other', 'other/kid']);
  expect(await offered('budget', '')).toEqual(['one', 'other']);
  expect(await offered('run', '-c', 'on')).toEqual(['one']);
  expect(await offered('run', '--name', '')).toEqual([]);
});

it('[completion.names] folders that are no pods are offered to nobody, and a home that is not there is not made', async () => {
  const { home, offered } = rig();
  expect(await offered('attach', '')).toEqual([]);
  expect(existsSync(home.state)).toBe(false);
  for (const name of ['$(touch x)', 'a b', ';ls', '-rf', 'ok', "it's", 'a\nb', '..x'])
    mkdirSync(join(home.state, 'pods', name), { recursive: true });
  expect(await offered('attach', '')).toEqual(['ok']);
});
