/** Two small series of the campaign with pods that another agent drives: outside of a sandbox, and in one. */
import { expect, it } from 'vitest';
import type { EngineVictim, Play, Series } from '../campaign/plan.ts';
import type { EnginePoint } from '../campaign/cells.ts';
import { playSeries } from '../campaign/series.ts';

const play = (who: EngineVictim, point: EnginePoint | null, back: 'start' | 'sendToPod' = 'start'): Play => ({
  kind: 'engine',
  who,
  point,
  back,
});

const all: Series[] = [
  {
    seed: 3_900_001,
    flavour: 'agents',
    plays: [
      play('pod', 'engine.started'),
      play('agent', null),
      play('pod', 'engine.prompted', 'sendToPod'),
      play('both', null),
      play('family', 'engine.answered'),
    ],
  },
  {
    seed: 3_900_002,
    flavour: 'heldAgents',
    plays: [play('pod', 'engine.answered'), play('agent', null), play('both', 'event.committed')],
  },
];

/** A folder for the home of a series that went wrong. */
const keep = process.env['CAMPAIGN_KEEP'];

it.each(all)(
  '[engine.campaign] $flavour: nothing lost, doubled or left',
  async (series) => {
    const rows = await playSeries(series, keep === undefined ? {} : { keep });
    expect([...rows.plays.flatMap(({ problems }) => problems), ...rows.series.problems]).toEqual([]);
    expect(rows.plays.filter(({ reached }) => reached)).toHaveLength(series.plays.length);
    expect(rows.plays.reduce((sum, { kills }) => sum + kills, 0)).toBeGreaterThan(3);
    expect(rows.series.events).toBeGreaterThan(series.plays.length);
  },
  180_000,
);
