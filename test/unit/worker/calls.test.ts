/**
 * The calls of one step, as a table: what is checked, what a person or a scope says, what is committed, and
 * what runs beside what.
 */
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import type { Tool, ToolAnswer } from '../../../src/tools/tool.ts';
import { type RequestedCall, type ToolPorts, runTools } from '../../../src/worker/run-tools.ts';
import type { CallApproval, CallRequest } from '../../../src/worker/turn-ports.ts';
import { writeTool } from '../../../src/tools/write.ts';
import { defineTool } from '../../../src/tools/define-tool.ts';
import { contextIn } from '../tools/bench-context.ts';
import { result } from '../machine-rig.ts';

const schema = z.strictObject({ n: z.number().optional() });
const tool = (name: string, fields: Partial<Tool> = {}): Tool => ({
  ...defineTool({
    name,
    description: '',
    input: () => schema,
    order: 'parallel',
    needs: () => ({ kind: 'none' }),
    run: (input, { call }) => Promise.resolve({ text: `${call}: ${JSON.stringify(input)}` }),
  }),
  ...fields,
});
const answers = (answer: ToolAnswer) => tool('Say', { run: () => Promise.resolve(answer) });
const throws = (error: unknown) =>
  tool('Say', {
    run: () => {
      throw error;
    },
  });
const say = (fields: Partial<RequestedCall> = {}): RequestedCall => ({
  call: 'c1',
  tool: 'Say',
  input: { n: 1 },
  ...fields,
});
const outcome = (fields: object) => result('t1', 'c1', { step: 3, tool: 'Say', ...fields });
const failed = (text: string) => outcome({ text, isError: true });

interface World extends Partial<ToolPorts> {
  abort?: AbortController;
}

async function play(calls: RequestedCall[], world: World = {}) {
  const { abort = new AbortController(), ...over } = world;
  const committed: EntryBody[][] = [];
  const permits: CallRequest[] = [];
  await runTools(
    {
      turn: 't1',
      tools: [tool('Say')],
      after: (delayMs, act) => void setTimeout(act, delayMs),
      signal: abort.signal,
      commit: (bodies) => Promise.resolve(void committed.push(bodies)),
      isOpen: () => true,
      interceptors: [
        {
          beforeCall: (request) => {
            permits.push(request);
            return Promise.resolve({ kind: 'allowed' });
          },
        },
      ],
      toolContext: (call) => contextIn('/nowhere', { call, signal: abort.signal }),
      ...over,
    },
    3,
    calls,
  );
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  return { committed, permits };
}

const cutText =
  'The call of Say was cut off and has not run: at its end. Do not send it again as it was. Make each call shorter, and fewer of them at once';
const { whenTooLong = '' } = writeTool;
const permitting = (approval: CallApproval): World => ({ interceptors: [{ beforeCall: () => approval }] });

const table: [name: string, call: RequestedCall, world: World, committed: EntryBody[]][] = [
  ['runs with its input', say(), {}, [outcome({ text: 'c1: {"n":1}' })]],
  ['without an input has an empty one', say({ input: null }), {}, [outcome({ text: 'c1: {}' })]],
  [
    'with an input that is meant otherwise',
    say({ input: { n: '2' } }),
    {},
    [outcome({ text: 'c1: {"n":2}' })],
  ],
  ['answers an error', say(), { tools: [answers({ text: 'no', isError: true })] }, [failed('no')]],
  [
    'answers that a right is missing',
    say(),
    { tools: [answers({ text: 'no', isError: true, denied: true })] },
    [outcome({ text: 'no', isError: true, denied: true })],
  ],
  ['is not denied by saying so', say(), { tools: [answers({ text: 'ok', denied: false })] }, [outcome({})]],
  [
    'answers what is recorded with it',
    say(),
    {
      tools: [
        answers({
          text: 'ok',
          stopped: { instance: 'i', incarnation: 2 },
          readOutput: { instance: 'i', cursor: 'c', coversTurn: null },
        }),
      ],
    },
    [
      outcome({
        stopped: { instance: 'i', incarnation: 2 },
        readOutput: { instance: 'i', cursor: 'c', coversTurn: null },
      }),
    ],
  ],
  [
    'answers half a character',
    say(),
    { tools: [answers({ text: 'a\uD800' })] },
    [outcome({ text: 'a\uFFFD' })],
  ],
  ['throws', say(), { tools: [throws(new Error('a defect'))] }, [failed('Say failed: a defect')]],
  ['throws whatever', say(), { tools: [throws('strange')] }, [failed('Say failed: strange')]],
  ['was cut off', say({ cut: 'at its end', input: null }), {}, [failed(`${cutText}.`)]],
  [
    'was cut off, where a tool says what to do instead',
    say({ cut: 'at its end' }),
    { tools: [tool('Say'), tool('Write', { whenTooLong })] },
    [failed(`${cutText}: write a long file in parts, the first with Write and each next one with Edit.`)],
  ],
  [
    'was no JSON',
    say({ invalid: 'unexpected end', input: null }),
    {},
    [failed('The input of Say was not valid JSON: unexpected end. Send the call again.')],
  ],
  [
    'of a tool that is not there',
    say(),
    { tools: [tool('Read'), tool('Write')] },
    [failed('There is no tool "Say". Available: Read, Write.')],
  ],
  [
    'with an input that no schema takes',
    say({ input: { n: 'many' } }),
    {},
    [failed('The input of Say is not right:\n✖ Invalid input: expected number, received string\n  → at n')],
  ],
  [
    'that its scope denies',
    say(),
    { tools: [tool('Say', { denied: (input) => `denied: ${JSON.stringify(input)}` })] },
    [outcome({ text: 'denied: {"n":1}', isError: true, denied: true })],
  ],
  [
    'that its scope does not deny',
    say(),
    { tools: [tool('Say', { denied: () => null })] },
    [outcome({ text: 'c1: {"n":1}' })],
  ],
  [
    'that a person denies',
    say(),
    permitting({ kind: 'denied', text: 'a person said no' }),
    [outcome({ text: 'a person said no', isError: true, denied: true })],
  ],
  [
    'for which nothing is there at this moment',
    say(),
    permitting({ kind: 'failed', text: 'no sandbox' }),
    [failed('no sandbox')],
  ],
  ['whose waiting was ended', say(), permitting({ kind: 'closed' }), []],
  ['that has its result already', say(), { isOpen: (call) => call !== 'c1' }, []],
];

describe('a call', () => {
  it.each(table)('[calls.table] %s', async (...[, call, world, committed]) => {
    expect((await play([call], world)).committed).toStrictEqual(committed.map((entry) => [entry]));
  });

  it('[calls.permit] is asked about with what the model wrote, and with what it takes', async () => {
    const need = { kind: 'command', command: 'x' } as never;
    const needy = tool('Say', {
      needs: (input, { call }) =>
        call === 'c1' && JSON.stringify(input) === '{"n":2}' ? need : (null as never),
    });
    const asked = (input: object, what: unknown) => ({ step: 3, call: 'c1', tool: 'Say', input, need: what });
    expect((await play([say({ input: { n: '2' } })], { tools: [needy] })).permits).toEqual([
      asked({ n: '2' }, need),
    ]);
    expect((await play([say({ input: null })])).permits).toEqual([asked({}, { kind: 'none' })]);
  });

  it.each([say({ cut: 'x' }), say({ invalid: 'x' }), say({ tool: 'None' }), say({ input: { n: 'x' } })])(
    '[calls.permit] that cannot run is not asked about',
    async (call) => {
      expect((await play([call])).permits).toEqual([]);
    },
  );

  it('[calls.commit] that the log refuses rejects with what the log said', async () => {
    await expect(play([say()], { commit: () => Promise.reject(new Error('no space')) })).rejects.toThrow(
      'no space',
    );
  });
});

describe('calls of one step', () => {
  /** Each runs until the next look at the clock; what begins and ends is noted. */
  function noting(...alone: string[]) {
    const seen: string[] = [];
    const tools = ['A', 'B', 'C', 'D'].map((name) =>
      tool(name, {
        order: alone.includes(name) ? 'alone' : 'parallel',
        run: async (_input, { call }) => {
          seen.push(`${call}+`);
          await new Promise((resolve) => setImmediate(resolve));
          seen.push(`${call}-`);
          return { text: 'ok' };
        },
      }),
    );
    return { seen, tools };
  }
  const these = (...names: string[]) =>
    names.map((name, n) => ({ call: `${name.toLowerCase()}${n}`, tool: name, input: {} }));

  it.each<[string, string[], string[], string]>([
    ['run side by side', [], ['A', 'B', 'C'], 'a0+ b1+ c2+ a0- b1- c2-'],
    [
      'that run alone wait for those before and hold those behind',
      ['B'],
      ['A', 'B', 'C'],
      'a0+ a0- b1+ b1- c2+ c2-',
    ],
    ['of the same kind that run alone run one after the other', ['A'], ['A', 'A'], 'a0+ a0- a1+ a1-'],
    ['side by side form groups', ['C'], ['A', 'B', 'C', 'A', 'B'], 'a0+ b1+ a0- b1- c2+ c2- a3+ b4+ a3- b4-'],
    ['begin with one that runs alone', ['A'], ['A', 'B', 'C'], 'a0+ a0- b1+ c2+ b1- c2-'],
    ['of a tool that is not there hold nobody up', [], ['A', 'None', 'B'], 'a0+ b2+ a0- b2-'],
  ])('[calls.order] %s', async (...[, alone, names, expected]) => {
    const { seen, tools } = noting(...alone);
    await play(these(...names), { tools });
    expect(seen.join(' ')).toBe(expected);
  });

  it('[calls.abort] of an aborted turn do not begin', async () => {
    const abort = new AbortController();
    abort.abort();
    const { seen, tools } = noting();
    expect((await play(these('A'), { tools, abort })).committed).toEqual([]);
    expect(seen).toEqual([]);
  });

  it('[calls.abort] behind the one that was cut off do not begin', async () => {
    const abort = new AbortController();
    const { seen, tools } = noting('A');
    const cuts = tool('A', {
      order: 'alone',
      run: () => Promise.resolve(abort.abort()).then(() => ({ text: 'cut', isError: true })),
    });
    expect((await play(these('A', 'B'), { tools: [cuts, ...tools.slice(1)], abort })).committed).toEqual([]);
    expect(seen).toEqual([]);
  });

  it.each<[string, ToolAnswer, number]>([
    ['that had come to its end is kept', { text: 'done' }, 1],
    ['that was cut off is left to the turn’s end', { text: 'cut', isError: true }, 0],
  ])('[calls.abort] a result %s', async (_, answer, count) => {
    const abort = new AbortController();
    const cuts = tool('A', { run: () => Promise.resolve(abort.abort()).then(() => answer) });
    expect((await play(these('A'), { tools: [cuts], abort })).committed).toHaveLength(count);
  });
});

describe('a tool that does not settle', () => {
  const later: unknown[] = [];
  const note = (error: unknown) => void later.push(error);
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    process.on('unhandledRejection', note);
  });
  afterEach(() => {
    vi.useRealTimers();
    process.off('unhandledRejection', note);
  });

  /** A call that begins and does not end, by itself. */
  function stuck(world: World) {
    let end: (answer: ToolAnswer) => void = () => undefined;
    let isOver = false;
    const tools = [tool('Say', { run: () => new Promise<ToolAnswer>((resolve) => (end = resolve)) })];
    const playing = play([say()], { tools, ...world }).then(() => (isOver = true));
    return { playing, end: () => end({ text: 'late' }), isOver: () => isOver };
  }
  const turns = () => new Promise((resolve) => setImmediate(resolve));

  it('[calls.abort] after a cancel is left behind in five seconds, and what the log says to it later is nobody’s', async () => {
    const abort = new AbortController();
    const refused = () => Promise.reject(new Error('no space'));
    const { playing, end, isOver } = stuck({ abort, commit: refused });
    await turns();
    abort.abort();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(isOver()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await playing;
    end();
    await turns();
    expect(later).toEqual([]);
  });

  it('[calls.abort] and was cancelled while it began is left behind as well', async () => {
    const abort = new AbortController();
    const beforeCall = () => {
      abort.abort();
      return new Promise<CallApproval>(() => undefined);
    };
    const { playing } = stuck({ abort, interceptors: [{ beforeCall }] });
    await vi.advanceTimersByTimeAsync(5_000);
    await playing;
  });

  it('[calls.abort] without a cancel is waited for as long as it takes', async () => {
    const { playing, end, isOver } = stuck({});
    await turns();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(isOver()).toBe(false);
    end();
    await playing;
  });
});
