/** An answer that the model's window has cut, because its request takes most of it. Pure. */
import { ModelFailure, type ModelResponse } from '../../model/port.ts';

/** A shorter request leaves more room; an answer that takes more than its request is too long by itself. */
export function leavesNoRoom({ isWindowFull, usage }: ModelResponse): boolean {
  return isWindowFull === true && usage.inputTokens >= usage.outputTokens;
}

/** The request was taken, and its answer did not fit behind it: that is no size which is refused. */
export class WindowFull extends ModelFailure {
  constructor(model: string) {
    const text = `${model}: the request left too little room for its answer, which was cut`;
    super('contextTooLong', text, { transient: false });
  }
}
