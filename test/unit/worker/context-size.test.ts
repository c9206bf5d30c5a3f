/** How large a request is, and how large the window of a model. */
import { describe, expect, it } from 'vitest';
import { emptyContext } from '../../../src/session/facts/context-facts.ts';
import { windowOf } from '../../../src/model/window.ts';
import { requestRoom, statedWindow } from '../../../src/model/stated-window.ts';
import { tokensOf, unitsOfRequest } from '../../../src/worker/context/size.ts';

describe('the size of a request', () => {
  const text = (value: string) => ({
    system: '',
    tools: [],
    messages: [{ role: 'user' as const, text: value }],
  });
  const measured = { model: 'a/b', request: 1_000, answer: 100, inputTokens: 1_500, outputTokens: 200 };

  it('[context.size] counts bytes, a unit four of them, and a little around each message', () => {
    expect(unitsOfRequest(text('x'.repeat(400)))).toBe(104);
    expect(unitsOfRequest(text('語'.repeat(400)))).toBe(304);
    expect(unitsOfRequest({ ...text(''), system: 'x'.repeat(40) })).toBe(14);
  });
  it.each([
    ['before any count a unit is a token', null, 2_000, 2_000],
    ['the last count, and what was added since at the rate that was learned', measured, 2_100, 3_200],
    ['nothing was added', measured, 1_100, 1_700],
    ['less than was counted: all of it at the rate', measured, 500, 750],
    ['of another model nothing is known', { ...measured, model: 'c/d' }, 2_000, 2_000],
  ])('[context.size] %s', (_, last, units, tokens) => {
    const context = { ...emptyContext(), measured: last };
    if (last?.model === 'a/b') context.rates.set('a/b', 1.5);
    expect(tokensOf(context, 'a/b', units)).toBe(tokens);
  });
  it.each([
    ['claude-opus-4-5 answers with up to 64,000', 'anthropic/claude-opus-4-5', {}, 136_000],
    ['gpt-5 takes 272,000', 'openai/gpt-5', {}, 272_000],
    ['what a person says wins', 'openai/gpt-5', { contextTokens: 60_000, outputTokens: 10_000 }, 50_000],
    ['of an unknown model an eighth is kept free', 'x/y', {}, 112_000],
    ['no more than half is kept free', 'x/y', { contextTokens: 8_000, outputTokens: 8_000 }, 4_000],
    ['Gemini keeps nothing free', 'google/gemini-3-pro', {}, 1_048_576],
  ])('[context.window] %s', (_, name, given, tokens) => {
    const isKnown = name !== 'x/y' || 'contextTokens' in given;
    const said = 'contextTokens' in given ? { given: given.contextTokens } : {};
    expect(windowOf(name, given)).toEqual({ tokens, isKnown, isBound: true, ...said });
  });
  it.each([
    ['takes what it is given', {}, { tokens: 112_000, isKnown: true, isBound: false }],
    [
      'has a window where a person says so',
      { contextTokens: 4_000, outputTokens: 1_000 },
      { tokens: 3_000, isKnown: true, isBound: true, given: 4_000 },
    ],
  ])('[context.window] a scenario %s', (_, given, window) => {
    expect(windowOf('script//a.yaml', given)).toEqual(window);
  });
  it.each([
    ['prompt is too long: 210000 tokens > 200000 maximum', 200_000],
    ["This model's maximum context length is 8192 tokens. However, your messages resulted in 9001", 8_192],
    ['The input token count (5) exceeds the maximum number of tokens allowed (1048576).', 1_048_576],
    ['the request exceeds the available context size (4096 tokens)', 4_096],
    ['This model has a maximum context length of 131,072 tokens', 131_072],
    ['input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease', 178_667],
    ["This model's maximum prompt length is 131072 but the request contains 537812 tokens.", 131_072],
    ['Prompt contains 40000 tokens, too large for model with 32768 maximum context length', 32_768],
    ['The decoder prompt (length 5000) is longer than the maximum model length of 4096.', 4_096],
    ['it exceeds the context window of 128k tokens', 128_000],
    ['Your input exceeds the context window of this model (error 12)', null],
    ['request_too_large', null],
  ])('[context.refused] the window that is told in "%s"', (words, window) => {
    const said = statedWindow(words);
    expect(said && requestRoom(said)).toBe(window);
  });
});
