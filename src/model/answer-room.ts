/**
 * Where a request fits into a model's window and its answer, at the length that was asked for, does not: a
 * shorter answer is asked for. A server that counts both together says so in its refusal, and names the
 * window.
 */
import { windowOfRefusal } from './failure.ts';
import type { ModelRequest } from './port.ts';
import type { CallBounds } from './prompt.ts';
import { estimateOf } from './usage.ts';

/** One model's: a window that it has named is kept. */
export interface AnswerRooms {
  of(request: ModelRequest): AnswerRoom;
}

/** For one request. */
export interface AnswerRoom {
  /** With an answer that fits, as far as is known. */
  within(bounds: CallBounds): CallBounds;
  /** True: the same request, within bounds, may be taken now. A few times at most. */
  isShortenedBy(error: unknown): boolean;
}

/** Of a window: a shorter answer is of no use, it is the request that has to become shorter. */
const leastShare = 1 / 8;
/** For what a server counts around the messages. */
const spareTokens = 64;
const refusalsMax = 3;

export function newAnswerRooms(): AnswerRooms {
  let window = Number.POSITIVE_INFINITY;
  /** Of an answer: what its provider counts beyond what was asked for, such as thoughts. */
  let beyond = 0;
  return {
    of(request) {
      const estimate = estimateOf(request, 0).inputTokens;
      let asked = Number.POSITIVE_INFINITY;
      let most = Number.POSITIVE_INFINITY;
      let refusals = 0;
      return {
        within(bounds) {
          const { outputTokens = Number.POSITIVE_INFINITY } = bounds;
          const room = Math.min(most, window - estimate - spareTokens - beyond);
          asked = Math.min(outputTokens, Math.max(room, Math.floor(window * leastShare)));
          return asked === outputTokens ? bounds : { ...bounds, outputTokens: asked };
        },
        isShortenedBy(error) {
          const said = windowOfRefusal(error);
          refusals += 1;
          if (said === null || said.answer === null || refusals > refusalsMax) return false;
          const before = Number.isFinite(asked) ? asked : said.answer;
          window = said.tokens;
          beyond = Math.max(0, said.answer - before);
          // Some count no further than to where it is too much: the request may be longer than they say.
          const left = window - (said.request ?? 0) - spareTokens - beyond;
          most = Math.min(left, refusals === 1 ? before - 1 : Math.floor(before / 2));
          return most >= Math.floor(window * leastShare);
        },
      };
    },
  };
}
