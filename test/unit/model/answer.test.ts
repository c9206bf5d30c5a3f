/** What a provider says in numbers: counts of tokens and wishes for rest are input from outside. */
import { describe, expect, it } from 'vitest';
import { toCallOptions } from '../../../src/model/prompt.ts';
import { request } from './ask.ts';
import { newAnswer } from '../../../src/model/answer.ts';

describe('a provider’s numbers', () => {
  it.each([
    [1.5, 2],
    [1e308, Number.MAX_SAFE_INTEGER],
    [2 ** 53 + 2, Number.MAX_SAFE_INTEGER],
  ])('[model.usage-clamped] %d tokens are counted as %d', (told, counted) => {
    const answer = newAnswer({ name: 'openai-compatible/m', cost: () => null }, request());
    const input = { total: told, noCache: told, cacheRead: told, cacheWrite: told };
    answer.take({
      type: 'finish',
      finishReason: { unified: 'stop', raw: 'stop' },
      usage: { inputTokens: input, outputTokens: { total: told, text: told, reasoning: told } },
    });
    expect(answer.response().usage).toMatchObject({ inputTokens: counted, outputTokens: counted });
  });

  it.each([undefined, 0, -1, Number.NaN])(
    '[model.usage-estimated] where %s tokens were read, three bytes are taken for one, tools and answer included',
    (told) => {
      const asked = request();
      const cost = ({ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }) =>
        inputTokens + outputTokens;
      const answer = newAnswer({ name: 'openai-compatible/m', cost }, asked);
      const input = { total: told, noCache: told, cacheRead: told, cacheWrite: told };
      answer.take({ type: 'text-start', id: '1' });
      answer.take({ type: 'text-delta', id: '1', delta: 'x'.repeat(3_000) });
      answer.take({
        type: 'finish',
        finishReason: { unified: 'stop', raw: 'stop' },
        usage: { inputTokens: input, outputTokens: { total: told, text: told, reasoning: told } },
      });
      const { inputTokens, outputTokens, cost: counted } = answer.response().usage;
      const bytes = JSON.stringify([asked.messages, asked.tools]).length + asked.system.length;
      expect(inputTokens).toBe(Math.ceil(bytes / 3));
      expect(outputTokens).toBe(Math.ceil((3_000 + 32) / 3));
      expect(counted).toBe(inputTokens + outputTokens);
    },
  );

  it('[model.call-missing] an answer that ended for a call and holds none is a failure that is tried once more', () => {
    const answer = newAnswer({ name: 'openai-compatible/m', cost: () => null }, request());
    const count = { total: 5, noCache: 5, cacheRead: 0, cacheWrite: 0 };
    answer.take({ type: 'text-start', id: '1' });
    answer.take({ type: 'text-delta', id: '1', delta: 'I will now read the file:' });
    answer.take({
      type: 'finish',
      finishReason: { unified: 'tool-calls', raw: 'tool_use' },
      usage: { inputTokens: count, outputTokens: { total: 5, text: 5, reasoning: 0 } },
    });
    expect(() => answer.response()).toThrow(
      expect.objectContaining({
        message: 'openai-compatible/m: the answer ended for a call, and no call came',
        category: 'cutStream',
        transient: true,
        triesMax: 2,
      }),
    );
  });

  it('[model.half-pair] half a surrogate pair reaches no provider, a whole one does', () => {
    const half = String.fromCharCode(0xd83d);
    const messages = [{ role: 'user' as const, text: `a ${half} b 😀` }];
    const { prompt } = toCallOptions('plain', request({ messages, system: half }));
    expect(prompt[0]).toMatchObject({ content: '\ufffd' });
    expect(prompt[1]).toMatchObject({ content: [{ type: 'text', text: 'a \ufffd b 😀' }] });
  });
});
