/**
 * How much a model is asked to think, and that it takes no such setting: found out before the first request
 * or by the first refusal, and said once.
 */
import { effortLeftOut, effortOptions } from './effort.ts';
import { type FailureContext, toModelFailure } from './failure.ts';
import type { Effort } from './port.ts';
import type { CallBounds, Dialect } from './prompt.ts';

export interface ThinkingSource extends Omit<FailureContext, 'begun'> {
  readonly dialect: Dialect;
  readonly outputTokens?: number | undefined;
  readonly effort?: Effort | undefined;
}

export interface Thinking {
  bounds(): CallBounds;
  /** True once: the same request without it may be taken. */
  isRefusedBy(error: unknown): boolean;
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
  return {
    bounds: () => (asked === null ? { outputTokens } : asked),
    isRefusedBy(error) {
      if (asked === null) return false;
      const { category, message } = toModelFailure(error, { ...source, begun: false });
      if (category !== 'badRequest' || !/effort|reason|think/i.test(message)) return false;
      leaveOut(`has refused it (${message})`);
      return true;
    },
    takeNotes() {
      const taken = notes;
      notes = [];
      return taken;
    },
  };
}
