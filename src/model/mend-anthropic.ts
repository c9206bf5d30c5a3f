/** Anthropic's events, and those of the many servers that speak like it: blocks and deltas of kinds that the package does not know are passed over. */
import { type JsonObject, isJsonObject } from '../std/json.ts';
import { asText, counts, type Mend, required } from './mend-fields.ts';

const events = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
]);
const blocks = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use', 'compaction']);
/** Each with the field that carries it, a text. */
const deltas: Readonly<Record<string, string>> = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  signature_delta: 'signature',
  input_json_delta: 'partial_json',
  compaction_delta: 'content',
};

/** For one answer: the parts of a block that was passed over are too. */
export function mendAnthropic(): Mend {
  const open = new Set<unknown>();
  return (event) => {
    const { type, index } = event;
    if (typeof type !== 'string' || !events.has(type)) return null;
    if (type === 'message_start') return mendStart(event);
    if (type === 'message_delta') return mendEnd(event);
    if (type === 'message_stop') return event;
    if (type === 'content_block_start') {
      if (!isJsonObject(event['content_block']) || !mendBlock(event['content_block'], index)) return null;
      open.add(index);
    } else if (!open.has(index)) return null;
    return type === 'content_block_delta' ? mendDelta(event) : event;
  };
}

function mendStart(event: JsonObject): JsonObject | null {
  const { message } = event;
  const given = isJsonObject(message) ? message : {};
  const usage = isJsonObject(given['usage']) ? given['usage'] : {};
  const { id, model } = given;
  event['message'] = {
    ...given,
    id: typeof id === 'string' ? id : null,
    model: typeof model === 'string' ? model : null,
    // What an answer holds comes as blocks; here it has never stood but empty.
    content: [],
    usage: { ...counts(usage), ...required(usage, ['input_tokens']) },
  };
  return event;
}

function mendEnd(event: JsonObject): JsonObject {
  const usage = isJsonObject(event['usage']) ? event['usage'] : {};
  event['usage'] = { ...counts(usage), ...required(usage, ['output_tokens']) };
  if (!isJsonObject(event['delta'])) event['delta'] = { stop_reason: null };
  return event;
}

/** False for a kind that is not known. */
function mendBlock(block: JsonObject, index: unknown): boolean {
  const { type, id, name, input } = block;
  if (typeof type !== 'string' || !blocks.has(type)) return false;
  if (type === 'text' && typeof block['text'] !== 'string') block['text'] = '';
  if (type === 'thinking' && typeof block['thinking'] !== 'string') block['thinking'] = '';
  if (type === 'redacted_thinking') return typeof block['data'] === 'string';
  if (type === 'tool_use') {
    if (typeof id !== 'string') block['id'] = `block ${String(index)}`;
    if (typeof name !== 'string') block['name'] = '';
    if (!isJsonObject(input)) block['input'] = {};
  }
  return true;
}

function mendDelta(event: JsonObject): JsonObject | null {
  const { delta } = event;
  if (!isJsonObject(delta) || typeof delta['type'] !== 'string') return null;
  const field = Object.hasOwn(deltas, delta['type']) ? deltas[delta['type']] : undefined;
  if (field === undefined) return null;
  const text = asText(delta[field]);
  if (text === null) return null;
  delta[field] = text;
  return event;
}
