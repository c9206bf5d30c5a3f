/** Whether a root that is there lies within the flags of this agent. Pure. */
import type { RootPlan } from '../../library/roots/create-root.ts';
import { rootScope } from '../../library/roots/root-scope.ts';
import { narrow } from '../../scope/paths/narrow.ts';
import type { PodSpec } from '../../session/home/home.ts';
import { permissionSettings } from '../../session/settings/permissions.ts';
import { limitsOf, sandboxSettingsOf } from '../../session/settings/settings.ts';

/** What the root has beyond `plan`, in words; null where that is nothing. Modes are not judged here. */
export function excessOf(spec: PodSpec, plan: RootPlan): string | null {
  const { read, write, deny = [] } = spec.scope;
  const narrowed = narrow(rootScope(plan), { read, write });
  if (!narrowed.ok) {
    const [first] = narrowed.outside;
    return first === undefined ? 'other paths' : `${first.right} of ${first.path}`;
  }
  const lacking = (narrowed.scope.deny ?? []).find(
    (one) => !deny.some(({ path, right }) => path === one.path && (right === one.right || right === 'read')),
  );
  if (lacking !== undefined) return `${lacking.right} of ${lacking.path}`;
  const cost = limitsOf(spec.settings).cost;
  if (plan.limits.cost !== null && (cost === null || cost > plan.limits.cost))
    return `a cost of ${cost === null ? 'any height' : `${cost} USD`}`;
  const rules = permissionSettings(spec.settings);
  const rule =
    rules.allow.find((text) => !plan.permissions.allow.includes(text)) ??
    [...plan.permissions.ask, ...plan.permissions.deny].find(
      (text) => ![...rules.ask, ...rules.deny].includes(text),
    );
  if (rule !== undefined) return `calls that the rule ${rule} is about`;
  const sandbox = sandboxSettingsOf(spec.settings);
  if (sandbox.network && plan.sandbox?.network !== true) return 'the network in its sandbox';
  return sandbox.unixSockets && plan.sandbox?.unixSockets !== true ? 'sockets in its sandbox' : null;
}
