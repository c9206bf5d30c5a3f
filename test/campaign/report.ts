/** What a campaign comes to: totals over its rows, and whether they are enough to prove anything. Pure. */
import { type Cell, type Point, cellName, impossibleCells, points, possibleCells } from './cells.ts';
import type { EnginePoint } from './cells.ts';
import type { PlayRow, SeriesRows } from './rows.ts';

export interface Minimums {
  kills: number;
  /** Of pods that another agent drives, and of their agents. */
  engineKills?: number;
  killsPerPoint: number;
  killsPerCell: number;
  events: number;
  wakes: number;
}

/** In proportion to 10,000 kills: 150 at every point, 20 in every cell, 20,000 events. */
export function minimumsFor(kills: number): Minimums {
  const share = kills / 10_000;
  return {
    kills,
    killsPerPoint: Math.floor(150 * share),
    killsPerCell: Math.floor(20 * share),
    events: Math.floor(20_000 * share),
    wakes: Math.floor(2_000 * share),
  };
}

export interface Totals {
  series: number;
  runs: number;
  kills: number;
  /** Plays in which the victim did not come to its point, or the parent did not stand as wanted. */
  missed: number;
  drifted: number;
  engineKills: number;
  /** Kills of a pod that another agent drives, by its point; null: at a random instant. */
  perEnginePoint: Map<EnginePoint | null, number>;
  perPoint: Map<Point, number>;
  perCell: Map<string, number>;
  perKind: Map<string, number>;
  perFlavour: Map<string, number>;
  events: number;
  lost: number;
  doubled: number;
  outOfOrder: number;
  stranded: number;
  undeclaredEnd: number;
  leftovers: number;
  watchdogRescues: number;
  wakeFromEmittedMs: number[];
  wakeFromReceivedMs: number[];
  problems: string[];
}

export function totalsOf(rows: readonly SeriesRows[]): Totals {
  const plays = rows.flatMap((row) => row.plays);
  const series = rows.map((row) => row.series);
  const sum = (of: (row: SeriesRows['series']) => number) =>
    series.reduce((total, row) => total + of(row), 0);
  const cells = plays.filter((play) => play.cell !== null);
  const engines = plays.filter((play) => play.engine !== undefined);
  return {
    series: series.length,
    runs: plays.length,
    kills: plays.reduce((total, { kills }) => total + kills, 0),
    engineKills: engines.reduce((total, { kills }) => total + kills, 0),
    perEnginePoint: countBy(
      engines.filter(({ reached }) => reached),
      ({ engine }) => engine!.point,
    ),
    missed: plays.filter(({ reached }) => !reached).length,
    drifted: cells.filter(({ reached, met }) => reached && !met).length,
    perPoint: countBy(
      cells.filter(({ reached }) => reached),
      (play) => play.cell!.point,
    ),
    perCell: countBy(
      cells.filter(({ met }) => met),
      (play) => cellName(play.cell!),
    ),
    perKind: countBy(plays, ({ kind }) => kind),
    perFlavour: countBy(
      rows.flatMap((row) => row.plays.map(() => row.series)),
      ({ flavour }) => flavour,
    ),
    events: sum((row) => row.events),
    lost: sum((row) => row.lost),
    doubled: sum((row) => row.doubled),
    outOfOrder: sum((row) => row.outOfOrder),
    stranded: sum((row) => row.stranded),
    undeclaredEnd: sum((row) => row.undeclaredEnd),
    leftovers: sum((row) => row.leftovers),
    watchdogRescues: sum((row) => row.watchdogRescues),
    wakeFromEmittedMs: series.flatMap((row) => row.wakeFromEmittedMs).toSorted((a, b) => a - b),
    wakeFromReceivedMs: series.flatMap((row) => row.wakeFromReceivedMs).toSorted((a, b) => a - b),
    problems: rows.flatMap(problemsOf),
  };
}

function problemsOf({ plays, series }: SeriesRows): string[] {
  const ofPlay = ({ seed, number, problems }: PlayRow) =>
    problems.map((text) => `series ${seed}, play ${number}: ${firstLine(text)}`);
  return [
    ...plays.flatMap(ofPlay),
    ...series.problems.map((text) => `series ${series.seed}: ${firstLine(text)}`),
  ];
}

/** What follows it is where everybody stood, for whoever reads the row. */
function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

function countBy<T, K>(from: readonly T[], key: (one: T) => K): Map<K, number> {
  const counts = new Map<K, number>();
  for (const one of from) counts.set(key(one), (counts.get(key(one)) ?? 0) + 1);
  return counts;
}

/** Cells with fewer kills than wanted, and how many are lacking. */
export function lackingOf(totals: Totals, { killsPerCell }: Minimums): { cell: Cell; kills: number }[] {
  return possibleCells
    .map((cell) => ({ cell, kills: killsPerCell - (totals.perCell.get(cellName(cell)) ?? 0) }))
    .filter(({ kills }) => kills > 0);
}

/** Why the campaign proves less than it should, or the opposite; empty when it proves its point. */
export function failuresOf(totals: Totals, minimums: Minimums): string[] {
  const engineKills = minimums.engineKills ?? 0;
  const few = (what: string, count: number, least: number) =>
    count >= least ? [] : [`${what}: ${count}, at least ${least} are wanted`];
  const none = (what: string, count: number) => (count === 0 ? [] : [`${what}: ${count}`]);
  return [
    ...few('kills', totals.kills - totals.engineKills, minimums.kills),
    ...few('kills of pods with another agent', totals.engineKills, engineKills),
    ...points.flatMap((point) =>
      few(`kills at ${point}`, totals.perPoint.get(point) ?? 0, minimums.killsPerPoint),
    ),
    ...possibleCells.flatMap((cell) =>
      few(`kills of ${cellName(cell)}`, totals.perCell.get(cellName(cell)) ?? 0, minimums.killsPerCell),
    ),
    ...few('events', totals.events, minimums.events),
    ...few('wakes of idle parents that were timed', totals.wakeFromEmittedMs.length, minimums.wakes),
    ...none('lost', totals.lost),
    ...none('doubled', totals.doubled),
    ...none('out of order', totals.outOfOrder),
    ...none('stranded', totals.stranded),
    ...none('undeclared ends', totals.undeclaredEnd),
    ...none('leftovers', totals.leftovers),
    ...none('rescues by the watchdog', totals.watchdogRescues),
    ...none('problems', totals.problems.length),
  ];
}

export function renderTotals(totals: Totals): string {
  const cells = possibleCells
    .map((cell) => totals.perCell.get(cellName(cell)) ?? 0)
    .toSorted((a, b) => a - b);
  const list = (map: ReadonlyMap<string, number>) =>
    [...map].map(([key, count]) => `${key} ${count}`).join(', ');
  return [
    `runs ${totals.runs} in ${totals.series} series (${list(totals.perFlavour)}), kills ${totals.kills}`,
    `kinds: ${list(totals.perKind)}`,
    `kills per point: ${points.map((point) => `${point} ${totals.perPoint.get(point) ?? 0}`).join(', ')}`,
    `kills with another agent ${totals.engineKills}: ${[...totals.perEnginePoint].map(([point, count]) => `${point ?? 'at an instant'} ${count}`).join(', ')}`,
    `kills per cell: ${possibleCells.length} possible cells (${impossibleCells.length} impossible), least ${cells[0] ?? 0}, median ${quantile(cells, 0.5)}; point missed ${totals.missed}, stance missed ${totals.drifted}`,
    `events ${totals.events}, lost ${totals.lost}, doubled ${totals.doubled}, out of order ${totals.outOfOrder}, stranded ${totals.stranded}, undeclared ends ${totals.undeclaredEnd}, leftovers ${totals.leftovers}, watchdog rescues ${totals.watchdogRescues}`,
    `wake latency of an idle parent, ${totals.wakeFromEmittedMs.length} wakes: from the commit p50 ${quantile(totals.wakeFromEmittedMs, 0.5)} ms, p99 ${quantile(totals.wakeFromEmittedMs, 0.99)} ms; from the receipt p50 ${quantile(totals.wakeFromReceivedMs, 0.5)} ms, p99 ${quantile(totals.wakeFromReceivedMs, 0.99)} ms`,
    ...totals.problems.map((text) => `PROBLEM ${text}`),
    '',
  ].join('\n');
}

function quantile(sorted: readonly number[], of: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(of * sorted.length))] ?? Number.NaN;
}
