/** Puts a pod's parts together: which effect is done by whom. The only place that knows them all. */
import { thrownText } from '../../std/thrown-text.ts';
import { deferred } from '../../std/deferred.ts';
import type { Sandbox } from '../../scope/sandbox/sandbox.ts';
import type { OwnedBy } from '../../protocol/own-tools.ts';
import type { PodRef } from '../../session/facts/entries.ts';
import type { SetEntry } from '../../session/facts/set-entries.ts';
import { profilesIn, toolsIn } from '../../session/settings/profiles.ts';
import { toolSet } from '../../tools/tool-set.ts';
import type { Tool } from '../../tools/tool.ts';
import { hostsIn } from '../../session/home/host-places.ts';
import { treeGuidance, treeTools } from '../../tools/tree-tools.ts';
import type { Client } from '../../transport/client.ts';
import type { Handlers } from '../../transport/server.ts';
import { ApprovalGate } from '../approvals/gate.ts';
import { HookDesk } from '../hooks/desk.ts';
import { BudgetDesk } from '../budget/desk.ts';
import { Children } from '../children/children.ts';
import { statusView } from '../machine/status-view.ts';
import { ModesBelow } from '../children/modes-below.ts';
import { podHandlers } from '../serve/handlers.ts';
import { linkView } from '../serve/link-view.ts';
import { Mailbox } from '../serve/mailbox.ts';
import type { Observers } from '../serve/observers.ts';
import { feedsOf } from '../serve/feeds.ts';
import { OwnerDesk } from '../owner/owner-desk.ts';
import { type LinkNotice, ParentLink } from '../parent/link.ts';
import type { Worker } from '../host.ts';
import type { Pod } from '../pod.ts';
import { podTree } from '../children/pod-tree.ts';
import type { PodContext } from '../children/spawned.ts';
import { type StopParts, stopSelf } from './stop-self.ts';
import { commandsOf } from '../turn/pod-commands.ts';
import { ProjectContext } from '../turn/project-context.ts';
import { TurnTrace } from '../turn/turn-trace.ts';
import { TurnRunner } from '../turn/runner.ts';

export interface Assembled {
  handlers: Handlers;
  observers: Observers;
  children: Children;
  parentLink: ParentLink | null;
  owner: OwnerDesk;
  hooks: HookDesk;
  mailbox: Mailbox;
  /** Fulfils when the pod has said its last word. */
  ended: Promise<void>;
}

export function assemble(pod: Pod, ownedBy?: OwnedBy): Assembled {
  const { host } = pod;
  const worker = workerOf(pod);
  const sandbox = host.work.sandbox(worker);
  const approvalGate = gateOf(pod, sandbox, () => approvalFeed.changed());
  const feeds = feedsOf(pod, {
    links: () => children.links,
    status: () => statusView(pod.core, linkView({ pod, children, parentLink, sandbox, treeFeed })),
  });
  const { approvalFeed, treeFeed } = feeds;
  const children: Children = new Children(pod, (instance) => feeds.unlinked(instance));
  const modesBelow = new ModesBelow(pod, children);
  const onLinked = (client: Client): void => {
    feeds.linked(client);
    budget.linked();
  };
  const parentLink = linkOf(pod, onLinked, treeFeed.onNotice);
  const budget: BudgetDesk = new BudgetDesk(pod, { children, parentLink }, () => runner.budgetArrived());
  const { tools, guidance } = toolsOf({ pod, children, parentLink });
  const owner = new OwnerDesk(pod, ownedBy);
  const project = new ProjectContext(pod);
  const [commands, hooks, trace] = [commandsOf(pod), new HookDesk(pod), traceOf(pod)];
  const runner: TurnRunner = new TurnRunner(pod, {
    engine: host.work.engine(worker),
    get tools() {
      return owner.allTools(tools);
    },
    makeModel: (name) => host.work.model(worker, name),
    guidance,
    interceptors: [project, hooks, approvalGate, ...(trace === null ? [] : [trace])],
    trace,
    project,
    approvals: approvalGate,
    sandbox,
    commands,
    budget,
  });
  const [ended, ends] = [deferred<void>(), { owner, trace }];
  pod.perform({
    startTurn: (turn) => runner.start(turn),
    compact: () => runner.compact(),
    controlTurn: () => [hooks, runner].forEach((part) => part.control()),
    emitted: () => parentLink?.emitted(),
    cancelChildren: (assignments) => cancelChildren(pod, assignments),
    stop: () =>
      void stopped({ pod, runner, commands, children, parentLink, hooks }, ends).then(ended.resolve),
    committed(bodies) {
      for (const part of [budget, children.waits, feeds, hooks]) part.committed(bodies);
      if (bodies.some(({ type }) => type === 'scope')) runner.scopeChanged();
      trace?.committed(bodies);
      for (const body of bodies) if (body.type === 'set') noteSet(pod, body, { runner, modesBelow });
    },
    show: (event) => feeds.show(event),
  });
  const inputs = { toolNames: tools.map(({ name }) => name), contextOfInput: () => runner.contextOfInput() };
  const parts = { ...feeds, ...inputs, pod, children, parentLink, approvalGate };
  const mailbox = new Mailbox(parts);
  const handlers = podHandlers({ ...parts, sandbox, budget, modesBelow, mailbox, owner });
  return { ...feeds, handlers, children, parentLink, hooks, mailbox, owner, ended: ended.promise };
}

/** Never rejects. */
async function stopped(
  parts: StopParts,
  { owner, trace }: { owner: OwnerDesk; trace: TurnTrace | null },
): Promise<void> {
  owner.close();
  const { self } = parts.pod.host;
  const complain = (error: unknown): void => self.complain(`stopping: ${String(error)}`);
  await stopSelf(parts).catch(complain);
  await trace?.flush().catch(complain);
}

/** Null where nothing is traced. */
function traceOf(pod: Pod): TurnTrace | null {
  const onLost = (why: string): void => {
    // Behind its last line a log takes nothing more.
    if (pod.core.live.mode === 'stopping') return;
    const text = `Traces are not sent, or not all of them: ${why}.`;
    pod.host.clock.soon(() => pod.tryCommit([{ type: 'alert', level: 'warning', code: 'tracesLost', text }]));
  };
  const sink = pod.host.work.spans?.(onLost) ?? null;
  return sink === null ? null : new TurnTrace(pod, sink);
}

function gateOf(pod: Pod, sandbox: Sandbox, onChanged: () => void): ApprovalGate {
  return new ApprovalGate(pod, {
    permissions: pod.permissions,
    sandboxState: () => sandbox.state(),
    heldGit: (command) => heldGitOf(pod, command),
    onChanged,
  });
}

/** Null for a root. */
function linkOf(pod: Pod, onLinked: (client: Client) => void, onNotice: LinkNotice): ParentLink | null {
  const { parent } = pod.session;
  return parent === null ? null : new ParentLink(pod, parent, onLinked, onNotice);
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
  const tools = toolSet([
    ...own,
    ...treeTools(podTree(family), profilesIn(settings), hostsIn(settings)),
  ]).filter(isOffered);
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
    alert(thrownText(error));
  }
}

/** Null for a child: its part is its parent's to widen. */
async function heldGitOf({ session, host, claims, facts }: Pod, command: string): Promise<string | null> {
  if (session.parent !== null) return null;
  return await host.work.heldGit(command, session.cwd, { scope: claims.now(), made: facts.repositories });
}
