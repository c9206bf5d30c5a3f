/**
 * A compaction that a person has asked for while no turn was running: no more is asked of the model than the
 * summary.
 */
import { transcriptOf } from '../session/facts/transcript.ts';
import { requestOf } from './ask.ts';
import { fit, offeredEntries } from './context/fit.ts';
import { failureOf } from './failure.ts';
import type { TurnPorts, TurnResult } from './turn-ports.ts';

/** What is not seen yet stays so (K1): nothing is drained for it. Never rejects. */
export async function compactIdle(ports: TurnPorts): Promise<TurnResult> {
  try {
    return await compacted(ports);
  } catch (error) {
    return failureOf(ports, error);
  }
}

async function compacted(ports: TurnPorts): Promise<TurnResult> {
  const { context } = ports;
  if (context === undefined) return { kind: 'errored', category: 'internal', message: 'it keeps no history' };
  const { facts, putAside } = context;
  const offered = offeredEntries(ports, context);
  if (offered.length > 0) await ports.commit(offered);
  while (facts.context.asked !== null) {
    // Each time: the one that was asked may rest by now.
    const model = await ports.model();
    const request = requestOf(ports, transcriptOf(facts, putAside), model.name);
    const fitted = await fit(ports, context, model, { step: 1, request, taken: Number.POSITIVE_INFINITY });
    if (fitted.kind === 'ended') return fitted.result;
  }
  return { kind: 'finished' };
}
