/** The hooks of the configuration as it is now, for a pod that is started again: those of its tree. */
import type { FoundPod } from '../../client/find-pod.ts';
import type { Hook } from '../../session/facts/hooks.ts';
import { loadConfiguration } from '../../configuration/configuration.ts';
import type { RootContext } from './root-context.ts';

export class RestoredHooks {
  readonly #context: RootContext;
  readonly #pods: readonly FoundPod[];
  /** By working directory. */
  readonly #read = new Map<string, Promise<readonly Hook[]>>();

  /** `pods`: all of the home. */
  constructor(context: RootContext, pods: readonly FoundPod[]) {
    this.#context = context;
    this.#pods = pods;
  }

  /** Rejects with `BadSetting` for a configuration that `run` would refuse. */
  async of({ spec }: FoundPod): Promise<readonly Hook[]> {
    const root = this.#pods.find(({ instance }) => instance === spec.root.instance);
    const { cwd } = (root ?? { spec }).spec;
    const known = this.#read.get(cwd) ?? this.#load(cwd);
    this.#read.set(cwd, known);
    return await known;
  }

  async #load(cwd: string): Promise<readonly Hook[]> {
    const { environment } = this.#context;
    return (await loadConfiguration({ environment, cwd, flags: {} })).hooks;
  }
}
