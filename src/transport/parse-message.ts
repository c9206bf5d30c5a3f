/**
 * One line to one JSON-RPC message, or to the error that answers it. Nothing here throws, and no schema
 * library is asked: the envelope is small, and every message passes through.
 */
import { rpcCodes, type WireErrorObject } from '../protocol/errors.ts';
import { wireLimits } from '../protocol/limits.ts';

export type MessageId = string | number | null;

export type Incoming =
  | { kind: 'request'; id: MessageId; method: string; params: unknown }
  | { kind: 'notification'; method: string; params: unknown }
  | { kind: 'response'; id: MessageId; result: unknown }
  | { kind: 'errorResponse'; id: MessageId; error: WireErrorObject }
  | { kind: 'malformed'; id: MessageId; error: WireErrorObject };

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads one line (without its end). `malformed` carries the error to answer with and the id to answer to,
 * null where none could be read. A byte order mark in front is passed over.
 */
export function parseMessage(line: Uint8Array): Incoming {
  let text: string;
  try {
    text = decoder.decode(line);
  } catch {
    return malformed(null, rpcCodes.parseError, 'the line is not valid UTF-8; send JSON in UTF-8');
  }
  if (isTooDeep(text)) {
    const rule = `a message nests at most ${wireLimits.jsonDepthMax} levels; send a flatter one`;
    return malformed(null, rpcCodes.invalidRequest, rule);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return malformed(
      null,
      rpcCodes.parseError,
      'the line is not valid JSON; send one JSON-RPC 2.0 object per line',
    );
  }
  if (Array.isArray(value)) {
    return malformed(null, rpcCodes.invalidRequest, 'batches are not taken; send one request per line');
  }
  if (!isObject(value)) {
    return malformed(null, rpcCodes.invalidRequest, 'the line is not an object; send a JSON-RPC 2.0 request');
  }
  return classify(value, text);
}

function classify(value: Record<string, unknown>, text: string): Incoming {
  const id = value['id'];
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number') {
    return malformed(null, rpcCodes.invalidRequest, '"id" must be a string, a number or null');
  }
  // JSON can write a number that JavaScript only knows as infinite, and infinity is nothing that JSON can
  // answer with.
  if (typeof id === 'number' && !Number.isFinite(id)) {
    return malformed(null, rpcCodes.invalidRequest, '"id" is a number out of range; send a smaller one');
  }
  if (value['jsonrpc'] !== '2.0') {
    return malformed(
      id ?? null,
      rpcCodes.invalidRequest,
      '"jsonrpc" must be "2.0"; send a JSON-RPC 2.0 request',
    );
  }
  const method = value['method'];
  if (typeof method === 'string') {
    if (id === undefined) return { kind: 'notification', method, params: value['params'] };
    if (mayHavePrototypeKeys(text) && hasPrototypeKeys(value)) {
      const rule =
        '"__proto__", "constructor" and "prototype" are not taken as field names; rename the field';
      return malformed(id, rpcCodes.invalidRequest, rule);
    }
    return { kind: 'request', id, method, params: value['params'] };
  }
  if (method === undefined && Object.hasOwn(value, 'error')) {
    return { kind: 'errorResponse', id: id ?? null, error: readError(value['error']) };
  }
  if (method === undefined && id !== undefined && Object.hasOwn(value, 'result')) {
    return { kind: 'response', id, result: value['result'] };
  }
  return malformed(id ?? null, rpcCodes.invalidRequest, '"method" must be a string; name the method to call');
}

function malformed(id: MessageId, code: number, message: string): Incoming {
  return { kind: 'malformed', id, error: { code, message } };
}

/** A peer's error as far as it can be understood; it ends a request even when it is not well formed. */
function readError(raw: unknown): WireErrorObject {
  const { code, message, data } = isObject(raw) ? raw : {};
  return {
    code: typeof code === 'number' ? code : rpcCodes.internalError,
    message:
      typeof message === 'string' ? message : 'the other side answered with an error that has no message',
    ...(isObject(data) ? { data } : {}),
  };
}

/**
 * Whether brackets outside strings nest too deep, seen before the parser builds anything. Strings are jumped
 * over, so a long text costs little. A text that is no JSON may pass or fail here; the parser refuses it all
 * the same.
 */
function isTooDeep(text: string): boolean {
  // Each level takes an opening and a closing bracket.
  if (text.length < 2 * wireLimits.jsonDepthMax || !opensMoreThan(text, wireLimits.jsonDepthMax))
    return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x22) {
      at = stringEnd(text, at + 1);
      if (at === -1) return false;
    } else if (char === 0x7b || char === 0x5b) {
      depth += 1;
      if (depth > wireLimits.jsonDepthMax) return true;
    } else if (char === 0x7d || char === 0x5d) depth -= 1;
  }
  return false;
}

/**
 * Counts opening brackets, those in strings too, by a search that is far quicker than a look at each
 * character.
 */
function opensMoreThan(text: string, bound: number): boolean {
  let count = 0;
  for (const bracket of '{[') {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      count += 1;
      if (count > bound) return true;
    }
  }
  return false;
}

/**
 * Where the string ends whose first character is at `from`: at the first quote with an even number of
 * backslashes before it.
 */
function stringEnd(text: string, from: number): number {
  let quote = text.indexOf('"', from);
  while (quote !== -1) {
    let backslashes = 0;
    while (quote - backslashes > from && text.charCodeAt(quote - backslashes - 1) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
    quote = text.indexOf('"', quote + 1);
  }
  return -1;
}

const prototypeKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Cheap and never wrong in saying no: a key can also hide behind a `\u` escape. */
function mayHavePrototypeKeys(text: string): boolean {
  return (
    text.includes('__proto__') ||
    text.includes('constructor') ||
    text.includes('prototype') ||
    text.includes('\\u')
  );
}

function hasPrototypeKeys(root: object): boolean {
  const open: unknown[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (Array.isArray(value)) {
      for (const inner of value) if (isContainer(inner)) open.push(inner);
    } else if (isObject(value)) {
      for (const key of Object.keys(value)) {
        if (prototypeKeys.has(key)) return true;
        if (isContainer(value[key])) open.push(value[key]);
      }
    }
  }
  return false;
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return isContainer(value) && !Array.isArray(value);
}
