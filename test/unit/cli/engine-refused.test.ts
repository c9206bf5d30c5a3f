/** A run by another agent that could not be, or whose limits could not hold, is refused before it is made. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cliRig, tempFolder } from './home-rig.ts';

it.each<[string, string[], string]>([
  ['without the network', [], 'acp/fake asks its provider over the network'],
  ['one that is not known', ['--model', 'acp/nobody', '--sandbox-network'], 'nobody'],
  [
    'with a limit of the cost',
    ['--sandbox-network', '--max-cost', '1'],
    '--max-cost (limits.cost) cannot hold for acp/fake',
  ],
])('[engine.refused] %s: status 2, and what to do', async (_, flags, why) => {
  const rig = cliRig({ HOME: tempFolder() });
  mkdirSync(rig.home.config, { recursive: true });
  writeFileSync(join(rig.home.config, 'config.toml'), '# Mine\n[engines.fake]\ncommand = "/bin/true"\n');
  const { status, stderr } = await rig.podkin('run', '-p', '--model', 'acp/fake', ...flags, 'go');
  expect([status, stderr]).toEqual([2, expect.stringContaining(why)]);
});
