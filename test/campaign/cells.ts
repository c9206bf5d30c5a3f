/**
 * The table of the campaign: every named point (delivery §8) × who dies there × how that pod's parent stands
 * when it happens. `impossible` is the one place that says which cells do not exist, and why.
 */

/** Points that every turn of a pod passes. */
export const turnPoints = [
  'item.committed',
  'budget.reserved',
  'request.started',
  'response.received',
  'response.committed',
  'turn.beforeCommit',
] as const;
/** Points that an event passes at its sender, and at its receiver. */
export const senderPoints = ['event.committed', 'event.sent', 'event.acked'] as const;
export const receiverPoints = ['event.read', 'receipt.committed', 'receipt.answered'] as const;
/** Points of a spawn; `child.linked` is passed by every link that a child makes. */
export const spawnPoints = [
  'child.reserved',
  'child.started',
  'child.linked',
  'scope.moved',
  'child.firstRun',
] as const;

/** Points of a lease: at its giver, and at its holder. */
export const leasePoints = ['lease.granted', 'lease.returned'] as const;

/** Points that a turn passes which another vendor's agent drives, and those of its report. */
export const enginePoints = [
  'engine.started',
  'item.committed',
  'engine.prompted',
  'engine.answered',
  'turn.beforeCommit',
  ...senderPoints,
] as const;
export type EnginePoint = (typeof enginePoints)[number];

export type Point =
  | (typeof turnPoints)[number]
  | (typeof senderPoints)[number]
  | (typeof receiverPoints)[number]
  | (typeof spawnPoints)[number]
  | (typeof leasePoints)[number];
export const points: readonly Point[] = [
  ...turnPoints,
  ...senderPoints,
  ...receiverPoints,
  ...spawnPoints,
  ...leasePoints,
];

/**
 * `child` has a parent and a child of its own, `grandchild` is below it, `parent` is the root, `both` is the
 * child at the point and its parent at a random instant around it.
 */
export const victims = ['child', 'parent', 'both', 'grandchild'] as const;
export type Victim = (typeof victims)[number];

/**
 * How the victim's parent stands when the victim dies. A root has none: there it is how the root itself stood
 * when it was led to the point.
 */
export const stances = ['idle', 'midRequest', 'midTool', 'paused', 'restoring'] as const;
export type Stance = (typeof stances)[number];

export interface Cell {
  readonly point: Point;
  readonly victim: Victim;
  readonly stance: Stance;
}

export function isOneOf(point: Point, group: readonly Point[]): boolean {
  return group.includes(point);
}

/** Why there is no such cell; null where there is one. */
export function impossible({ point, victim, stance }: Cell): string | null {
  if (victim !== 'parent') return null;
  if (isOneOf(point, senderPoints)) return 'the root has nobody above it to send an event to';
  if (point === 'lease.returned') return 'the root has nobody above it to return anything to';
  if (!isOneOf(point, spawnPoints) || point === 'child.linked') return null;
  if (stance === 'idle') return 'a pod spawns only in a tool call: it is not idle then';
  if (stance === 'midRequest')
    return 'a spawn is a tool call, and no request runs beside the calls of its answer';
  if (stance === 'paused')
    return 'a paused pod runs no tool; a pause that comes during the call holds behind it';
  return null;
}

const allCells: readonly Cell[] = points.flatMap((point) =>
  victims.flatMap((victim) => stances.map((stance): Cell => ({ point, victim, stance }))),
);
export const possibleCells: readonly Cell[] = allCells.filter((cell) => impossible(cell) === null);
export const impossibleCells: readonly (Cell & { why: string })[] = allCells.flatMap((cell) => {
  const why = impossible(cell);
  return why === null ? [] : [{ ...cell, why }];
});

export function cellName({ point, victim, stance }: Cell): string {
  return `${victim} at ${point}, parent ${stance}`;
}
