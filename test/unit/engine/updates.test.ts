/** What an agent writes, as it is taken: tables. */
import { describe, expect, it } from 'vitest';
import { messageIn } from '../../../src/engine/messages.ts';
import { permissionIn, promptEndIn, sessionStateIn, updateIn } from '../../../src/engine/updates.ts';
import type { JsonObject } from '../../../src/std/json.ts';

describe('[engine.messages] what an agent writes', () => {
  it.each<[string, string, object | null]>([
    ['an answer', '{"jsonrpc":"2.0","id":3,"result":{}}', { kind: 'answer', id: 3, result: {} }],
    [
      'a failure without what steers a terminal',
      '{"jsonrpc":"2.0","id":"a","error":{"code":-32000,"message":"\\u001b[31mno\\u0007","data":{"details":"key"}}}',
      { kind: 'failure', id: 'a', error: { code: -32000, message: 'no', detail: 'key' } },
    ],
    [
      'a request',
      '{"jsonrpc":"2.0","id":1,"method":"m"}',
      { kind: 'request', id: 1, method: 'm', params: {} },
    ],
    [
      'a notification',
      '{"jsonrpc":"2.0","method":"m","params":[1]}',
      { kind: 'notification', method: 'm', params: {} },
    ],
    ['another version', '{"jsonrpc":"1.0","id":3,"result":{}}', null],
    ['an answer with neither', '{"jsonrpc":"2.0","id":3}', null],
    ['an answer to nobody', '{"jsonrpc":"2.0","id":null,"result":{}}', null],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"m"}', null],
    ['a batch', '[{"jsonrpc":"2.0","id":3,"result":{}}]', null],
    ['no JSON', 'starting …', null],
    ['a method without an end', `{"jsonrpc":"2.0","method":"${'m'.repeat(300)}"}`, null],
  ])('[engine.messages] %s', (_, line, message) => {
    expect(messageIn(line)).toEqual(message);
  });

  it.each<[string, JsonObject, object | null]>([
    [
      'a text',
      { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'a' } },
      { kind: 'text', text: 'a' },
    ],
    [
      'an image for a text',
      { sessionUpdate: 'agent_message_chunk', content: { type: 'image' } },
      { kind: 'text', text: '' },
    ],
    [
      'a call',
      {
        sessionUpdate: 'tool_call',
        toolCallId: 'c',
        title: '\u0007ls',
        kind: 'execute',
        status: 'in_progress',
        rawInput: { command: 'ls' },
      },
      {
        kind: 'call',
        begins: true,
        call: 'c',
        title: 'ls',
        tool: 'execute',
        name: null,
        status: 'inProgress',
        input: { command: 'ls' },
        output: null,
        more: null,
      },
    ],
    [
      'the end of a call',
      {
        sessionUpdate: 'tool_call_update',
        toolCallId: 'c',
        status: 'completed',
        content: [
          { type: 'content', content: { type: 'text', text: 'out' } },
          { type: 'diff', path: '/a' },
          7,
        ],
      },
      {
        kind: 'call',
        begins: false,
        call: 'c',
        title: null,
        tool: null,
        name: null,
        status: 'completed',
        input: null,
        output: 'out\nchanged /a',
        more: null,
      },
    ],
    ['a call without a name', { sessionUpdate: 'tool_call', title: 'ls' }, null],
    [
      'a cost in another currency',
      { sessionUpdate: 'usage_update', used: 10, size: -1, cost: { amount: 1, currency: 'EUR' } },
      { kind: 'usage', used: 10, size: 0, cost: null },
    ],
    [
      'a cost',
      { sessionUpdate: 'usage_update', used: 1e30, size: 1, cost: { amount: 0.5, currency: 'USD' } },
      { kind: 'usage', used: Number.MAX_SAFE_INTEGER, size: 1, cost: 0.5 },
    ],
    ['what we do not know', { sessionUpdate: 'dance' }, { kind: 'other', of: 'dance' }],
    ['no update', { sessionUpdate: 7 }, null],
  ])('[engine.messages] an update: %s', (_, update, expected) => {
    expect(updateIn({ sessionId: 's', update }, 's')).toEqual(expected);
    expect(updateIn({ sessionId: 'another', update }, 's')).toBeNull();
  });

  it('[engine.messages] what is long is cut', () => {
    const update = {
      sessionUpdate: 'tool_call_update',
      toolCallId: 'c',
      rawInput: 'x'.repeat(100_000),
      rawOutput: 'y'.repeat(100_000),
      title: 'z'.repeat(5_000),
    };
    const call = updateIn({ sessionId: 's', update }, 's');
    if (call?.kind !== 'call') throw new Error('no call');
    expect([call.input, call.output?.length, call.title?.length]).toEqual([null, 65_536, 1_000]);
  });

  it('[engine.messages] a permission has the options that we know', () => {
    const options = [
      { optionId: 'y', name: 'Yes', kind: 'allow_once' },
      { optionId: 'n', name: 'No', kind: 'reject_once' },
      { optionId: 'x', name: '?', kind: 'whatever' },
      null,
    ];
    const asked = permissionIn({ sessionId: 's', toolCall: { toolCallId: 'c' }, options }, 's');
    expect(asked?.options.map(({ id, kind }) => [id, kind])).toEqual([
      ['y', 'allowOnce'],
      ['n', 'rejectOnce'],
    ]);
    expect(permissionIn({ sessionId: 's', toolCall: {}, options }, 's')).toBeNull();
    expect(permissionIn({ sessionId: 's', toolCall: { toolCallId: 'c' } }, 's')).toBeNull();
  });

  it('[engine.messages] ends and modes that are not given are none', () => {
    expect(promptEndIn({ stopReason: 'end_turn' })).toEqual({ stopReason: 'end_turn', usage: null });
    expect(promptEndIn({ stopReason: 'end_turn', usage: { inputTokens: 3, outputTokens: 'x' } })).toEqual({
      stopReason: 'end_turn',
      usage: { inputTokens: 3, outputTokens: 0 },
    });
    expect(promptEndIn(7)).toEqual({ stopReason: '', usage: null });
    expect(sessionStateIn({ modes: { availableModes: [{ id: 'a' }, 3], currentModeId: 'a' } })).toEqual({
      modes: ['a'],
      mode: 'a',
    });
    expect(sessionStateIn(null)).toEqual({ modes: [], mode: null });
  });
});
