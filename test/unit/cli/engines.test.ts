/** `podkin engines`, and what `podkin doctor --engine` says of one that is not here. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cliRig } from './home-rig.ts';

it('[agents.commands] lists those that are known and those of the person, with where each one is', async () => {
  const rig = cliRig({ PATH: '/nowhere' });
  mkdirSync(rig.home.config, { recursive: true, mode: 0o700 });
  writeFileSync(join(rig.home.config, 'config.toml'), '# Mine\n[engines.mine]\ncommand = "/bin/sh"\n');
  const { status, stdout } = await rig.podkin('engines', '--json');
  expect(status).toBe(0);
  const listed = JSON.parse(stdout) as { name: string; command: string | null }[];
  expect(listed.find(({ name }) => name === 'mine')?.command).toBe('/bin/sh');
  expect(listed.find(({ name }) => name === 'claude')?.command).toBeNull();
  const table = await rig.podkin('engines');
  expect(table.stdout).toMatch(/^acp\/opencode +opencode +not installed$/m);
  expect(table.stdout).toMatch(/^acp\/mine +- +\/bin\/sh$/m);
});

it.each([
  [['engines', 'install'], 'write podkin engines'],
  [['engines', 'install', 'nobody'], 'is no agent that is known: claude, codex'],
  [['engines', 'install', 'claude@latest'], 'is no exact version'],
  [['engines', 'install', 'claude@^1.2.3'], 'is no exact version'],
  [['engines', 'install', 'opencode@1.18.33'], 'npm is to install opencode-ai@1.18.33 into'],
])('[agents.commands] %j is refused where nobody can be asked, and nothing is made', async (words, why) => {
  const rig = cliRig({ PATH: '/nowhere' });
  const { status, stderr } = await rig.podkin(...words);
  expect(status).toBe(2);
  expect(stderr).toContain(why);
  expect(existsSync(join(rig.home.state, 'engines'))).toBe(false);
});

it('[agents.commands] an agent that is not here cannot be tried, and it is said how it comes here', async () => {
  const rig = cliRig({ PATH: '/nowhere' });
  const { status, stdout } = await rig.podkin('doctor', '--engine', 'qwen', '--json');
  expect(status).toBe(1);
  expect(stdout).toContain('podkin engines install qwen');
});
