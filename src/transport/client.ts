/** The table of methods as calls: what a program writes to talk to a pod. */
import { methods, type MethodName, type ParamsIn, type Result } from '../protocol/methods.ts';
import { fastResults } from '../protocol/fast-guards.ts';
import type { Connection } from './connection.ts';
import { UnexpectedAnswer } from './failures.ts';
import { describeProblem } from './params.ts';
import type { RequestOptions } from './pending-requests.ts';

export interface Client {
  readonly connection: Connection;
  /**
   * Asks and waits for the answer. Rejects as `Connection.request` does, and with `UnexpectedAnswer` where
   * the result lacks what the table says; fields that the table does not know are passed on.
   */
  call<M extends MethodName>(method: M, params: ParamsIn<M>, options?: RequestOptions): Promise<Result<M>>;
}

export function clientOver(connection: Connection): Client {
  return {
    connection,
    // What arrives is checked where it arrives: one promise from the call to its answer.
    call<M extends MethodName>(method: M, params: ParamsIn<M>, options?: RequestOptions) {
      const answer = connection.request(method, params, options, checkOf(method));
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked before it is handed on, kept with its unknown fields
      return answer as Promise<Result<M>>;
    },
  };
}

const checks = new Map<MethodName, (result: unknown) => void>();

function checkOf(method: MethodName): (result: unknown) => void {
  let check = checks.get(method);
  if (check === undefined) checks.set(method, (check = makeCheck(method)));
  return check;
}

function makeCheck(method: MethodName): (result: unknown) => void {
  const fast = fastResults[method];
  return (result) => {
    if (fast?.(result) === true) return;
    const checked = methods[method].result().safeParse(result);
    if (!checked.success) throw new UnexpectedAnswer(method, describeProblem(checked.error).text);
  };
}
