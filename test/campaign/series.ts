/**
 * One series from its first start to its last process: plays, the cheap oracle behind each, the whole one at
 * the end. Never rejects.
 */
import { cpSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../src/std/system-code.ts';
import { Random } from '../sim/random.ts';
import { processesOf } from '../support/audit.ts';
import { megabyte, writeHistory } from '../support/big-history.ts';
import { type RawWire, deafObserver } from '../support/raw-wire.ts';
import { recover } from './aftermath.ts';
import { type Deaths, playCell } from './cell-play.ts';
import { auditStage, endStage } from './final-audit.ts';
import { enginePromises, playEngine, strayProcesses, workingAgent } from './engine-play.ts';
import { playCutLink, playInstant, playParentDown } from './odd-plays.ts';
import type { AuditedPod, Finding } from './oracle.ts';
import type { Play, Series } from './plan.ts';
import type { PlayRow, SeriesRow, SeriesRows } from './rows.ts';
import { Stage, type StageOptions } from './stage.ts';

const deafObservers = 3;
/** What an agent has left at its end is given a moment to end by itself, then is asked, then killed. */
const strayMs = 8_000;
const longHistoryBytes = 64 * megabyte;

export interface SeriesOptions {
  /** A folder for the homes of series that went wrong. */
  keep?: string;
  /** Given what the oracle reads, at the end of a series that went well. */
  inspect?: (pods: AuditedPod[]) => void;
}

export async function playSeries(series: Series, options: SeriesOptions = {}): Promise<SeriesRows> {
  const startedMs = performance.now();
  const stage = new Stage();
  const deaf: RawWire[] = [];
  const plays: PlayRow[] = [];
  const summary = emptySummary(series);
  try {
    await stage.build(buildOf(stage, series));
    for (const [index, play] of series.plays.entries()) {
      if (series.flavour === 'deaf') await attachDeaf(stage, deaf);
      const row = await playOne(stage, series, { play, number: index + 1 });
      plays.push(row);
      // A tree that did not come to rest is no stage for another play.
      if (row.problems.length > 0) break;
    }
    // A tree that did not come to rest has nothing to say at its end.
    if (plays.every(({ problems }) => problems.length === 0))
      Object.assign(summary, await endStage(stage, options.inspect));
    summary.problems.push(...enginePromises(stage));
  } catch (error) {
    summary.problems.push(textOf(error));
  }
  for (const wire of deaf) wire.socket.destroy();
  const wrong = summary.problems.length > 0 || plays.some(({ problems }) => problems.length > 0);
  if (wrong && options.keep !== undefined)
    keepHome(stage, join(options.keep, `series-${series.seed}-${Date.now()}`));
  stage.close();
  // One pod may bring another back while the home is taken down.
  if (wrong) killLeft(stage);
  await stage.home.close().catch((error: unknown) => summary.problems.push(textOf(error)));
  summary.durationMs = Math.round(performance.now() - startedMs);
  return { plays, series: countBroken(summary, plays) };
}

function buildOf(stage: Stage, { flavour }: Series): StageOptions {
  if (flavour === 'longHistory') return { prepare: longPast };
  if (flavour !== 'agents' && flavour !== 'heldAgents') return {};
  return { agent: workingAgent(stage), isHeld: flavour === 'heldAgents' };
}

function emptySummary({ seed, flavour }: Series): SeriesRow {
  return {
    row: 'series',
    seed,
    flavour,
    durationMs: 0,
    events: 0,
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    stranded: 0,
    undeclaredEnd: 0,
    leftovers: 0,
    watchdogRescues: 0,
    wakeFromEmittedMs: [],
    wakeFromReceivedMs: [],
    problems: [],
  };
}

async function longPast(root: Parameters<typeof writeHistory>[0]): Promise<number> {
  await writeHistory(root, longHistoryBytes);
  return statSync(root.folder.log).size;
}

/** Each incarnation of the root has its own. */
async function attachDeaf(stage: Stage, deaf: RawWire[]): Promise<void> {
  if (deaf.length > 0 && deaf.every(({ socket }) => !socket.destroyed)) return;
  for (const wire of deaf) wire.socket.destroy();
  deaf.length = 0;
  for (let count = 0; count < deafObservers; count += 1) {
    const wire = await deafObserver(stage.root.pod.socket);
    wire.socket.on('error', () => wire.socket.destroy());
    deaf.push(wire);
  }
}

async function playOne(
  stage: Stage,
  { seed }: Series,
  { play, number }: { play: Play; number: number },
): Promise<PlayRow> {
  const startedMs = performance.now();
  const random = new Random(seed, 1_000 + number);
  const row: PlayRow = {
    row: 'play',
    seed,
    number,
    kind: play.kind,
    cell: play.kind === 'cell' ? play.cell : null,
    ...(play.kind === 'engine' && { engine: { who: play.who, point: play.point } }),
    back: 'back' in play ? play.back : 'start',
    kills: 0,
    reached: false,
    met: false,
    durationMs: 0,
    problems: [],
  };
  try {
    const deaths = await die(stage, play, { number, random });
    row.kills = deaths.kills;
    row.reached = deaths.reached;
    row.met = deaths.met;
    const back = play.kind === 'instant' && deaths.dead[0]?.actor === stage.root ? 'start' : row.back;
    await recover(stage, deaths, { back: back as 'start', random, number });
    row.problems.push(...(await auditStage(stage)).map(sentence));
    if (play.kind === 'engine')
      await stage.until('no stray process', () => strayProcesses(stage).length === 0, strayMs);
  } catch (error) {
    stage.disarm();
    row.problems.push(textOf(error));
    row.problems.push(...(await auditStage(stage).catch(() => [])).map(sentence));
  }
  row.durationMs = Math.round(performance.now() - startedMs);
  return row;
}

function die(stage: Stage, play: Play, at: { number: number; random: Random }): Promise<Deaths> {
  switch (play.kind) {
    case 'cell':
      return playCell(stage, { ...at, cell: play.cell });
    case 'instant':
      return playInstant(stage, at);
    case 'cutLink':
      return playCutLink(stage, at);
    case 'engine':
      return playEngine(stage, { ...at, who: play.who, point: play.point });
    case 'parentDown':
      return playParentDown(stage, { ...at, downMs: play.downMs });
  }
}

function sentence({ promise, text }: Finding): string {
  return `${promise}: ${text}`;
}

/** What the oracle said behind a play counts as what it said at the end does. */
function countBroken(summary: SeriesRow, plays: readonly PlayRow[]): SeriesRow {
  const told = new Set([...plays.flatMap(({ problems }) => problems), ...summary.problems]);
  for (const promise of ['lost', 'doubled', 'outOfOrder', 'stranded', 'undeclaredEnd'] as const)
    summary[promise] = [...told].filter((text) => text.startsWith(`${promise}: `)).length;
  return summary;
}

function killLeft(stage: Stage): void {
  for (let left = processesOf(stage.home); left.length > 0; left = processesOf(stage.home)) {
    for (const { pid } of left) signalPid(pid);
  }
}

function signalPid(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}

function keepHome(stage: Stage, path: string): void {
  if (existsSync(path)) return;
  cpSync(stage.home.path, path, {
    recursive: true,
    // Sockets and pipes cannot be copied.
    filter: (from) => !/\/h\/run\/|\/work\/g\d+$/.test(from),
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
