/**
 * How much of a long test a run plays. `short` is what every run has time for; FULL=1 plays `full`
 * everywhere, and NAME=number so many in that one test (CONTRIBUTING.md, Tests).
 */
export function sizeOf(name: string, { short, full }: { short: number; full: number }): number {
  const asked = process.env[name];
  if (asked !== undefined) return Number(asked);
  return process.env['FULL'] === undefined ? short : full;
}
