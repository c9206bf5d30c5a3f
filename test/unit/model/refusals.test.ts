/** Real refusals through each provider's own package, over HTTP: what they are taken for. */
import { describe, expect, it } from 'vitest';
import { statedWindow } from '../../../src/model/stated-window.ts';
import { refusalKind } from '../../../src/model/refusal-words.ts';
import { failing } from './ask.ts';
import { dialects, rawProvider } from './raw-provider.ts';
import { refusals } from './refusals.ts';

describe('a refusal', () => {
  it.each(refusals.map((row) => [row.id, row] as const))('[model.refusals] %s', async (_, row) => {
    const { dialect, status, body, headers = {}, category, window, next = false, again = false } = row;
    const provider = await rawProvider((response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    const { failure } = await failing(await provider.model(dialects[dialect]));
    const { isGone, transient } = failure;
    expect({ category: failure.category, window: failure.window, isGone, transient }).toEqual({
      category,
      window,
      isGone: next,
      transient: again,
    });
    if (!again) expect(failure.retryAfterMs).toBeUndefined();
    expect(failure.message).toMatch(row.advice ?? /./);
    expect(provider.bodies).toHaveLength(1);
  });
  it('[model.refusals] the rows have ids of their own', () => {
    const ids = refusals.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the window that is named', () => {
  it.each([
    ['(HTTP 400)', null],
    ['context window exceeds limit (2013)', null],
    ['exceeded max context length by 2000 tokens', null],
    ['the maximum context length is 400 tokens', null],
    ['maximum context length is 999999999999 tokens', null],
    ['request_too_large', null],
    ['Your input exceeds the context window of this model (error 4012)', null],
    ['Input length 17000 exceeds the maximum', null],
    ['This model has a maximum context length of 131,072 tokens', 131_072],
    ['it exceeds the context window of 128k tokens', 128_000],
  ])('[model.refusals-window] %s', (words, tokens) => {
    expect(statedWindow(words)?.tokens ?? null).toBe(tokens);
  });
  it('[model.refusals-window] with what the provider counts of the request and of the answer', () => {
    expect(
      statedWindow(
        "This model's maximum context length is 8192 tokens. However, you requested 8000 output tokens and your prompt contains at least 2500 input tokens",
      ),
    ).toEqual({ tokens: 8_192, answer: 8_000, request: 2_500 });
    expect(statedWindow('input length and `max_tokens` exceed context limit: 1000 + 7500 > 8192')).toEqual({
      tokens: 8_192,
      answer: 7_500,
      request: 1_000,
    });
  });
});

it.each([
  'model: '.repeat(200_000),
  `model ${'a'.repeat(1_000_000)}`,
  'context length '.repeat(100_000),
  '1,'.repeat(500_000),
  `exceeds ${' '.repeat(1_000_000)}context length`,
  'limit 1 used 1 '.repeat(100_000),
])('[model.refusals-hostile] a body made to take long is read at once (%#)', (message) => {
  const from = performance.now();
  for (const status of [400, 413, 429, 500])
    refusalKind({ status, codes: [message], message, body: message });
  statedWindow(message);
  expect(performance.now() - from).toBeLessThan(500);
});
