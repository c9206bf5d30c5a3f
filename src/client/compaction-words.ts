/** What `compact` answers, for people: when the history is summed up. */
import type { Result } from '../protocol/methods.ts';

export const compactionWords: Readonly<Record<Result<'compact'>['when'], string>> = {
  now: 'Its history is being summed up.',
  nextRequest: 'Its history is summed up before its next request to the model.',
  whenResumed: 'It is paused; its history is summed up when it goes on (/resume).',
};
