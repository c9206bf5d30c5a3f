/** Puts a pod's parts together: which effect is done by whom. The only place that knows them all. */
import { deferred } from '../../std/deferred.ts';
import type { Sandbox } from '../../scope/sandbox/sandbox.ts';
import type { PodRef } from '../../session/facts/entries.ts';
import type { SetEntry } from '../../session/facts/set-entries.ts';
import { profilesIn, toolsIn } from '../../session/settings/profiles.ts';
import { toolSet } from '../../tools/tool-set.ts';
import type { Tool } from '../../tools/tool.ts';
import { treeGuidance, treeTools } from '../../tools/tree-tools.ts';
import type { Handlers } from '../../transport/server.ts';
import { ApprovalGate } from '../approvals/gate.ts';
import { BudgetDesk } from '../budget/desk.ts';
import { Children } from '../children/children.ts';
import { ModesBelow } from '../children/modes-below.ts';
import { ActivityFeed } from '../serve/activity-feed.ts';
import { type HandlerParts, podHandlers } from '../serve/handlers.ts';
import { Observers } from '../serve/observers.ts';
import { ParentLink } from '../parent/link.ts';
import type { Worker } from '../host.ts';
import type { Pod } from '../pod.ts';
import { podTree } from '../children/pod-tree.ts';
import type { PodContext } from '../children/spawn-child.ts';
import { ApprovalFeed } from '../approvals/feed.ts';
import { stopSelf } from './stop-self.ts';
import { withFiles } from '../turn/input-files.ts';
import { ProjectContext } from '../turn/project-context.ts';
import { TurnRunner } from '../turn/runner.ts';

export interface Assembled {
  handlers: Handlers;
  observers: Observers;
  children: Children;
  parentLink: ParentLink | null;
  /** Fulfils when the pod has said its last word. */
  ended: Promise<void>;
}

export function assemble(pod: Pod): Assembled {
  const { parent } = pod.session;
  const approvalFeed = new ApprovalFeed(pod);
  const worker = workerOf(pod);
  const { host } = pod;
  const sandbox = host.work.sandbox(worker);
  const approvalGate = gateOf(pod, sandbox, () => approvalFeed.changed());
  const { observers, activity } = feedsOf(pod, approvalFeed);
  const children = new Children(pod, (instance) => approvalFeed.dropChild(instance));
  const modesBelow = new ModesBelow(pod, children);
  const parentLink =
    parent === null
      ? null
      : new ParentLink(pod, parent, (client) => {
          approvalFeed.linked(client);
          budget.linked();
        });
  const budget: BudgetDesk = new BudgetDesk(pod, { children, parentLink }, () => runner.budgetArrived());
  const { tools, guidance } = toolsOf({ pod, children, parentLink });
  const project = new ProjectContext(pod);
  const runner: TurnRunner = new TurnRunner(pod, {
    engine: host.work.engine(worker),
    tools,
    makeModel: (name) => host.work.model(worker, name),
    guidance,
    interceptors: [project, approvalGate],
    project,
    approvals: approvalGate,
    sandbox,
    budget,
  });
  const ended = deferred<void>();
  pod.perform({
    startTurn: (turn) => runner.start(turn),
    compact: () => runner.compact(),
    controlTurn: () => runner.control(),
    emitted: () => parentLink?.emitted(),
    cancelChildren: (assignments) => cancelChildren(pod, assignments),
    stop: () => {
      stopSelf({ pod, runner, children, parentLink })
        .catch((error: unknown) => host.self.complain(`stopping: ${String(error)}`))
        .finally(() => ended.resolve());
    },
    committed(bodies) {
      for (const part of [budget, children.waits, activity]) part.committed(bodies);
      for (const body of bodies) if (body.type === 'set') noteSet(pod, body, { runner, modesBelow });
    },
    show(event) {
      observers.show(event);
      activity.shown(event);
    },
  });
  const toolNames = tools.map((tool) => tool.name);
  const named: HandlerParts['withFiles'] = (said, files, only) =>
    withFiles(pod, approvalGate, { said, files, only, context: runner.contextOfInput() });
  const parts = { pod, observers, children, parentLink, toolNames, withFiles: named };
  const handlers = podHandlers({ ...parts, approvalGate, approvalFeed, sandbox, budget, modesBelow });
  return { handlers, observers, children, parentLink, ended: ended.promise };
}

/** What those who look at the pod are sent. */
function feedsOf(pod: Pod, approvalFeed: ApprovalFeed): { observers: Observers; activity: ActivityFeed } {
  const observers: Observers = new Observers(pod.log, pod.host.clock, ({ deltas }) => {
    activity.wake();
    const doing = deltas ? null : activity.event();
    return [...approvalFeed.events(), ...(doing === null ? [] : [doing])];
  });
  const activity: ActivityFeed = new ActivityFeed(pod, {
    isWanted: () => observers.hasPlain,
    show: (event) => observers.show(event),
  });
  return { observers, activity };
}

function gateOf(pod: Pod, sandbox: Sandbox, onChanged: () => void): ApprovalGate {
  return new ApprovalGate(pod, {
    permissions: pod.permissions,
    sandboxState: () => sandbox.state(),
    heldGit: (command) => heldGitOf(pod, command),
    onChanged,
  });
}

/** Its session as it is whenever that is asked for. */
function workerOf(pod: Pod): Worker {
  return {
    get session() {
      return pod.session;
    },
    folder: pod.folder,
    facts: pod.facts,
    limits: pod.core.limits,
  };
}

const answersWithinMs = 5_000;

function noteSet(
  { host }: Pod,
  { by, permissionMode, ...ofRequests }: SetEntry,
  { runner, modesBelow }: { runner: TurnRunner; modesBelow: ModesBelow },
): void {
  if (Object.keys(ofRequests).length > 1) runner.modelSet();
  // A person waits for their own to be heard.
  if (by === 'parent' && permissionMode !== undefined)
    host.clock.soon(() => void modesBelow.narrow(answersWithinMs));
}

function maySpawn(pod: Pod): boolean {
  return pod.session.depth < pod.core.limits.depth;
}

/** On the lowest level the tools for children would only invite refusals. */
function toolsOf(family: PodContext): { tools: readonly Tool[]; guidance: readonly string[] } {
  const { settings } = family.pod.session;
  const own = family.pod.host.work.tools;
  const allowed = toolsIn(settings);
  const isOffered = ({ name }: Tool) => allowed === null || allowed.includes(name);
  if (!maySpawn(family.pod)) return { tools: toolSet(own).filter(isOffered), guidance: [] };
  const tools = toolSet([...own, ...treeTools(podTree(family), profilesIn(settings))]).filter(isOffered);
  return { tools, guidance: tools.some(({ name }) => name === 'SpawnPod') ? [treeGuidance] : [] };
}

/**
 * Reaches the turns that work for these assignments; a child that does not answer is told again by whoever
 * cancels again.
 */
function cancelChildren(pod: Pod, assignments: string[]): void {
  const byChild = new Map<string, { child: PodRef; assignments: string[] }>();
  for (const id of assignments) {
    const open = pod.facts.assignments.get(id);
    if (open === undefined) continue;
    const group = byChild.get(open.child.instance) ?? { child: open.child, assignments: [] };
    group.assignments.push(id);
    byChild.set(open.child.instance, group);
  }
  for (const { child, assignments: ids } of byChild.values()) void cancelChild(pod, child, ids);
}

/** Where its folder cannot be read either (the home is away), that is told. */
async function cancelChild(pod: Pod, child: PodRef, assignments: string[]): Promise<void> {
  const { host, session } = pod;
  const alert = (why: string): void => {
    const text = `The cancel did not reach "${child.name}": ${why}`;
    pod.show({ type: 'alert', level: 'warning', code: 'cancelFailed', text });
  };
  try {
    const from = { instance: session.instance, token: host.home.token(pod.folderOf(child)) };
    const sent = await host.wire.send(pod.socketOf(child), 'cancel', { from, assignments });
    if (!sent.ok && sent.code !== 'notRunning') alert(sent.message);
  } catch (error) {
    alert(error instanceof Error ? error.message : String(error));
  }
}

/** Null for a child: its part is its parent's to widen. */
async function heldGitOf({ session, host, claims, facts }: Pod, command: string): Promise<string | null> {
  if (session.parent !== null) return null;
  return await host.work.heldGit(command, session.cwd, { scope: claims.now(), made: facts.repositories });
}
