/**
 * Plays a plan: series that stand in the rows file are passed over, two run side by side, and each is in the
 * file as soon as it is over.
 */
import { existsSync } from 'node:fs';
import { type SeriesRows, appendRows, isBroken, readRows } from './rows.ts';
import { type Series, catchUpOf, enginePlanOf, planOf } from './plan.ts';
import { lackingOf, minimumsFor, totalsOf } from './report.ts';
import { playSeries } from './series.ts';

export interface CampaignOptions {
  kills: number;
  /** About so many more of pods that another agent drives. */
  engineKills?: number;
  /** Rows, JSON lines; appended to. */
  out: string;
  keep?: string;
  lanes: number;
  /** Series that broke something are played again: after a fix. */
  again?: boolean;
}

/** A cell that is missed again and again is no matter of a busy machine. */
const catchUpRounds = 4;

/**
 * Answers all rows of the file, those of earlier runs included. `onSeries` is told each as it ends. A file
 * `<out>.stop` ends it in order, behind the series that are under way.
 */
export async function playCampaign(
  options: CampaignOptions,
  onSeries: (rows: SeriesRows) => void = () => undefined,
): Promise<SeriesRows[]> {
  const played = readRows(options.out).filter((rows) => options.again !== true || !isBroken(rows));
  const done = new Set(played.map(({ series }) => series.seed));
  const stopped = () => existsSync(`${options.out}.stop`);
  const playAll = async (plan: readonly Series[]) => {
    const left = plan.filter(({ seed }) => !done.has(seed));
    await Promise.all(Array.from({ length: options.lanes }, () => lane(left)));
  };
  const lane = async (left: Series[]) => {
    for (let series = left.shift(); series !== undefined && !stopped(); series = left.shift()) {
      const rows = await playSeries(series, options.keep === undefined ? {} : { keep: options.keep });
      appendRows(options.out, rows);
      onSeries(rows);
    }
  };
  const usual = options.kills === 0 ? [] : planOf(options.kills);
  await playAll([...enginePlanOf(options.engineKills ?? 0), ...usual]);
  for (let round = 1; round <= catchUpRounds && options.kills > 0 && !stopped(); round += 1) {
    await playAll(catchUpOf(lackingOf(totalsOf(readRows(options.out)), minimumsFor(options.kills)), round));
  }
  return readRows(options.out);
}
