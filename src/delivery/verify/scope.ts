/**
 * Whether one log hands every path to at most one child at a time, and takes each back once
 * (`scope/ownership/delegation.ts`, S1 and S2).
 */
import type { Entry } from '../../session/facts/entries.ts';
import { type WriteScope, contested } from '../../scope/paths/narrow.ts';
import { Check } from './finding.ts';

export class ScopeCheck extends Check {
  readonly types = ['child', 'podEventReceived', 'scope'] as const;
  /** By child instance: what it holds. */
  readonly #held = new Map<string, { name: string; scope: WriteScope }>();
  /** The newest life of each child that is known, and the newest whose end is. */
  readonly #lives = new Map<string, { begun: number; ended: number }>();

  take(entry: Entry): void {
    if (entry.type === 'child' && entry.incarnation !== undefined) {
      const life = this.#life(entry.child.instance);
      life.begun = Math.max(life.begun, entry.incarnation);
    } else if (entry.type === 'podEventReceived') {
      const { event, from } = entry;
      const life = this.#life(from.instance);
      const ends = event.kind === 'shutDown' || event.kind === 'died';
      if (ends) life.ended = Math.max(life.ended, from.incarnation);
      // A later life follows that has not linked: it holds on, and its own end is told next.
      if (event.kind === 'died' && event.restored) life.begun = Math.max(life.begun, from.incarnation + 1);
    } else if (entry.type === 'scope' && entry.child !== undefined) {
      if (entry.change === 'delegated') this.#delegated(entry.child, entry.scope, entry.seq);
      else this.#reclaimed(entry.child, entry.seq);
    }
  }

  override end(): void {
    for (const [instance, { name }] of this.#held) {
      const { begun, ended } = this.#life(instance);
      if (begun === 0 || ended < begun) continue;
      this.find('S2', `"${name}" has ended (life ${ended}) and what it held was not taken back`);
    }
  }

  #delegated(child: { name: string; instance: string }, scope: WriteScope, seq: number): void {
    if (this.#held.has(child.instance)) {
      this.find('S1', `"${child.name}" was given a scope while it held one (entry ${seq})`);
    }
    for (const [instance, held] of this.#held) {
      const shared = instance === child.instance ? null : contested(scope, held.scope);
      if (shared === null) continue;
      this.find(
        'S1',
        `${shared.mine} was given to "${child.name}" while "${held.name}" held ${shared.theirs} (entry ${seq})`,
      );
    }
    this.#held.set(child.instance, { name: child.name, scope });
  }

  #reclaimed(child: { name: string; instance: string }, seq: number): void {
    if (this.#held.delete(child.instance)) return;
    this.find('S2', `a scope was taken back from "${child.name}", which held none (entry ${seq})`);
  }

  #life(instance: string): { begun: number; ended: number } {
    const known = this.#lives.get(instance) ?? { begun: 0, ended: 0 };
    this.#lives.set(instance, known);
    return known;
  }
}
