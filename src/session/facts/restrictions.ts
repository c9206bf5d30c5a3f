/**
 * What a person's configuration takes from a pod beyond what it was made with: paths and rules that came into
 * it later. A restore adds them, and nothing takes them away again. Pure.
 */
import type { PathScope, Restrictions, ScopeDeny } from './entries.ts';

export const noRestrictions: Restrictions = { deny: [], rules: { ask: [], deny: [] } };

/** All of both, each once. */
export function joined(one: Restrictions, other: Restrictions): Restrictions {
  const { deny, rules } = beyond(other, one);
  return {
    deny: [...one.deny, ...deny],
    rules: { ask: [...one.rules.ask, ...rules.ask], deny: [...one.rules.deny, ...rules.deny] },
  };
}

/** Of `wanted` what does not hold yet. */
export function beyond(wanted: Restrictions, held: Restrictions): Restrictions {
  const isNew = ({ path, right }: ScopeDeny) =>
    !held.deny.some((known) => known.path === path && known.right === right);
  return {
    deny: wanted.deny.filter(isNew),
    rules: {
      ask: wanted.rules.ask.filter((rule) => !held.rules.ask.includes(rule)),
      deny: wanted.rules.deny.filter((rule) => !held.rules.deny.includes(rule)),
    },
  };
}

export function isEmpty({ deny, rules }: Restrictions): boolean {
  return deny.length === 0 && rules.ask.length === 0 && rules.deny.length === 0;
}

export function restrictedScope(scope: PathScope, restrictions: Restrictions): PathScope {
  const { deny } = beyond(restrictions, { ...noRestrictions, deny: scope.deny ?? [] });
  return deny.length === 0 ? scope : { ...scope, deny: [...(scope.deny ?? []), ...deny] };
}
