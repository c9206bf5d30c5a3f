/**
 * Samples of interleaved rounds, and what is told of them: medians over the rounds, ratios taken within a
 * round.
 */

/** Figures of one thing in one round; the key is the column with its unit, as `p50 µs`. */
export type Figures = Record<string, number>;

export interface Report {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly { readonly label: string; readonly figures: Figures }[];
  readonly notes: readonly string[];
}

/** A column of ratios: each round's figure over that of the row `to(label)` in the same round. */
export interface Ratio {
  readonly column: string;
  readonly as: string;
  readonly to: (label: string) => string;
}

export class Samples {
  readonly #rounds = new Map<string, Figures[]>();

  add(label: string, figures: Figures): void {
    const sofar = this.#rounds.get(label) ?? [];
    sofar.push(figures);
    this.#rounds.set(label, sofar);
  }

  /** One row a label, ratios first. */
  rows(ratios: readonly Ratio[] = []): Report['rows'] {
    return [...this.#rounds].map(([label, rounds]) => {
      const figures: Figures = {};
      for (const { column, to, as } of ratios) {
        const base = this.#rounds.get(to(label)) ?? [];
        const perRound = rounds.flatMap((round, i) => {
          const [over, under] = [round[column], base[i]?.[column]];
          return over === undefined || under === undefined || under === 0 ? [] : [over / under];
        });
        if (perRound.length > 0) figures[as] = median(perRound);
      }
      for (const column of new Set(rounds.flatMap((round) => Object.keys(round)))) {
        figures[column] = median(rounds.flatMap((round) => round[column] ?? []));
      }
      return { label, figures };
    });
  }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** NaN for no values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** Latencies in ms as `p50 µs` and `p99 µs`. */
export function latencyFigures(latenciesMs: readonly number[]): Figures {
  return { 'p50 µs': quantile(latenciesMs, 0.5) * 1_000, 'p99 µs': quantile(latenciesMs, 0.99) * 1_000 };
}

export function printReport({ name, title, rows, notes }: Report): void {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row.figures)))];
  const lines = [
    ['', ...columns],
    ...rows.map(({ label, figures }) => [label, ...columns.map((column) => shown(figures[column]))]),
  ];
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  console.log(`${name}: ${title}`);
  for (const line of lines) {
    console.log(
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    );
  }
  for (const note of notes) console.log(`  ${note}`);
  console.log('');
}

function shown(value: number | undefined): string {
  if (value === undefined) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
