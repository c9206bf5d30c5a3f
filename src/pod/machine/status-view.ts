/** What `status` answers, made from the facts: costs the same whatever the history's length. */
import { budgetIfAny } from '../../session/facts/budget-view.ts';
import { settledView } from '../../delivery/settled.ts';
import type { Result } from '../../protocol/methods.ts';
import { effortIn } from '../../session/settings/effort.ts';
import { planLine } from '../../session/facts/plan.ts';
import type { ChildFacts } from '../../session/facts/facts.ts';
import { callsIn, commandsIn } from './activity.ts';
import { isOpen } from './approval-facts.ts';
import { contextView } from './context-view.ts';
import { type Core, statusOf } from './core.ts';
import { queueView } from './queue-inputs.ts';
import { type OtherWaits, waitingOf } from './waiting.ts';

export interface LinkView {
  readonly path: string;
  readonly pid: number;
  readonly log: string;
  /** Why the parent cannot be reached, and whether it is for good; null while linked, or for a root. */
  parentProblem: { permanent: boolean } | null;
  isChildLinked(instance: string): boolean;
  scopeHeld: OtherWaits['scope'];
  sandbox: Result<'status'>['sandbox'];
  /** Something was set aside of a person's folder and still lies in the pod's outputs. */
  setAside: boolean;
  /** How many observe it. */
  watching: number;
}

export function statusView(core: Core, links: LinkView): Result<'status'> {
  const { facts, live } = core;
  const session = facts.session!;
  const { name, instance, parent, model } = session;
  const view = settledView(facts);
  return {
    name,
    path: links.path,
    instance,
    incarnation: facts.incarnation,
    status: statusOf(core),
    pid: links.pid,
    parent: parent === null ? null : { name: parent.name, instance: parent.instance },
    children: [...facts.children.values()].map((child) => ({
      name: child.name,
      instance: child.instance,
      status: childStatus(child, links),
    })),
    pending: {
      received: facts.notifyBuffer.length,
      unseen: facts.unseen.length,
      outgoing: facts.outbox.pending.size,
      queued: facts.queue.length,
    },
    queue: queueView(facts.queue),
    lastSeq: facts.lastSeq,
    watching: links.watching,
    log: links.log,
    settled: view.settled && facts.turn === null && live.mode === 'idle',
    model,
    permissionMode: session.permissionMode,
    effort: effortIn(session.settings) ?? null,
    usage: facts.usage,
    turns: facts.turns,
    startedAt: facts.started?.time ?? session.time,
    lastActivityAt: facts.lastTime,
    lastTurn:
      facts.lastTurn === null
        ? null
        : { turn: facts.lastTurn.turn, outcome: facts.lastTurn.outcome, reason: facts.lastTurn.reason },
    attention: attentionOf(core, links),
    waiting: waitingOf(core, { scope: links.scopeHeld, nowMs: core.ports.wallMs() }),
    activity: callsIn(facts),
    plan: planLine(facts.plan),
    commands: commandsIn(facts),
    refusal:
      facts.refusal === null
        ? null
        : { code: facts.refusal.code, reason: facts.refusal.text, since: facts.refusal.at },
    sandbox: links.sandbox,
    context: contextView(facts),
    budget: budgetIfAny(facts.budget),
    watchdogRescues: live.watchdogRescues,
  };
}

function childStatus(
  child: Pick<ChildFacts, 'instance' | 'state' | 'terminalKind' | 'unreachable' | 'refused'>,
  links: LinkView,
): string {
  if (child.state === 'ended') return child.terminalKind === 'died' ? 'dead' : 'stopped';
  if (links.isChildLinked(child.instance)) return 'linked';
  if (child.refused !== null) return 'refused';
  if (child.unreachable) return 'unreachable';
  // The log's word is about the past: this link has ended, and what became of the child is being found out.
  return child.state === 'linked' ? 'unlinked' : child.state;
}

/** One word for why a person should look; the most urgent first. */
function attentionOf(core: Core, links: LinkView): string | null {
  const { facts, live } = core;
  if (live.storage !== null) return 'storage';
  if ([...facts.approvals.values()].some(isOpen)) return 'approval';
  if (facts.refusal?.code === 'parentRemoved') return 'orphan';
  if (links.parentProblem?.permanent === true) return 'refused';
  if ([...facts.children.values()].some(({ refused }) => refused !== null)) return 'childRefused';
  if (links.setAside) return 'setAside';
  if (live.overBudget !== null) return 'budget';
  if (live.budget !== null) return 'spending';
  if (facts.held !== null) return 'held';
  if (links.parentProblem !== null) return 'parentDown';
  return null;
}
