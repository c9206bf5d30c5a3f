/**
 * The orderly end of this pod: the tree below first, then the running turn, the last word to the parent, the
 * log's last line. What fails on the way does not keep the process alive: everything that matters is on disk
 * by then.
 */
import { settledView } from '../../delivery/settled.ts';
import type { WorktreeReport } from '../../protocol/pod-event.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import { stoppedEntry } from '../../session/log/totals.ts';
import { leftAlert } from '../process/command-groups.ts';
import { closedApprovals } from '../machine/approval-facts.ts';
import type { Children } from '../children/children.ts';
import type { ParentLink } from '../parent/link.ts';
import type { HookDesk } from '../hooks/desk.ts';
import type { Pod } from '../pod.ts';
import { stopChild } from '../children/pod-tree.ts';
import { stopBelow } from '../children/stop-below.ts';
import { shutDownReport } from '../machine/reports.ts';
import { stillWaited } from '../machine/scope-wait.ts';
import { syntheticResults, systemItemsFromBuffer } from '../machine/state.ts';
import { endTime } from '../machine/turn-time.ts';
import type { BackgroundCommands } from '../../tools/background/background-commands.ts';
import type { TurnRunner } from '../turn/runner.ts';

/** Of what commands have left outside of their groups, which ended with their calls: this is rare. */
const leftGraceMs = 1_000;

export interface StopParts {
  pod: Pod;
  runner: TurnRunner;
  commands: BackgroundCommands;
  children: Children;
  parentLink: ParentLink | null;
  hooks: HookDesk;
}

export async function stopSelf(parts: StopParts): Promise<void> {
  const { pod, runner, commands, children, parentLink, hooks } = parts;
  pod.show({ type: 'shutdown', reason: pod.core.live.stopReason?.reason ?? 'stopping' });
  hooks.control();
  const turnEnded = runner.stop();
  const commandsEnded = commands.close();
  if (pod.stopOptions.cascade) await stopChildren(pod, children);
  await turnEnded;
  await commandsEnded;
  const worktree = await runner.worktreeAtStop(handOverMs(pod));
  if (await lastWord(pod, worktree)) {
    parentLink?.emitted();
    await parentLink?.outcomeOf(pod.facts.outbox.emitted, pod.core.limits.shutDownAckMs);
  }
  parentLink?.close();
  await hooks.stop(pod.core.live.stopReason?.reason ?? 'stopping', hooksMs(pod));
  const left = await pod.host.processes
    .endLeft(pod.folder, pod.session.instance, leftGraceMs)
    .catch(() => null);
  pod.tryCommit([
    ...(left === null ? [] : [leftAlert(left)]),
    // What waits for the model is final as consumed; a restore finds it unseen and asks. What waits for a
    // host outside is handed out to it, and to nobody before.
    ...(pod.facts.mailbox === null ? systemItemsFromBuffer(pod.core, pod.facts.lastTurn?.turn ?? '') : []),
    stoppedEntry(pod.facts, pod.core.live.stopReason?.reason ?? ''),
  ]);
  await pod.durable().catch(() => undefined);
}

const handOverMsMax = 5_000;

/** Whoever stops it waits for its grace alone. */
function handOverMs({ stopOptions }: Pod): number {
  return Math.min(handOverMsMax, stopOptions.graceMs / 2);
}

const hooksMsMax = 10_000;

/** For what was to be run before the end, and for what is told of it. */
function hooksMs({ stopOptions }: Pod): number {
  return Math.min(hooksMsMax, stopOptions.graceMs / 3);
}

async function stopChildren(pod: Pod, children: Children): Promise<void> {
  await Promise.all(
    [...pod.facts.children.values()].map(async (child) => {
      try {
        // A child that has died may have left some of its own at work.
        if (children.hasEnded(child.instance)) {
          await stopBelow(pod.host, child.instance, pod.stopOptions.graceMs);
        } else await stopChild(pod, children, child);
      } catch (error) {
        const text = `The child "${child.name}" could not be stopped: ${String(error)}`;
        pod.show({ type: 'alert', level: 'error', code: 'stopFailed', text });
      }
    }),
  );
}

/**
 * One append: open calls closed, the turn marked as interrupted, the report. A stopped pod says one thing,
 * not an error and a farewell.
 */
async function lastWord(pod: Pod, worktree: WorktreeReport | null): Promise<boolean> {
  const { facts } = pod;
  const stop = pod.core.live.stopReason ?? { reason: 'stopping', by: 'person' as const };
  const waited = stillWaited(facts);
  const said = waited === null ? stop : { ...stop, reason: `${stop.reason}; ${waited}` };
  const report = shutDownReport(facts, said, { outstanding: settledView(facts).outstanding, worktree });
  const bodies: EntryBody[] = [...syntheticResults(facts, 'interrupted'), ...closedApprovals(facts, 'stop')];
  if (facts.turn !== null) {
    const calls = [...facts.turn.dangling.keys()];
    bodies.push(...endTime(pod.core));
    bodies.push({ type: 'interrupted', turn: facts.turn.turn, reason: stop.reason, calls });
  }
  // Last: the farewell gives up what was interrupted before it.
  bodies.push(...report);
  if (bodies.length === 0 || !pod.tryCommit(bodies)) return false;
  await pod.durable().catch(() => undefined);
  return report.length > 0;
}
