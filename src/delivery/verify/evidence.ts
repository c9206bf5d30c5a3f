/**
 * What was asked of a pod beside its task (E1, E2): the evidence goes with the report, and each try is one.
 */
import type { JsonObject, JsonValue } from '../../std/json.ts';
import type { Entry } from '../../session/facts/entries.ts';
import { Check } from './finding.ts';
import { isObject } from './needed-yes.ts';

const resultTries = 2;

export class EvidenceCheck extends Check {
  readonly types = ['session', 'turnStarted', 'systemItem', 'podEventEmitted'] as const;
  #demands: JsonObject = {};
  /** Of the newest turn, with those that it goes on with. */
  #failed = new Map<string, number>();

  take(entry: Entry): void {
    if (entry.type === 'session') {
      const settings: JsonValue | undefined = entry.settings;
      const demands = isObject(settings) ? settings['demands'] : null;
      this.#demands = isObject(demands) ? demands : {};
    } else if (entry.type === 'turnStarted') {
      if (entry.kind !== 'resume') this.#failed.clear();
    } else if (entry.type === 'systemItem') this.#item(entry);
    else if (entry.type === 'podEventEmitted') this.#report(entry);
  }

  #item({ item, seq }: Extract<Entry, { type: 'systemItem' }>): void {
    if (item.kind !== 'unmet') return;
    const failed = (this.#failed.get(item.of) ?? 0) + 1;
    this.#failed.set(item.of, failed);
    if (failed < this.#tries(item.of)) return;
    this.find('E2', `entry ${seq} asks the model again for its ${item.of}, and it has had all its tries`);
  }

  #tries(of: string): number {
    const asked = this.#demands[of];
    if (!isObject(asked)) return 1;
    if (of === 'result') return resultTries;
    const { tries } = asked;
    return typeof tries === 'number' ? tries : 1;
  }

  #report({ event, eventSeq, seq }: Extract<Entry, { type: 'podEventEmitted' }>): void {
    if (event.kind !== 'turnEnded' || event.outcome !== 'finished') return;
    // Whatever a log says: another check tells of an event without them.
    const assignments: unknown = event.assignments;
    if (!event.settled || !Array.isArray(assignments) || assignments.length === 0) return;
    const lacks = ['check', 'result'].filter(
      (of) => isObject(this.#demands[of]) && event[of === 'check' ? 'check' : 'result'] === undefined,
    );
    if (lacks.length > 0)
      this.find(
        'E1',
        `event ${eventSeq} (entry ${seq}) reports finished work without its ${lacks.join(' and ')}`,
      );
    const { check } = event;
    if (check?.passed === true && check.exitCode !== 0)
      this.find('E1', `event ${eventSeq} (entry ${seq}) calls a check passed that did not exit with 0`);
  }
}
