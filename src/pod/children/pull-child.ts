/**
 * Pull: what stands in a child's log and has not come over a link goes through the same door as what does
 * (delivery §6).
 */
import type { BudgetFacts } from '../../session/facts/replay-budget.ts';
import type { ChildFacts } from '../../session/facts/facts.ts';
import { worthBytes } from '../../session/log/checkpoint-start.ts';
import { type ChildLog, readChildLog } from './child-log.ts';
import { settledByLog } from '../machine/budget.ts';
import { commitInput, onPodEvent } from '../machine/inputs.ts';
import type { Pod } from '../pod.ts';

/**
 * Answers the newest incarnation that the log tells of, and when it was last written. Throws the file
 * system's error.
 */
export async function readAndReceive(
  pod: Pod,
  child: ChildFacts,
  throughIncarnation: number,
): Promise<Omit<ChildLog, 'events'>> {
  const { host } = pod;
  const leastBytes = Math.min(worthBytes, host.self.checkpointBytes);
  const random = () => host.chance.random();
  const log = await readChildLog(
    { folder: pod.folderOf(child), disk: host.logs, random, leastBytes },
    {
      instance: child.instance,
      above: child.received,
      throughIncarnation,
    },
  );
  for (const { seq, incarnation, event } of log.events) {
    const from = { instance: child.instance, incarnation };
    pod.input((core) => onPodEvent(core, { from, seq, event }));
  }
  return log;
}

/** Of a child whose log nobody writes now: what stands there is all that it has used of the budget. */
export function takeBack(pod: Pod, child: ChildFacts, left: BudgetFacts): void {
  pod.input((core) => {
    const entry = settledByLog(core.facts.budget, child, left);
    if (entry !== null) commitInput(core, [entry]);
  });
}
