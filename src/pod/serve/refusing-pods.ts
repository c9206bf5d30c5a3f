/**
 * What is for a person, or for a person and the parent, no child does over its link; and what is for a person
 * alone nobody does who says that they are a pod: it would raise its own budget, or allow its own calls.
 */
import { WireError } from '../../protocol/errors.ts';
import { type MethodName, methods } from '../../protocol/methods.ts';
import type { Connection, RequestContext } from '../../transport/connection.ts';
import type { Handlers } from '../../transport/server.ts';

type Handler = (params: object, context: RequestContext) => unknown;
const persons: ReadonlySet<string> = new Set(['person', 'person, parent']);

/** The same handlers; those of such methods may throw `forbidden`. */
export function refusingPods(handlers: Handlers, isLink: (connection: Connection) => boolean): Handlers {
  const guarded = Object.entries(handlers).map(([name, handler]) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has these names alone
    const { who } = methods[name as MethodName];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its parameters go on to it as they came
    const handle = handler as Handler;
    if (!persons.has(who)) return [name, handle] as const;
    const guard: Handler = (params, context) => {
      const isNamed = who === 'person' && 'from' in params && params.from !== undefined;
      if (isNamed || isLink(context.connection)) throw refusal(name, who);
      return handle(params, context);
    };
    return [name, guard] as const;
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each name has its own handler again
  return Object.fromEntries(guarded) as unknown as Handlers;
}

function refusal(method: string, who: string): WireError {
  const may = who === 'person' ? 'Only a person' : 'Only a person, or the parent of this pod,';
  return new WireError(
    'forbidden',
    `${may} may ask for "${method}", never a child over its link. Nothing was changed.`,
  );
}
