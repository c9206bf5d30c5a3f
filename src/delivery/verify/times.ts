/** How long turns have worked, by one log: a total never falls, over pauses and deaths (L1). */
import type { Entry } from '../../session/facts/entries.ts';
import { Check } from './finding.ts';

export class TimeCheck extends Check {
  readonly types = ['turnStarted', 'turnTime'] as const;
  #turn: string | null = null;
  #usedMs = 0;

  take(entry: Entry): void {
    if (entry.type === 'turnStarted') {
      this.#turn = entry.turn;
      if (entry.kind !== 'resume') this.#usedMs = 0;
      return;
    }
    if (entry.type !== 'turnTime') return;
    if (entry.turn !== this.#turn) {
      this.find('L1', `entry ${entry.seq} counts the time of turn ${entry.turn}, which is not the newest`);
      return;
    }
    if (entry.usedMs < this.#usedMs) {
      this.find(
        'L1',
        `turn ${entry.turn} has worked ${entry.usedMs} ms by entry ${entry.seq}, and ${this.#usedMs} ms before`,
      );
    }
    this.#usedMs = Math.max(this.#usedMs, entry.usedMs);
  }
}
