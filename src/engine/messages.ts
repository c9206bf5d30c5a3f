/**
 * The messages of the Agent Client Protocol, v1: one JSON-RPC 2.0 message a line. What an agent writes is
 * judged here; all that goes on is of these forms, bounded. Pure.
 */
import { withoutHidden } from '../std/characters.ts';
import { isJsonObject, jsonIn, type JsonObject, type JsonValue } from '../std/json.ts';

export type MessageId = string | number;

export type AgentMessage =
  | { readonly kind: 'answer'; readonly id: MessageId; readonly result: JsonValue }
  | { readonly kind: 'failure'; readonly id: MessageId; readonly error: AgentError }
  | { readonly kind: 'request'; readonly id: MessageId; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject };

/** As the agent gave it: `message` is shown to people, without what steers a terminal. */
export interface AgentError {
  readonly code: number;
  readonly message: string;
  /** Of `data`, as far as it says more. */
  readonly detail: string;
}

const messageBounds = {
  methodChars: 200,
  idChars: 200,
  errorChars: 2_000,
} as const;

/** Null: no message, to be passed over. */
export function messageIn(line: string): AgentMessage | null {
  const message = jsonIn(line);
  if (!isJsonObject(message) || message['jsonrpc'] !== '2.0') return null;
  const { id, method, params = {}, result, error } = message;
  if (typeof method === 'string') {
    if (method.length > messageBounds.methodChars) return null;
    const given = isJsonObject(params) ? params : {};
    if (id === undefined) return { kind: 'notification', method, params: given };
    return isId(id) ? { kind: 'request', id, method, params: given } : null;
  }
  if (!isId(id)) return null;
  if (isJsonObject(error)) return { kind: 'failure', id, error: errorOf(error) };
  return result === undefined ? null : { kind: 'answer', id, result };
}

function isId(id: JsonValue | undefined): id is MessageId {
  return typeof id === 'number' || (typeof id === 'string' && id.length <= messageBounds.idChars);
}

function errorOf({ code, message, data }: JsonObject): AgentError {
  return {
    code: typeof code === 'number' ? code : 0,
    message: plainText(typeof message === 'string' ? message : 'no message', messageBounds.errorChars),
    detail: plainText(detailOf(data), messageBounds.errorChars),
  };
}

function detailOf(data: JsonValue | undefined): string {
  if (typeof data === 'string') return data;
  if (!isJsonObject(data)) return '';
  for (const name of ['details', 'message', 'error']) {
    const said = data[name];
    if (typeof said === 'string') return said;
  }
  return JSON.stringify(data);
}

/** For a line of a log or a screen. */
export function plainText(text: string, chars: number): string {
  return withoutHidden(text.slice(0, chars * 2))
    .slice(0, chars)
    .toWellFormed();
}
