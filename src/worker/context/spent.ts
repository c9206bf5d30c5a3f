/** What the requests for one summary have used together. */
import type { ModelResponse } from '../../model/port.ts';

type Usage = ModelResponse['usage'];

export interface Spent {
  readonly usage: Usage;
  add(usage: Usage): void;
}

export function newSpent(): Spent {
  let usage: Usage = { inputTokens: 0, outputTokens: 0, cost: 0 };
  return {
    get usage() {
      return usage;
    },
    add(more) {
      usage = {
        inputTokens: usage.inputTokens + more.inputTokens,
        outputTokens: usage.outputTokens + more.outputTokens,
        cost: usage.cost === null || more.cost === null ? null : usage.cost + more.cost,
      };
    },
  };
}
