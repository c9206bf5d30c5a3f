/** What a person sets of a pod that is there. */
import type { JsonObject } from '../../std/json.ts';
import type { Hook } from '../facts/hooks.ts';
import type { Effort } from './effort.ts';
import type { PermissionMode } from './permissions.ts';

/** As a person has it; each was checked. */
export interface Wanted {
  readonly models?: WantedModels | undefined;
  readonly mode?: PermissionMode | undefined;
  readonly effort?: Effort | undefined;
}

/** For one start. */
export interface SetAtStart extends Wanted {
  /** The freest mode that those above it leave, as far as whoever starts it knows. */
  readonly most?: string | undefined;
  /** Of the configuration as it is now; left out, the pod's stay. */
  readonly hooks?: readonly Hook[] | undefined;
}

export interface WantedModels {
  /** The pod's own first. */
  readonly names: readonly string[];
  /** Of `[models]` of a configuration, what is about them. */
  readonly said: JsonObject;
}

/** Why a pod's mode is not set. */
export function tooFree(parent: string, mode: string, above: string): string {
  return `Its parent "${parent}" is in the mode ${above}, and no pod is freer than its parent: widen that one first (podkin set ${parent} --permission-mode ${mode}), or choose a stricter mode. Nothing was changed.`;
}
