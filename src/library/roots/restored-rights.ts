/**
 * What the configuration takes from a pod that is started again: the denies and approvals of the user's and
 * the project's files as they are now. Rights, limits and the model stay those of its first start; how long a
 * model is, a person may say later (`set-options.ts`).
 */
import type { FoundPod } from '../../client/find-pod.ts';
import type { Restrictions } from '../../session/facts/entries.ts';
import { beyond, isEmpty, joined, noRestrictions } from '../../session/facts/restrictions.ts';
import { madeWith } from '../../session/settings/restricted.ts';
import { loadConfiguration } from '../../configuration/configuration.ts';
import type { RootContext } from './root-context.ts';
import { scopeDenies } from '../../configuration/real-paths.ts';

export class RestoredRights {
  readonly #context: RootContext;
  readonly #pods: readonly FoundPod[];
  /** By working directory. */
  readonly #read = new Map<string, Promise<Restrictions>>();

  /** `pods`: all of the home. */
  constructor(context: RootContext, pods: readonly FoundPod[]) {
    this.#context = context;
    this.#pods = pods;
  }

  /**
   * Also what is denied where those above it work: a child is never freer than its parent. Rejects with
   * `BadSetting` for a configuration that `run` would refuse.
   */
  async of(pod: FoundPod): Promise<Restrictions> {
    let all = noRestrictions;
    for (let one: FoundPod | undefined = pod; one !== undefined; one = this.#parentOf(one)) {
      all = joined(all, await this.#at(one.spec.cwd));
    }
    return all;
  }

  #parentOf({ spec }: FoundPod): FoundPod | undefined {
    return this.#pods.find(({ instance }) => instance === spec.parent?.instance);
  }

  #at(cwd: string): Promise<Restrictions> {
    const known = this.#read.get(cwd) ?? this.#load(cwd);
    this.#read.set(cwd, known);
    return known;
  }

  async #load(cwd: string): Promise<Restrictions> {
    const { environment } = this.#context;
    const { rules, scope } = await loadConfiguration({ environment, cwd, flags: {} });
    return { deny: scopeDenies(cwd, scope), rules: { ask: rules.ask, deny: rules.deny } };
  }
}

/** What a person reads of it: only what the pod was not made with. */
export function restrictionText({ name, spec }: FoundPod, restrictions: Restrictions): string | null {
  const added = beyond(restrictions, madeWith(spec));
  if (isEmpty(added)) return null;
  const { deny, rules } = added;
  const said = [
    ...new Set(deny.map(({ path, right }) => (right === 'write' ? `writing ${path}` : path))),
    ...rules.deny,
    ...rules.ask.map((rule) => `${rule} (asks)`),
  ];
  return `The configuration denies ${name} more than when it was first started: ${said.join(', ')}.`;
}
