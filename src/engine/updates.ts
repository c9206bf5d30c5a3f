/**
 * What an agent says of its work while a prompt runs: `session/update` and `session/request_permission`,
 * parsed. Nothing of it is run by us; a text is a text. Pure.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../std/json.ts';
import { plainText } from './messages.ts';

const updateBounds = {
  idChars: 200,
  titleChars: 1_000,
  /** Of what a call is given, as JSON; a longer one is left out. */
  inputChars: 64 * 1024,
  /** Of what a call has given, its beginning. */
  outputChars: 64 * 1024,
  options: 32,
} as const;

export type CallStatus = 'pending' | 'inProgress' | 'completed' | 'failed';

/** What is known of a call from one update; null where that does not say it. */
export interface CallUpdate {
  readonly kind: 'call';
  /** A `tool_call`: the agent begins it. Otherwise a `tool_call_update`. */
  readonly begins: boolean;
  readonly call: string;
  readonly title: string | null;
  /** One of the protocol's kinds of tools: `execute`, `edit`, `read` … */
  readonly tool: string | null;
  /** The agent's own name of it. */
  readonly name: string | null;
  readonly status: CallStatus | null;
  readonly input: JsonValue | null;
  readonly output: string | null;
  /** What follows the output that it has said until now. */
  readonly more: string | null;
}

export type EngineUpdate =
  /** `userText`: only while a session is loaded, a part of what it was once asked. */
  | { readonly kind: 'text' | 'thought' | 'userText'; readonly text: string }
  | CallUpdate
  /** Of its context, in tokens; `cost` of the whole session, in US dollars. */
  | { readonly kind: 'usage'; readonly used: number; readonly size: number; readonly cost: number | null }
  | { readonly kind: 'mode'; readonly mode: string }
  /** A sign of life, no more. */
  | { readonly kind: 'other'; readonly of: string };

/** Null: none of this session, or none at all. */
export function updateIn(params: JsonObject, session: string): EngineUpdate | null {
  const { sessionId, update } = params;
  if (sessionId !== session || !isJsonObject(update)) return null;
  const { sessionUpdate } = update;
  if (typeof sessionUpdate !== 'string') return null;
  switch (sessionUpdate) {
    case 'agent_message_chunk':
      return { kind: 'text', text: textOf(update['content']) };
    case 'agent_thought_chunk':
      return { kind: 'thought', text: textOf(update['content']) };
    case 'user_message_chunk':
      return { kind: 'userText', text: textOf(update['content']) };
    case 'tool_call':
      return callIn(update, true);
    case 'tool_call_update':
      return callIn(update, false);
    case 'usage_update':
      return usageIn(update);
    case 'current_mode_update':
      return { kind: 'mode', mode: stringIn(update['currentModeId'], updateBounds.idChars) ?? '' };
    default:
      return { kind: 'other', of: plainText(sessionUpdate, updateBounds.idChars) };
  }
}

function textOf(content: JsonValue | undefined): string {
  if (!isJsonObject(content)) return '';
  const { type, text } = content;
  if (type === 'text' && typeof text === 'string') return text.toWellFormed();
  if (type === 'resource' && isJsonObject(content['resource'])) {
    const held = content['resource']['text'];
    return typeof held === 'string' ? held.toWellFormed() : '';
  }
  if (type === 'resource_link') return typeof content['uri'] === 'string' ? content['uri'] : '';
  return '';
}

const statuses: Readonly<Record<string, CallStatus>> = {
  pending: 'pending',
  in_progress: 'inProgress',
  completed: 'completed',
  failed: 'failed',
};

/** Null where it names no call. */
function callIn(update: JsonObject, begins: boolean): CallUpdate | null {
  const { toolCallId, title, kind, name, status, rawInput, content, rawOutput, _meta: meta } = update;
  if (typeof toolCallId !== 'string' || toolCallId === '' || toolCallId.length > updateBounds.idChars)
    return null;
  return {
    kind: 'call',
    begins,
    call: toolCallId.toWellFormed(),
    title: stringIn(title, updateBounds.titleChars),
    tool: stringIn(kind, updateBounds.idChars),
    name: stringIn(name, updateBounds.idChars),
    status: typeof status === 'string' ? (statuses[status] ?? null) : null,
    input: inputIn(rawInput),
    output: outputIn(content) ?? outputText(rawOutput) ?? terminalText(meta, 'terminal_output'),
    more: terminalText(meta, 'terminal_output_delta'),
  };
}

function inputIn(input: JsonValue | undefined): JsonValue | null {
  if (input === undefined || input === null) return null;
  return JSON.stringify(input).length <= updateBounds.inputChars ? input : null;
}

function outputIn(content: JsonValue | undefined): string | null {
  if (!Array.isArray(content)) return null;
  const parts: string[] = [];
  let room: number = updateBounds.outputChars;
  for (const one of content) {
    if (room <= 0) break;
    const text = isJsonObject(one) ? partOf(one) : '';
    if (text === '') continue;
    parts.push(text.slice(0, room));
    room -= text.length;
  }
  return parts.length === 0 ? null : parts.join('\n').toWellFormed();
}

function partOf(part: JsonObject): string {
  const { type, content, path } = part;
  if (type === 'content') return textOf(content);
  return type === 'diff' && typeof path === 'string' ? `changed ${path}` : '';
}

function outputText(output: JsonValue | undefined): string | null {
  if (output === undefined || output === null) return null;
  const text = typeof output === 'string' ? output : JSON.stringify(output);
  return text.slice(0, updateBounds.outputChars).toWellFormed();
}

/** Several agents say what a terminal of their own shows beside the protocol. */
function terminalText(meta: JsonValue | undefined, key: string): string | null {
  const shown = isJsonObject(meta) ? meta[key] : undefined;
  const data = isJsonObject(shown) ? shown['data'] : undefined;
  return typeof data === 'string' ? outputText(data) : null;
}

function usageIn({ used, size, cost }: JsonObject): EngineUpdate {
  const isUsd = isJsonObject(cost) && cost['currency'] === 'USD';
  return {
    kind: 'usage',
    used: countIn(used),
    size: countIn(size),
    cost: isUsd ? amountIn(cost['amount']) : null,
  };
}

export type OptionKind = 'allowOnce' | 'allowAlways' | 'rejectOnce' | 'rejectAlways';

/** The agent asks whether it may. */
export interface PermissionRequest {
  readonly call: CallUpdate;
  readonly options: readonly { readonly id: string; readonly name: string; readonly kind: OptionKind }[];
}

const optionKinds: Readonly<Record<string, OptionKind>> = {
  allow_once: 'allowOnce',
  allow_always: 'allowAlways',
  reject_once: 'rejectOnce',
  reject_always: 'rejectAlways',
};

/** Null: nothing that could be asked. */
export function permissionIn(params: JsonObject, session: string): PermissionRequest | null {
  const { sessionId, toolCall, options } = params;
  if (sessionId !== session || !isJsonObject(toolCall) || !Array.isArray(options)) return null;
  const call = callIn(toolCall, false);
  if (call === null) return null;
  return {
    call,
    options: options.slice(0, updateBounds.options).flatMap((option) => {
      if (!isJsonObject(option)) return [];
      const { optionId, name, kind } = option;
      const known = typeof kind === 'string' ? optionKinds[kind] : undefined;
      if (typeof optionId !== 'string' || known === undefined) return [];
      return [{ id: optionId, name: stringIn(name, updateBounds.idChars) ?? '', kind: known }];
    }),
  };
}

/** What a prompt has used, where its answer says so. */
export interface PromptUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface PromptEnd {
  /** `end_turn`, `cancelled`, `max_tokens`, `max_turn_requests`, `refusal`, or a word that we do not know. */
  readonly stopReason: string;
  readonly usage: PromptUsage | null;
}

export function promptEndIn(result: JsonValue): PromptEnd {
  const { stopReason, usage } = isJsonObject(result) ? result : {};
  const isCounted = isJsonObject(usage) && typeof usage['inputTokens'] === 'number';
  return {
    stopReason: stringIn(stopReason, updateBounds.idChars) ?? '',
    usage: isCounted
      ? { inputTokens: countIn(usage['inputTokens']), outputTokens: countIn(usage['outputTokens']) }
      : null,
  };
}

/** What an agent says of itself. */
export interface AgentIdentity {
  readonly name: string;
  readonly version: string;
  readonly protocol: number;
  readonly loadsSessions: boolean;
}

export function identityIn(result: JsonValue): AgentIdentity {
  const { protocolVersion, agentCapabilities, agentInfo } = isJsonObject(result) ? result : {};
  const info = isJsonObject(agentInfo) ? agentInfo : {};
  return {
    name: stringIn(info['name'], updateBounds.idChars) ?? '',
    version: stringIn(info['version'], updateBounds.idChars) ?? '',
    protocol: countIn(protocolVersion),
    loadsSessions: isJsonObject(agentCapabilities) && agentCapabilities['loadSession'] === true,
  };
}

/** A session as it has begun, or is there again. */
export interface SessionState {
  /** Of the modes that it can be put into; empty where it has none. */
  readonly modes: readonly string[];
  readonly mode: string | null;
}

export function sessionStateIn(result: JsonValue): SessionState {
  const modes = isJsonObject(result) ? result['modes'] : undefined;
  if (!isJsonObject(modes)) return { modes: [], mode: null };
  const { availableModes, currentModeId } = modes;
  const listed = Array.isArray(availableModes) ? availableModes.slice(0, updateBounds.options) : [];
  return {
    modes: listed.flatMap((one) => {
      const id = isJsonObject(one) ? stringIn(one['id'], updateBounds.idChars) : null;
      return id === null ? [] : [id];
    }),
    mode: stringIn(currentModeId, updateBounds.idChars),
  };
}

/** Null where it names none, or one that nobody could keep. */
export function sessionIdIn(result: JsonValue): string | null {
  const id = isJsonObject(result) ? result['sessionId'] : undefined;
  return typeof id === 'string' && id !== '' && id.length <= 1_000 && id.isWellFormed() ? id : null;
}

function stringIn(value: JsonValue | undefined, chars: number): string | null {
  return typeof value === 'string' ? plainText(value, chars) : null;
}

function countIn(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
    ? Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER)
    : 0;
}

/** More is no sum that anybody pays. */
const costMax = 1_000_000;

function amountIn(value: JsonValue | undefined): number | null {
  return typeof value === 'number' && value >= 0 && value <= costMax ? value : null;
}
