/**
 * How much a model is asked to think, and that it takes no such setting: found out before the first request
 * or by the first refusal, and said once. Some take it, and not in the middle of a turn that was begun
 * without: they are asked without it in that turn alone.
 */
import { effortLeftOut, effortOptions } from './effort.ts';
import { type FailureContext, toModelFailure } from './failure.ts';
import type { ChatMessage, Effort } from './port.ts';
import { reasoningRefusalIn } from './reasoning-refusal.ts';
import type { CallBounds, Dialect } from './prompt.ts';

export interface ThinkingSource extends Omit<FailureContext, 'begun'> {
  readonly dialect: Dialect;
  readonly outputTokens?: number | undefined;
  readonly effort?: Effort | undefined;
}

export interface Thinking {
  /** For a request with these messages. */
  bounds(messages: readonly ChatMessage[]): CallBounds;
  /**
   * The bounds without it, where the same request may be taken with them; null where it was refused for
   * something else.
   */
  boundsAfter(error: unknown): CallBounds | null;
  /** Each is given once. */
  takeNotes(): readonly string[];
}

export function newThinking(source: ThinkingSource): Thinking {
  const { name, dialect, effort, outputTokens } = source;
  const model = name.slice(name.indexOf('/') + 1);
  let asked = effort === undefined ? null : effortOptions({ dialect, model, outputTokens }, effort);
  let notes: string[] = [];
  const leaveOut = (why: string) => {
    asked = null;
    if (effort !== undefined) notes.push(effortLeftOut(name, effort, why));
  };
  if (asked === null) leaveOut('is not known to take it');
  const without = { outputTokens };
  let isForWholeTurns = false;
  const leaveOutOfTurn = () => {
    if (!isForWholeTurns && effort !== undefined)
      notes.push(
        `effort = ${effort} is left out of the rest of this turn: ${name} takes it only in turns that it has thought in from their beginning.`,
      );
    isForWholeTurns = true;
  };
  return {
    bounds: (messages) => (asked === null || (isForWholeTurns && isBegunWithout(messages)) ? without : asked),
    boundsAfter(error) {
      if (asked === null) return null;
      const { category, message } = toModelFailure(error, { ...source, begun: false });
      if (category !== 'badRequest' || !/effort|reason|think/i.test(message)) return null;
      // What is refused then is what was thought before.
      if (reasoningRefusalIn(message) !== null) return null;
      if (wantsThought.test(message)) leaveOutOfTurn();
      else leaveOut(`has refused it (${message})`);
      return without;
    },
    takeNotes() {
      const taken = notes;
      notes = [];
      return taken;
    },
  };
}

/** Anthropic's, of an answer in this turn that another model gave, or that lost its reasoning. */
const wantsThought =
  /expected\W+(?:redacted_)?thinking\b.{0,60}\bbut found\b|must start with a thinking block/i;

/** An answer since the last words of a person does not begin with reasoning. */
function isBegunWithout(messages: readonly ChatMessage[]): boolean {
  const turn = messages.slice(messages.findLastIndex(({ role }) => role === 'user') + 1);
  return turn.some((message) => message.role === 'assistant' && message.parts[0]?.type !== 'reasoning');
}
