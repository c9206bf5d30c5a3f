/** The model of a simulated pod: what the script says, after a while. */
import { type Model, ModelFailure } from '../../src/model/port.ts';
import { imagesIn } from '../../src/model/images.ts';
import { checkImages } from './images.ts';
import { ballast, checkPrompt, summaryParts } from './prompts.ts';
import type { SimProcess } from './process.ts';

const ordinary = { inputTokens: 2, outputTokens: 2, cost: 0 };

export function scriptedModel(process: SimProcess, name: string): Model {
  const { world } = process;
  return {
    name,
    estimate: () => ordinary,
    async *stream(request) {
      const { signal } = request;
      checkPrompt(process, request);
      if (imagesIn(request.messages).length > 0) await checkImages(process, request);
      if (request.toolUse === 'none') {
        yield* summaryParts(process, signal);
        return;
      }
      world.order.modelAsked(process);
      const bill = world.money.sent(process);
      const seenThrough = process.pod?.facts.lastSeq ?? 0;
      await process.later(world.script.requestMs(), () => undefined);
      if (signal.aborted) bill.failed();
      signal.throwIfAborted();
      const answer = world.script.answer(process);
      if (answer.kind === 'failed') {
        // Counted before it failed.
        if (answer.passing) yield { type: 'spent', usage: bill.answered() };
        else bill.failed();
        world.hit(answer.passing ? 'request.failed' : 'request.refused');
        throw new ModelFailure(answer.passing ? 'overloaded' : 'badRequest', 'simulated', {
          transient: answer.passing,
        });
      }
      if (process.simPod !== null) world.watch.modelSaw(process.simPod, seenThrough);
      const text =
        answer.calls.length === 0
          ? [{ type: 'text' as const, text: `said by ${world.newId()}${ballast(world).slice(0, 1_000)}` }]
          : [];
      yield {
        type: 'response',
        response: {
          parts: [
            ...text,
            ...answer.calls.map(({ call, tool, input }) => ({
              type: 'toolCall' as const,
              call,
              tool,
              input,
            })),
          ],
          finishReason: answer.finish,
          usage: bill.answered(),
        },
      };
    },
  };
}
