/** What the model of a simulated pod is sent, and what it answers to the request for a summary. */
import type { ModelPart, ModelRequest } from '../../src/model/port.ts';
import { ModelFailure } from '../../src/model/port.ts';
import type { Facts } from '../../src/session/facts/facts.ts';
import type { Random } from './random.ts';
import type { SimProcess } from './process.ts';
import type { World } from './world.ts';

/** Tokens of the window of a history's models; null where nothing ever has to fit. */
export function contextFor(random: Random): number | null {
  return random.pick([null, null, 2_600, 3_200, 4_000]);
}

/** Behind a text or an output where it is to come to something. */
export function ballast({ contexts, contextTokens }: World): string {
  return contextTokens === null ? '' : ` ${'x'.repeat(contexts.pick([0, 100, 1_000, 1_000, 12_000]))}`;
}

/** K2: what no provider takes. */
export function checkPrompt({ world, simPod }: SimProcess, { messages }: ModelRequest): void {
  const wrong = (text: string): void => world.watch.violation('K2', simPod, text);
  if (messages[0]?.role !== 'user') wrong('the first message is not of a user');
  if (messages.at(-1)?.role === 'assistant') wrong('the last message is an answer');
  for (const [index, message] of messages.entries()) {
    const next = messages[index + 1];
    const parts = message.role === 'assistant' ? message.parts : [];
    const calls = parts.flatMap((part) => (part.type === 'toolCall' ? [part.call] : []));
    const results = next?.role === 'tool' ? next.results.map(({ call }) => call) : [];
    if (calls.join() !== results.join()) wrong(`calls ${calls.join()} have results ${results.join()}`);
    if (message.role === 'tool' && messages[index - 1]?.role !== 'assistant')
      wrong('a result without a call');
  }
}

/** Mostly a summary; else what is none, or nothing. */
export async function* summaryParts(process: SimProcess, signal: AbortSignal): AsyncIterable<ModelPart> {
  const { world } = process;
  const random = world.contexts;
  const what = world.script.quiet ? 0 : random.next();
  const bill = world.money.sent(process);
  await process.later(world.script.requestMs(), () => undefined);
  if (signal.aborted) bill.failed();
  signal.throwIfAborted();
  const usage = bill.answered();
  const respond = (parts: readonly object[]): ModelPart => ({
    type: 'response',
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written here as a model would
    response: { parts: [...parts] as never, finishReason: 'stop', usage },
  });
  if (what < 0.7) {
    world.hit('summary.given');
    yield respond([{ type: 'text', text: 'in short' }]);
  } else if (what < 0.78) {
    world.hit('summary.call');
    yield respond([{ type: 'toolCall', call: world.newId(), tool: 'Bash', input: { command: 'work' } }]);
  } else if (what < 0.84) {
    world.hit('summary.empty');
    yield respond([]);
  } else if (what < 0.9) {
    world.hit('summary.long');
    yield respond([{ type: 'text', text: 'far too long '.repeat(3_000) }]);
  } else {
    world.hit('summary.failed');
    yield { type: 'spent', usage };
    throw new ModelFailure('overloaded', 'simulated', { transient: random.chance(0.5) });
  }
}

/** What its next request has to hold is more than its window: nothing that is left to anybody helps it. */
export function isTooLarge({ lastTurn }: Pick<Facts, 'lastTurn'>): boolean {
  return lastTurn?.outcome === 'limitReached' && lastTurn.reason?.startsWith('context:') === true;
}
