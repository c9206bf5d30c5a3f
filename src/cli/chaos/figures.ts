/** What chaos comes to: the figures of its rounds, their sum, and the lines for people. Pure. */
import type { Report } from '../../delivery/verify/verify.ts';

export interface Finding {
  /** Of the round that found it: it plays the same again. */
  readonly seed: number;
  readonly text: string;
}

export interface RoundFigures {
  readonly seed: number;
  readonly durationMs: number;
  readonly pods: number;
  readonly kills: number;
  readonly freezes: number;
  readonly cuts: number;
  readonly restores: number;
  /** From a receipt to the turn that reads it, of idle pods that could run. */
  readonly wakesMs: readonly number[];
  /** What did not come to rest, as sentences. */
  readonly stranded: readonly string[];
  /** What went wrong beside that, as sentences. */
  readonly problems: readonly string[];
  /** Null where it was interrupted before its logs were judged. */
  readonly report: Report | null;
}

export interface ChaosFigures {
  seed: number;
  /** Under fire; the quiet and the check come on top. */
  durationMs: number;
  rounds: number;
  /** Of the rounds, those whose logs were judged. */
  judged: number;
  pods: number;
  kills: number;
  freezes: number;
  cuts: number;
  restores: number;
  events: number;
  lost: number;
  duplicated: number;
  outOfOrder: number;
  unseen: number;
  undeclaredDeaths: number;
  stranded: number;
  wake: { count: number; p50Ms: number | null; p99Ms: number | null };
  findings: Finding[];
}

export function figuresOf(seed: number, rounds: readonly RoundFigures[]): ChaosFigures {
  const sum = (of: (round: RoundFigures) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const wakesMs = rounds.flatMap((round) => round.wakesMs).toSorted((a, b) => a - b);
  return {
    seed,
    durationMs: Math.round(sum((round) => round.durationMs)),
    rounds: rounds.length,
    pods: sum((round) => round.pods),
    kills: sum((round) => round.kills),
    freezes: sum((round) => round.freezes),
    cuts: sum((round) => round.cuts),
    restores: sum((round) => round.restores),
    ...reportSums(rounds.flatMap(({ report }) => (report === null ? [] : [report]))),
    stranded: sum((round) => round.stranded.length),
    wake: { count: wakesMs.length, p50Ms: quantile(wakesMs, 0.5), p99Ms: quantile(wakesMs, 0.99) },
    findings: rounds.flatMap(findingsOf),
  };
}

function reportSums(
  reports: readonly Report[],
): Pick<
  ChaosFigures,
  'judged' | 'events' | 'lost' | 'duplicated' | 'outOfOrder' | 'unseen' | 'undeclaredDeaths'
> {
  const sum = (of: (report: Report) => number) => reports.reduce((total, report) => total + of(report), 0);
  return {
    judged: reports.length,
    events: sum(({ events }) => events),
    lost: sum(({ lost }) => lost),
    duplicated: sum(({ duplicated }) => duplicated),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
    unseen: sum(({ unseen }) => unseen),
    undeclaredDeaths: sum(({ undeclaredDeaths }) => undeclaredDeaths),
  };
}

/** A trial that has done nothing shows nothing. */
export function isTried({ kills, freezes, cuts }: ChaosFigures): boolean {
  return kills + freezes + cuts > 0;
}

export function findingsOf({ seed, stranded, problems, report }: RoundFigures): Finding[] {
  const texts = [
    ...(report?.violations ?? []).map(({ rule, pod, text }) => `${rule} ${pod}: ${text}`),
    ...stranded.map((text) => `stranded: ${text}`),
    ...problems,
  ];
  // Noticed again and again, it is still one.
  return [...new Set(texts)].map((text) => ({ seed, text }));
}

/** Null where there is nothing. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
}

export function faultsText({
  kills,
  freezes,
  cuts,
}: Pick<ChaosFigures, 'kills' | 'freezes' | 'cuts'>): string {
  return [counted(kills, 'kill'), counted(freezes, 'freeze'), counted(cuts, 'cut')].join(', ');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

export function figuresLine(figures: ChaosFigures): string {
  const { wake } = figures;
  const seconds = Math.round(figures.durationMs / 1_000);
  const wakes =
    wake.count === 0
      ? 'no wake was timed'
      : `wake p50 ${wake.p50Ms} ms, p99 ${wake.p99Ms} ms of ${wake.count}`;
  const judged = `${figures.events} events: ${figures.lost} lost, ${figures.duplicated} duplicated, ${figures.outOfOrder} out of order, ${figures.stranded} stranded`;
  return [
    `${faultsText(figures)} in ${seconds} s of ${figures.pods} pods`,
    ...(figures.judged > 0 ? [judged] : []),
    wakes,
    ...(figures.judged < figures.rounds ? ['interrupted: the logs of the last tree were not judged'] : []),
  ].join('; ');
}
