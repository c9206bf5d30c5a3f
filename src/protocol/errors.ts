/**
 * Errors that cross the wire. Errors inside a process are classes near their cause with `PodkinError` as
 * their base (`transport/failures.ts`, `client/errors.ts`, …). The two families never mix: a handler throws
 * `WireError`, the connection turns it into JSON.
 */
export const podErrorCodes = [
  'busy',
  'notRunning',
  'notPaused',
  'stopping',
  'unknownPod',
  'unknownChild',
  'badToken',
  'parentRemoved',
  'gap',
  'regressed',
  'protocolMismatch',
  'tooLarge',
  'forbidden',
  'limit',
  'timeout',
  'providerFailed',
  'storageFailed',
] as const;
export type PodErrorCode = (typeof podErrorCodes)[number];

/** JSON-RPC 2.0's own codes; -32000 carries ours in `data.code`. */
export const rpcCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  pod: -32000,
} as const;

export interface WireErrorObject {
  code: number;
  message: string;
  data?: { code?: PodErrorCode; [field: string]: unknown };
}

/** A refusal, thrown by a handler. `message` says in one sentence what to do next. */
export class WireError extends Error {
  readonly rpcCode: number;
  readonly code: PodErrorCode | undefined;
  readonly data: Record<string, unknown>;

  constructor(code: PodErrorCode | number, message: string, data: Record<string, unknown> = {}) {
    super(message);
    this.name = 'WireError';
    this.rpcCode = typeof code === 'number' ? code : rpcCodes.pod;
    this.code = typeof code === 'number' ? undefined : code;
    this.data = data;
  }

  toJSON(): WireErrorObject {
    const data = this.code === undefined ? this.data : { code: this.code, ...this.data };
    return {
      code: this.rpcCode,
      message: this.message,
      ...(Object.keys(data).length > 0 ? { data } : {}),
    };
  }
}
