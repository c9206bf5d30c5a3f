/**
 * What was asked of a pod beside its task (E1, E2): the evidence goes with the report, and each try is one.
 */
import type { JsonObject, JsonValue } from '../../std/json.ts';
import type { WorktreeReport } from '../../protocol/pod-event.ts';
import type { CheckReport, ResultReport } from '../../session/facts/demand-entries.ts';
import type { Entry } from '../../session/facts/entries.ts';
import { Check } from './finding.ts';
import { isObject } from './needed-yes.ts';

const resultTries = 2;

/** Of an end; one that was not asked for is not there. */
interface Evidence {
  readonly check?: CheckReport | undefined;
  readonly result?: ResultReport | undefined;
  readonly worktree?: WorktreeReport | undefined;
}

export class EvidenceCheck extends Check {
  readonly types = ['session', 'turnStarted', 'systemItem', 'turnEnded', 'podEventEmitted'] as const;
  #demands: JsonObject = {};
  #isRoot = false;
  /** Of the newest turn, with those that it goes on with. */
  #failed = new Map<string, number>();

  take(entry: Entry): void {
    if (entry.type === 'session') {
      const settings: JsonValue | undefined = entry.settings;
      const demands = isObject(settings) ? settings['demands'] : null;
      this.#demands = isObject(demands) ? demands : {};
      this.#isRoot = entry.parent === null;
    } else if (entry.type === 'turnStarted') {
      if (entry.kind !== 'resume') this.#failed.clear();
    } else if (entry.type === 'systemItem') this.#item(entry);
    else if (entry.type === 'podEventEmitted') this.#report(entry);
    else if (entry.type === 'turnEnded') this.#rootEnd(entry);
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
    this.#judge(event, `event ${eventSeq} (entry ${seq})`);
  }

  /** Nobody is told of a root's end: it carries what was asked for itself. */
  #rootEnd(end: Extract<Entry, { type: 'turnEnded' }>): void {
    if (this.#isRoot && end.outcome === 'finished' && end.settled) this.#judge(end, `entry ${end.seq}`);
  }

  #judge({ check, result, worktree }: Evidence, place: string): void {
    const given = { check, result, worktree };
    const lacks = (['check', 'result', 'worktree'] as const).filter(
      (of) => isObject(this.#demands[of]) && given[of] === undefined,
    );
    if (lacks.length > 0)
      this.find('E1', `${place} reports finished work without its ${lacks.join(' and ')}`);
    if (check?.passed === true && check.exitCode !== 0)
      this.find('E1', `${place} calls a check passed that did not exit with 0`);
  }
}
