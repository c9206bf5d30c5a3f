/** `podkin inspect`: everything known about one pod, always as JSON. */
import type { StatusResult } from '../../protocol/status-result.ts';
import { scopeByLog } from '../../scope/ownership/delegation.ts';
import { ClaimOwners } from '../../pod/claim-owners.ts';
import { scopeBesideOthers } from '../../scope/ownership/claims.ts';
import { Registry } from '../../scope/ownership/registry.ts';
import type { PathScope } from '../../session/facts/entries.ts';
import type { Facts } from '../../session/facts/facts.ts';
import { foldLog } from '../../session/log/fold-log.ts';
import { type Home, isRemoved } from '../../session/home/home.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus, jsonText } from '../invocation/context.ts';
import { findPod } from '../../client/find-pod.ts';
import { effortIn } from '../../session/settings/effort.ts';
import { limitsOf } from '../../session/settings/settings.ts';
import { listedPods } from '../../client/listed-pods.ts';
import { approvalsOf } from '../../client/open-approvals.ts';
import { type SeenPod, viewHome } from '../../client/pod-view.ts';

/** Answers 3 where the pod is removed between two looks. */
export async function inspectCommand(context: CommandContext, name: string): Promise<number> {
  const pod = findPod(context.home, name);
  const all = await viewHome(context.home);
  const seen = all.find((one) => one.pod.instance === pod.instance);
  if (seen === undefined) return exitStatus.noSuchPod;
  const [listed] = await listedPods([seen], all);
  const { spec, folder, socket } = pod;
  const facts = await foldLog(folder.log);
  const object = {
    ...listed,
    socket,
    log: folder.log,
    stderr: folder.stderr,
    scope: spec.scope,
    ...(await scopeDetails(context.home, seen, facts)),
    limits: limitsOf(pod.spec.settings),
    permissionMode: facts.session?.permissionMode ?? spec.permissionMode,
    effort: effortIn(facts.session?.settings ?? spec.settings) ?? null,
    instructions: spec.instructions,
    root: spec.root,
    depth: spec.depth,
    parentInstance: spec.parent?.instance ?? null,
    plan: facts.plan,
    questions: (await approvalsOf(pod)).map(({ request, tool, summary, whole, why, askedAt }) => ({
      request,
      tool,
      call: whole ?? summary,
      why,
      askedAt,
    })),
    ...(seen.probed.kind === 'live'
      ? liveDetails(context.home, seen.probed.status)
      : logDetails(context.home, facts)),
  };
  context.stdout.write(jsonText(object));
  return exitStatus.done;
}

interface ScopeDetails {
  /**
   * What it may touch now: for a living pod minus what others of the home hold, for another one what its log
   * says.
   */
  scopeNow: PathScope;
  /** What its children hold of it. */
  handedDown: { name: string; write: readonly string[] }[];
}

async function scopeDetails(home: Home, { probed }: SeenPod, facts: Facts): Promise<Partial<ScopeDetails>> {
  if (facts.session === null) return {};
  const handedDown = [...facts.children.values()].flatMap(({ name, holds }) =>
    holds === null ? [] : [{ name, write: holds.write }],
  );
  const byLog = scopeByLog(facts);
  if (probed.kind !== 'live') return { scopeNow: byLog, handedDown };
  const claims = new Registry(home).claims();
  const registry = { claims, statusOf: await new ClaimOwners(home).ask(claims) };
  return { scopeNow: scopeBesideOthers(byLog, facts.session, registry), handedDown };
}

interface Details {
  /** Null where only a living pod could say. */
  settled: boolean | null;
  pending: StatusResult['pending'];
  usage: StatusResult['usage'];
  lastTurn: StatusResult['lastTurn'];
  lastActivityAt: string | null;
  childPods: StatusResult['children'];
  /** In the background. */
  commands: StatusResult['commands'];
  watchdogRescues: number | null;
  /** Null where no process could know it. */
  sandbox: StatusResult['sandbox'] | null;
}

function liveDetails(home: Home, status: StatusResult): Details {
  const {
    settled,
    pending,
    usage,
    lastTurn,
    lastActivityAt,
    watchdogRescues,
    sandbox,
    commands = [],
  } = status;
  const children = status.children.filter(({ instance }) => !isRemoved(home, instance));
  return {
    settled,
    pending,
    usage,
    lastTurn,
    lastActivityAt,
    childPods: children,
    commands,
    watchdogRescues,
    sandbox,
  };
}

function logDetails(home: Home, facts: Facts): Details {
  const { notifyBuffer, unseen, outbox, queue, usage, lastTurn, lastTime, children } = facts;
  return {
    settled: null,
    pending: {
      received: notifyBuffer.length,
      unseen: unseen.length,
      outgoing: outbox.pending.size,
      queued: queue.length,
    },
    usage,
    lastTurn,
    lastActivityAt: lastTime === '' ? null : lastTime,
    childPods: [...children.values()]
      .filter(({ instance }) => !isRemoved(home, instance))
      .map(({ name, instance, state }) => ({ name, instance, status: state })),
    // Of a pod that has ended none runs.
    commands: [],
    watchdogRescues: null,
    sandbox: null,
  };
}
