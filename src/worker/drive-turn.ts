/**
 * One turn: request, answer, tool calls, request … until the model asks for nothing more, or something ends
 * it.
 */
import type { ModelResponse } from '../model/port.ts';
import type { MeasuredSize } from '../session/facts/context-entries.ts';
import type { EntryBody } from '../session/facts/entries.ts';
import { ask } from './ask.ts';
import { compactIdle } from './compact-idle.ts';
import { doubtedEntries } from './doubted-usage.ts';
import { failureOf } from './failure.ts';
import { commitModelNotes } from './model-notes.ts';
import { endsWithAnswer, hasText } from './prompt.ts';
import { type RequestedCall, runTools } from './run-tools.ts';
import type { Engine, TurnPorts, TurnResult } from './turn-ports.ts';

/** The engine that asks a model itself and runs its calls here. */
export const worker: Engine = {
  async driveTurn(ports, { resumed, taken = 0 }) {
    try {
      return await steps(ports, { resumed, taken });
    } catch (error) {
      return failureOf(ports, error);
    }
  },
  compact: compactIdle,
};

async function steps(
  ports: TurnPorts,
  { resumed, taken }: { resumed: boolean; taken: number },
): Promise<TurnResult> {
  await commitModelNotes(ports, await ports.model());
  const cuts = newCuts();
  let empty = 0;
  for (let step = taken + 1; ; step += 1) {
    const control = ports.control();
    if (control === 'cancel') return { kind: 'cancelled' };
    if (control === 'pause') return { kind: 'paused' };
    if (step > ports.limits.steps) return { kind: 'limitReached', reason: 'steps' };
    const limit = ports.limitReached();
    if (limit !== null) return { kind: 'limitReached', reason: limit };

    const answer = await ask(ports, {
      step,
      // The interrupted turn may have lacked nothing but its end; asking again would make it speak twice.
      skipIf: (transcript) => resumed && step === 1 && endsWithAnswer(transcript),
    });
    if (answer.kind === 'skipped') return { kind: 'finished' };
    if (answer.kind === 'ended') return answer.result;
    const { model, response, seenThrough, size } = answer;
    await commitResponse(ports, { step, model: model.name, response, seenThrough, size });
    await commitModelNotes(ports, model);
    ports.crashPoint('response.committed');
    const calls = response.parts.flatMap((part) => (part.type === 'toolCall' ? [part] : []));
    if (calls.length > 0) {
      await runTools(ports, step, calls);
      empty = 0;
      if (cuts.areHopeless(calls)) return { kind: 'limitReached', reason: 'outputTokens' };
      continue;
    }
    const isEmpty = !hasText(response.parts) && endsByItself(response);
    if (!isEmpty) return ending(response);
    empty += 1;
    if (empty > emptyMax) return emptyEnding(ports, model.name);
  }
}

/** Answers without a word and without a call that are asked again. */
const emptyMax = 1;

function endsByItself({ finishReason }: ModelResponse): boolean {
  return finishReason !== 'length' && finishReason !== 'contentFilter';
}

function emptyEnding(ports: TurnPorts, model: string): TurnResult {
  if (!ports.isAwaited()) return { kind: 'finished' };
  const message = `${model}: the answer was empty twice, without text and without a call. Ask again in other words, or use another model.`;
  return { kind: 'errored', category: 'emptyAnswer', message };
}

/**
 * Steps on end in which a limit has cut a call: the same one again, or one after the other, is paid for and
 * leads nowhere.
 */
function newCuts(): { areHopeless(calls: readonly RequestedCall[]): boolean } {
  let before = '';
  let onEnd = 0;
  return {
    areHopeless(calls) {
      const cut = calls.filter((call) => call.cut !== undefined).map(({ tool, cut }) => `${tool} ${cut}`);
      const now = cut.join('\n');
      const isSame = now !== '' && now === before;
      before = now;
      onEnd = now === '' ? 0 : onEnd + 1;
      return isSame || onEnd >= cutStepsMax;
    },
  };
}

const cutStepsMax = 4;

function ending(response: ModelResponse): TurnResult {
  switch (response.finishReason) {
    case 'length':
      return { kind: 'limitReached', reason: 'outputTokens' };
    case 'contentFilter':
      return { kind: 'errored', category: 'contentFilter', message: withheld(response) };
    case 'stop':
    case 'toolCalls':
      return { kind: 'finished' };
  }
}

function withheld({ word }: ModelResponse): string {
  return `The provider withheld the answer${word === undefined ? '' : ` (${word})`}.`;
}

interface CompletedStep {
  step: number;
  model: string;
  response: ModelResponse;
  seenThrough: number;
  size: MeasuredSize | undefined;
}

/** An answer that the log does not take was paid for all the same: a shorter line of it may fit. */
async function commitResponse(ports: TurnPorts, completed: CompletedStep): Promise<void> {
  const { step, response } = completed;
  try {
    await ports.commit(responseEntries(ports, completed));
  } catch (error) {
    const { turn } = ports;
    await ports.commit([{ type: 'requestFailed', turn, step, usage: response.usage }]).catch(() => undefined);
    throw error;
  }
}

/** One append: the answer, its calls and what it has seen stand or fall together. */
function responseEntries(ports: TurnPorts, completed: CompletedStep): EntryBody[] {
  const { step, model, response, seenThrough, size } = completed;
  const { turn } = ports;
  const parts = response.parts.filter((part) => part.type !== 'toolCall');
  const calls: EntryBody[] = [];
  let before = 0;
  for (const part of response.parts) {
    if (part.type !== 'toolCall') {
      before += 1;
      continue;
    }
    const { call, tool, input, providerMetadata } = part;
    calls.push({
      type: 'toolCall',
      turn,
      step,
      call,
      tool,
      input,
      ...(providerMetadata === undefined ? {} : { providerMetadata }),
      ...(before === parts.length ? {} : { partsBefore: before }),
    });
  }
  return [
    { type: 'assistantMessage', turn, step, model, parts },
    ...calls,
    {
      type: 'stepCompleted',
      turn,
      step,
      finishReason: response.finishReason,
      usage: response.usage,
      seenThrough,
      ...(size === undefined ? {} : { size }),
    },
    ...doubtedEntries(ports, model, response.usage),
  ];
}
