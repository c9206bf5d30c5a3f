/** What a budget and a scenario change for a pod whose history outgrows a window. */
import { describe, expect, it } from 'vitest';
import type { ModelRequest } from '../../../src/model/port.ts';
import type { BudgetAdmission } from '../../../src/worker/turn-ports.ts';
import { pod, works } from './context-rig.ts';
import { deskOf } from './desk-rig.ts';

describe('a scenario, which takes what it is given', () => {
  it('[context.window] is sent the whole history, however long', async () => {
    const turn = pod(900, { answer: works(20), window: 1_000_000, believed: 4_000, isBound: false });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect([...turn.of('pruned'), ...turn.of('compaction'), ...turn.of('itemCut')]).toEqual([]);
  });
  it('[context.window] is compacted where a person asks for it, and where it refuses', async () => {
    const asking = pod(900, { answer: works(20), window: 1_000_000, believed: 4_000, isBound: false });
    asking.facts.context.asked = { seq: 1, instructions: null };
    expect(await asking.run()).toEqual({ kind: 'finished' });
    expect(asking.of('compactionFailed').map(({ reason }) => reason)).toEqual([
      'there is nothing to compact yet',
    ]);
    const refusing = pod(900, { answer: works(20), window: 4_000, believed: 100_000, isBound: false });
    expect(await refusing.run()).toEqual({ kind: 'finished' });
    expect(refusing.of('compaction').length).toBeGreaterThan(0);
  });
});

describe('the requests of a summary', () => {
  const withBudget = (...answers: BudgetAdmission[]) => {
    const turn = pod(200, { answer: works(60) });
    const desk = deskOf(...answers);
    Object.assign(turn.ports, { budget: desk.budget });
    return { ...turn, ...desk };
  };
  const isSummary = ({ request }: { request: ModelRequest }) => request.toolUse === 'none';

  it('[budget.summary] are admitted like all others, beside what was taken before', async () => {
    const turn = withBudget();
    expect(await turn.run()).toEqual({ kind: 'finished' });
    const sent = turn.requests.map(isSummary);
    expect(sent).toContain(true);
    expect(turn.asked.map(({ place }) => place.adds === true)).toEqual(sent);
  });
  it.each<[string, BudgetAdmission[], object]>([
    ['past the cap end the turn at that limit', [], { kind: 'limitReached', reason: 'tokens' }],
    ['wait for it, and then are sent', [{ kind: 'wait', ms: 5 }], { kind: 'finished' }],
  ])('[budget.summary] %s', async (_, before, end) => {
    const plain = withBudget();
    await plain.run();
    const first = plain.asked.findIndex(({ place }) => place.adds === true);
    const goes = Array.from({ length: first }, (): BudgetAdmission => ({ kind: 'go' }));
    const last: BudgetAdmission = before.length === 0 ? { kind: 'capped', reason: 'tokens' } : { kind: 'go' };
    const turn = withBudget(...goes, ...before, last);
    expect(await turn.run()).toEqual(end);
    expect(turn.requests.some(isSummary)).toBe(before.length > 0);
    expect(turn.waited.map(([ms]) => ms)).toEqual(before.map(() => 5));
    // What was taken and not used is free again.
    if (before.length === 0) expect(turn.committed().at(-1)?.type).toBe('requestFailed');
  });
});
