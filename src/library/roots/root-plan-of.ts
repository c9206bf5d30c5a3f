/** The plan of a root: what one start asks for, and for the rest what the configuration says. */
import type { Configuration } from '../../configuration/configuration.ts';
import { checkOfRole } from '../../configuration/profiles.ts';
import type { Demands } from '../../session/settings/demands.ts';
import type { RootPlan } from './create-root.ts';

/** Checked by whoever asks, in the words of its door. */
export interface AskedRoot extends Pick<RootPlan, 'name' | 'cwd' | 'tokens'> {
  /** Of the person. */
  readonly home: string | null;
  /** Null where neither was said: then a role's, else none. */
  readonly places: Pick<RootPlan, 'read' | 'write'> | null;
  /** Beside those of the configuration. */
  readonly deny: readonly string[];
  readonly denyWrite: readonly string[];
  /** What is null or left out, a role says. */
  readonly demands: Partial<Demands>;
  /** Nobody can be asked. */
  readonly headless: boolean;
}

type Planned = Omit<RootPlan, 'model' | 'alternatives'>;

/** Without its models, which are checked by themselves (`checked-models.ts`). */
export function rootPlanOf(configuration: Configuration, asked: AskedRoot): Planned {
  const { effort, models, mcp, engines, hosts, hooks, limits, permissionMode, instructions, sandbox } =
    configuration;
  const { rules, scope, profile, profiles, profileScope } = configuration;
  const { timeoutMinutes = null, idleMinutes = null, result = null } = profile?.profile ?? {};
  const { places, demands, headless, deny, denyWrite, ...named } = asked;
  return {
    ...named,
    ...(places ?? profileScope ?? { read: [], write: [] }),
    deny: [...scope.deny, ...deny],
    denyWrite: [...scope.denyWrite, ...denyWrite],
    demands: {
      timeoutMinutes: demands.timeoutMinutes ?? timeoutMinutes,
      idleMinutes: demands.idleMinutes ?? idleMinutes,
      check: demands.check ?? checkOfRole(profile),
      result: demands.result ?? result,
    },
    models,
    mcp,
    engines,
    hosts,
    hooks,
    effort,
    profiles,
    profile,
    permissionMode,
    permissions: { ...rules, headless },
    instructions,
    limits,
    sandbox,
  };
}
