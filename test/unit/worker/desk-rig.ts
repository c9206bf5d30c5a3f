/** A budget that answers as it is told to, and records what it was asked. */
import type {
  BudgetAdmission,
  BudgetPlace,
  RequestSize,
  TurnBudget,
} from '../../../src/worker/turn-ports.ts';

/** Answers one after the other, the last again and again. */
export function deskOf(...answers: BudgetAdmission[]) {
  const asked: { size: RequestSize; place: BudgetPlace }[] = [];
  let isReserved = false;
  const budget: TurnBudget = {
    admit(size, place) {
      asked.push({ size, place });
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
