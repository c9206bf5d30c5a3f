/** What a client asked for and does not get, with the code of JSON-RPC that says why. */
import { PodkinError } from '../../std/podkin-error.ts';

export const refusalCodes = {
  invalidRequest: -32600,
  invalidParams: -32602,
  internal: -32603,
  notFound: -32002,
} as const;

export class AcpRefusal extends PodkinError {
  readonly code: number;

  constructor(kind: keyof typeof refusalCodes, message: string) {
    super(message);
    this.name = 'AcpRefusal';
    this.code = refusalCodes[kind];
  }
}
