/**
 * The help of every command, word by word, as files: a change of words is seen where it is made.
 * `GOLDEN=write npx vitest run --project unit test/unit/cli/help-golden.test.ts` writes them anew.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { commands } from '../../../src/cli/command-table.ts';
import { cliRig } from './home-rig.ts';

const folder = fileURLToPath(new URL('../../golden/help', import.meta.url));

function golden(): [string, string][] {
  return readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]);
}

it('[cli.help-golden] each command says in its help what its file says, and there is no other file', async () => {
  const rig = cliRig({ NO_COLOR: '1' });
  const shown: Record<string, string> = { 'podkin.txt': (await rig.podkin('--help')).stdout };
  for (const { usage } of commands) {
    const [name = ''] = usage.split(' ');
    shown[`${name}.txt`] = (await rig.podkin(name, '--help')).stdout;
  }
  if (process.env['GOLDEN'] === 'write') {
    for (const [file] of golden()) rmSync(join(folder, file));
    for (const [file, text] of Object.entries(shown)) writeFileSync(join(folder, file), text);
  }
  expect(Object.fromEntries(golden()), 'GOLDEN=write writes them anew').toEqual(shown);
});
