import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Cell,
  cellName,
  impossibleCells,
  points,
  enginePoints,
  possibleCells,
  stances,
  victims,
} from '../../campaign/cells.ts';
import { type Play, catchUpOf, enginePlanOf, engineVictims, planOf } from '../../campaign/plan.ts';
import { failuresOf, lackingOf, minimumsFor, totalsOf } from '../../campaign/report.ts';
import { type PlayRow, type SeriesRows, appendRows, readRows } from '../../campaign/rows.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function rowsFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'podkin-campaign-'));
  folders.push(folder);
  return join(folder, 'rows.jsonl');
}

/** What a plan would come to if every play went as it should. */
function perfect(kills: number): SeriesRows[] {
  return planOf(kills).map(({ seed, flavour, plays }): SeriesRows => ({
    plays: plays.map((play, index) => rowOf(play, { seed, number: index + 1 })),
    series: {
      row: 'series',
      seed,
      flavour,
      durationMs: 1,
      events: 4 * plays.length,
      lost: 0,
      doubled: 0,
      outOfOrder: 0,
      stranded: 0,
      undeclaredEnd: 0,
      leftovers: 0,
      watchdogRescues: 0,
      wakeFromEmittedMs: plays.map((_, index) => index),
      wakeFromReceivedMs: plays.map((_, index) => index),
      problems: [],
    },
  }));
}

function rowOf(play: Play, at: { seed: number; number: number }): PlayRow {
  const cell = play.kind === 'cell' ? play.cell : null;
  const kills = 1 + Number(cell?.victim === 'both') + Number(cell?.stance === 'restoring');
  const { kind } = play;
  return {
    row: 'play',
    ...at,
    kind,
    cell,
    back: 'start',
    kills,
    reached: true,
    met: true,
    durationMs: 1,
    problems: [],
  };
}

describe('the plays with other agents', () => {
  it('[engine.campaign] every victim meets every point it can, in a sandbox and outside of one', () => {
    const plan = enginePlanOf(2_000);
    const met = new Set(
      plan.flatMap(({ flavour, plays }) =>
        plays.flatMap((play) => (play.kind === 'engine' ? [`${flavour} ${play.who} ${play.point}`] : [])),
      ),
    );
    const points = (who: string) => (who === 'agent' ? [null] : [null, ...enginePoints]);
    const wanted = ['agents', 'heldAgents'].flatMap((flavour) =>
      engineVictims.flatMap((who) => points(who).map((point) => `${flavour} ${who} ${point}`)),
    );
    expect([...met].toSorted()).toEqual(wanted.toSorted());
    expect(plan.reduce((sum, { plays }) => sum + plays.length, 0)).toBeGreaterThan(1_300);
  });

  it('[engine.campaign] too few kills, and what was left, are failures', () => {
    const totals = totalsOf(perfect(1_000));
    const lacking = failuresOf(totals, { ...minimumsFor(0), engineKills: 1 });
    expect(lacking).toEqual(['kills of pods with another agent: 0, at least 1 are wanted']);
  });
});

describe('the table', () => {
  it('[campaign.cells] every cell is played or has a reason', () => {
    expect(possibleCells.length + impossibleCells.length).toBe(
      points.length * victims.length * stances.length,
    );
    expect(impossibleCells.filter(({ why }) => why === '')).toEqual([]);
    // Only a root is without a parent, and only its own spawns bind its state: everybody else can be
    // anywhere.
    expect(impossibleCells.filter(({ victim }) => victim !== 'parent')).toEqual([]);
  });

  it('[campaign.cells] a plan of 10,000 kills deals each possible cell more than 20 times, and is the same every time', () => {
    const counts = new Map<string, number>();
    for (const play of planOf(10_000).flatMap(({ plays }) => plays)) {
      if (play.kind === 'cell') counts.set(cellName(play.cell), (counts.get(cellName(play.cell)) ?? 0) + 1);
    }
    expect(Math.min(...possibleCells.map((cell) => counts.get(cellName(cell)) ?? 0))).toBeGreaterThan(20);
    expect(counts.size).toBe(possibleCells.length);
    expect(planOf(10_000)).toEqual(planOf(10_000));
  });
});

describe('cells that a busy machine has missed', () => {
  it('[campaign.cells] are dealt again, each as often as it lacks, in series of their own', () => {
    const rows = perfect(2_000);
    const minimums = minimumsFor(2_000);
    expect(lackingOf(totalsOf(rows), minimums)).toEqual([]);
    expect(catchUpOf([], 1)).toEqual([]);
    const missed = rows.map(({ plays, series }) => ({
      series,
      plays: plays.map((play) => (play.cell?.stance === 'paused' ? { ...play, met: false } : play)),
    }));
    const lacking = lackingOf(totalsOf(missed), minimums);
    const paused = possibleCells.filter(({ stance }) => stance === 'paused');
    expect(lacking).toEqual(paused.map((cell) => ({ cell, kills: 4 })));
    const [first, second] = [catchUpOf(lacking, 1), catchUpOf(lacking, 2)];
    const dealt = first.flatMap(({ plays }) => plays.map((play) => (play as { cell: Cell }).cell));
    expect(dealt).toEqual(paused.flatMap((cell) => [cell, cell, cell, cell]));
    const seeds = [...planOf(10_000), ...first, ...second].map(({ seed }) => seed);
    expect(new Set(seeds).size).toBe(seeds.length);
  });
});

describe('the report', () => {
  const rows = perfect(10_000);
  const minimums = minimumsFor(10_000);

  it('[campaign.enough] a whole campaign without a problem proves its point', () => {
    expect(failuresOf(totalsOf(rows), minimums)).toEqual([]);
  });

  it('[campaign.enough] fails where it was too short, missed a point or a stance, or timed too little', () => {
    expect(failuresOf(totalsOf(rows.slice(0, 100)), minimums).length).toBeGreaterThan(3);
    const change = (of: (play: PlayRow) => Partial<PlayRow>) =>
      rows.map(({ plays, series }) => ({ series, plays: plays.map((play) => ({ ...play, ...of(play) })) }));
    const pointMissed = change(({ cell }) =>
      cell?.point === 'event.sent' ? { reached: false, met: false } : {},
    );
    expect(failuresOf(totalsOf(pointMissed), minimums).join()).toContain('kills at event.sent: 0');
    const stanceMissed = change(({ cell }) => (cell?.stance === 'paused' ? { met: false } : {}));
    expect(failuresOf(totalsOf(stanceMissed), minimums).join()).toContain('parent paused: 0');
    const untimed = rows.map(({ plays, series }) => ({
      plays,
      series: { ...series, wakeFromEmittedMs: [] },
    }));
    expect(failuresOf(totalsOf(untimed), minimums).join()).toContain('timed: 0');
  });

  it.each([
    'lost',
    'doubled',
    'outOfOrder',
    'stranded',
    'undeclaredEnd',
    'leftovers',
    'watchdogRescues',
  ] as const)('[campaign.enough] fails on a single %s', (figure) => {
    const [first, ...others] = rows;
    const wrong = [{ plays: first!.plays, series: { ...first!.series, [figure]: 1 } }, ...others];
    expect(failuresOf(totalsOf(wrong), minimums)).toHaveLength(1);
  });

  it('[campaign.enough] fails on a problem of any play', () => {
    const [first, ...others] = rows;
    const plays = first!.plays.map((play, index) =>
      index === 0 ? { ...play, problems: ['it went wrong'] } : play,
    );
    expect(failuresOf(totalsOf([{ plays, series: first!.series }, ...others]), minimums)).toEqual([
      'problems: 1',
    ]);
  });
});

describe('the rows', () => {
  it('[campaign.enough] whole series are read back; one that was cut off does not count', () => {
    const path = rowsFile();
    expect(readRows(path)).toEqual([]);
    const [first, second, third] = perfect(200);
    for (const rows of [first!, second!]) appendRows(path, rows);
    // Played again: the last time counts.
    appendRows(path, second!);
    appendFileSync(path, `${JSON.stringify(third!.plays[0])}\n{"row":"play","se`);
    expect(readRows(path)).toEqual([first, second]);
  });
});
