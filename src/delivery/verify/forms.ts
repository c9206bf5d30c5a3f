/** What servers asked in a call: of a call that runs, answered once, filled in by a person alone (Q1, Q3). */
import type { ApprovalEntry } from '../../session/facts/approval-entries.ts';
import type { Entry } from '../../session/facts/entries.ts';
import { Check } from './finding.ts';

export class FormCheck extends Check {
  readonly types = ['toolCall', 'toolResult', 'approval'] as const;
  /** Calls without a result, with their tool's name as the model gave it. */
  readonly #open = new Set<string>();
  readonly #forms = new Map<string, { call: string; isAnswered: boolean }>();

  take(entry: Entry): void {
    if (entry.type === 'toolCall') this.#open.add(entry.call);
    else if (entry.type === 'toolResult') this.#open.delete(entry.call);
    else if (entry.type === 'approval') this.#approval(entry);
  }

  #approval(entry: Entry<ApprovalEntry>): void {
    const { request, seq } = entry;
    if (entry.state === 'asked') {
      if (entry.form === undefined) return;
      if (!this.#open.has(entry.call) || this.#forms.has(request))
        this.find('Q3', `the form ${request} (entry ${seq}) is of no call that runs, or was asked before`);
      this.#forms.set(request, { call: entry.call, isAnswered: false });
      return;
    }
    const form = this.#forms.get(request);
    if (form === undefined) return;
    if (entry.state === 'taken' || form.isAnswered)
      this.find('Q3', `the form ${request} was answered twice (again at entry ${seq})`);
    else if (entry.decision !== 'deny' && entry.by !== 'person')
      this.find('Q1', `the form ${request} was filled in by "${entry.by}" (entry ${seq})`);
    else if (entry.decision !== 'deny' && (entry.call !== form.call || !this.#open.has(form.call)))
      this.find('Q3', `the answer to the form ${request} (entry ${seq}) is for a call that does not run`);
    form.isAnswered = true;
  }
}
