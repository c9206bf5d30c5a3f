/** What a model means to do, as it has listed it itself. Pure. */

export const planStates = ['todo', 'doing', 'done'] as const;

export interface PlanItem {
  readonly text: string;
  readonly state: (typeof planStates)[number];
}

const lineCharsMax = 200;

/** `2/5 writing tests`: how many are done, and what is being done or comes next; null for no list. */
export function planLine(items: readonly PlanItem[]): string | null {
  if (items.length === 0) return null;
  const done = items.filter(({ state }) => state === 'done').length;
  const next = items.find(({ state }) => state === 'doing') ?? items.find(({ state }) => state === 'todo');
  return `${done}/${items.length} ${next?.text ?? 'done'}`.slice(0, lineCharsMax).toWellFormed();
}
