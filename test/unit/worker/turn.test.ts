/**
 * One turn against a model that answers as it is told to: what is asked again, what ends the turn, and what
 * the model reads of its calls.
 */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Model, ModelFailure, type ModelRequest, type ModelResponse } from '../../../src/model/port.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { defaultLimits } from '../../../src/session/settings/settings.ts';
import { defineTool } from '../../../src/tools/define-tool.ts';
import type { Tool } from '../../../src/tools/tool.ts';
import { worker } from '../../../src/worker/drive-turn.ts';
import type { TurnPorts } from '../../../src/worker/turn-ports.ts';
import { contextIn } from '../tools/bench-context.ts';
import { promptFacts, transcriptFrom } from './worker-rig.ts';

type Answer = Partial<ModelResponse> | ModelFailure;

const usage = { inputTokens: 1, outputTokens: 1, cost: null };
const text = (words: string): Answer => ({ parts: [{ type: 'text', text: words }] });
const call = (id: string, fields: object = {}) => ({
  type: 'toolCall' as const,
  call: id,
  tool: 'Note',
  input: {},
  ...fields,
});

/** The last answer is given again and again. */
function world(answers: readonly Answer[], options: { isAwaited?: boolean } = {}) {
  const requests: ModelRequest[] = [];
  const committed: EntryBody[] = [];
  const waited: number[] = [];
  const started: EntryBody[] = [
    { type: 'userMessage', turn: 't', submission: 's', from: { kind: 'person' }, text: 'go' },
  ];
  const model: Model = {
    name: 'a/b',
    async *stream(request) {
      requests.push(request);
      const answer = answers[Math.min(requests.length, answers.length) - 1] ?? {};
      if (answer instanceof ModelFailure) throw answer;
      await Promise.resolve();
      yield { type: 'response', response: { parts: [], finishReason: 'stop', usage, ...answer } };
    },
  };
  const ports: TurnPorts = {
    turn: 't',
    pod: 'root',
    promptFacts,
    tools: [note, slow],
    model: () => Promise.resolve(model),
    preLlmRequest: () =>
      Promise.resolve({ transcript: transcriptFrom([...started, ...committed]), seenThrough: 0 }),
    commit: (bodies) => Promise.resolve(void committed.push(...bodies)),
    isOpen: () => true,
    control: () => 'none',
    signal: new AbortController().signal,
    limits: { ...defaultLimits, steps: 50 },
    isAwaited: () => options.isAwaited ?? true,
    limitReached: () => null,
    toolContext: () => contextIn('/nowhere'),
    interceptors: [],
    show: () => undefined,
    crashPoint: () => undefined,
    after: (delayMs, act) => void setTimeout(act, delayMs),
    random: () => Math.random(),
    wait: (delayMs) => Promise.resolve(void waited.push(delayMs)),
  };
  const results = () => committed.flatMap((body) => (body.type === 'toolResult' ? [body] : []));
  return {
    ports,
    requests,
    committed,
    waited,
    results,
    run: () => worker.driveTurn(ports, { resumed: false }),
  };
}

const noteInput = z.strictObject({
  about: z.string().optional(),
  times: z.number().optional(),
  tags: z.array(z.string()).optional(),
  inner: z.strictObject({ deep: z.boolean().optional() }).optional(),
});
const note = defineTool({
  name: 'Note',
  description: '',
  input: () => noteInput,
  order: 'parallel',
  needs: () => ({ kind: 'none' }),
  run: (input) => Promise.resolve({ text: JSON.stringify(input) }),
});
const slow: Tool = {
  ...note,
  name: 'Slow',
  run: () => new Promise((resolve) => setImmediate(() => setImmediate(() => resolve({ text: 'slow' })))),
};

describe('an answer with neither text nor call', () => {
  const empty: Answer[] = [
    { parts: [] },
    { parts: [{ type: 'text', text: ' \n' }] },
    { parts: [{ type: 'reasoning', text: 'hm', providerMetadata: { anthropic: { signature: 's' } } }] },
  ];

  it.each(empty)(
    '[worker.empty] %j is asked again once, and a word then finishes the turn',
    async (answer) => {
      const { run, requests } = world([answer, text('here')]);
      expect(await run()).toEqual({ kind: 'finished' });
      expect(requests).toHaveLength(2);
      // What has no words is nothing to send back.
      expect(requests[1]?.messages).toMatchObject([{ role: 'user' }, ...(answer === empty[1] ? [{}] : [])]);
    },
  );

  it('[worker.empty] empty twice, a turn that somebody waits for fails, and one that notices began is finished', async () => {
    const awaited = world([{ parts: [] }]);
    expect(await awaited.run()).toMatchObject({ kind: 'errored', category: 'emptyAnswer' });
    expect(awaited.requests).toHaveLength(2);
    const noticed = world([{ parts: [] }], { isAwaited: false });
    expect(await noticed.run()).toEqual({ kind: 'finished' });
    expect(noticed.requests).toHaveLength(2);
  });

  it('[worker.empty] an empty answer behind tools counts anew', async () => {
    const calling: Answer = { parts: [call('c1')], finishReason: 'toolCalls' };
    const { run, requests } = world([{ parts: [] }, calling, { parts: [] }, text('done')]);
    expect(await run()).toEqual({ kind: 'finished' });
    expect(requests).toHaveLength(4);
  });
});

describe('a call that a limit has cut', () => {
  const cut = (id: string, began: string): Answer => ({
    parts: [call(id, { input: null, cut: `the limit of its length, began: ${began}` })],
    finishReason: 'length',
  });

  it('[worker.cut-call] it is told as that and not run; the same again ends the turn', async () => {
    const { run, results, requests } = world([cut('c1', '{"a'), cut('c2', '{"a')]);
    expect(await run()).toEqual({ kind: 'limitReached', reason: 'outputTokens' });
    expect(requests).toHaveLength(2);
    expect(results()).toMatchObject([{ isError: true }, { isError: true }]);
    expect(results()[0]?.text).toMatch(/cut off and has not run: the limit of its length/);
    expect(results()[0]?.text).not.toContain('JSON');
  });

  it('[worker.cut-call] others that are cut one after the other end it as well, a whole one in between begins anew', async () => {
    const endless = world(['a', 'b', 'c', 'd', 'e', 'f'].map((began) => cut(began, began)));
    expect(await endless.run()).toEqual({ kind: 'limitReached', reason: 'outputTokens' });
    expect(endless.requests).toHaveLength(4);
    const whole: Answer = { parts: [call('c2')], finishReason: 'toolCalls' };
    const { run } = world([cut('c1', 'a'), whole, cut('c3', 'a'), text('done')]);
    expect(await run()).toEqual({ kind: 'finished' });
  });
});

describe('what goes back', () => {
  it('[worker.results-order] results stand in the order of their calls, however they came', async () => {
    const parts = [call('c1', { tool: 'Slow' }), call('c2'), call('c3', { tool: 'None' })];
    const { run, requests, results } = world([{ parts, finishReason: 'toolCalls' }, text('done')]);
    await run();
    expect(results().map((result) => result.call)).not.toEqual(['c1', 'c2', 'c3']);
    expect(requests[1]?.messages.at(-1)).toMatchObject({
      role: 'tool',
      results: [{ call: 'c1' }, { call: 'c2' }, { call: 'c3' }],
    });
  });

  it('[worker.reasoning-place] reasoning, also without text, and texts go back in their places among the calls', async () => {
    const reasoning = (name: string) => ({
      type: 'reasoning' as const,
      text: '',
      providerMetadata: { openai: { itemId: name } },
    });
    const parts = [
      reasoning('r1'),
      call('c1', { providerMetadata: { openai: { itemId: 'f1' } } }),
      call('c2'),
      reasoning('r2'),
      { type: 'text' as const, text: 'and' },
      call('c3'),
      { type: 'text' as const, text: 'that is all' },
    ];
    const { run, requests } = world([{ parts, finishReason: 'toolCalls' }, text('done')]);
    await run();
    expect(requests[1]?.messages[1]).toEqual({ role: 'assistant', parts });
  });

  it.each([
    [{ about: null, times: 2 }, { times: 2 }],
    [{ about: null, tags: null, inner: { deep: null } }, { inner: {} }],
    [
      { tags: '["a","b"]', times: '3' },
      { times: 3, tags: ['a', 'b'] },
    ],
    [{ inner: '{"deep":true}' }, { inner: { deep: true } }],
    [{ about: '["a"]' }, { about: '["a"]' }],
  ])('[worker.input-repaired] %j is understood as %j', async (input, understood) => {
    const { run, results } = world([
      { parts: [call('c1', { input })], finishReason: 'toolCalls' },
      text('done'),
    ]);
    await run();
    expect(results()).toMatchObject([{ isError: false, text: JSON.stringify(understood) }]);
  });

  it('[worker.input-repaired] what is wrong in another way is told', async () => {
    const input = { about: 7, wrong: null };
    const { run, results } = world([
      { parts: [call('c1', { input })], finishReason: 'toolCalls' },
      text('done'),
    ]);
    await run();
    expect(results()).toMatchObject([{ isError: true, text: expect.stringContaining('is not right') }]);
  });
});

describe('a provider that fails', () => {
  const limited = (retryAfterMs: number) =>
    new ModelFailure('rateLimit', 'a/b: monthly quota (HTTP 429)', { transient: true, retryAfterMs });

  it('[worker.retry-after-bound] a rest within limits.retryAfterMaxMs is kept', async () => {
    const { run, waited } = world([limited(defaultLimits.retryAfterMaxMs), text('done')]);
    expect(await run()).toEqual({ kind: 'finished' });
    expect(waited).toEqual([600_000]);
  });

  it('[worker.retry-after-bound] a longer one ends the turn with the provider’s words and the setting', async () => {
    const { run, requests, waited } = world([limited(2_592_000_000)]);
    expect(await run()).toMatchObject({
      kind: 'errored',
      category: 'rateLimit',
      message: expect.stringMatching(
        /monthly quota.*43200 minutes of rest, and limits\.retryAfterMaxMs allows 10 minutes/,
      ),
    });
    expect([requests.length, waited]).toEqual([1, []]);
  });

  it('[worker.doubtful] what hardly ever passes is asked for as often as it may pass', async () => {
    const doubtful = new ModelFailure('network', 'a/b: not known', { transient: true, triesMax: 3 });
    const { run, requests } = world([doubtful]);
    expect(await run()).toMatchObject({ kind: 'errored', category: 'network' });
    expect(requests).toHaveLength(3);
  });
});
