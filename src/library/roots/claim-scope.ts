/** A new root asks for the paths that it was given by name before there is a pod of it. */
import { PathHeld } from '../../client/errors.ts';
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ClaimOwners, homeRegistry } from '../../pod/claim-owners.ts';
import { ownNamespaces } from '../../std/namespaces.ts';
import { ownIdentity } from '../../std/process-identity.ts';
import {
  type Claim,
  conflictText,
  replaced,
  writersText,
  writersWaitMs,
} from '../../scope/ownership/claims.ts';
import { commandNotes, writersIn } from '../../scope/set-aside/running-commands.ts';
import { monotonicMs } from '../../std/clock.ts';
import type { Home } from '../../session/home/home.ts';
import type { Root } from './create-root.ts';

const pollMs = 50;

/**
 * Throws `PathHeld` where another pod of this home holds one of them, with nothing left of the new one.
 */
export async function claimScope(home: Home, root: Root): Promise<void> {
  const { name, instance, scope, settings } = root.spec;
  if (settings['exclusiveScope'] !== true) return;
  const me = { name, instance };
  const made = { maker: ownIdentity(), namespaces: ownNamespaces() };
  const { write, deny = [] } = scope;
  const claim: Claim = { owner: me, above: [], write, deny, exclusive: true, process: null, ...made };
  const registry = homeRegistry(home);
  const [conflict] = await registry.update(async (before) => {
    const statusOf = await new ClaimOwners(home).ask(before);
    const { claims, conflicts } = replaced(before, instance, [claim], statusOf);
    return { claims, answer: conflicts };
  });
  const why = conflict === undefined ? await stillWritten(home, claim) : conflictText(conflict);
  if (why === null) return;
  if (conflict === undefined) {
    const without = (one: Claim) => one.owner.instance !== instance;
    await registry.update((before) => ({ claims: before.filter(without), answer: undefined }));
  }
  rmSync(root.folder.path, { recursive: true, force: true });
  throw new PathHeld(why);
}

/** Their next commands are held from it; those that run keep what they began with. Null when none does. */
async function stillWritten(home: Home, claim: Claim): Promise<string | null> {
  const folder = commandNotes(home);
  const endAt = monotonicMs() + writersWaitMs;
  let writers = writersIn(folder, claim);
  while (writers.length > 0 && monotonicMs() < endAt) {
    await pause(pollMs);
    writers = writersIn(folder, claim);
  }
  return writers.length === 0 ? null : writersText(claim.write, writers);
}
