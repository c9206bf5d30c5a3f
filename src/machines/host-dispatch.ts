/** From the table of a host's methods to one function. Nothing is answered before a `hello` that fits. */
import { WireError, rpcCodes } from '../protocol/errors.ts';
import { type HostMethod, type HostParams, type HostResult, hostMethods } from '../protocol/host-methods.ts';
import { protocolVersion } from '../protocol/limits.ts';
import type { Connection, RequestContext } from '../transport/connection.ts';
import { describeProblem } from '../transport/params.ts';
import type { Dispatch } from '../transport/server.ts';
import { version } from '../version.ts';

export type HostHandlers = {
  [M in HostMethod]: (
    params: HostParams<M>,
    context: RequestContext,
  ) => HostResult<M> | Promise<HostResult<M>>;
};

type Untyped = (params: unknown, context: RequestContext) => unknown;

export function hostDispatch(handlers: HostHandlers): Dispatch {
  const introduced = new WeakSet<Connection>();
  const names = new Set<string>(Object.keys(hostMethods));
  return (name, given, context) => {
    if (!names.has(name)) {
      const shown = JSON.stringify(name.slice(0, 64));
      throw new WireError(rpcCodes.methodNotFound, `this host has no method ${shown}`);
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has it
    const method = name as HostMethod;
    if (method !== 'hello' && !introduced.has(context.connection))
      throw new WireError('forbidden', 'Say hello first.');
    const parsed = hostMethods[method].params().safeParse(given ?? {});
    if (!parsed.success) {
      const { text } = describeProblem(parsed.error);
      throw new WireError(rpcCodes.invalidParams, `the params of "${method}" are wrong: ${text}`);
    }
    if (method === 'hello') refuseOther(parsed.data);
    introduced.add(context.connection);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema of that name made them
    return (handlers[method] as Untyped)(parsed.data, context);
  };
}

function refuseOther(params: object): void {
  const protocol = 'protocol' in params ? params.protocol : undefined;
  if (protocol === protocolVersion) return;
  const podkin = 'podkin' in params ? String(params.podkin) : '';
  throw new WireError(
    'protocolMismatch',
    `This host speaks protocol ${protocolVersion} (podkin ${version}), the other side ${String(protocol)} (podkin ${podkin}); run both with one version of podkin.`,
  );
}
