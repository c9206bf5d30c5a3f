/**
 * How much a model is to think: as each provider is told, over HTTP, and what happens where one takes none.
 */
import { describe, expect, it } from 'vitest';
import type { Effort } from '../../../src/model/port.ts';
import { ask, failing, request, scenarioFile } from './ask.ts';
import { createModel } from '../../../src/model/create.ts';
import { body, claude, type DialectName, dialects, plainly, rawProvider, stream } from './raw-provider.ts';

const efforts: readonly Effort[] = ['low', 'medium', 'high'];

function dialectOf(name: string): DialectName {
  const provider = name.slice(0, name.indexOf('/'));
  return provider === 'openai-compatible' ? 'compatible' : (provider as DialectName);
}

/** The body of one request to that model, and what it says of it. */
async function sent(name: string, effort: Effort | undefined, outputTokens?: number) {
  const provider = await rawProvider(stream(plainly[dialectOf(name)]()));
  const model = await provider.model(name, { effort, given: { outputTokens } });
  const { text } = await ask(model);
  expect([text, provider.bodies.length]).toEqual(['ok', 1]);
  const sentBody: unknown = JSON.parse(provider.bodies[0] ?? '');
  return { body: sentBody, notes: model.takeNotes?.(), again: model.takeNotes?.() };
}

describe('effort', () => {
  it('[model.effort] Anthropic: a level with adaptive thinking, or for models up to 4.5 a number of tokens', async () => {
    for (const effort of efforts) {
      for (const name of [
        'claude-opus-4-6',
        'claude-sonnet-5-5',
        'claude-opus-6-20270101',
        'claude-sonnet-4-7',
      ]) {
        expect((await sent(`anthropic/${name}`, effort)).body, name).toMatchObject({
          thinking: { type: 'adaptive' },
          output_config: { effort },
        });
      }
    }
    const budgets = { low: 4_000, medium: 12_000, high: 24_000 };
    const older = [
      'claude-sonnet-4-5',
      'claude-haiku-4-5-20251001',
      'claude-opus-4-1',
      'claude-sonnet-4',
      'claude-3-7-sonnet-latest',
    ];
    for (const name of older) {
      for (const effort of efforts) {
        const { body: said } = await sent(`anthropic/${name}`, effort);
        expect(said, name).toMatchObject({ thinking: { type: 'enabled', budget_tokens: budgets[effort] } });
        expect(said).not.toHaveProperty('output_config');
        expect((said as { max_tokens: number }).max_tokens).toBeGreaterThan(budgets[effort]);
      }
    }
  });

  it('[model.effort] Anthropic: what is thought is part of the longest answer that a person allows', async () => {
    expect((await sent('anthropic/claude-sonnet-4-5', 'high', 9_000)).body).toMatchObject({
      max_tokens: 9_000,
      thinking: { budget_tokens: 4_500 },
    });
    const small = await sent('anthropic/claude-sonnet-4-5', 'low', 2_000);
    expect(small.body).toMatchObject({ max_tokens: 2_000 });
    expect(small.body).not.toHaveProperty('thinking');
    expect(small.notes).toHaveLength(1);
  });

  it('[model.effort] OpenAI: the effort of its reasoning models, beside what is sent anyway', async () => {
    for (const effort of efforts) {
      for (const name of ['gpt-5-mini', 'gpt-5.4', 'o3', 'o4-mini', 'gpt-6-sol', 'gpt-10']) {
        expect((await sent(`openai/${name}`, effort)).body, name).toMatchObject({
          reasoning: { effort },
          store: false,
          include: ['reasoning.encrypted_content'],
        });
      }
    }
  });

  it('[model.effort] Google: a level for Gemini 3 and later, tokens for 2.5', async () => {
    const budgets = { low: 2_048, medium: 8_192, high: 24_576 };
    for (const effort of efforts) {
      expect((await sent('google/gemini-2.5-flash', effort)).body).toMatchObject({
        generationConfig: { thinkingConfig: { thinkingBudget: budgets[effort] } },
      });
      for (const name of ['gemini-3-flash', 'gemini-3.1-pro-preview', 'gemini-4-pro'])
        expect((await sent(`google/${name}`, effort)).body, name).toMatchObject({
          generationConfig: { thinkingConfig: { thinkingLevel: effort } },
        });
    }
    expect((await sent('google/gemini-3-pro', 'medium')).body).toMatchObject({
      generationConfig: { thinkingConfig: { thinkingLevel: 'high' } },
    });
  });

  it('[model.effort] a compatible server: reasoning_effort', async () => {
    for (const effort of efforts) {
      const { body: said, notes } = await sent('openai-compatible/local', effort);
      expect(said).toMatchObject({ reasoning_effort: effort });
      expect(notes).toEqual([]);
    }
  });

  it('[model.effort] nothing of it is sent where nobody has asked for it', async () => {
    for (const name of Object.values(dialects)) {
      const { body: said, notes } = await sent(name, undefined);
      expect(JSON.stringify(said)).not.toMatch(/effort|thinking/i);
      expect(notes).toEqual([]);
    }
  });

  it.each([
    'anthropic/claude-3-5-haiku-latest',
    'anthropic/kimi-k2',
    'openai/gpt-4o',
    'openai/gpt-4.1-mini',
    'openai/gpt-5-chat-latest',
    'google/gemini-2.0-flash',
    'google/gemma-3',
  ])('[model.effort-left-out] %s is not known to take one: it is left out and said once', async (name) => {
    const { body: said, notes, again } = await sent(name, 'high');
    expect(JSON.stringify(said)).not.toMatch(/effort|thinking|reasoning"/i);
    expect(notes).toEqual([
      `effort = high is left out: ${name} is not known to take it. The model thinks as much as it does by itself.`,
    ]);
    expect(again).toEqual([]);
  });

  it('[model.effort-left-out] a scenario takes none', async () => {
    const path = scenarioFile('rules: [{ pod: root, say: ok }]');
    const model = await createModel(`script/${path}`, {}, { effort: 'low' });
    expect((await ask(model)).text).toBe('ok');
    expect(model.takeNotes?.()).toHaveLength(1);
  });

  it.each(Object.entries(dialects) as [DialectName, string][])(
    '[model.effort-left-out] %s: a model that refuses it is asked without it, from then on, and that is said once',
    async (dialect, name) => {
      const refused = /effort|thinking/i;
      const provider = await rawProvider((response, asked) =>
        refused.test(asked)
          ? body(
              400,
              '{"error":{"message":"\\"local\\" does not support thinking","type":"invalid_request_error"}}',
            )(response)
          : stream(plainly[dialect]())(response),
      );
      const model = await provider.model(name, { effort: 'high' });
      expect((await ask(model)).text).toBe('ok');
      expect(provider.bodies.map((one) => refused.test(one))).toEqual([true, false]);
      expect(model.takeNotes?.()).toEqual([
        expect.stringMatching(/is left out: .* has refused it \(.*does not support thinking/),
      ]);
      expect((await ask(model)).text).toBe('ok');
      expect(provider.bodies).toHaveLength(3);
      expect(model.takeNotes?.()).toEqual([]);
    },
  );

  it('[model.effort-left-out] another refusal is no reason to leave it out', async () => {
    const provider = await rawProvider(body(400, '{"error":{"message":"the tool Read is unknown"}}'));
    const model = await provider.model('openai-compatible/local', { effort: 'high' });
    expect((await failing(model)).failure.category).toBe('badRequest');
    expect(provider.bodies).toHaveLength(1);
    expect(model.takeNotes?.()).toEqual([]);
    const busy = await rawProvider(body(429, '{"error":{"message":"thinking is busy"}}'));
    const other = await busy.model('openai-compatible/local', { effort: 'high' });
    await failing(other);
    expect([busy.bodies.length, other.takeNotes?.()]).toEqual([1, []]);
  });

  it('[model.effort] what was thought goes back unchanged beside it, signature and all', async () => {
    const thought =
      claude.start() +
      claude.block(0, { type: 'thinking', thinking: '', signature: '' }, [
        { type: 'thinking_delta', thinking: 'hm' },
        { type: 'signature_delta', signature: 'SIG' },
      ]) +
      claude.tool(1, 't1', '{"path":"a"}') +
      claude.end('tool_use');
    let asked = 0;
    const provider = await rawProvider((response) =>
      stream(asked++ === 0 ? thought : plainly.anthropic())(response),
    );
    const model = await provider.model('anthropic/claude-sonnet-4-5', { effort: 'medium' });
    const { response } = await ask(model);
    await ask(model, {
      messages: [
        ...request().messages,
        { role: 'assistant', parts: response.parts },
        { role: 'tool', results: [{ call: 't1', tool: 'Read', text: 'a', isError: false }] },
      ],
    });
    expect(JSON.parse(provider.bodies[1] ?? '')).toMatchObject({
      thinking: { type: 'enabled', budget_tokens: 12_000 },
      messages: [
        {},
        {
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'SIG' },
            { type: 'tool_use', id: 't1' },
          ],
        },
        {},
      ],
    });
  });
});
