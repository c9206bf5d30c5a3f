/** A budget that answers as it is told to, and records what it was asked. */
import type { BudgetAdmission, BudgetPlace, TurnBudget } from '../../../src/worker/turn-ports.ts';

/** Answers one after the other, the last again and again. */
export function deskOf(...answers: BudgetAdmission[]) {
  const asked: { estimate: Parameters<TurnBudget['admit']>[0]; place: BudgetPlace }[] = [];
  let isReserved = false;
  const budget: TurnBudget = {
    admit(estimate, place) {
      asked.push({ estimate, place });
      const answer = answers[Math.min(asked.length, answers.length) - 1] ?? { kind: 'go' };
      isReserved ||= answer.kind === 'go';
      return Promise.resolve(answer);
    },
    get isReserved() {
      return isReserved;
    },
  };
  return { budget, asked };
}
