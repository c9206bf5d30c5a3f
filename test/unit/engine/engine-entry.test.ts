/** From the name of an engine to what is started for it, and what a person may say of one. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/configuration/configuration-files.ts';
import { enginesSchema } from '../../../src/configuration/engine-schema.ts';
import { projectFileSchema, userFileSchema } from '../../../src/configuration/settings-schema.ts';
import { knownAgent, knownAgents } from '../../../src/engine/agents.ts';
import { engineEntry, engineFolder } from '../../../src/engine/engine-entry.ts';
import { enginesIn, type EngineSettings } from '../../../src/session/settings/engine-settings.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function place(engines: Record<string, EngineSettings> = {}, environment: NodeJS.ProcessEnv = {}) {
  const root = mkdtempSync(join(tmpdir(), 'engines-'));
  folders.push(root);
  const bin = join(root, 'bin');
  mkdirSync(bin);
  const state = join(root, 'state');
  const at = { engines: new Map(Object.entries(engines)), state, environment: { PATH: bin, ...environment } };
  return { ...at, bin, program: (folder: string, name: string) => program(folder, name) };
}

function program(folder: string, name: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
  return path;
}

function entry(name: string, at: Parameters<typeof engineEntry>[1]) {
  const found = engineEntry(name, at);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

describe('agents.found', () => {
  it('[agents.found] on the PATH, before it below podkin’s state, before that as the person says', () => {
    const at = place();
    expect(engineEntry('claude', at)).toBe(
      'Claude Code is not installed: "podkin engines install claude" installs it, or put "claude-agent-acp" on the PATH.',
    );
    const onPath = at.program(at.bin, 'claude-agent-acp');
    expect(entry('claude', at).command).toBe(onPath);
    const installed = join(engineFolder(at.state, 'claude'), 'node_modules', '.bin');
    expect(entry('claude', { ...at }).command).toBe(onPath);
    expect(at.program(installed, 'claude-agent-acp')).toBe(entry('claude', at).command);
    const own = at.program(at.bin, 'own');
    const engines = new Map([['claude', { command: own, args: ['--x'] }]]);
    expect(entry('claude', { ...at, engines })).toMatchObject({ command: own, args: ['--x'] });
  });

  it.each([
    ['relative', './own', 'write it as an absolute path'],
    ['a folder', '/tmp', 'which is not there'],
    ['missing', 'nowhere-at-all', 'which is not there'],
  ])('[agents.found] a command that is %s is said to be so', (_, command, why) => {
    expect(engineEntry('mine', place({ mine: { command } }))).toContain(why);
  });

  it('[agents.found] a name that nobody knows, or that steers, is refused with those there are', () => {
    const at = place();
    expect(engineEntry('x', at)).toContain('acp/x is no engine: there are acp/claude, acp/codex');
    expect(engineEntry('\u001b[2J', at)).toMatch(/^This is no engine/);
    expect(engineEntry('constructor', at)).toContain('is no engine');
  });

  it('[agents.found] a link on the PATH whose target is gone is no program', () => {
    const at = place();
    symlinkSync('/nowhere', join(at.bin, 'opencode'));
    expect(engineEntry('opencode', at)).toContain('is not installed');
  });
});

describe('agents.variables', () => {
  const environment = { ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'b', MINE: 'c', ANTHROPIC_BASE_URL: '' };

  it('[agents.variables] an agent has those of its own vendor that are set, and no other key', () => {
    const at = place({}, environment);
    at.program(at.bin, 'claude-agent-acp');
    const { variables } = entry('claude', at);
    expect(variables).toMatchObject({ ANTHROPIC_API_KEY: 'a', CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1' });
    expect(Object.keys(variables)).not.toContain('OPENAI_API_KEY');
    expect(Object.keys(variables)).not.toContain('ANTHROPIC_BASE_URL');
  });

  it('[agents.variables] a person names others in their place', () => {
    const at = place({ claude: { env: ['MINE', 'NOWHERE'] } }, environment);
    at.program(at.bin, 'claude-agent-acp');
    const { variables } = entry('claude', at);
    expect(variables).toMatchObject({ MINE: 'c', CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1' });
    expect(Object.keys(variables)).not.toContain('ANTHROPIC_API_KEY');
  });

  it('[agents.variables] no two agents are given the key of one vendor but by the name that both take', () => {
    const keys = Object.values(knownAgents).flatMap(({ env }) =>
      env.filter((name) => /KEY|TOKEN/.test(name)),
    );
    const shared = keys.filter((key, at) => keys.indexOf(key) !== at);
    expect(new Set(shared)).toEqual(new Set(['OPENAI_API_KEY']));
  });
});

it('[agents.facts] modes, failures and the minute of gemini are those of the table, and a person’s go before', () => {
  const settings = { mode: 'own', failureText: ['no more credit'], restorable: false };
  const at = place({ qwen: settings });
  at.program(at.bin, 'gemini');
  at.program(at.bin, 'qwen');
  const [gemini, qwen] = [entry('gemini', at), entry('qwen', at)];
  expect(gemini).toMatchObject({ loadsNextMinute: true, restorable: null });
  expect([gemini.mode('plan'), gemini.mode('default')]).toEqual(['plan', 'default']);
  expect([qwen.mode('plan'), qwen.restorable]).toEqual(['own', false]);
  expect(qwen.isFailure('There is no more credit here')).toBe(true);
  expect(gemini.isFailure('There is no more credit here')).toBe(false);
  expect(gemini.isFailure('API Error: 401 Invalid authentication')).toBe(true);
  expect(gemini.isFailure('The server answers 401 where no key is sent, as the tests expect.')).toBe(false);
});

it.each(Object.keys(knownAgents))(
  '[agents.facts] %s never works in a mode in which it does not ask',
  (name) => {
    const known = knownAgent(name);
    expect(Object.values(known?.modes ?? {}).filter((mode) => /yolo|bypass|full|auto$/.test(mode))).toEqual(
      [],
    );
    expect(known?.obeys.filter((path) => path.startsWith('/') || path.includes('..'))).toEqual([]);
  },
);

describe('agents.settings', () => {
  it('[agents.settings] an entry is kept whole in a session, and one that is not understood is no entry', () => {
    const good = { command: '/x', env: ['A'], price: { input: 1, output: 2 }, login: 'share' };
    const engines = { good, odd: { later: true }, wrong: { args: [7] }, 'B A D': {} };
    expect([...enginesIn({ engines })]).toEqual([['good', good]]);
    expect([...enginesIn({ engines: [] })]).toEqual([]);
  });

  it.each([
    [{ x: { env: { KEY: 'secret' } } }],
    [{ x: { env: ['not a name'] } }],
    [{ x: { args: ['--acp'] } }],
    [{ x: { login: 'copy' } }],
    [{ x: { costPerTurn: -1 } }],
    [{ X: {} }],
    [{ x: { other: 1 } }],
  ])('[agents.settings] %j is refused', (engines) => {
    expect(enginesSchema().safeParse(engines).success).toBe(false);
  });

  it('[agents.settings] a project’s file may not have one, and is told where it goes', () => {
    const text = '# Mine\n[engines.claude]\ncommand = "/tmp/evil"\n';
    expect(() => parseSettings('.podkin/config.toml', text, projectFileSchema())).toThrow(
      'the key "engines" may not be set by a project: it goes into your own config.toml',
    );
    const user = parseSettings('config.toml', text, userFileSchema());
    expect(user.engines).toEqual({ claude: { command: '/tmp/evil' } });
  });

  it('[agents.settings] an entry may say one thing alone', () => {
    expect(enginesSchema().safeParse({ claude: { costPerTurn: 0.5 } }).success).toBe(true);
  });
});

it.each([
  [
    'copilot',
    'Info: Request failed due to a transient API error. Retrying...Error: Failed to get response from the AI model; retried 5 times (total retry wait time: 16.97 seconds) Last error: 500',
    'Info: Request failed due to a transient API error. Retrying...Here it is.',
  ],
  [
    'pi',
    'Retrying (attempt 3/3, waiting 8s)...Retry finished, resuming.',
    'Retrying (attempt 1/3, waiting 2s)...Retry finished, resuming.Here it is.',
  ],
  [
    'codex',
    'We’re currently experiencing high demand, which may cause temporary errors.\n\n',
    'The page says “We’re currently experiencing high demand, which may cause temporary errors.” to all.',
  ],
] as const)(
  '[agents.facts] %s: what it has said as its provider failed, and as it answered',
  (name, failed, done) => {
    const { failures } = knownAgents[name];
    const isFailure = (text: string) => failures.some((one) => one.test(text));
    expect([isFailure(failed), isFailure(done)]).toEqual([true, false]);
  },
);
