/** What decides over another agent: tables. */
import { describe, expect, it } from 'vitest';
import { CallBook } from '../../../src/engine/call-book.ts';
import { resultOf } from '../../../src/engine/outcome.ts';
import { promptText } from '../../../src/engine/prompt.ts';
import { chargeOf, turnSize } from '../../../src/engine/charge.ts';
import { ReplaySearch } from '../../../src/engine/replay-search.ts';
import { Silence } from '../../../src/engine/silence.ts';
import type { Transcript } from '../../../src/session/facts/transcript.ts';
import { type CallUpdate, type EngineUpdate, updateIn } from '../../../src/engine/updates.ts';
import {
  engineAnswered,
  engineBegun,
  type EngineFacts,
  enginePrompted,
} from '../../../src/session/facts/engine-entries.ts';

const user = (text: string): EngineUpdate => ({ kind: 'userText', text });
const agent = (text: string): EngineUpdate => ({ kind: 'text', text });

describe('a session that is loaded', () => {
  it.each<[string, string | null, EngineUpdate[], string]>([
    ['has the prompt', 'M1', [user('a [M1]'), agent('b'), user('c [M2]')], 'present'],
    ['has its marker in two pieces', 'M1', [user('c [M'), user('2]')], 'present'],
    ['has the one before alone', 'M1', [user('a [M1]'), agent('b')], 'absent'],
    ['has neither: it was compacted', 'M1', [agent('a summary')], 'unknown'],
    ['quotes the marker itself alone', 'M1', [agent('[M2]')], 'unknown'],
    ['says nothing', 'M1', [], 'unknown'],
    ['is empty, and it was the first', null, [], 'absent'],
    ['has something else, and it was the first', null, [agent('a summary')], 'unknown'],
    ['has it out of order', 'M1', [user('[M2]'), user('[M1]')], 'present'],
  ])('[engine.restored] %s', (_, before, updates, verdict) => {
    const search = new ReplaySearch('M2', before);
    for (const update of updates) search.take(update);
    expect(search.verdict).toBe(verdict);
  });

  it('[engine.restored] a prompt that is said again keeps its marker and the one before it', () => {
    const ended = () => ({ finishReason: 'end_turn', usage: { inputTokens: 1, outputTokens: 1 } });
    const start = engineBegun(null, { type: 'engine', agent: 'a', version: '1', session: 's', time: 't' });
    const prompt = (known: EngineFacts | null, marker: string, seq: number) =>
      enginePrompted(known, { type: 'enginePrompt', turn: 't', marker, sha: '', seq });
    const first = engineAnswered(prompt(start, 'M1', 5), ended());
    const second = prompt(first, 'M2', 9);
    expect(second).toMatchObject({ before: 'M1', prompt: { marker: 'M2', answered: false } });
    expect(prompt(second, 'M2', 12)).toMatchObject({ before: 'M1', prompt: { marker: 'M2', seq: 12 } });
    const newer = engineBegun(second, { type: 'engine', agent: 'a', version: '2', session: 's', time: 'u' });
    expect(newer).toMatchObject({ version: '2', begunAt: 't', before: 'M1', prompt: { marker: 'M2' } });
    const other = engineBegun(second, { type: 'engine', agent: 'a', version: '2', session: 'o', time: 'u' });
    expect(other).toMatchObject({ before: null, prompt: null, begunAt: 'u' });
  });
});

describe('silence', () => {
  const limits = { stallMs: 100, idleMs: 1_000 };
  it.each<[string, { calls: number; questions: number }, number[], string[]]>([
    [
      'stalls once, then is over',
      { calls: 0, questions: 0 },
      [99, 100, 150, 199, 200],
      ['no', 'stalls', 'no', 'no', 'over'],
    ],
    ['of a tool is long', { calls: 1, questions: 0 }, [100, 200, 999, 1_000], ['no', 'no', 'no', 'over']],
    ['with a question is none', { calls: 0, questions: 1 }, [100, 10_000], ['no', 'no']],
  ])('[engine.stalled] %s', (_, busy, times, expected) => {
    const silence = new Silence(limits, 0);
    expect(times.map((at) => silence.silent(at, busy))).toEqual(expected);
  });

  it('[engine.stalled] begins anew with a word and behind a question', () => {
    const silence = new Silence(limits, 0);
    expect(silence.silent(100, { calls: 0, questions: 0 })).toBe('stalls');
    silence.heard(150);
    expect(silence.silent(249, { calls: 0, questions: 0 })).toBe('no');
    expect(silence.silent(900, { calls: 0, questions: 1 })).toBe('no');
    expect(silence.silent(999, { calls: 0, questions: 0 })).toBe('no');
    expect(silence.silent(1_000, { calls: 0, questions: 0 })).toBe('stalls');
  });
});

describe('the end of a prompt', () => {
  const worked = { name: 'acp/x', text: 'done', hasCalls: false, isAwaited: true, isFailure: () => false };
  it.each<[string, string, Partial<typeof worked>, object]>([
    ['a text', 'end_turn', {}, { kind: 'finished' }],
    ['a call alone', 'end_turn', { text: '', hasCalls: true }, { kind: 'finished' }],
    ['nothing', 'end_turn', { text: ' ' }, { kind: 'errored', category: 'emptyAnswer' }],
    ['nothing that nobody waits for', 'end_turn', { text: '', isAwaited: false }, { kind: 'finished' }],
    ['a failure in words', 'end_turn', { isFailure: () => true }, { kind: 'errored', category: 'provider' }],
    ['no reason', '', {}, { kind: 'errored', category: 'protocol' }],
    ['a refusal', 'refusal', {}, { kind: 'errored', category: 'contentFilter' }],
    ['its own cancel', 'cancelled', {}, { kind: 'errored', category: 'agentCancelled' }],
    ['too many tokens', 'max_tokens', {}, { kind: 'limitReached', reason: 'outputTokens' }],
    ['too many requests', 'max_turn_requests', {}, { kind: 'limitReached', reason: 'steps' }],
  ])('[engine.failed] %s', (_, stopReason, over, expected) => {
    expect(resultOf({ stopReason, usage: null }, { ...worked, ...over })).toMatchObject(expected);
  });
});

describe('the calls of another agent', () => {
  const call = (over: Partial<CallUpdate>): CallUpdate => ({
    kind: 'call',
    begins: false,
    call: 'c',
    title: null,
    tool: null,
    name: null,
    status: null,
    input: null,
    output: null,
    more: null,
    ...over,
  });

  it('[engine.turn] one is in the log once what it is given is known, and ends once', () => {
    const book = new CallBook('fake', { turn: 'turn', prompt: 7 });
    expect(
      book.take(call({ begins: true, title: 'ls', tool: 'execute', status: 'pending', input: {} }), 1),
    ).toEqual([]);
    expect(book.openCount).toBe(1);
    const begun = book.take(call({ input: { command: 'ls' } }), 1);
    expect(begun).toMatchObject([
      { type: 'toolCall', tool: 'acp__fake__execute', input: { title: 'ls', command: 'ls' }, step: 1 },
    ]);
    expect(book.take(call({ status: 'completed', output: 'a' }), 2)).toMatchObject([
      { type: 'toolResult', text: 'a', isError: false, step: 1 },
    ]);
    expect(book.take(call({ status: 'completed' }), 2)).toEqual([]);
    expect([book.openCount, book.end('why')]).toEqual([0, []]);
  });

  it('[engine.turn] what a terminal of the agent shows piece by piece is what came of the call', () => {
    const book = new CallBook('fake', { turn: 'turn', prompt: 7 });
    book.take(call({ begins: true, status: 'inProgress' }), 1);
    for (const data of ['one, ', 'two']) {
      const update = { toolCallId: 'c', _meta: { terminal_output_delta: { data } } };
      const said = updateIn(
        { sessionId: 's', update: { sessionUpdate: 'tool_call_update', ...update } },
        's',
      );
      if (said?.kind === 'call') book.take(said, 1);
    }
    expect(book.take(call({ status: 'completed' }), 1)).toMatchObject([{ text: 'one, two' }]);
  });

  it('[engine.asks] what is asked about is what a person reads, whatever was in the log before', () => {
    const book = new CallBook('fake', { turn: 'turn', prompt: 7 });
    const [before] = book.take(call({ begins: true, status: 'inProgress', input: { command: 'ls' } }), 1);
    const made = book.ask(call({ input: { command: 'rm -r /' } }), 1);
    expect(made?.asked.input).toEqual({ command: 'rm -r /' });
    expect(made?.entries).toMatchObject([
      { type: 'toolResult', interrupted: true },
      { type: 'toolCall', input: { command: 'rm -r /' } },
    ]);
    expect(before?.type === 'toolCall' && before.call).not.toBe(made?.asked.call);
    book.deny(made?.asked.call ?? '');
    expect(book.take(call({ status: 'completed', output: 'gone' }), 1)).toMatchObject([
      { type: 'toolResult', denied: true, isError: true },
    ]);
  });

  it('[engine.turn] an id that is given again is another call, and what is left open is closed', () => {
    const book = new CallBook('fake', { turn: 'turn', prompt: 7 });
    const ids = [1, 2].map(() => {
      const [begun] = book.take(call({ begins: true, status: 'inProgress' }), 1);
      book.take(call({ status: 'failed' }), 1);
      return begun?.type === 'toolCall' ? begun.call : '';
    });
    expect(new Set(ids).size).toBe(2);
    book.take(call({ call: 'd', begins: true, status: 'inProgress' }), 1);
    expect(book.end('It ended.')).toMatchObject([{ interrupted: true, text: 'It ended.' }]);
  });
});

describe('the text of a prompt', () => {
  const session = {
    name: 'child',
    parent: { name: 'root', instance: 'i' },
    scope: { read: ['/w'], write: [] },
    instructions: 'BE KIND',
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a session only what a preface says
  const facts = { session, project: [], guidance: [], demands: ['AS JSON'] } as never;
  const said: Transcript = [
    { kind: 'input', text: 'TASK' },
    { kind: 'answer', model: 'm', parts: [], isPartial: false },
    { kind: 'notice', text: 'NEWS' },
  ];

  it.each([
    ['first', [/an agent in a tree/, /BE KIND/, /AS JSON/, /reported to that pod/], [/interrupted/]],
    ['next', [/^TASK/], [/BE KIND/]],
    ['forgets', [/cannot be loaded/, /BE KIND/], []],
    ['interrupted', [/You were interrupted/], [/BE KIND/]],
    ['again', [/look before you repeat/], [/BE KIND/]],
  ] as const)('[engine.turn] %s', (place, has, lacks) => {
    const text = promptText({ place, facts, said, marker: 'M1' });
    for (const pattern of [...has, /TASK\n\nNEWS\n\n\[podkin prompt M1\]$/]) expect(text).toMatch(pattern);
    for (const pattern of lacks) expect(text).not.toMatch(pattern);
  });
});

describe('what a turn costs', () => {
  const price = { input: 2, output: 10 };
  const usage = { inputTokens: 1_000_000, outputTokens: 100_000 };
  it.each<[string, Parameters<typeof chargeOf>, number | null]>([
    ['by its tokens, before all else', [{ price, costPerTurn: 9 }, usage, 5], 3],
    ['by the turn, where it reports none', [{ price, costPerTurn: 9 }, null, 5], 9],
    ['as it says, where nobody else does', [{}, usage, 5], 5],
    ['as it says, where it has a price and reports none', [{ price }, null, 5], 5],
    ['nobody knows', [{}, usage, null], null],
  ])('[engine.costs] %s', (_, given, cost) => {
    expect(chargeOf(...given)).toBe(cost);
  });

  it('[engine.costs] before a prompt at least what a turn is charged with is taken', () => {
    expect(turnSize({ costPerTurn: 2 }, 'x')).toMatchObject({ estimate: { cost: 2 }, least: { cost: 2 } });
    expect(turnSize({ price }, 'x'.repeat(3_000_000)).estimate.cost).toBeGreaterThan(2);
    expect(turnSize({}, 'x').estimate.cost).toBeNull();
  });

  it('[engine.costs] whether it reports is known from its first end, and a cancel says nothing', () => {
    const start = engineBegun(null, { type: 'engine', agent: 'a', version: '1', session: 's', time: 't' });
    const asked = enginePrompted(start, { type: 'enginePrompt', turn: 't', marker: 'm', sha: '', seq: 1 });
    const after = (known: EngineFacts | null, finishReason: string, tokens: number) =>
      engineAnswered(known, { finishReason, usage: { inputTokens: tokens, outputTokens: 0 } });
    expect(after(asked, 'cancelled', 0)?.reportsUsage).toBeNull();
    const silent = after(asked, 'end_turn', 0);
    expect(silent?.reportsUsage).toBe(false);
    expect(after(silent, 'end_turn', 5)?.reportsUsage).toBe(true);
    expect(after(after(silent, 'end_turn', 5), 'end_turn', 0)?.reportsUsage).toBe(true);
  });
});
