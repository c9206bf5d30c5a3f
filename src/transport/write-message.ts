/** Messages to lines, each serialised once; `parse-message.ts` is the other way. */
import { thrownText } from '../std/thrown-text.ts';
import { rpcCodes, WireError, type WireErrorObject } from '../protocol/errors.ts';
import { wireLimits } from '../protocol/limits.ts';
import { MessageTooLarge } from './failures.ts';
import type { MessageId } from './parse-message.ts';

/** A request's line with its LF. Throws `MessageTooLarge`. */
export function requestLine(id: number, method: string, params: unknown): string {
  return bounded(`{"jsonrpc":"2.0","id":${id},${methodAndParams(method, params)}}\n`);
}

/**
 * A notification's line with its LF, also for a sender who shows one event to many. Throws `MessageTooLarge`.
 */
export function notificationLine(method: string, params: unknown): string {
  return bounded(`{"jsonrpc":"2.0",${methodAndParams(method, params)}}\n`);
}

/**
 * An answer's line with its LF; `undefined` is sent as null. Throws `MessageTooLarge`, or what JSON.stringify
 * throws.
 */
export function resultLine(id: MessageId, result: unknown): string {
  return bounded(`{"jsonrpc":"2.0","id":${idText(id)},"result":${JSON.stringify(result) ?? 'null'}}\n`);
}

export function errorLine(id: MessageId, error: WireErrorObject): string {
  return `{"jsonrpc":"2.0","id":${idText(id)},"error":${JSON.stringify(error)}}\n`;
}

/**
 * What the peer is told about a thrown value: a `WireError` as it is, an answer too long as `tooLarge`, a
 * defect in short.
 */
export function wireErrorFor(thrown: unknown): WireErrorObject {
  if (thrown instanceof WireError) return thrown.toJSON();
  if (thrown instanceof MessageTooLarge) {
    return new WireError(
      'tooLarge',
      `the answer has ${thrown.bytes} bytes, too many for a line; ask for less`,
    ).toJSON();
  }
  const what = thrownText(thrown);
  return {
    code: rpcCodes.internalError,
    message: `the pod failed at this request (${what.slice(0, 200)}); see its log`,
  };
}

function methodAndParams(method: string, params: unknown): string {
  const name = JSON.stringify(method);
  return params === undefined ? `"method":${name}` : `"method":${name},"params":${JSON.stringify(params)}`;
}

function idText(id: MessageId): string {
  return typeof id === 'number' ? String(id) : JSON.stringify(id);
}

/** Looks at bytes only where the characters leave a doubt: one takes at most three. */
function bounded(line: string): string {
  if (line.length * 3 <= wireLimits.lineBytesMax) return line;
  const bytes = Buffer.byteLength(line) - 1;
  if (bytes > wireLimits.lineBytesMax) throw new MessageTooLarge(bytes, wireLimits.lineBytesMax);
  return line;
}
