/** What of a project an agent would obey, asked about before its first start. */
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { askAboutObeyed } from '../../../src/cli/invocation/obeyed-asked.ts';
import { knownAgent, knownAgents } from '../../../src/engine/agents.ts';
import { isTrusted, obeyedFiles, obeyedFolders } from '../../../src/engine/obeyed-files.ts';
import { cliRig } from './home-rig.ts';

function project(files: Record<string, string>) {
  const { home, folder } = cliRig();
  const top = realpathSync(folder);
  const cwd = join(top, 'inside');
  mkdirSync(join(top, '.git'));
  mkdirSync(cwd);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(top, name)), { recursive: true });
    writeFileSync(join(top, name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  const asked: (readonly string[])[] = [];
  return {
    asked,
    write,
    top,
    begin: async (agent: string, answer: boolean | null) =>
      await askAboutObeyed({ home, model: `acp/${agent}`, cwd, personHome: null }, (_, paths) => {
        asked.push(paths);
        return Promise.resolve(answer);
      }),
    /** As its pod decides. */
    isSeen: (agent: string) => {
      const folders = obeyedFolders(cwd, null);
      return isTrusted(home.state, obeyedFiles(agent, knownAgent(agent)?.obeys ?? [], folders));
    },
  };
}

it.each(Object.entries(knownAgents))(
  '[agents.asked] %s: each thing that it obeys is asked about once as it is, and its pod goes by the answer',
  async (agent, { obeys }) => {
    for (const name of obeys) {
      const one = project({ [name]: 'touch it' });
      expect(one.isSeen(agent)).toBe(false);
      await one.begin(agent, true);
      await one.begin(agent, false);
      expect(one.asked).toEqual([[join(one.top, name)]]);
      expect(one.isSeen(agent)).toBe(true);
      one.write(name, 'touch another');
      expect(one.isSeen(agent)).toBe(false);
      await one.begin(agent, false);
      await one.begin(agent, true);
      expect(one.asked).toHaveLength(2);
      expect(one.isSeen(agent)).toBe(false);
    }
  },
);

it('[agents.asked] without an answer it stays hidden and is asked about again; without such files nobody is asked', async () => {
  const one = project({ '.mcp.json': '{}', 'inside/.claude/settings.json': '{}', 'AGENTS.md': 'x' });
  await one.begin('claude', null);
  await one.begin('claude', null);
  expect(one.asked).toHaveLength(2);
  expect(one.asked[0]).toEqual([join(one.top, '.mcp.json'), join(one.top, 'inside/.claude/settings.json')]);
  expect(one.isSeen('claude')).toBe(false);
  await one.begin('codex', true);
  await one.begin('nobody', true);
  expect(one.asked).toHaveLength(2);
});

it('[agents.asked] podkin engines trust wants a person at a terminal, and nothing is kept without one', async () => {
  const rig = cliRig();
  mkdirSync(join(rig.folder, '.claude'));
  writeFileSync(join(rig.folder, '.claude', 'settings.json'), '{}');
  for (const words of [[], ['--yes']]) {
    const { status, stderr } = await rig.podkin('engines', 'trust', 'claude', ...words);
    expect([status, stderr]).toEqual([2, expect.stringContaining('at a terminal')]);
  }
});
