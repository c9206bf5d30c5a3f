/** `podkin models`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cliRig } from './home-rig.ts';

it('[models.listed] known models with prices and what is missing for each; one’s own beside them, and the default', async () => {
  const rig = cliRig({ OPENAI_API_KEY: 'sk-secret', OPENAI_COMPATIBLE_BASE_URL: 'http://h/v1' });
  mkdirSync(rig.home.config, { recursive: true, mode: 0o700 });
  writeFileSync(
    join(rig.home.config, 'config.toml'),
    'model = "openai-compatible/qwen3"\n[models."openai-compatible/qwen3"]\ncontextTokens = 32000\n[models."openai/gpt-4o"]\ninputPrice = 9\noutputPrice = 8',
  );
  const { status, stdout } = await rig.podkin('models', '--json');
  expect(status).toBe(0);
  const models = JSON.parse(stdout) as { name: string }[];
  const of = (name: string) => models.find((one) => one.name === name);
  expect(of('anthropic/claude-sonnet-5-5')).toEqual({
    name: 'anthropic/claude-sonnet-5-5',
    contextTokens: 1_000_000,
    inputPrice: 2,
    outputPrice: 10,
    takesEffort: true,
    missing: 'ANTHROPIC_API_KEY',
    isDefault: false,
  });
  expect(of('openai/gpt-4o')).toMatchObject({
    inputPrice: 9,
    outputPrice: 8,
    takesEffort: false,
    missing: null,
  });
  expect(of('openai-compatible/qwen3')).toEqual({
    name: 'openai-compatible/qwen3',
    contextTokens: 32_000,
    inputPrice: null,
    outputPrice: null,
    takesEffort: null,
    missing: null,
    isDefault: true,
  });
  const table = await rig.podkin('models');
  expect(table.stdout).toMatch(
    /^google\/gemini-3-pro +1,048,576 +2 +12 +yes +set GOOGLE_GENERATIVE_AI_API_KEY$/m,
  );
  expect(table.stdout).toMatch(/^openai-compatible\/qwen3 \(default\) +32,000 +unknown +unknown +- +ready$/m);
  expect(table.stderr).toContain('Other models of these providers can be named too');
  expect(`${stdout}${table.stdout}`).not.toContain('sk-secret');
});
