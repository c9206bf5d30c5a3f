/** Asks `podkin host` of another machine over its socket, which a courier has carried here. */
import { thrownText } from '../std/thrown-text.ts';
import { type HostMethod, type HostParams, type HostResult, hostMethods } from '../protocol/host-methods.ts';
import { protocolVersion } from '../protocol/limits.ts';
import { PodkinError } from '../std/podkin-error.ts';
import { dial } from './dial.ts';
import { RemoteError, TimedOut, UnexpectedAnswer } from './failures.ts';
import { describeProblem } from './params.ts';

/** No answer: nothing is known of what is there, and what was asked may have been done. */
export class HostSilent extends PodkinError {
  constructor(why: string) {
    super(why);
    this.name = 'HostSilent';
  }
}

/** It has answered, and will not do it. */
export class HostRefused extends PodkinError {
  /** Of a start: what the pod said. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.name = 'HostRefused';
    this.code = code;
  }
}

export interface HostCalls {
  /** Of the host that answers. */
  readonly id: string;
  readonly socket: string;
  call<M extends HostMethod>(
    method: M,
    params: HostParams<M>,
    options?: { timeoutMs?: number },
  ): Promise<HostResult<M>>;
}

const dialMs = 2_000;
const helloMs = 10_000;
const answerMs = 30_000;

/**
 * One connection, for as long as `work` takes. Rejects with `HostSilent` and `HostRefused`, and as `work`
 * does.
 */
export async function withHost<T>(
  path: string,
  podkin: string,
  work: (host: HostCalls) => Promise<T>,
): Promise<T> {
  const connection = await dial(path, { timeoutMs: dialMs }).catch((error: unknown): never => {
    throw new HostSilent(thrownText(error));
  });
  const call: HostCalls['call'] = async (method, params, { timeoutMs = answerMs } = {}) => {
    try {
      const answer = await connection.request(method, params, { timeoutMs });
      const parsed = hostMethods[method].result().safeParse(answer);
      if (!parsed.success) throw new UnexpectedAnswer(method, describeProblem(parsed.error).text);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema of that method has made it
      return parsed.data as HostResult<typeof method>;
    } catch (error) {
      throw failureOf(error);
    }
  };
  try {
    const { id, socket } = await call('hello', { protocol: protocolVersion, podkin }, { timeoutMs: helloMs });
    return await work({ id, socket, call });
  } finally {
    connection.destroy();
  }
}

function failureOf(error: unknown): Error {
  if (error instanceof RemoteError) {
    const { start } = error.data ?? {};
    return new HostRefused(error.message, typeof start === 'string' ? start : undefined);
  }
  if (error instanceof UnexpectedAnswer) return new HostRefused(error.message);
  if (error instanceof TimedOut || error instanceof PodkinError) return new HostSilent(error.message);
  return error instanceof Error ? error : new Error(String(error));
}
