/**
 * Work that this pod gave: opened once, closed once, by the pod that had it (I8). What a report must close is
 * for `receipts.ts`.
 */
import type { AssignmentEntry, Entry } from '../../session/facts/entries.ts';
import { Check } from './finding.ts';
import type { PodState } from './state.ts';

export class AssignmentCheck extends Check {
  readonly types = ['assignment', 'podEventReceived'] as const;
  readonly #state: PodState;

  constructor(pod: string, state: PodState) {
    super(pod);
    this.#state = state;
  }

  take(entry: Entry): void {
    if (entry.type === 'assignment') this.#assignment(entry);
    else if (entry.type === 'podEventReceived') {
      for (const id of new Set(entry.closes)) this.#close(id, entry.from, entry.seq);
    }
  }

  #assignment({ assignment, child, state, seq }: Entry<AssignmentEntry>): void {
    if (state === 'closed') {
      this.#close(assignment, child, seq);
      return;
    }
    if (!this.#state.given.has(assignment)) return;
    this.find(
      'I8',
      `assignment ${assignment} was given to "${child.name}" at entry ${seq} although it was open already`,
    );
  }

  #close(assignment: string, by: { name: string; instance: string }, seq: number): void {
    const owner = this.#state.given.get(assignment)?.child;
    if (owner?.instance === by.instance) return;
    const why = owner === undefined ? 'was not open' : `had been given to "${owner.name}"`;
    this.find('I8', `entry ${seq} closes assignment ${assignment} for "${by.name}", which ${why}`);
  }
}
