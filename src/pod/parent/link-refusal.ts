/** Which refusals of a parent no retry can change (C4). Pure. */
import { RemoteError } from '../../transport/failures.ts';

export const permanentCodes: ReadonlySet<string> = new Set([
  'unknownChild',
  'badToken',
  'parentRemoved',
  'regressed',
  'protocolMismatch',
]);

/** JSON-RPC's unknown method and invalid params. */
const notUnderstood = new Set([-32601, -32602]);

/** A message that the parent does not understand stays what it is: such a refusal is for good. */
export function refusalCode(error: unknown): string | undefined {
  if (!(error instanceof RemoteError)) return undefined;
  return error.code ?? (notUnderstood.has(error.rpcCode) ? 'protocolMismatch' : undefined);
}
