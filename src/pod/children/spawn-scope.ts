/** The scope that a child is given: what is asked for it, inside of its parent's and of its profile's. */
import { inLine } from '../../delivery/quoted.ts';
import { waitersFor } from '../../scope/ownership/waits.ts';
import { contested, narrow, type OutsideRoot } from '../../scope/paths/narrow.ts';
import type { PathScope } from '../../session/facts/entries.ts';
import type { Profile } from '../../session/settings/profiles.ts';
import { absolutePath } from '../../tools/input-path.ts';
import type { ToolContext } from '../../tools/tool.ts';
import type { SpawnRequest } from '../../tools/tree.ts';
import type { Pod } from '../pod.ts';
import { SpawnRefused } from './spawn-refused.ts';
import { type PlannedWorktree, scopeWithClone, wantedBeside } from './spawn-worktree.ts';

const pathCharsMax = 4_096;

/**
 * Roots are resolved here, once: a link that leads out of this pod's scope is none of it, and one that
 * changes later moves nothing.
 */
export async function scopeFor(
  pod: Pod,
  context: ToolContext,
  {
    request,
    profile,
    planned,
  }: { request: SpawnRequest; profile: Profile | null; planned: PlannedWorktree | null },
): Promise<PathScope> {
  const absolute = (paths: readonly string[]) => paths.map((path) => absolutePath(context, path));
  const asked = await pod.host.work.realScope({
    read: request.read === undefined ? [...context.scope.read] : absolute(request.read),
    write: absolute(request.write),
  });
  await refuseBeyondProfile(pod, { request, profile, wanted: asked }, context.scope);
  const wanted = wantedBeside(planned, asked);
  const narrowed = narrow(request.wait === true ? withoutHolders(context.scope) : context.scope, wanted);
  const outsideRoots = narrowed.ok ? hookRoots(pod, context.scope, narrowed.scope.write) : narrowed.outside;
  if (narrowed.ok && outsideRoots.length === 0) {
    if (request.wait !== true) refuseBeforeWaiting(pod, narrowed.scope);
    refuseUnderCommand(pod, narrowed.scope);
    return scopeWithClone(planned, narrowed.scope, context.scope);
  }
  const outside = outsideRoots
    .map(({ right, path, ...why }) => `${right} ${pathIn(path)}${reasonOf(why)}`)
    .join(', ');
  throw new SpawnRefused(
    `Denied: a child gets no more than this pod has. Outside of it: ${outside}. This pod may read ${pathsIn(context.scope.read)} and write ${pathsIn(context.scope.write)}.`,
    { denied: true },
  );
}

/** What others hold returns. */
function withoutHolders(scope: PathScope): PathScope {
  const { deny = [], ...rest } = scope;
  return { ...rest, deny: deny.filter(({ holder }) => holder === undefined) };
}

/** A path for which a pod waits is free for it alone. */
function refuseBeforeWaiting(pod: Pod, scope: PathScope): void {
  if (scope.write.length === 0 || !pod.claims.isWaitedFor()) return;
  const registered = pod.claims.registered();
  const [waiter] = waitersFor(pod.claims.claimOf({ name: '', instance: '' }, scope), registered);
  if (waiter === undefined) return;
  throw new SpawnRefused(
    `The pod "${waiter.owner.name}" waits for ${pathIn(waiter.path)} and gets it first. With "wait" the child gets it after that; or give it other paths.`,
    { denied: true },
  );
}

/** A command in the background keeps what it had when it began. */
function refuseUnderCommand({ facts }: Pod, scope: PathScope): void {
  for (const { command, write, deny } of facts.commands.open.values()) {
    const theirs = { write, deny: deny.map((path) => ({ path, right: 'write' as const })) };
    const met = contested(scope, theirs);
    if (met === null) continue;
    throw new SpawnRefused(
      `"${command}" runs in the background and may write ${pathIn(met.mine)}: StopCommand ends it, and then a child can be given that; or give it other paths.`,
      { denied: true },
    );
  }
}

/** What the model asks for beside a profile is a part of what the profile gives. */
async function refuseBeyondProfile(
  pod: Pod,
  asked: { request: SpawnRequest; profile: Profile | null; wanted: PathScope },
  own: PathScope,
): Promise<void> {
  const { request, profile, wanted } = asked;
  if (profile === null || (profile.read === undefined && profile.write === undefined)) return;
  const most = await pod.host.work.realScope({
    read: [...(profile.read ?? own.read)],
    write: [...(profile.write ?? own.write)],
  });
  const narrowed = narrow(most, wanted);
  if (narrowed.ok) return;
  const outside = narrowed.outside.map(({ right, path }) => `${right} ${pathIn(path)}`).join(', ');
  throw new SpawnRefused(
    `Denied: the profile ${request.profile} gives less than that. Outside of it: ${outside}. It may read ${pathsIn(most.read)} and write ${pathsIn(most.write)}.`,
    { denied: true },
  );
}

/** A child that got one as its root would be free of what holds its parent. */
function hookRoots(pod: Pod, scope: PathScope, write: readonly string[]): OutsideRoot[] {
  const protectionOf = pod.host.work.hookProtection(scope, write);
  return write.flatMap((path) => {
    const why = protectionOf(path);
    return why === undefined ? [] : [{ right: 'write' as const, path, protected: why }];
  });
}

function reasonOf(why: Pick<OutsideRoot, 'deny' | 'protected'>): string {
  if (why.deny?.holder !== undefined)
    return ` (the pod "${why.deny.holder}" holds ${pathIn(why.deny.path)}; StopPod returns it)`;
  if (why.deny !== undefined) return ` (${pathIn(why.deny.path)} is denied)`;
  return why.protected === undefined ? '' : ` (always read-only: ${pathIn(why.protected)})`;
}

/** A folder's name may be anybody's. */
function pathIn(path: string): string {
  return inLine(path, pathCharsMax);
}

function pathsIn(paths: readonly string[]): string {
  return paths.map(pathIn).join(', ') || 'nothing';
}
