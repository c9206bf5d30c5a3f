/**
 * The claim of a child whose parent is on another machine: what a parent here would have said in the registry
 * of this home. It counts while the child's process lives, or until that has begun, this one.
 */
import { ClaimOwners, homeRegistry } from '../pod/claim-owners.ts';
import { type Claim, conflictText, counts, giverOf, replaced } from '../scope/ownership/claims.ts';
import type { Home, PodSpec } from '../session/home/home.ts';
import { ownNamespaces } from '../std/namespaces.ts';
import { ownIdentity } from '../std/process-identity.ts';

/** Null, or who holds one of its paths. */
export async function claimForChild(home: Home, spec: PodSpec): Promise<string | null> {
  const { name, instance, parent, root, scope } = spec;
  if (parent === null || scope.write.length === 0) return null;
  const { write, deny = [] } = scope;
  const made = { maker: ownIdentity(), namespaces: ownNamespaces() };
  const above = [...new Set([root.instance, parent.instance])];
  const owner = { name, instance };
  const claim: Claim = { owner, above, write, deny, exclusive: true, process: null, ...made };
  const conflict = await homeRegistry(home).update(async (before) => {
    const statusOf = await new ClaimOwners(home).ask(before);
    const siblings = before.filter(
      (one) => giverOf(one) === parent.instance && one.owner.instance !== instance && counts(one, statusOf),
    );
    const { claims, conflicts } = replaced(before, parent.instance, [...siblings, claim], statusOf);
    return { claims, answer: conflicts.find((one) => one.claim === claim) };
  });
  return conflict === undefined ? null : conflictText(conflict);
}
