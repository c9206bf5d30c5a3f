/** The orderly end, as `src/pod/boot/stop-self.ts` goes about it. */
import { stoppedEntry } from '../../src/session/log/totals.ts';
import { settledView } from '../../src/delivery/settled.ts';
import { shutDownReport } from '../../src/pod/machine/reports.ts';
import { syntheticResults, systemItemsFromBuffer } from '../../src/pod/machine/state.ts';
import type { EntryBody } from '../../src/session/facts/entries.ts';
import type { SimProcess } from './process.ts';
import { stopChild } from './tools.ts';

export function stopSelf(process: SimProcess): void {
  let waiting = 2;
  const both = (): void => {
    waiting -= 1;
    if (waiting === 0) finish(process);
  };
  process.turns.stop(both);
  const live = process.stopCascade
    ? [...process.facts.children.values()].filter((child) => !process.children.hasEnded(child.instance))
    : [];
  let children = live.length;
  if (children === 0) both();
  for (const child of live) {
    stopChild(process, child, () => {
      children -= 1;
      if (children === 0) both();
    });
  }
}

function finish(process: SimProcess): void {
  const { parentSide, limits } = process;
  if (!lastWord(process)) return end(process);
  process.durable(() => {
    process.point('shutDown.committed');
    if (parentSide === null) return end(process);
    parentSide.emitted();
    parentSide.outcomeOf(process.facts.outbox.emitted, limits.shutDownAckMs, () => end(process));
  });
}

/** Answers whether there is a report. */
function lastWord(process: SimProcess): boolean {
  const { facts, core } = process;
  const stop = core.live.stopReason ?? { reason: 'stopping', by: 'person' as const };
  const report = shutDownReport(facts, stop, settledView(facts).outstanding);
  const bodies: EntryBody[] = [...syntheticResults(facts, 'interrupted'), ...report];
  if (facts.turn !== null) {
    const calls = [...facts.turn.dangling.keys()];
    bodies.push({ type: 'interrupted', turn: facts.turn.turn, reason: stop.reason, calls });
  }
  return bodies.length > 0 && process.tryCommit(bodies) && report.length > 0;
}

function end(process: SimProcess): void {
  const { facts } = process;
  process.parentSide?.close();
  process.tryCommit([
    ...systemItemsFromBuffer(process.core, facts.lastTurn?.turn ?? ''),
    stoppedEntry(facts, process.core.live.stopReason?.reason ?? ''),
  ]);
  process.durable(() => {
    process.children.close();
    process.endInOrder();
  });
}
