/**
 * The whole campaign: `npm run campaign`. CAMPAIGN is the number of kills, CAMPAIGN_ENGINES that of kills of
 * pods that another agent drives (a fifth of it if not given), CAMPAIGN_OUT the rows,
 * CAMPAIGN_KEEP a folder for the homes of series that went wrong. Started again with the same rows it goes on
 * where it was; with CAMPAIGN_AGAIN=1 it also plays again what broke something.
 */
import { mkdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { playCampaign } from './campaign.ts';
import { failuresOf, minimumsFor, renderTotals, totalsOf } from './report.ts';

const kills = Number(process.env['CAMPAIGN'] ?? 0);
const engineKills = Number(process.env['CAMPAIGN_ENGINES'] ?? Math.floor(kills / 5));
const out = process.env['CAMPAIGN_OUT'] ?? 'campaign.jsonl';
const keep = process.env['CAMPAIGN_KEEP'];
const again = process.env['CAMPAIGN_AGAIN'] === '1';
const lanes = Number(process.env['CAMPAIGN_LANES'] ?? 2);

it(
  '[death.campaign] [engine.campaign] of so many kills breaks no promise',
  { timeout: 48 * 3_600_000 },
  async () => {
    if (keep !== undefined) mkdirSync(keep, { recursive: true });
    const options = { kills, engineKills, out, lanes, again, ...(keep === undefined ? {} : { keep }) };
    const rows = await playCampaign(options, ({ plays, series }) => {
      const count = plays.reduce((sum, play) => sum + play.kills, 0);
      const wrong = [...plays.flatMap(({ problems }) => problems), ...series.problems];
      console.log(
        `series ${series.seed}: ${count} kills in ${series.durationMs} ms${wrong.map((text) => `\n  ${firstLine(text)}`).join('')}`,
      );
    });
    const totals = totalsOf(rows);
    console.log(renderTotals(totals));
    expect(failuresOf(totals, { ...minimumsFor(kills), engineKills })).toEqual([]);
  },
);

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
