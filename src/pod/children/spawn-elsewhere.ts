/**
 * SpawnPod on another machine: the name is reserved here as any child's, and the pod is made there by its
 * `podkin host`, in a directory and with rights that are that host's. What goes there is named in
 * `protocol/host-methods.ts`; no path, key, variable or configuration of this machine is among it.
 */
import { thrownText } from '../../std/thrown-text.ts';
import type { PodRef } from '../../session/facts/entries.ts';
import type { PodSpec } from '../../session/home/home.ts';
import { hostsIn } from '../../session/home/host-places.ts';
import { withDemands } from '../../session/settings/demands.ts';
import { permissionSettings } from '../../session/settings/permissions.ts';
import { listed, quoted } from '../../delivery/quoted.ts';
import type { ChildRequest } from '../../protocol/host-methods.ts';
import type { JsonObject } from '../../std/json.ts';
import type { ToolContext } from '../../tools/tool.ts';
import type { SpawnRequest } from '../../tools/tree.ts';
import { budgetOfChild, costLimit } from '../machine/budget.ts';
import type { Pod } from '../pod.ts';
import { placeOf } from './child-place.ts';
import { capOf, lineageOf, oneAfterTheOther, refuseOverLimits, reserve } from './reserve-child.ts';
import { sendRun } from './send-run.ts';
import type { PodContext, Spawned } from './spawned.ts';
import { SpawnRefused } from './spawn-refused.ts';
import { undoSpawn } from './undo-spawn.ts';

type Elsewhere = SpawnRequest & { readonly host: string };

/** Throws `SpawnRefused` with everything undone, or being undone for as long as the host is silent. */
export async function spawnElsewhere(
  { pod, children }: PodContext,
  request: Elsewhere,
  context: ToolContext,
): Promise<Spawned> {
  refuseUnknown(pod, request);
  refuseWhatStaysHere(request);
  const child = { name: request.name, instance: pod.host.chance.uuid() };
  const { settings, spec } = planOf(pod, request, child);
  const { folder } = await oneAfterTheOther(pod, async () => {
    refuseOverLimits(pod);
    return await reserve(pod, spec, { request, context, planned: null });
  });
  try {
    const token = pod.host.home.token(folder);
    await pod.host.others?.make(request.host, requestFor(pod, { request, spec, settings, token }));
    const reserved = pod.facts.children.get(child.instance);
    if (reserved === undefined) throw new Error('its reservation is gone');
    await placeOf(pod, reserved).start({ onExit: () => undefined });
    pod.crash('child.started');
    await children.links.linked(child.instance, { timeoutMs: pod.core.limits.spawnMs, exited: null });
    // Nobody waits for this child any more: it must not begin to work.
    context.signal.throwIfAborted();
    const { hops, traceparent: trace } = context;
    const assignment = await sendRun(pod, children, { child, text: request.task, hops, trace });
    pod.crash('child.firstRun');
    return { child, assignment, planned: null, waits: null };
  } catch (error) {
    const reason = thrownText(error);
    await undoSpawn(pod, child, reason);
    throw new SpawnRefused(
      `The pod "${child.name}" could not be started on ${quoted(request.host, 64)}. What is known of why:`,
      { data: reason },
    );
  }
}

function refuseUnknown({ session, host }: Pod, request: Elsewhere): void {
  const names = hostsIn(session.settings);
  if (names.includes(request.host) && host.others !== undefined) return;
  const known = names.length === 0 ? 'There is none here.' : `There are: ${listed(names)}.`;
  throw new SpawnRefused(`There is no host ${quoted(request.host, 64)}. ${known}`);
}

/** It is refused, and not left out: whoever asked for it would count on it. */
function refuseWhatStaysHere(request: Elsewhere): void {
  const here = [
    ['profile', request.profile !== undefined],
    ['wait', request.wait === true],
    ['worktree', request.worktree === true],
    ['check', request.check !== undefined],
    ['read', request.read !== undefined],
  ] as const;
  const asked = here.filter(([, isAsked]) => isAsked).map(([name]) => name);
  if (asked.length === 0) return;
  throw new SpawnRefused(
    `A child on another host takes no ${listed(asked)}: it reads the directory of that host, and writes what its owner allows. Leave it out, or spawn without host.`,
  );
}

function planOf(pod: Pod, request: Elsewhere, child: PodRef): { spec: PodSpec; settings: JsonObject } {
  const { session, core } = pod;
  const { limits, facts } = core;
  const lineage = lineageOf(pod, child);
  const { timeoutMinutes, idleMinutes, result } = request;
  const settings: JsonObject = withDemands(
    {
      limits: { ...limits, cost: costLimit(limits.cost, facts.budget) },
      ...budgetOfChild(facts.budget, capOf(request)),
    },
    { timeoutMinutes: timeoutMinutes ?? null, idleMinutes: idleMinutes ?? null, result: result ?? null },
  );
  const spec: PodSpec = {
    ...lineage,
    cwd: session.cwd,
    model: request.model ?? session.model,
    instructions: request.instructions ?? null,
    permissionMode: session.permissionMode,
    scope: { read: [], write: [] },
    settings: { ...settings, host: request.host },
  };
  return { spec, settings };
}

function requestFor(
  pod: Pod,
  given: { request: Elsewhere; spec: PodSpec; settings: JsonObject; token: string },
): ChildRequest {
  const { request, spec, settings, token } = given;
  const { session, facts, permissions, core } = pod;
  const { allow, ask, deny } = permissionSettings(session.settings);
  const more = facts.restrictions.rules;
  const { effort } = session.settings;
  const { budget, demands } = settings;
  if (spec.parent === null) throw new Error('a child has a parent');
  return {
    name: spec.name,
    instance: spec.instance,
    parent: spec.parent,
    root: spec.root,
    depth: spec.depth,
    model: spec.model,
    instructions: spec.instructions,
    mode: spec.permissionMode,
    rules: { allow: [...allow], ask: [...ask, ...more.ask], deny: [...deny, ...more.deny] },
    headless: permissions.headless,
    write: request.write,
    limits: { ...core.limits, cost: costLimit(core.limits.cost, facts.budget) },
    token,
    ...(budget === undefined ? {} : { budget }),
    ...(demands === undefined ? {} : { demands }),
    ...(typeof effort === 'string' ? { effort } : {}),
  };
}
