/** What follows where a provider refuses a request for the reasoning that it takes along. */
import type { ChatPart, ModelFailure, ModelRequest } from '../model/port.ts';
import { reasoningRefusalIn } from '../model/reasoning-refusal.ts';
import type { EntryBody } from '../session/facts/entries.ts';
import { imagesRefused } from './shown-images.ts';
import type { TurnPorts } from './turn-ports.ts';

interface RefusedRequest {
  readonly model: string;
  readonly request: ModelRequest;
  readonly error: ModelFailure;
}

/**
 * What is to be committed so that the same request goes out without what it was refused for; null where that
 * was something else. Each takes something from the request: it is asked again a bounded number of times.
 */
export function partsRefused(ports: TurnPorts, refused: RefusedRequest): EntryBody[] | null {
  return imagesRefused(ports, refused) ?? reasoningRefused(ports, refused);
}

function reasoningRefused(
  { turn, context }: Pick<TurnPorts, 'turn' | 'context'>,
  { model, request, error }: RefusedRequest,
): EntryBody[] | null {
  if (context === undefined || error.category !== 'badRequest') return null;
  const refusal = reasoningRefusalIn(error.message);
  if (refusal === null || !holdsReasoning(request)) return null;
  const through = context.facts.lastSeq;
  const reason = error.message;
  const text =
    refusal === 'all'
      ? `${model} takes no reasoning of answers before (${reason}): it is asked without it from now on.`
      : `${model} does not take the reasoning of the answers so far any more (${reason}): it is asked without it. All else that was said is kept.`;
  return [
    { type: 'reasoningRefused', turn, model, reason, ...(refusal === 'all' ? {} : { through }) },
    { type: 'alert', level: 'warning', code: 'reasoningRefused', text },
  ];
}

/** Or what belongs to it: ids and signatures of its parts. */
function holdsReasoning({ messages }: ModelRequest): boolean {
  return messages.some((message) => message.role === 'assistant' && message.parts.some(isOfReasoning));
}

function isOfReasoning(part: ChatPart): boolean {
  return part.type === 'reasoning' || part.providerMetadata !== undefined;
}
