/** The table of methods as calls: what a program writes to talk to a pod. */
import { methods, type MethodName, type ParamsIn, type Result } from '../protocol/methods.ts';
import type { Connection } from './connection.ts';
import { UnexpectedAnswer } from './failures.ts';
import { describeProblem } from './params.ts';
import type { RequestOptions } from './pending-requests.ts';

export interface Client {
  readonly connection: Connection;
  /**
   * Asks and waits for the answer. Rejects as `Connection.request` does, and with `UnexpectedAnswer` where the result
   * lacks what the table says; fields that the table does not know are passed on.
   */
  call<M extends MethodName>(method: M, params: ParamsIn<M>, options?: RequestOptions): Promise<Result<M>>;
}

export function clientOver(connection: Connection): Client {
  return {
    connection,
    async call<M extends MethodName>(method: M, params: ParamsIn<M>, options?: RequestOptions) {
      const result = await connection.request(method, params, options);
      const checked = methods[method].result().safeParse(result);
      if (!checked.success) throw new UnexpectedAnswer(method, describeProblem(checked.error).text);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked in the line above, kept with its unknown fields
      return result as Result<M>;
    },
  };
}
