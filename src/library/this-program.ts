/** Who this program is, for its roots: one that does not hear from it checks whether it lives. */
import type { OwnerProcess } from '../protocol/own-tools.ts';
import { ownNamespaces } from '../std/namespaces.ts';
import { ownIdentity } from '../std/process-identity.ts';

export function thisProgram(): OwnerProcess {
  return { ...ownIdentity(), namespace: ownNamespaces().process };
}
