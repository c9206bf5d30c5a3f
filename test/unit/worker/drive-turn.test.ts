/** How a turn goes: what is asked and committed step by step, and every way in which it ends. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ModelConfigError, ModelFailure } from '../../../src/model/port.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { StorageFailed } from '../../../src/session/log/storage-failed.ts';
import { defineTool } from '../../../src/tools/define-tool.ts';
import type { TurnResult } from '../../../src/worker/turn-ports.ts';
import { asked, called, result, said } from '../machine-rig.ts';
import {
  type Reply,
  type TurnOptions,
  calls,
  part,
  says,
  turnOf,
  usage,
  transcriptFrom,
} from './worker-rig.ts';

const echo = defineTool({
  name: 'Echo',
  description: 'says it again',
  input: () => z.object({}),
  order: 'parallel',
  needs: () => ({ kind: 'none' }),
  run: () => Promise.resolve({ text: 'ok' }),
});
const tools = [echo];

const storageFailed = new StorageFailed({
  path: '/log',
  doing: 'writing',
  advice: 'make room',
  fatal: false,
  cause: 'no space',
});
const failure = new ModelFailure('badRequest', 'not so', { transient: false });
const cut = (why: string, tool = 'Echo'): Reply => ({
  response: { parts: [part('c1', { tool, cut: why })], finishReason: 'length' },
});
const empty: Reply = { response: { parts: [] } };
const emptyTwice =
  'a/b: the answer was empty twice, without text and without a call. Ask again in other words, or use another model.';

interface Case extends TurnOptions {
  replies?: Reply[];
  result: TurnResult;
  /** How many requests; 1 unless said. */
  asks?: number;
}

const ends: Record<string, Case> = {
  'an answer finishes': { replies: [says('done')], result: { kind: 'finished' } },
  'an answer that ends with calls that are none finishes': {
    replies: [{ response: { parts: [{ type: 'text', text: 'x' }], finishReason: 'toolCalls' } }],
    result: { kind: 'finished' },
  },
  'an answer that ends otherwise finishes': {
    replies: [{ response: { parts: [{ type: 'text', text: 'x' }], finishReason: 'stop' } }],
    result: { kind: 'finished' },
  },
  'calls are answered, and the model is asked again': {
    replies: [calls(part('c1')), says('done')],
    result: { kind: 'finished' },
    asks: 2,
  },
  'a cancel before the first request': { control: ['cancel'], result: { kind: 'cancelled' }, asks: 0 },
  'a pause before the first request': { control: ['pause'], result: { kind: 'paused' }, asks: 0 },
  'a cancel between two requests': {
    replies: [calls(part('c1'))],
    control: ['none', 'cancel'],
    result: { kind: 'cancelled' },
  },
  'a pause between two requests': {
    replies: [calls(part('c1'))],
    control: ['none', 'pause'],
    result: { kind: 'paused' },
  },
  'the steps are used up': {
    replies: [calls(part('c1'))],
    limits: { steps: 2 },
    result: { kind: 'limitReached', reason: 'steps' },
    asks: 2,
  },
  'the last step may still finish': {
    replies: [calls(part('c1')), says('done')],
    limits: { steps: 2 },
    result: { kind: 'finished' },
    asks: 2,
  },
  'a limit of the pod': { limitReached: ['cost'], result: { kind: 'limitReached', reason: 'cost' }, asks: 0 },
  'a limit of the pod behind a step': {
    replies: [calls(part('c1'))],
    limitReached: [null, 'cost'],
    result: { kind: 'limitReached', reason: 'cost' },
  },
  'an answer that was too long': {
    replies: [{ response: { parts: [{ type: 'text', text: 'and th' }], finishReason: 'length' } }],
    result: { kind: 'limitReached', reason: 'outputTokens' },
  },
  'nothing but a limit': {
    replies: [{ response: { parts: [], finishReason: 'length' } }],
    result: { kind: 'limitReached', reason: 'outputTokens' },
  },
  'an answer that was withheld': {
    replies: [{ response: { parts: [], finishReason: 'contentFilter' } }],
    result: { kind: 'errored', category: 'contentFilter', message: 'The provider withheld the answer.' },
  },
  'an empty answer is asked for again': {
    replies: [empty, says('done')],
    result: { kind: 'finished' },
    asks: 2,
  },
  'two of them are an error where somebody waits': {
    replies: [empty],
    result: { kind: 'errored', category: 'emptyAnswer', message: emptyTwice },
    asks: 2,
  },
  'two of them finish where nobody waits': {
    replies: [empty],
    isAwaited: () => false,
    result: { kind: 'finished' },
    asks: 2,
  },
  'two of them with calls between are not two': {
    replies: [empty, calls(part('c1')), empty, says('done')],
    result: { kind: 'finished' },
    asks: 4,
  },
  'the same call cut twice': {
    replies: [cut('too long')],
    result: { kind: 'limitReached', reason: 'outputTokens' },
    asks: 2,
  },
  'four steps of cut calls, however they differ': {
    replies: [1, 2, 3, 4, 5].map((n) => cut(`too long ${n}`)),
    result: { kind: 'limitReached', reason: 'outputTokens' },
    asks: 4,
  },
  'the same cut of another tool is another call': {
    replies: [cut('too long'), cut('too long', 'Write'), says('done')],
    result: { kind: 'finished' },
    asks: 3,
  },
  'a whole call between two cut ones': {
    replies: [cut('too long'), calls(part('c2')), cut('too long'), says('done')],
    result: { kind: 'finished' },
    asks: 4,
  },
  'whole calls are no cut ones, however often they come': {
    replies: [...Array.from({ length: 6 }, () => calls(part('c1'))), says('done')],
    result: { kind: 'finished' },
    asks: 7,
  },
  'a call that is whole beside one that is cut': {
    replies: [calls(part('c1'), part('c2', { cut: 'end' })), calls(part('c3'), part('c4', { cut: 'end' }))],
    result: { kind: 'limitReached', reason: 'outputTokens' },
    asks: 2,
  },
  'two cut calls are not the one that reads like both': {
    replies: [
      calls(part('c1', { cut: 'a' }), part('c2', { cut: 'b' })),
      calls(part('c3', { cut: 'aEcho b' })),
      says('done'),
    ],
    result: { kind: 'finished' },
    asks: 3,
  },
  'a pause while a retry waits': {
    replies: [{ throws: new ModelFailure('overloaded', 'later', { transient: true }) }],
    control: ['none', 'pause'],
    result: { kind: 'paused' },
  },
  'the provider refuses': {
    replies: [{ throws: failure }],
    result: { kind: 'errored', category: 'badRequest', message: 'not so' },
  },
  'a defect': {
    replies: [{ throws: new TypeError('not a function') }],
    result: { kind: 'errored', category: 'internal', message: 'not a function' },
  },
  'whatever is thrown': {
    replies: [{ throws: 'strange' }],
    result: { kind: 'errored', category: 'internal', message: 'strange' },
  },
  'no model is configured': {
    model: () => Promise.reject(new ModelConfigError('no key')),
    result: { kind: 'errored', category: 'configuration', message: 'no key' },
    asks: 0,
  },
  'the log refuses the buffer': {
    preLlmRequest: () => Promise.reject(storageFailed),
    result: { kind: 'abandoned', message: storageFailed.message },
    asks: 0,
  },
  'the log refuses the answer': {
    replies: [says('done')],
    commit: () => Promise.reject(storageFailed),
    result: { kind: 'abandoned', message: storageFailed.message },
  },
  'something else fails while the turn is aborted': {
    signal: AbortSignal.abort(),
    preLlmRequest: () => Promise.reject(new Error('gone')),
    result: { kind: 'cancelled' },
    asks: 0,
  },
  'the log refuses while the turn is aborted': {
    signal: AbortSignal.abort(),
    preLlmRequest: () => Promise.reject(storageFailed),
    result: { kind: 'abandoned', message: storageFailed.message },
    asks: 0,
  },
};

describe('a turn', () => {
  it.each(Object.entries(ends))(
    '[turn.ends] %s',
    async (_, { replies = [], result, asks = 1, ...options }) => {
      const { run, requests } = turnOf(replies, { tools, ...options });
      expect(await run()).toEqual(result);
      expect(requests).toHaveLength(asks);
    },
  );

  const answered = [asked('t1', 'r1'), said('t1', 'all of it')];
  it.each<[string, EntryBody[], boolean, number]>([
    ['that had its answer lacked its end only: it is not asked again', answered, true, 0],
    [
      'that had a part of an answer is asked',
      [answered[0]!, { ...said('t1', 'a part'), partial: true }],
      true,
      1,
    ],
    ['that had an answer without words is asked', [answered[0]!, said('t1', ' ')], true, 1],
    ['that had called something is asked', [...answered, called('t1', 'c1'), result('t1', 'c1')], true, 1],
    ['that is not resumed is asked, whatever the history ends with', answered, false, 1],
  ])('[turn.resumed] an interrupted one %s', async (...[, history, resumed, asks]) => {
    const { run, requests, committed } = turnOf([says('done')], { history, resumed });
    expect(await run()).toEqual({ kind: 'finished' });
    expect([requests.length, committed.length]).toEqual([asks, asks]);
  });

  it('[turn.resumed] only the first step of it is not asked again', async () => {
    const history = [asked('t1', 'r1')];
    const { run, requests, committed } = turnOf([calls(part('c1')), says('done')], {
      tools,
      history,
      resumed: true,
      preLlmRequest: () =>
        Promise.resolve({
          transcript: transcriptFrom(requests.length === 0 ? [] : [said('t1', 'spoken')]),
          seenThrough: 0,
        }),
    });
    expect(await run()).toEqual({ kind: 'finished' });
    expect([requests.length, committed.length]).toEqual([2, 3]);
  });
});

describe('what a step commits', () => {
  const end = (step: number, finishReason: string, seenThrough = 4): EntryBody => ({
    type: 'stepCompleted',
    turn: 't1',
    step,
    finishReason,
    usage,
    seenThrough,
  });

  it('[turn.commits] the answer, its calls in their places and what it has seen, in one append; each result in its own', async () => {
    const text = { type: 'text', text: 'look', providerMetadata: { p: { id: 1 } } } as const;
    const reasoning = { type: 'reasoning', text: 'hm' } as const;
    const first = calls(
      part('c0', { input: { a: 1 }, providerMetadata: { p: { id: 2 } } }),
      text,
      part('c1', { input: null, invalid: 'no JSON' }),
      reasoning,
      part('c2'),
    );
    const { run, committed, points } = turnOf([first, says('done')], { tools, seenThrough: 9 });
    await run();
    const message = (step: number, parts: object[]): EntryBody =>
      ({ type: 'assistantMessage', turn: 't1', step, model: 'a/b', parts }) as EntryBody;
    const call = (id: string, fields: object): EntryBody => ({
      type: 'toolCall',
      turn: 't1',
      step: 1,
      call: id,
      tool: 'Echo',
      input: {},
      ...fields,
    });
    expect(committed[0]).toStrictEqual([
      message(1, [text, reasoning]),
      call('c0', { input: { a: 1 }, providerMetadata: { p: { id: 2 } }, partsBefore: 0 }),
      call('c1', { input: null, partsBefore: 1 }),
      call('c2', {}),
      end(1, 'toolCalls', 9),
    ]);
    expect(
      committed
        .slice(1, 4)
        .map(([entry]) => (entry?.type === 'toolResult' ? [entry.call, entry.step] : entry)),
    ).toEqual(
      expect.arrayContaining([
        ['c0', 1],
        ['c1', 1],
        ['c2', 1],
      ]),
    );
    expect(committed[4]).toStrictEqual([message(2, [{ type: 'text', text: 'done' }]), end(2, 'stop', 9)]);
    expect(points).toEqual([
      'request.started',
      'response.received',
      'response.committed',
      'request.started',
      'response.received',
      'response.committed',
    ]);
  });

  it('[ask.spent] an answer that the log refuses was paid for: what it used is a line of its own', async () => {
    const lines: EntryBody[][] = [];
    const { run } = turnOf([says('done')], {
      commit: (bodies) =>
        bodies.length > 1 ? Promise.reject(storageFailed) : Promise.resolve(void lines.push(bodies)),
    });
    expect(await run()).toEqual({ kind: 'abandoned', message: storageFailed.message });
    expect(lines).toEqual([[{ type: 'requestFailed', turn: 't1', step: 1, usage }]]);
  });

  it('[model.effort-left-out] what a model finds out about how it is asked is an alert, before the first request or behind the answer', async () => {
    const plain = turnOf([says('done')]);
    let notes = ['known before'];
    const model: typeof plain.model = {
      name: 'a/b',
      takeNotes: () => notes.splice(0),
      stream: (request) => {
        notes = ['found out'];
        return plain.model.stream(request);
      },
    };
    const { run, committed } = turnOf([], { model: () => Promise.resolve(model) });
    expect(await run()).toEqual({ kind: 'finished' });
    const alert = (text: string) => ({ type: 'alert', level: 'warning', code: 'modelSetting', text });
    expect(committed.map(([first]) => first?.type)).toEqual(['alert', 'assistantMessage', 'alert']);
    expect([committed[0], committed[2]]).toEqual([[alert('known before')], [alert('found out')]]);
  });

  it('[turn.commits] nothing is run of an answer that the log refuses', async () => {
    const { run, points } = turnOf([calls(part('c1'))], {
      tools,
      commit: () => Promise.reject(storageFailed),
    });
    expect(await run()).toMatchObject({ kind: 'abandoned' });
    expect(points).toEqual(['request.started', 'response.received']);
  });
});
