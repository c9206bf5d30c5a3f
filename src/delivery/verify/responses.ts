/** A completed response has its message (I5): what was seen was seen by an answer that is there. */
import type { Entry } from '../../session/facts/entries.ts';
import { Check } from './finding.ts';

export class ResponseCheck extends Check {
  readonly types = ['assistantMessage', 'stepCompleted'] as const;
  /** The newest message of the model: its turn and step. */
  #answered = '';

  take(entry: Entry): void {
    if (entry.type === 'assistantMessage') this.#answered = stepKey(entry);
    if (entry.type !== 'stepCompleted' || this.#answered === stepKey(entry)) return;
    this.find('I5', `the response at entry ${entry.seq} is completed, and its message is missing`);
  }
}

function stepKey({ turn, step }: { turn: string; step: number }): string {
  return `${turn} ${step}`;
}
