/** What providers say where they refuse reasoning of before, and what only sounds like it. */
import { expect, it } from 'vitest';
import { reasoningRefusalIn } from '../../../src/model/reasoning-refusal.ts';
import { ask, failing, request } from './ask.ts';
import { body, claude, plainly, rawProvider, stream } from './raw-provider.ts';

it.each([
  'The encrypted content gAAA...wXBV could not be verified. Reason: Encrypted content organization_id did not match the target organization.',
  'The encrypted content for item rs_1 could not be decrypted or parsed.',
  'invalid_encrypted_content',
  'messages.1.content.0: Invalid `signature` in `thinking` block',
  'messages.3.content.0.thinking.signature: Field required',
  'messages.1.content.0: Invalid `data` in `redacted_thinking` block',
  'messages.5.content.1: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.',
  'Corrupted thought signature.',
  'Thought signature is not valid',
  'Unable to decode the thought_signature',
  "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
  "Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'.",
  "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.",
])('[model.reasoning-refused] %s', (message) => {
  expect(reasoningRefusalIn(`openai/x: ${message} (HTTP 400)`)).toBe('old');
});

it.each([
  "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning_content' is unsupported)]",
  "Extra inputs are not permitted, field: 'messages[2].assistant.reasoning_content'",
])('[model.reasoning-refused] none at all: %s', (message) => {
  expect(reasoningRefusalIn(message)).toBe('all');
});

it.each([
  '"local" does not support thinking',
  "Unsupported value: 'reasoning.effort' does not support 'low'",
  "Unsupported parameter: 'reasoning_effort' is not supported with this model.",
  "Unknown parameter: 'reasoning'.",
  'messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.',
  '`temperature` may only be set to 1 when thinking is enabled',
  'the signature of the request is invalid',
  'messages: roles must alternate',
])('[model.reasoning-refused] not of this: %s', (message) => {
  expect(reasoningRefusalIn(message)).toBeNull();
});

const refused = (message: string) =>
  body(400, JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message } }));

it('[model.reasoning-refused] a refusal of old reasoning is none of the effort', async () => {
  const provider = await rawProvider(
    refused('messages.1.content.0: Invalid `signature` in `thinking` block'),
  );
  const model = await provider.model('anthropic/claude-sonnet-4-5', { effort: 'medium' });
  const { failure } = await failing(model);
  expect(failure.message).toContain('Invalid `signature`');
  expect([provider.bodies.length, model.takeNotes?.()]).toEqual([1, []]);
});

const first =
  'messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block.';

it('[model.effort-turn] a turn that another model began goes on without the effort, said once; the next has it again', async () => {
  const provider = await rawProvider((response, asked) => {
    const { thinking, messages } = JSON.parse(asked) as { thinking?: object; messages: { role: string }[] };
    const isBegun = messages.some(({ role }) => role === 'assistant') && !asked.includes('a new turn');
    (thinking !== undefined && isBegun ? refused(first) : stream(plainly.anthropic()))(response);
  });
  const model = await provider.model('anthropic/claude-sonnet-4-5', { effort: 'medium' });
  const begun = [
    ...request().messages,
    {
      role: 'assistant' as const,
      parts: [{ type: 'toolCall' as const, call: 't1', tool: 'Read', input: { path: 'a' } }],
    },
    { role: 'tool' as const, results: [{ call: 't1', tool: 'Read', text: 'a', isError: false }] },
  ];
  const thinks = () => provider.bodies.splice(0).map((one) => one.includes('"thinking":{'));
  await ask(model, { messages: begun });
  expect(thinks()).toEqual([true, false]);
  expect(model.takeNotes?.()).toEqual([
    'effort = medium is left out of the rest of this turn: anthropic/claude-sonnet-4-5 takes it only in turns that it has thought in from their beginning.',
  ]);
  await ask(model, { messages: begun });
  expect(thinks()).toEqual([false]);
  await ask(model, { messages: [...begun, { role: 'user', text: 'a new turn' }] });
  expect(thinks()).toEqual([true]);
  expect(model.takeNotes?.()).toEqual([]);
});

it('[model.slow-begin] keep-alives hold an answer three times as long, and it may be asked for again', async () => {
  const pings = {
    comments: ': waiting\n\n',
    lines: '\n',
    pings: claude.event({ type: 'ping' }),
    begun: claude.event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  };
  for (const [name, ping] of Object.entries(pings)) {
    const provider = await rawProvider((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(name === 'comments' || name === 'lines' ? '' : claude.start());
      if (name === 'begun') response.write(ping);
      const beat = name === 'begun' ? pings.pings : ping;
      const timer = setInterval(() => response.write(beat), 20);
      response.on('close', () => clearInterval(timer));
    });
    const limits = { stallTimeoutMs: 200, answerTimeoutMs: 60_000 };
    const { failure } = await failing(await provider.model('anthropic/claude-sonnet-4-5', limits));
    expect(failure, name).toMatchObject({ category: 'timeout', transient: true });
    expect(failure.message).toContain('no word of the answer came for 0.6 s');
    const sooner = { stallTimeoutMs: 300, answerTimeoutMs: 350 };
    const other = await failing(await provider.model('anthropic/claude-sonnet-4-5', sooner));
    expect(other.failure, name).toMatchObject({ category: 'timeout', transient: true });
  }
});
