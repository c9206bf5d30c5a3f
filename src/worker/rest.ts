/** What becomes of a turn whose provider says that it will not answer for long: another model, or a wait. */
import { ModelFailure } from '../model/port.ts';
import { endedBy } from './admission.ts';
import { afterRequest } from './interceptors.ts';
import type { Tries } from './retry.ts';
import type { TurnPorts, TurnResult } from './turn-ports.ts';

/** Asking this model again is of no use for now, and another one may answer. */
export function mustRest(ports: TurnPorts, error: ModelFailure, tries: Tries): boolean {
  if (ports.rests?.isUsed !== true) return false;
  if (!error.transient) return error.isGone;
  return (error.retryAfterMs ?? 0) > ports.limits.retryAfterMaxMs || tries.areUsedUp(ports, error);
}

/**
 * Notes the rest, in the log too. Null: the next request may be sent, to whichever model does not rest.
 * Throws the failure where nobody can be waited for.
 */
export async function rested(
  ports: TurnPorts,
  failed: { readonly model: string; readonly error: ModelFailure },
): Promise<TurnResult | null> {
  const { rests } = ports;
  const { error } = failed;
  if (rests === undefined) throw error;
  if (await isSwitched(ports, failed)) return null;
  const { ms, untilMs } = rests.wait();
  if (ms !== null) return await waited(ports, error);
  if (untilMs === null) throw error;
  const until = new Date(untilMs).toISOString();
  throw new ModelFailure(
    error.category,
    `${error.message}. No model of this pod answers before ${until}: go on with it then`,
    { transient: false },
  );
}

/** Notes the rest. True: another model is asked in its place from now on, and that is in the log. */
export async function isSwitched(
  ports: TurnPorts,
  { model, error }: { readonly model: string; readonly error: ModelFailure },
): Promise<boolean> {
  const { rests } = ports;
  rests?.note(model, error);
  if (rests?.wait().ms !== 0) return false;
  const text = `${model} is not asked for now (${error.message}); ${rests.current} is asked in its place.`;
  const switched = { from: model, to: rests.current, why: shortly(error.message) };
  await ports.commit([{ type: 'alert', level: 'warning', code: 'modelSwitched', text, switched }]);
  return true;
}

const whyCharsMax = 300;

function shortly(text: string): string {
  return text.slice(0, whyCharsMax).toWellFormed();
}

/** Holding nothing: what was taken of the budget was given back with the failure. */
async function waited(ports: TurnPorts, error: ModelFailure): Promise<TurnResult | null> {
  for (;;) {
    const ms = ports.rests?.wait().ms ?? 0;
    if (ms === 0) return null;
    const why = `No model of this pod answers at present (${error.message}).`;
    afterRequest(ports.interceptors, { kind: 'failed', delayMs: ms, why });
    await ports.wait(ms);
    const ended = endedBy(ports);
    if (ended !== null) return ended;
  }
}
