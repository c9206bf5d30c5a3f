/**
 * How large a request is, before it is sent. A unit is about a token: four bytes. What a unit comes to with a
 * model is learned from what its provider counts. Pure.
 *
 * Absent: any tokenizer. The last count and the units since then are within a few per cent of the next count,
 * whatever the language of the text.
 */
import { tokensOfImages } from '../../std/image.ts';
import type { ChatMessage, ChatPart, ModelRequest, ModelResponse, ToolSpec } from '../../model/port.ts';
import type { ContextFacts } from '../../session/facts/context-facts.ts';

const bytesOfUnit = 4;
/** What stands around each message, call, result and tool. */
const unitsAround = 4;

export function unitsOfText(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / bytesOfUnit);
}

export function unitsOfRequest(request: Pick<ModelRequest, 'system' | 'messages' | 'tools'>): number {
  return fixedUnits(request) + request.messages.reduce((sum, message) => sum + unitsOfMessage(message), 0);
}

/** What no compaction makes smaller. */
export function fixedUnits({ system, tools }: Pick<ModelRequest, 'system' | 'tools'>): number {
  return unitsOfText(system) + tools.reduce((sum, tool) => sum + unitsOfTool(tool), 0);
}

function unitsOfTool({ name, description, inputSchema }: ToolSpec): number {
  return unitsAround + unitsOfText(name + description) + unitsOfText(JSON.stringify(inputSchema));
}

function unitsOfMessage(message: ChatMessage): number {
  switch (message.role) {
    case 'user':
      return unitsAround + unitsOfText(message.text) + tokensOfImages(message.images);
    case 'assistant':
      return unitsOfParts(message.parts);
    case 'tool':
      return message.results.reduce(
        (sum, { text, images }) => sum + unitsAround + unitsOfText(text) + tokensOfImages(images),
        0,
      );
  }
}

function unitsOfParts(parts: readonly ChatPart[]): number {
  return parts.reduce((sum, part) => sum + unitsAround + unitsOfPart(part), 0);
}

function unitsOfPart(part: ChatPart): number {
  if (part.type !== 'toolCall') return unitsOfText(part.text);
  return unitsOfText(part.tool) + unitsOfText(JSON.stringify(part.input));
}

export function unitsOfAnswer({ parts }: Pick<ModelResponse, 'parts'>): number {
  return unitsOfParts(parts);
}

/** Tokens of a unit with this model, as it was learned. */
export function rateOf({ rates }: Pick<ContextFacts, 'rates'>, model: string): number {
  return rates.get(model) ?? 1;
}

/**
 * Of a request with so many units: the last count (input and output) and an estimate of what has changed
 * since.
 */
export function tokensOf(context: ContextFacts, model: string, units: number): number {
  const { measured } = context;
  const rate = rateOf(context, model);
  if (measured?.model !== model) return Math.ceil(units * rate);
  const { inputTokens, outputTokens, request, answer } = measured;
  // Less than was counted: a part of that is gone, and nobody knows which tokens it had.
  if (units < request + answer) return Math.ceil(units * rate);
  return Math.ceil(inputTokens + outputTokens + (units - request - answer) * rate);
}
