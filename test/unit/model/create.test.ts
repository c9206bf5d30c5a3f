/** Names, keys and files that cannot be used, each with what to do next; prices. */
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogEntry, costOf } from '../../../src/model/catalog.ts';
import { absoluteModelName, checkModelName, createModel } from '../../../src/model/create.ts';
import { ModelConfigError } from '../../../src/model/port.ts';
import { ask, scenarioFile } from './ask.ts';

const problemOf = async (text: string): Promise<string> => {
  const error = await createModel(`script/${scenarioFile(text)}`, {}).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ModelConfigError);
  return error instanceof Error ? error.message : '';
};

describe('names', () => {
  it('[model.no-key] a missing key is told with three ways to go on, and the model is not made', async () => {
    const sentence = checkModelName('anthropic/claude-opus-5-5', { ANTHROPIC_API_KEY: ' ' });
    expect(sentence).toMatch(/ANTHROPIC_API_KEY is not set.*\(1\).*\(2\).*\(3\).*podkin demo/);
    await expect(createModel('anthropic/claude-opus-5-5', {})).rejects.toThrow(ModelConfigError);
    expect(checkModelName('anthropic/x', { OPENAI_API_KEY: 'k' })).toContain('--model openai/');
    expect(checkModelName('', {})).toMatch(/^No model is configured\. Three ways/);
  });

  it('[model.name] a name that is none is told with the shape or the providers that there are', () => {
    expect(checkModelName('gpt', {})).toContain('write provider/model');
    expect(checkModelName('openai/', { OPENAI_API_KEY: 'k' })).toContain('write provider/model');
    expect(checkModelName('mistral/large', {})).toContain('anthropic/…, openai/…, google/…');
    expect(checkModelName('toString/x', {})).toContain('is not a provider');
    expect(checkModelName('openai/gpt-5', { OPENAI_API_KEY: 'k' })).toBeNull();
    expect(checkModelName('google/gemini-3-pro', { GOOGLE_GENERATIVE_AI_API_KEY: 'k' })).toBeNull();
  });

  it('[model.base-url] a missing or unusable address is told by the name of its variable', () => {
    const name = 'openai-compatible/org/model';
    expect(checkModelName(name, {})).toContain('needs OPENAI_COMPATIBLE_BASE_URL');
    expect(checkModelName(name, { OPENAI_COMPATIBLE_BASE_URL: 'localhost:11434' })).toContain(
      'is not an http',
    );
    expect(checkModelName(name, { OPENAI_COMPATIBLE_BASE_URL: 'http://localhost:1/v1' })).toBeNull();
    expect(checkModelName('openai/x', { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'nonsense' })).toContain(
      'OPENAI_BASE_URL is not an http',
    );
  });

  it('[model.script-path] a scenario is found from the given folder or PWD, and named so that it stays found', async () => {
    const path = scenarioFile('rules: [{ say: here }]');
    const folder = dirname(path);
    const name = `script/${basename(path)}`;
    expect((await ask(await createModel(name, {}, { cwd: folder }))).text).toBe('here');
    expect((await ask(await createModel(name, { PWD: folder }))).text).toBe('here');
    expect(absoluteModelName(name, folder)).toBe(`script/${path}`);
    expect(absoluteModelName(`script/${path}`, '/')).toBe(`script/${path}`);
    expect(absoluteModelName('script/~/s.yaml', folder)).toBe(`script/${homedir()}/s.yaml`);
    expect(absoluteModelName('openai/gpt-5', folder)).toBe('openai/gpt-5');
    expect(checkModelName('script/nowhere.yaml', { PWD: folder })).toContain('There is no scenario file');
    mkdirSync(join(folder, 'dir'));
    expect(checkModelName('script/dir', { PWD: folder })).toContain('is not a file');
  });
});

describe('scenario mistakes', () => {
  it.each([
    ['rules: [', 'is not YAML at line 1, column 9: '],
    ['', 'the file:'],
    ['rules: []', 'at least one rule'],
    ['rules: [{ say: a }]\nextra: 1', 'the file: 1 unknown (known: rules, price)'],
    ['rules: [{ say: a }, { sya: b }]', 'rule 2: unknown `sya` (known: pod, last, matches'],
    ['rules: [{ pod: x }]', 'rule 1: does nothing'],
    ['rules: [{ say: a, times: 0 }]', 'rule 1, field `times`:'],
    ['rules: [{ say: a, last: now }]', 'rule 1, field `last`:'],
    ['rules: [{ say: a, matches: "(" }]', 'rule 1, field `matches`: is not a regular expression'],
    ['rules: [{ say: a, delayMs: soon }]', 'rule 1, field `delayMs`:'],
    ['rules: [{ call: [{ A: {}, B: {} }] }]', 'rule 1, field `call.0`: must name one tool'],
    ['rules: [{ call: [Read] }]', 'rule 1, field `call.0`: must be a map'],
    ['rules: [{ fail: explode }]', 'rule 1, field `fail.kind`:'],
    [
      'rules: [{ fail: { kind: badRequest, afterTokens: 1 } }]',
      'rule 1, field `fail`: unknown `afterTokens`',
    ],
    ['rules: [{ say: "{{pot}}" }]', 'rule 1, field `say`: {{pot}} is not known'],
    [
      'rules: [{ matches: "(a)", call: [{ A: { x: ["{{match.2}}"] } }] }]',
      'rule 1, field `call`: {{match.2}}',
    ],
  ])('[scenario.mistakes] %j is told by rule and field', async (text, expected) => {
    expect(await problemOf(text)).toContain(expected);
  });

  it.each([
    'machine x login y password NETRC-SECRET\n',
    'a: b: NETRC-SECRET\n',
    'a: *NETRC-SECRET\n',
    '!!NETRC-SECRET a\n',
    'NETRC-SECRET: 1\nNETRC-SECRET: 2\n',
    'NETRC-SECRET: 1\n',
    '- NETRC-SECRET\n- @NETRC-SECRET\n',
    '%NETRC-SECRET\n---\n"NETRC-SECRET',
    'a: |NETRC-SECRET\n\tNETRC-SECRET: {',
  ])('[scenario.no-quotes] of a file that is no scenario nothing is quoted: %j', async (text) => {
    const message = await problemOf(text);
    expect(message).toMatch(/ is not (YAML|a scenario)/);
    expect(message).not.toContain('SECRET');
  });

  it('[scenario.mistakes] all mistakes are told at once', async () => {
    const message = await problemOf('rules: [{ say: 1 }, { say: a, times: -1, pot: x }]');
    expect(message).toContain('rule 1, field `say`');
    expect(message).toContain('rule 2, field `times`');
    expect(message).toContain('rule 2: unknown `pot`');
  });
});

describe('prices', () => {
  it('[model.cost] known models cost what their tokens cost, unknown ones null, scenarios nothing', () => {
    const million = { inputTokens: 1_000_000, outputTokens: 1_000_000 };
    expect(costOf('anthropic/claude-opus-4-5-20251101', million)).toBeCloseTo(30);
    expect(costOf('openai/gpt-5-mini-2025-08-07', million)).toBeCloseTo(2.25);
    expect(
      costOf('anthropic/claude-opus-4-5', { ...million, outputTokens: 0, cacheReadTokens: 1_000_000 }),
    ).toBeCloseTo(0.5);
    expect(
      costOf('anthropic/claude-opus-4-5', { ...million, outputTokens: 0, cacheWriteTokens: 1_000_000 }),
    ).toBeCloseTo(6.25);
    expect(costOf('google/gemini-2.5-pro', { inputTokens: 100_000, outputTokens: 0 })).toBeCloseTo(0.125);
    expect(costOf('google/gemini-2.5-pro', { inputTokens: 300_000, outputTokens: 0 })).toBeCloseTo(0.75);
    expect(costOf('script/x', million)).toBe(0);
    expect(costOf('openai-compatible/gpt-5', million)).toBeNull();
  });

  it('[model.cost-unlisted] a later relative of a listed model has no price', () => {
    expect(catalogEntry('anthropic/claude-opus-5')).not.toBeNull();
    expect(catalogEntry('anthropic/claude-opus-5-9')).toBeNull();
    expect(catalogEntry('openai/gpt-5-pro')).toBeNull();
    expect(catalogEntry('google/gemini-3-pro-preview')?.contextTokens).toBe(1_048_576);
  });
});
