/**
 * Whether one log hands every path to at most one child at a time, and takes each back once
 * (`scope/ownership/delegation.ts`, S1, S2 and S4).
 */
import type { Entry } from '../../session/facts/entries.ts';
import { type WriteScope, contested } from '../../scope/paths/narrow.ts';
import { Check } from './finding.ts';

export class ScopeCheck extends Check {
  readonly types = ['child', 'podEventReceived', 'scope', 'scopeWait'] as const;
  /** By child instance: what it holds. */
  readonly #held = new Map<string, { name: string; scope: WriteScope }>();
  /** By child instance: who is in the queue for its paths. */
  readonly #waiting = new Map<string, string>();
  /** The newest incarnation of each child that is known, and the newest whose end is. */
  readonly #incarnations = new Map<string, { begun: number; ended: number }>();

  take(entry: Entry): void {
    if (entry.type === 'child' && entry.incarnation !== undefined) {
      const known = this.#incarnationsOf(entry.child.instance);
      known.begun = Math.max(known.begun, entry.incarnation);
    } else if (entry.type === 'podEventReceived') {
      const { event, from } = entry;
      const known = this.#incarnationsOf(from.instance);
      const ends = event.kind === 'shutDown' || event.kind === 'died';
      if (ends) known.ended = Math.max(known.ended, from.incarnation);
      // A later incarnation follows that has not linked: it holds on, and its own end is told next.
      if (event.kind === 'died' && event.restored) known.begun = Math.max(known.begun, from.incarnation + 1);
    } else if (entry.type === 'scope' && entry.child !== undefined) {
      if (entry.change === 'delegated') this.#delegated(entry.child, entry.scope, entry.seq);
      else this.#reclaimed(entry.child, entry.seq);
    } else if (entry.type === 'scopeWait' && entry.child !== undefined) {
      const { name, instance } = entry.child;
      if (entry.state === 'waits') this.#waiting.set(instance, name);
      else if (!this.#waiting.delete(instance))
        this.find('S4', `the wait of "${name}" ended, which did not wait (entry ${entry.seq})`);
    }
  }

  override end(): void {
    for (const [instance, { name }] of this.#held) {
      const { begun, ended } = this.#incarnationsOf(instance);
      if (begun === 0 || ended < begun) continue;
      this.find('S2', `"${name}" has ended (incarnation ${ended}) and what it held was not taken back`);
    }
    for (const [instance, name] of this.#waiting) {
      const { begun, ended } = this.#incarnationsOf(instance);
      if (begun === 0 || ended < begun) continue;
      this.find('S4', `"${name}" has ended (incarnation ${ended}) and its wait for paths has not`);
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

  #incarnationsOf(instance: string): { begun: number; ended: number } {
    const known = this.#incarnations.get(instance) ?? { begun: 0, ended: 0 };
    this.#incarnations.set(instance, known);
    return known;
  }
}
