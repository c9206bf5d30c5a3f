/**
 * Servers that count a request and its answer together: a shorter answer is asked for where the request fits.
 */
import { describe, expect, it } from 'vitest';
import { ask, failing } from './ask.ts';
import { dialects, rawProvider, stream } from './raw-provider.ts';

const answered = (text: string) =>
  [
    { choices: [{ index: 0, delta: { role: 'assistant', content: text }, finish_reason: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    { choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } },
  ]
    .map(
      (event) =>
        `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', ...event })}\n\n`,
    )
    .join('') + 'data: [DONE]\n\n';

const window = 8_192;

interface Counting {
  /** Tokens of the request. */
  prompt: number;
  /** It says no more of the request than what makes it too much. */
  isVague?: boolean;
  words?: (prompt: number, output: number) => string;
}

const vllm = (prompt: number, output: number) =>
  `This model's maximum context length is ${window} tokens. However, you requested ${output} output tokens and your prompt contains at least ${prompt} input tokens, for a total of at least ${prompt + output} tokens. Please reduce the length of the input prompt or the number of requested output tokens.`;
const older = (prompt: number, output: number) =>
  `This model's maximum context length is ${window} tokens. However, you requested ${prompt + output} tokens (${prompt} in the messages, ${output} in the completion). Please reduce the length of the messages or completion.`;

async function counting({ prompt, isVague = false, words = vllm }: Counting) {
  const asked: number[] = [];
  const provider = await rawProvider((response, body) => {
    const { max_tokens: output = 0 } = JSON.parse(body) as { max_tokens?: number };
    asked.push(output);
    if (prompt + output <= window) return stream(answered(`with ${output}`))(response);
    const said = isVague ? window - output + 1 : prompt;
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ error: { message: words(said, output), type: 'BadRequestError', code: 400 } }),
    );
  });
  const model = await provider.model(dialects.compatible, { given: { outputTokens: 8_000 } });
  return { asked, model };
}

describe('an answer for which there is no room', () => {
  it.each<[string, Counting]>([
    ['as vLLM says it', { prompt: 2_500 }],
    ['as it was said before', { prompt: 2_500, words: older }],
    ['said of less than there is', { prompt: 5_000, isVague: true }],
  ])(
    '[model.answer-room] %s: a shorter one is asked for at once, and later from the first',
    async (_, world) => {
      const { asked, model } = await counting(world);
      const sent = { system: 'x'.repeat(3 * world.prompt) };
      expect((await ask(model, sent)).text).toMatch(/^with \d{4}$/);
      expect(asked[0]).toBe(8_000);
      expect(asked.length).toBeLessThanOrEqual(3);
      expect(world.prompt + asked.at(-1)!).toBeLessThanOrEqual(window);
      const before = asked.length;
      await ask(model, sent);
      expect(asked).toHaveLength(before + 1);
    },
  );
  it('[model.answer-room] a request that leaves less than an eighth is too long, with the window that is left for it', async () => {
    const { asked, model } = await counting({ prompt: 7_900 });
    const { failure } = await failing(model);
    expect(failure).toMatchObject({ category: 'contextTooLong', window: window / 2 });
    expect(asked).toEqual([8_000]);
  });
  it('[model.answer-room] a server that refuses whatever is asked is not asked for ever', async () => {
    const { asked, model } = await counting({ prompt: 100_000, isVague: true });
    expect((await failing(model)).failure.category).toBe('contextTooLong');
    expect(asked.length).toBeLessThanOrEqual(4);
  });
});
