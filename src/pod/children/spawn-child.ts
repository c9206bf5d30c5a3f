/**
 * SpawnPod, step by step: reserve → start → link → record → first run. Each step is committed before the
 * next, and undone if a later one fails; after a crash the parent's next start undoes what had not come to
 * its first run (delivery §6).
 */
import { thrownText } from '../../std/thrown-text.ts';
import { withErrorOutput } from '../../std/error-output.ts';
import { conflictText, writersText, writersWaitMs } from '../../scope/ownership/claims.ts';
import { denialOf, rulesOf } from '../../scope/paths/access.ts';
import { checkInside } from '../../scope/paths/open-inside.ts';
import type { PathScope, PodRef } from '../../session/facts/entries.ts';
import type { PodSpec } from '../../session/home/home.ts';
import type { SpawnRequest } from '../../tools/tree.ts';
import type { ToolContext } from '../../tools/tool.ts';
import { modelSettingsOf } from '../../session/settings/model-settings.ts';
import { absoluteModelName, isPriced } from '../../model/create.ts';
import { type Demands, withDemands } from '../../session/settings/demands.ts';
import { allowedSettings, restrictedSettings } from '../../session/settings/restricted.ts';
import { engineNameIn, enginesIn, isCharged, uncharged } from '../../session/settings/engine-settings.ts';
import { isGoverned } from '../../session/facts/replay-budget.ts';
import { budgetOfChild, costLimit } from '../machine/budget.ts';
import type { Children } from './children.ts';
import type { Pod } from '../pod.ts';
import { type StartedChild, placeOf } from './child-place.ts';
import { sendRun } from './send-run.ts';
import type { Profile } from '../../session/settings/profiles.ts';
import { childMode, childSettings, filledIn, noSuchProfile, profileOf } from './spawn-profile.ts';
import { scopeReport } from './scope-waits.ts';
import { capOf, lineageOf, oneAfterTheOther, refuseOverLimits, reserve } from './reserve-child.ts';
import { SpawnRefused } from './spawn-refused.ts';
import { spawnElsewhere } from './spawn-elsewhere.ts';
import { scopeFor } from './spawn-scope.ts';
import { type PlannedWorktree, makeClone, plannedWorktree } from './spawn-worktree.ts';
import type { PodContext, Spawned } from './spawned.ts';
import { undoSpawn } from './undo-spawn.ts';

const retryAfterMs = 50;

/** Throws `SpawnRefused` with everything undone. */
export async function spawnChild(
  family: PodContext,
  asked: SpawnRequest,
  context: ToolContext,
): Promise<Spawned> {
  const { pod, children, parentLink } = family;
  const profile = profileOf(pod.session.settings, asked);
  if (profile === undefined) throw new SpawnRefused(noSuchProfile(pod.session.settings, asked));
  const request = filledIn(asked, profile);
  if (request.host !== undefined)
    return await spawnElsewhere(family, { ...request, host: request.host }, context);
  const child = { name: request.name, instance: pod.host.chance.uuid() };
  const isWanted = request.worktree === true;
  const planned = await plannedWorktree(pod, { child, isWanted, context });
  const { folder, scope } = await oneAfterTheOther(pod, async () => {
    refuseOverLimits(pod);
    // With what those before it have reserved taken away.
    const now = { ...context, scope: pod.claims.now() };
    const scope = await scopeFor(pod, now, { request, profile, planned });
    const model = await modelOf(pod, request);
    const demands = { ...(await demandsIn(request, context)), worktree: planned?.worktree ?? null };
    const spec = specOf(pod, request, { child, scope, model, profile, demands, planned });
    return await reserve(pod, spec, { request, context, planned });
  });
  try {
    const isQueued = pod.facts.children.get(child.instance)?.isToWait === true;
    if (isQueued) await queue(family, child);
    else await claim(pod, child, context.signal);
    await makeClone(pod, planned, { child, context });
    const { exited } = await start(pod, children, child);
    await children.links.linked(child.instance, { timeoutMs: pod.core.limits.spawnMs, exited });
    // Nobody waits for this child any more: it must not begin to work.
    context.signal.throwIfAborted();
    parentLink?.fireAndForget(scopeReport(pod, child, heldBy(pod, child, scope)));
    pod.crash('scope.moved');
    const assignment = await sendRun(pod, children, {
      child,
      text: request.task,
      hops: context.hops,
      trace: context.traceparent,
    });
    pod.crash('child.firstRun');
    return { child, assignment, planned, waits: isQueued ? reasonToWait(family, child) : null };
  } catch (error) {
    const reason = thrownText(error);
    const tail = pod.host.home.errorTail(folder);
    await undoSpawn(pod, child, reason);
    if (error instanceof SpawnRefused) throw error;
    // What a child says of its own failing start stands in its error output as well.
    throw new SpawnRefused(`The pod "${child.name}" could not be started. What is known of why:`, {
      data: reason.includes(tail) ? reason : withErrorOutput(reason, tail),
    });
  }
}

function specOf(
  pod: Pod,
  request: SpawnRequest,
  given: {
    child: PodRef;
    scope: PathScope;
    model: string;
    profile: Profile | null;
    demands: Partial<Demands>;
    planned: PlannedWorktree | null;
  },
): PodSpec {
  const { session } = pod;
  const { limits } = pod.core;
  return {
    ...lineageOf(pod, given.child),
    cwd: given.planned?.cwd ?? session.cwd,
    model: given.model,
    instructions: request.instructions ?? null,
    permissionMode: childMode(session.permissionMode, given.profile),
    scope: given.scope,
    settings: {
      ...withDemands(
        childSettings(settingsGoingDown(pod), { name: request.profile, profile: given.profile }),
        given.demands,
      ),
      // A person has taken the limit of the start away: for what is made now, too.
      ...(limits.cost !== costLimit(limits.cost, pod.facts.budget)
        ? { limits: { ...limits, cost: null } }
        : {}),
      ...budgetOfChild(pod.facts.budget, capOf(request)),
    },
  };
}

function settingsGoingDown({ session, facts }: Pod): PodSpec['settings'] {
  return allowedSettings(restrictedSettings(session.settings, facts.restrictions), facts.allowed);
}

/**
 * A scenario is a file: whoever could name any could read, or find out about, what their scope does not hold.
 */
async function modelOf(pod: Pod, request: SpawnRequest): Promise<string> {
  const { session, claims, home, folder } = pod;
  let model = request.model === undefined ? session.model : absoluteModelName(request.model, session.cwd);
  if (model.startsWith('script/') && model !== session.model) {
    if (!session.model.startsWith('script/'))
      throw new SpawnRefused('Only a pod that plays a scenario itself may give a child one; name a model.');
    const access = {
      scope: claims.now(),
      home,
      outputs: folder.outputs,
      programs: pod.host.work.programs.closed,
    };
    const path = model.slice('script/'.length);
    const denied = denialOf(rulesOf(access), { right: 'read', path, realPath: path });
    if (denied !== undefined) throw new SpawnRefused(denied, { denied: true });
    const checked = await checkInside(access, 'read', path);
    if (!checked.ok) throw new SpawnRefused(checked.text, { denied: checked.kind === 'denied' });
    model = `script/${checked.realPath}`;
  }
  const problem = pod.host.work.modelProblem(model);
  if (problem !== null) throw new SpawnRefused('The model cannot be had:', { data: problem });
  if (engineNameIn(model) !== null) {
    await refuseEngine(pod, request, model);
    return model;
  }
  refuseWithoutPrice(pod, request, model);
  return model;
}

/** Another agent in the place of a model. */
async function refuseEngine(pod: Pod, request: SpawnRequest, model: string): Promise<void> {
  const { core, session, host } = pod;
  const problem =
    host.work.engineProblem === undefined
      ? 'there are no other agents here'
      : await host.work.engineProblem(model, session);
  if (problem !== null) throw new SpawnRefused('The agent cannot be had:', { data: problem });
  const { budget } = core.facts;
  const isBound = costLimit(core.limits.cost, budget) !== null || isGoverned(budget.nanoUsd);
  if (!isBound && request.maxCost === undefined) return;
  if (isCharged(enginesIn(session.settings).get(engineNameIn(model) ?? ''))) return;
  throw new SpawnRefused('The limit of the cost cannot hold for another agent:', {
    data: uncharged(model, 'The limit of the cost'),
  });
}

/** Of this child alone: its own children have their own. */
async function demandsIn(request: SpawnRequest, context: ToolContext): Promise<Partial<Demands>> {
  const { timeoutMinutes = null, idleMinutes = null, check, tries = 1, result = null } = request;
  const wait = request.wait === true && request.write.length > 0;
  if (check === undefined) return { timeoutMinutes, idleMinutes, result, wait };
  // The call was allowed with this command in it, and for the sandbox as it is.
  const outside = (await context.shell.sandbox.state()).kind !== 'working';
  return { timeoutMinutes, idleMinutes, result, wait, check: { command: check, tries, outside } };
}

/** A limit that cannot hold is refused. */
function refuseWithoutPrice({ core, session }: Pod, request: SpawnRequest, model: string): void {
  const isBound =
    costLimit(core.limits.cost, core.facts.budget) !== null || isGoverned(core.facts.budget.nanoUsd);
  const isCapped = request.maxCost !== undefined;
  if ((!isBound && !isCapped) || isPriced(model, modelSettingsOf(session.settings, model))) return;
  throw new SpawnRefused(
    'The limit of the cost cannot hold for this model, its price is not known. Name another, or none to give the child your own; a person can say the price: inputPrice and outputPrice in [models."provider/model"] of their config.toml. The model:',
    { data: model },
  );
}

/** A wait that closes a circle is refused; one for paths that are free is over at once. */
async function queue({ pod, children }: PodContext, child: PodRef): Promise<void> {
  await children.waits.consider();
  const waiting = pod.facts.children.get(child.instance);
  const circle = waiting === undefined || waiting.waitsSince === null ? null : children.waits.circle(waiting);
  if (circle !== null) throw new SpawnRefused(circle);
}

function reasonToWait({ pod, children }: PodContext, { instance }: PodRef): string | null {
  const child = pod.facts.children.get(instance);
  return child === undefined ? null : children.waits.reason(child);
}

/** What it may write in now: one that waits, nothing. */
function heldBy({ facts }: Pod, { instance }: PodRef, scope: PathScope): PathScope {
  const child = facts.children.get(instance);
  return child === undefined || child.waitsSince === null ? scope : { ...scope, write: [] };
}

/** Other trees of the home may hold what this pod could give: then nobody is started. */
async function claim(pod: Pod, child: PodRef, signal: AbortSignal): Promise<void> {
  const conflicts = await pod.claims.sync();
  const mine = conflicts.find((conflict) => conflict.claim.owner.instance === child.instance);
  if (mine !== undefined) throw new Error(conflictText(mine));
  const { claims, clock } = pod.host;
  const claimed = claims.all().find(({ owner }) => owner.instance === child.instance);
  if (claimed === undefined) return;
  const keptBy = (): string | null => {
    const writers = claims.writers(claimed);
    return writers.length > 0 ? writersText(claimed.write, writers) : pod.claims.leavingText();
  };
  // Their next commands are held from it; those that run keep what they began with.
  const endAt = clock.now() + writersWaitMs;
  for (let why = keptBy(); why !== null; why = keptBy()) {
    if (clock.now() >= endAt) throw new Error(why);
    await new Promise<void>((resolve) => void clock.after(retryAfterMs, resolve));
    signal.throwIfAborted();
  }
}

async function start(pod: Pod, children: Children, child: PodRef): Promise<StartedChild> {
  const reserved = pod.facts.children.get(child.instance);
  if (reserved === undefined) throw new Error(`the child "${child.name}" is not known here`);
  return await placeOf(pod, reserved).start({
    onStarted: (pid) => {
      const identity = pod.host.processes.identity(pid);
      // Its process is known before anything is waited for: a crash from here on leaves nobody behind unseen.
      if (identity !== null) pod.commit([{ type: 'child', child, state: 'started', ...identity }]);
      pod.crash('child.started');
    },
    onExit: (exit) => children.noteExit(child.instance, exit),
  });
}
