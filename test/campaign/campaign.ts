/** Plays a plan: series that stand in the rows file are passed over, two run side by side, and each is in the file as soon as it is over. */
import { existsSync } from 'node:fs';
import { type SeriesRows, appendRows, isBroken, readRows } from './rows.ts';
import { planOf } from './plan.ts';
import { playSeries } from './series.ts';

export interface CampaignOptions {
  kills: number;
  /** Rows, JSON lines; appended to. */
  out: string;
  keep?: string;
  lanes: number;
  /** Series that broke something are played again: after a fix. */
  again?: boolean;
}

/**
 * Answers all rows of the file, those of earlier runs included. `onSeries` is told each as it ends. A file `<out>.stop` ends it in order, behind the series
 * that are under way.
 */
export async function playCampaign(
  options: CampaignOptions,
  onSeries: (rows: SeriesRows) => void = () => undefined,
): Promise<SeriesRows[]> {
  const played = readRows(options.out).filter((rows) => options.again !== true || !isBroken(rows));
  const done = new Set(played.map(({ series }) => series.seed));
  const left = planOf(options.kills).filter(({ seed }) => !done.has(seed));
  const stopped = () => existsSync(`${options.out}.stop`);
  const lane = async () => {
    for (let series = left.shift(); series !== undefined && !stopped(); series = left.shift()) {
      const rows = await playSeries(series, options.keep === undefined ? {} : { keep: options.keep });
      appendRows(options.out, rows);
      onSeries(rows);
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
  return readRows(options.out);
}
