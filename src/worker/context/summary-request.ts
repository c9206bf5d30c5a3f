/** The words and the messages of the request for a summary. Pure. */
import type { ChatMessage, ModelRequest, ModelResponse, ToolSpec } from '../../model/port.ts';
import type { Facts } from '../../session/facts/facts.ts';
import { type Part, transcriptOf } from '../../session/facts/transcript.ts';
import { promptOf } from '../prompt.ts';
import type { Unshown } from '../shown-images.ts';

export interface SummaryAsk {
  readonly pod: string;
  readonly system: string;
  readonly tools: readonly ToolSpec[];
  readonly signal: AbortSignal;
  readonly facts: Facts;
  readonly putAside: string;
  /** Tokens that a summary may have. */
  readonly tokensMax: number;
  readonly instructions: string | null;
  readonly unshown: Unshown | undefined;
  readonly imageBytes?: ModelRequest['imageBytes'];
}

/**
 * The turn's own prompt as far as the part goes, so that what the provider has cached of it serves here too;
 * then our words, as the last message. `before`: a summary of what stands before the part.
 */
export function summaryRequest(ask: SummaryAsk, part: Part, before: string | null): ModelRequest {
  const { pod, system, tools, signal, facts, putAside, unshown, imageBytes } = ask;
  const { messages } = promptOf(transcriptOf(facts, putAside, part), undefined, unshown);
  const opening: ChatMessage[] =
    before === null ? [] : [{ role: 'user', text: `Summary of what came before:\n\n${before}` }];
  const last: ChatMessage = { role: 'user', text: wordsOf(ask, before !== null) };
  return {
    pod,
    system,
    messages: [...opening, ...messages, last],
    newest: 'user',
    tools,
    toolUse: 'none',
    signal,
    ...(imageBytes === undefined ? {} : { imageBytes }),
  };
}

function wordsOf({ tokensMax, instructions }: SummaryAsk, hasBefore: boolean): string {
  const words = Math.floor((tokensMax * 3) / 5);
  return [
    'This conversation no longer fits into one request. Write a summary that takes its place: you go on with the work from it alone, together with the messages of people, which stay word for word. Do not go on with the work now, answer nothing that was asked above, and call no tool: your whole answer is the summary, as plain text.',
    ...(hasBefore ? ['Take over what the summary above says and still holds.'] : []),
    [
      'Say, under these headings:',
      '1. What is wanted, and every condition and decision that still holds, with its reason.',
      '2. What is done: with files, names, commands, results and figures that are needed again, exactly.',
      '3. What was tried and failed, and why, so that it is not tried again.',
      '4. What other pods were given and have reported.',
      '5. Where the work stands at this moment, and the very next step.',
    ].join('\n'),
    `No more than ${words} words. What is done must be recognizable as done.`,
    ...(instructions === null ? [] : [`A person asks of this summary: ${instructions}`]),
  ].join('\n\n');
}

/** The summary of an answer, or why it is none (K4). */
export function summaryOf(response: ModelResponse): { text: string } | { problem: string } {
  const text = response.parts
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('')
    .toWellFormed()
    .trim();
  if (response.parts.some(({ type }) => type === 'toolCall'))
    return { problem: 'the model called a tool instead of writing a summary' };
  if (response.finishReason === 'contentFilter') return { problem: 'the provider withheld the summary' };
  if (text === '') return { problem: 'the model answered without a word' };
  if (response.finishReason === 'length') return { problem: 'the summary was cut by a limit of its length' };
  return { text };
}
