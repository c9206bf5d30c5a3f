/**
 * What children had spent before this pod was under a bound: an older build's, or before a person set one.
 * Those that link say so themselves; of the others their logs do.
 */
import { type BudgetUnit, budgetUnits } from '../../session/facts/budget-entries.ts';
import type { ChildFacts } from '../../session/facts/facts.ts';
import { readChildLog } from '../children/child-log.ts';
import { governedUnits, settledByLog } from '../machine/budget.ts';
import { commitInput } from '../machine/inputs.ts';
import type { Pod } from '../pod.ts';

export async function countEarlier(pod: Pod): Promise<void> {
  for (const child of pod.facts.children.values()) {
    if (unknownUnits(pod, child).length === 0) continue;
    try {
      await countOne(pod, child);
    } catch {
      // It says so when it links, or its end does.
    }
  }
}

async function countOne(pod: Pod, child: ChildFacts): Promise<void> {
  const { instance } = child;
  const log = await readChildLog(
    { folder: pod.folderOf(child), disk: pod.host.logs },
    { instance, above: Number.MAX_SAFE_INTEGER, throughIncarnation: 0 },
  );
  pod.input((core) => {
    // It may have linked meanwhile.
    const isUnknown = budgetUnits.every((unit) => !core.facts.budget[unit].lent.has(instance));
    const entry = isUnknown ? settledByLog(core.facts.budget, child, log.budget) : null;
    if (entry !== null) commitInput(core, [entry]);
  });
}

function unknownUnits({ facts }: Pod, { instance, state }: ChildFacts): BudgetUnit[] {
  if (state === 'reserved') return [];
  return governedUnits(facts.budget).filter((unit) => !facts.budget[unit].lent.has(instance));
}
