/**
 * One event of a provider's stream as the providers' packages take it: they refuse a whole answer for one
 * field of another type or one event that they do not know. What servers are known to send all the same is
 * made right here, what nobody knows is left out, and an error is told at once. Pure but for what a dialect
 * must remember of an answer.
 */
import { type JsonObject, type JsonValue, isJsonObject } from '../std/json.ts';
import { toolName } from './call-names.ts';
import { inOrder } from './google-order.ts';
import { keepLoneSignatures } from './lone-signature.ts';
import { repairAnthropic } from './repair-anthropic.ts';
import {
  asText,
  counts,
  type Ending,
  items,
  type Repair,
  type RepairEvent,
  required,
  wholeNumber,
} from './repair-fields.ts';
import type { Dialect } from './prompt.ts';
import { PodkinError } from '../std/podkin-error.ts';

/** The provider reports an error in the place of an event. */
export class FailureInStream extends PodkinError {
  readonly data: JsonObject;

  constructor(data: JsonObject) {
    super('the provider reported an error in its answer');
    this.name = 'FailureInStream';
    this.data = data;
  }
}

/** For one answer. */
export function repairFor(dialect: Dialect): Repair {
  const repair = repairs[dialect]();
  const ends = endsOf[dialect];
  let hasEnd = false;
  let ending: Ending = 'open';
  return {
    event(event) {
      const isLate = ending === 'over' || (ending === 'finished' && !saysReason(event));
      if (ending !== 'over' && isError(event)) throw new FailureInStream(event);
      // Some say with every event that there was no error; for the package the word alone is one.
      delete event['error'];
      const given = isLate ? countsAlone(event) : event;
      const repaired = given === null ? [] : [repair(given) ?? []].flat();
      hasEnd ||= repaired.some((one) => ends?.is(one) === true);
      if (repaired.some(isLast)) ending = 'over';
      else if (ending === 'open' && repaired.some(saysReason)) ending = 'finished';
      return repaired;
    },
    done() {
      ending = 'over';
      return hasEnd || ends === undefined ? [] : [ends.plain()];
    },
    ending: () => ending,
  };
}

/**
 * Behind its end an answer has no more to say: what a server sends there is no call and no text. One that
 * gives a reason with every piece has not ended with the first.
 */
function countsAlone(event: JsonObject): JsonObject | null {
  const { type, usage, usageMetadata } = event;
  if (typeof type === 'string' || !hasCounts(event)) return null;
  return usage === undefined ? { usageMetadata: usageMetadata ?? null } : { choices: [], usage };
}

function hasCounts({ usage, usageMetadata }: JsonObject): boolean {
  return isJsonObject(usage) || isJsonObject(usageMetadata);
}

function isLast({ type }: JsonObject): boolean {
  return type === 'message_stop' || type === 'response.completed' || type === 'response.incomplete';
}

/** Counts may come behind it. */
function saysReason({ choices, candidates }: JsonObject): boolean {
  return (
    items(choices).some((choice) => isReason(choice['finish_reason'])) ||
    items(candidates).some((candidate) => isReason(candidate['finishReason']))
  );
}

function isReason(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && value !== '';
}

/** Of the dialects whose servers say `[DONE]` behind all: some say nothing else at the end. */
const endsOf: Partial<Record<Dialect, { is(event: JsonObject): boolean; plain(): JsonObject }>> = {
  compatible: {
    is: ({ choices }) => items(choices).some((choice) => choice['finish_reason'] !== null),
    plain: () => ({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
  },
  openai: {
    is: ({ type }) => type === 'response.completed' || type === 'response.incomplete',
    plain: () => ({
      type: 'response.completed',
      response: { usage: { input_tokens: 0, output_tokens: 0 } },
    }),
  },
};

const repairs: Record<Dialect, () => RepairEvent> = {
  anthropic: repairAnthropic,
  openai: () => repairResponses,
  google: () => repairGoogle,
  compatible: repairCompatible,
  plain: () => (event) => event,
};

function isError({ type, object, error, response }: JsonObject): boolean {
  if (type === 'error' || object === 'error') return true;
  if (type === 'response.failed') return isJsonObject(response);
  if (isJsonObject(error)) return Object.keys(error).length > 0;
  return error !== undefined && error !== null && error !== false && error !== '';
}

function repairCompatible(): RepairEvent {
  const named = namesOf();
  return (event) => {
    const { usage } = event;
    if (usage !== undefined) event['usage'] = isJsonObject(usage) ? counts(usage) : null;
    if (!Array.isArray(event['choices'])) {
      if (!isJsonObject(usage)) return null;
      event['choices'] = [];
    }
    keepOnly(event, { id: 'string', model: 'string', created: 'number' });
    event['choices'] = items(event['choices']).map((choice) => {
      if (isError(choice) || choice['finish_reason'] === 'error') throw new FailureInStream(choice);
      // A server that does not stream puts the whole into one.
      const given = choice['delta'] ?? choice['message'] ?? null;
      const delta = isJsonObject(given) ? repairDelta(given) : null;
      // Some write with every piece that there is none yet.
      const said = choice['finish_reason'];
      const reason = typeof said === 'string' && !/^\s*(?:null)?\s*$/i.test(said) ? said : null;
      return { ...choice, delta: named(delta, reason !== null), finish_reason: reason };
    });
    return event;
  };
}

/**
 * A call without any name fails the whole answer in the package: it gets one that the model can be told of.
 */
function namesOf(): (delta: JsonObject | null, isLast: boolean) => JsonObject | null {
  const nameless = new Set<number>();
  const known = new Set<JsonValue>();
  return (delta, isLast) => {
    const calls = items(delta?.['tool_calls']);
    for (const { index, id, function: called } of calls) {
      const name = isJsonObject(called) ? called['name'] : null;
      if (typeof index === 'number' && !known.has(index)) nameless.add(index);
      if (typeof index === 'number' && name !== null) {
        nameless.delete(index);
        known.add(index);
      }
      const isNew = typeof index !== 'number' && typeof id === 'string' && !known.has(id);
      if (isNew && name === null && isJsonObject(called)) called['name'] = 'unnamed';
      if (isNew) known.add(id);
    }
    if (!isLast || nameless.size === 0) return delta;
    const late = [...nameless].map((index) => ({
      index,
      id: null,
      function: { name: 'unnamed', arguments: null },
    }));
    nameless.clear();
    return { ...delta, tool_calls: [...calls, ...late] };
  };
}

function repairDelta(delta: JsonObject): JsonObject {
  const { content, tool_calls: calls } = delta;
  keepOnly(delta, { reasoning_content: 'string', reasoning: 'string' });
  if (delta['role'] !== 'assistant') delete delta['role'];
  if (typeof content === 'number' || typeof content === 'boolean') delta['content'] = String(content);
  else if (isJsonObject(content)) delta['content'] = [content];
  if (Array.isArray(delta['content'])) {
    delta['content'] = items(delta['content']).filter((part) => typeof part['type'] === 'string');
  }
  if (calls !== undefined)
    delta['tool_calls'] = items(Array.isArray(calls) ? calls : [calls]).map(repairCall);
  return delta;
}

function repairCall(call: JsonObject): JsonObject {
  const { index, id } = call;
  // Some give the function's fields without the function.
  const named = isJsonObject(call['function']) ? call['function'] : call;
  const { name, arguments: given } = named;
  const signature = signatureOf(call['extra_content']);
  return {
    index: wholeNumber(index),
    id: typeof id === 'number' ? String(id) : typeof id === 'string' ? id : null,
    type: 'function',
    function: {
      name: typeof name === 'string' && name.trim() !== '' ? toolName(name) : null,
      arguments: asText(given),
    },
    ...(signature === null ? {} : { extra_content: { google: { thought_signature: signature } } }),
  };
}

function signatureOf(extra: JsonValue | undefined): string | null {
  const google = isJsonObject(extra) ? extra['google'] : null;
  const signature = isJsonObject(google) ? google['thought_signature'] : null;
  return typeof signature === 'string' ? signature : null;
}

function repairResponses(event: JsonObject): JsonObject | null {
  const { type, item, response, output_index: index } = event;
  if (typeof type !== 'string') return null;
  if (isJsonObject(item) && item['type'] === 'function_call') {
    const { id, call_id: callId, name } = item;
    item['arguments'] = asText(item['arguments']) ?? '';
    if (typeof id !== 'string') item['id'] = `fc_${typeof index === 'number' ? index : 0}`;
    if (typeof callId !== 'string') item['call_id'] = item['id'] ?? '';
    item['name'] = toolName(typeof name === 'string' ? name : '');
  }
  if (type === 'response.function_call_arguments.delta') event['delta'] = asText(event['delta']) ?? '';
  if ((type === 'response.completed' || type === 'response.incomplete') && isJsonObject(response)) {
    const { usage } = response;
    response['incomplete_details'] = incompleteOf(type, response);
    response['usage'] = isJsonObject(usage)
      ? { ...counts(usage), ...required(usage, ['input_tokens', 'output_tokens']) }
      : null;
  }
  return event;
}

/** Why an answer is not whole: the package takes one without a reason for whole. */
function incompleteOf(type: string, { status, incomplete_details: given }: JsonObject): JsonObject | null {
  const reason = isJsonObject(given) ? given['reason'] : null;
  if (typeof reason === 'string' && reason !== '') return { reason };
  if (type === 'response.incomplete') return { reason: 'incomplete' };
  return typeof status === 'string' && /^(?:incomplete|failed|cancelled)$/.test(status)
    ? { reason: status }
    : null;
}

function repairGoogle(event: JsonObject): JsonObject | JsonObject[] {
  const { usageMetadata: usage, candidates } = event;
  if (isJsonObject(usage)) event['usageMetadata'] = counts(usage);
  else delete event['usageMetadata'];
  if (!Array.isArray(candidates)) {
    delete event['candidates'];
    return event;
  }
  event['candidates'] = items(candidates);
  for (const candidate of event['candidates']) {
    const content = isJsonObject(candidate) ? candidate['content'] : null;
    if (!isJsonObject(content) || !Array.isArray(content['parts'])) continue;
    const parts = items(content['parts']).filter((part) => {
      const called = part['functionCall'];
      if (isJsonObject(called)) nameCall(called);
      return called === undefined || isJsonObject(called);
    });
    content['parts'] = keepLoneSignatures(parts);
  }
  return inOrder(event);
}

/** One without a name is the end of a call that came in pieces, unless it holds a whole one. */
function nameCall(called: JsonObject): void {
  const { name, args } = called;
  if (typeof name === 'string') called['name'] = toolName(name);
  else if (args !== undefined) called['name'] = 'unnamed';
}

function keepOnly(of: JsonObject, types: Readonly<Record<string, 'string' | 'number'>>): void {
  for (const [key, type] of Object.entries(types)) {
    if (of[key] !== undefined && typeof of[key] !== type) delete of[key];
  }
}
