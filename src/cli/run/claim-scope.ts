/** A new root asks for the paths that it was given by name before there is a pod of it. */
import { rmSync } from 'node:fs';
import { ClaimLives } from '../../pod/claim-lives.ts';
import { ownNamespaces } from '../../std/namespaces.ts';
import { ownIdentity } from '../../std/process-identity.ts';
import { conflictText, replaced } from '../../scope/ownership/claims.ts';
import { Registry } from '../../scope/ownership/registry.ts';
import type { Home } from '../../session/home/home.ts';
import { CommandFailed, exitStatus } from '../invocation/context.ts';
import type { Root } from './create-root.ts';

/**
 * Throws `CommandFailed` where another pod of this home holds one of them, with nothing left of the new one.
 */
export async function claimScope(home: Home, root: Root): Promise<void> {
  const { name, instance, scope, settings } = root.spec;
  if (settings['exclusiveScope'] !== true) return;
  const me = { name, instance };
  const made = { maker: ownIdentity(), namespaces: ownNamespaces() };
  const { write, deny = [] } = scope;
  const claim = { owner: me, above: [], write, deny, exclusive: true, process: null, ...made };
  const [conflict] = await new Registry(home).update(async (before) => {
    const lifeOf = await new ClaimLives(home).ask(before);
    const { claims, conflicts } = replaced(before, instance, [claim], lifeOf);
    return { claims, answer: conflicts };
  });
  if (conflict === undefined) return;
  rmSync(root.folder.path, { recursive: true, force: true });
  throw new CommandFailed(exitStatus.failed, conflictText(conflict));
}
