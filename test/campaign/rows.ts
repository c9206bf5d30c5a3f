/**
 * Rows of a campaign: one line of JSON a play, and one for each series that was played to its end. Only whole
 * series count.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { enginePoints, points, stances, victims } from './cells.ts';
import { engineVictims } from './plan.ts';

const cellSchema = z.object({ point: z.enum(points), victim: z.enum(victims), stance: z.enum(stances) });
const playRow = z.object({
  row: z.literal('play'),
  seed: z.int(),
  number: z.int(),
  kind: z.enum(['cell', 'instant', 'cutLink', 'parentDown', 'engine']),
  cell: cellSchema.nullable(),
  /** Of a play with a pod that another agent drives. */
  engine: z.object({ who: z.enum(engineVictims), point: z.enum(enginePoints).nullable() }).optional(),
  back: z.string(),
  kills: z.int(),
  /** The victim died at its point, and its parent stood as the cell says. */
  reached: z.boolean(),
  met: z.boolean(),
  durationMs: z.number(),
  problems: z.array(z.string()),
});
export type PlayRow = z.infer<typeof playRow>;

const seriesRow = z.object({
  row: z.literal('series'),
  seed: z.int(),
  flavour: z.string(),
  durationMs: z.number(),
  events: z.int(),
  lost: z.int(),
  doubled: z.int(),
  outOfOrder: z.int(),
  stranded: z.int(),
  undeclaredEnd: z.int(),
  leftovers: z.int(),
  watchdogRescues: z.int(),
  wakeFromEmittedMs: z.array(z.number()),
  wakeFromReceivedMs: z.array(z.number()),
  problems: z.array(z.string()),
});
export type SeriesRow = z.infer<typeof seriesRow>;
export interface SeriesRows {
  plays: PlayRow[];
  series: SeriesRow;
}

/** Whether any play, or the end, broke a promise. */
export function isBroken({ plays, series }: SeriesRows): boolean {
  return series.problems.length > 0 || plays.some(({ problems }) => problems.length > 0);
}

/** One write: a series is in the file whole or, torn at its end, does not count. */
export function appendRows(path: string, { plays, series }: SeriesRows): void {
  appendFileSync(path, [...plays, series].map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/**
 * What stands in the file, of a series that was played again the last time; nothing where there is none.
 * Throws on a whole line that is no row.
 */
export function readRows(path: string): SeriesRows[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const found = new Map<number, SeriesRows>();
  let plays: PlayRow[] = [];
  for (const line of lines) {
    const row = z.discriminatedUnion('row', [playRow, seriesRow]).parse(JSON.parse(line));
    if (row.row === 'play') plays.push(row);
    else {
      found.set(row.seed, { plays: plays.filter(({ seed }) => seed === row.seed), series: row });
      plays = [];
    }
  }
  return [...found.values()];
}
