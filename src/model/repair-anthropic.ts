/**
 * Anthropic's events, and those of the many servers that speak like it: blocks and deltas of kinds that the
 * package does not know are passed over.
 */
import { type JsonObject, isJsonObject } from '../std/json.ts';
import { toolName } from './call-names.ts';
import { asText, counts, type RepairEvent, required, wholeNumber } from './repair-fields.ts';

const events = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
]);
const blockTypes = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use', 'compaction']);
/** Each with the field that carries it, a text. */
const deltas: Readonly<Record<string, string>> = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  signature_delta: 'signature',
  input_json_delta: 'partial_json',
  compaction_delta: 'content',
};

/**
 * For one answer: the parts of a block that was passed over are too. Some number no blocks, or begin none.
 */
export function repairAnthropic(): RepairEvent {
  const blocks = newBlocks();
  let hasReason = false;
  return (event) => {
    const { type } = event;
    if (typeof type !== 'string' || !events.has(type)) return null;
    if (type === 'message_start') return repairStart(event);
    if (type === 'message_delta') {
      const end = repairEnd(event);
      const reason = isJsonObject(end['delta']) ? end['delta']['stop_reason'] : null;
      hasReason ||= typeof reason === 'string' && reason !== '';
      return end;
    }
    // It is whole, and nobody said why it ended.
    if (type === 'message_stop') return hasReason ? event : [plainEnd, event];
    return blocks(event);
  };
}

function newBlocks(): RepairEvent {
  const open = new Set<number>();
  const left = new Set<number>();
  let current = -1;
  return (event) => {
    const isStart = event['type'] === 'content_block_start';
    const index = wholeNumber(event['index']) ?? (isStart ? current + 1 : Math.max(current, 0));
    event['index'] = index;
    current = index;
    if (isStart) {
      const block = event['content_block'];
      const isKnown = isJsonObject(block) && repairBlock(block, index);
      (isKnown ? open : left).add(index);
      return isKnown ? event : null;
    }
    if (left.has(index)) return null;
    const isOpen = open.has(index);
    if (event['type'] === 'content_block_stop') return isOpen ? event : null;
    const delta = repairDelta(event);
    if (delta === null || isOpen) return delta;
    const start = startOf(delta);
    if (start === null) return null;
    open.add(index);
    return [{ type: 'content_block_start', index, content_block: start }, delta];
  };
}

/**
 * The block that a delta belongs to, where the server has begun none; of a call nothing is known but its
 * arguments.
 */
function startOf({ delta }: JsonObject): JsonObject | null {
  const type = isJsonObject(delta) ? delta['type'] : null;
  if (type === 'text_delta') return { type: 'text', text: '' };
  return type === 'thinking_delta' || type === 'signature_delta' ? { type: 'thinking', thinking: '' } : null;
}

const plainEnd: JsonObject = {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn' },
  usage: { output_tokens: 0 },
};

function repairStart(event: JsonObject): JsonObject | null {
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

function repairEnd(event: JsonObject): JsonObject {
  const usage = isJsonObject(event['usage']) ? event['usage'] : {};
  event['usage'] = { ...counts(usage), ...required(usage, ['output_tokens']) };
  if (!isJsonObject(event['delta'])) event['delta'] = { stop_reason: null };
  return event;
}

/** False for a kind that is not known. */
function repairBlock(block: JsonObject, index: unknown): boolean {
  const { type, id, name, input } = block;
  if (typeof type !== 'string' || !blockTypes.has(type)) return false;
  if (type === 'text' && typeof block['text'] !== 'string') block['text'] = '';
  if (type === 'thinking' && typeof block['thinking'] !== 'string') block['thinking'] = '';
  if (type === 'redacted_thinking') return typeof block['data'] === 'string';
  if (type === 'tool_use') {
    if (typeof id !== 'string') block['id'] = `block ${String(index)}`;
    block['name'] = toolName(typeof name === 'string' ? name : '');
    if (!isJsonObject(input)) block['input'] = {};
  }
  return true;
}

function repairDelta(event: JsonObject): JsonObject | null {
  const { delta } = event;
  if (!isJsonObject(delta) || typeof delta['type'] !== 'string') return null;
  const field = Object.hasOwn(deltas, delta['type']) ? deltas[delta['type']] : undefined;
  if (field === undefined) return null;
  const text = asText(delta[field]);
  if (text === null) return null;
  delta[field] = text;
  return event;
}
