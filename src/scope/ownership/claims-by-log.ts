/**
 * What a pod claims, as its own log says it: its part where it is a root, and what its children hold. Pure.
 * The same for the pod itself and for whoever makes a lost registry again.
 */
import type { PathScope, PodRef, SessionEntry } from '../../session/facts/entries.ts';
import type { Facts } from '../../session/facts/facts.ts';
import type { Claim } from './claims.ts';

export interface Claiming {
  readonly session: Pick<SessionEntry, 'name' | 'instance' | 'parent' | 'scope' | 'settings'>;
  readonly facts: Pick<Facts, 'children' | 'widened'>;
  /** Of what it gives: itself is the last that is above. */
  readonly made: Pick<Claim, 'above' | 'maker' | 'namespaces'>;
  /** Write roots that are about to be added. */
  readonly asked?: readonly string[];
}

export function claimsByLog({ session, facts, made, asked = [] }: Claiming): Claim[] {
  const children = [...facts.children.values()].flatMap(({ name, instance, holds, process }): Claim[] =>
    holds === null || holds.write.length === 0
      ? []
      : [{ ...claimOf({ name, instance }, holds), process, ...made }],
  );
  if (session.parent !== null) return children;
  const { name, instance, scope, settings } = session;
  const own = { ...claimOf({ name, instance }, scope), process: made.maker, ...made, above: [] };
  const more = [...new Set([...facts.widened, ...asked])];
  const added = more.length === 0 ? [] : [{ ...own, write: more }];
  return [{ ...own, exclusive: settings['exclusiveScope'] === true }, ...added, ...children];
}

/** Of one pod alone. */
export function claimOf(
  owner: PodRef,
  { write, deny = [] }: PathScope,
): Pick<Claim, 'owner' | 'write' | 'deny' | 'exclusive'> {
  return { owner, write, deny, exclusive: true };
}
