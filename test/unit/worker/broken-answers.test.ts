/** Answers that a window has cut, and requests that a provider refuses for the reasoning in them. */
import { describe, expect, it } from 'vitest';
import { ModelFailure, type ModelRequest } from '../../../src/model/port.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { asked, completed, ended, working } from '../machine-rig.ts';
import { output as shell, pod, podWith, says, usageOf, works } from './context-rig.ts';

const refusal = (message: string) => new ModelFailure('badRequest', message, { transient: false });
const signed = 'a/b: messages.1.content.0: Invalid `signature` in `thinking` block (HTTP 400)';
const thought = { type: 'reasoning' as const, text: 'hm', providerMetadata: { a: { signature: 'S' } } };

/** A turn of the model with reasoning, a text, a call that carries a signature, and its result. */
const history = (words = 'I read.'): EntryBody[] => [
  ...working('t0', 'before'),
  {
    type: 'assistantMessage',
    turn: 't0',
    step: 1,
    model: 'a/b',
    parts: [thought, { type: 'text', text: words, providerMetadata: { a: { itemId: 'm' } } }],
  },
  {
    type: 'toolCall',
    turn: 't0',
    step: 1,
    call: 'c0',
    tool: 'Bash',
    input: {},
    providerMetadata: { a: { thoughtSignature: 'S' } },
    partsBefore: 1,
  },
  { type: 'toolResult', turn: 't0', step: 1, call: 'c0', tool: 'Bash', text: 'ok', isError: false },
  completed('t0', 8),
  ended('t0', 'finished'),
  ...working('t1', 'task'),
];
const partsIn = ({ messages }: ModelRequest) =>
  messages.flatMap((message) => (message.role === 'assistant' ? message.parts : []));
const holds = (request: ModelRequest) =>
  partsIn(request).some((part) => part.type === 'reasoning' || part.providerMetadata !== undefined);

describe('reasoning that is refused', () => {
  it('[model.reasoning-refused] is left out at once and from then on, with all that belongs to it, and that is said once', async () => {
    const pod = podWith({
      window: 100_000,
      tools: [shell(10)],
      lines: history(),
      answer: (request) => (holds(request) ? refusal(signed) : says('done')),
    });
    expect(await pod.run()).toEqual({ kind: 'finished' });
    expect(pod.requests.map(({ request }) => holds(request))).toEqual([true, false]);
    const call = { type: 'toolCall', call: 'c0', tool: 'Bash', input: {} };
    expect(partsIn(pod.requests[1]!.request)).toEqual([call, { type: 'text', text: 'I read.' }]);
    expect(pod.of('reasoningRefused')).toEqual([
      { type: 'reasoningRefused', turn: 't1', model: 'a/b', reason: signed, through: expect.any(Number) },
    ]);
    expect(pod.of('alert')).toMatchObject([{ code: 'reasoningRefused', level: 'warning' }]);
    expect(pod.waited).toEqual([]);
    expect(pod.promptAgain()).toEqual(pod.promptNow());
    expect(JSON.stringify(pod.promptNow())).not.toContain('hm');
  });

  it('[model.reasoning-refused] what is thought behind it is kept, and another provider’s too', async () => {
    const pod = podWith({
      window: 100_000,
      tools: [shell(10)],
      lines: [...history(), asked('t1', 'r2')],
      answer: (request, nth) => {
        if (JSON.stringify(request.messages).includes('"S"')) return refusal(signed);
        const call = { type: 'toolCall' as const, call: 'c1', tool: 'Bash', input: {} };
        const anew = { ...thought, providerMetadata: { a: { signature: 'NEW' } } };
        return nth === 2 ? { parts: [anew, call], finishReason: 'toolCalls' } : says('done');
      },
    });
    expect(await pod.run()).toEqual({ kind: 'finished' });
    expect(pod.requests).toHaveLength(3);
    expect(JSON.stringify(pod.requests[2]?.request.messages)).toContain('"NEW"');
    expect(pod.of('reasoningRefused')).toHaveLength(1);
    expect(pod.promptAgain()).toEqual(pod.promptNow());
  });

  it('[model.reasoning-refused] a server that takes none is sent none from then on', async () => {
    const none = "a/b: property 'reasoning_content' is unsupported (HTTP 400)";
    const pod = podWith({
      window: 100_000,
      tools: [shell(10)],
      lines: history(),
      answer: (request, nth) => {
        if (partsIn(request).some(({ type }) => type === 'reasoning')) return refusal(none);
        const call = { type: 'toolCall' as const, call: 'c1', tool: 'Bash', input: {} };
        return nth === 2 ? { parts: [thought, call], finishReason: 'toolCalls' } : says('done');
      },
    });
    expect(await pod.run()).toEqual({ kind: 'finished' });
    expect(pod.requests).toHaveLength(3);
    expect(pod.of('alert')).toHaveLength(1);
  });

  it('[model.reasoning-refused] a request without any is not asked again for it', async () => {
    const pod = podWith({ window: 100_000, answer: () => refusal(signed) });
    expect(await pod.run()).toMatchObject({ kind: 'errored', message: signed });
    expect(pod.requests).toHaveLength(1);
  });

  it('[model.reasoning-refused] of a request for a summary: it is asked for without', async () => {
    const [before, task] = [history('I read. '.repeat(2_000)).slice(0, -5), history().slice(-3)];
    const last = { type: 'assistantMessage' as const, turn: 't0', step: 2, model: 'a/b', parts: [thought] };
    const text = { type: 'text' as const, text: 'the last word' };
    const pod = podWith({
      window: 100_000,
      tools: [shell(10)],
      lines: [
        ...before,
        { ...last, parts: [thought, text] },
        completed('t0', 8),
        ended('t0', 'finished'),
        { type: 'compactionAsked', instructions: null },
        ...task,
      ],
      answer: (request) => (holds(request) ? refusal(signed) : says('done')),
      summary: (request) => (holds(request) ? refusal(signed) : says('S')),
    });
    expect(await pod.run()).toEqual({ kind: 'finished' });
    expect(pod.of('reasoningRefused')).toHaveLength(1);
    expect(pod.requests.map(({ request }) => [request.toolUse, holds(request)])).toEqual([
      ['none', true],
      ['none', false],
      [undefined, false],
    ]);
    expect(pod.of('compaction')).toHaveLength(1);
  });
});

describe('an answer that the window has cut', () => {
  const cut = {
    parts: [{ type: 'text' as const, text: 'and th' }],
    finishReason: 'length' as const,
    isWindowFull: true,
  };
  it('[model.window-cut] behind a request that takes most of it: the history is made shorter, and it is asked for again', async () => {
    const cutting = pod(2_000, {
      window: 100_000,
      answer: (request, nth) =>
        nth === 9 ? { ...cut, usage: usageOf(5_000, 100) } : works(10)(request, nth),
    });
    expect(await cutting.run()).toEqual({ kind: 'finished' });
    const tokens = cutting.requests.map((sent) => sent.tokens);
    expect(tokens[9]).toBeLessThan(0.9 * (tokens[8] ?? 0));
    expect(cutting.of('pruned')).toHaveLength(1);
    // What it has used counts, nothing of it is said, and no size was refused.
    expect(cutting.of('requestFailed')).toMatchObject([{ usage: { inputTokens: 5_000, outputTokens: 100 } }]);
    expect(JSON.stringify(cutting.of('assistantMessage'))).not.toContain('and th');
    expect(cutting.of('contextRefused')).toEqual([]);
    expect(cutting.promptAgain()).toEqual(cutting.promptNow());
  });

  it('[model.window-cut] that takes more than its request: the turn has reached a limit', async () => {
    const cutting = pod(2_000, {
      window: 100_000,
      answer: () => ({ ...cut, usage: usageOf(100, 5_000) }),
    });
    expect(await cutting.run()).toEqual({ kind: 'limitReached', reason: 'outputTokens' });
    expect(cutting.requests).toHaveLength(1);
  });
});
