/**
 * Numbers as a narrow column has room for them. Pure. A clock changes each second in its first minute, each
 * ten seconds in its first ten minutes, then each minute: what stands still is not drawn.
 */

/** `12s`, `2m10s`, `14m`, `2h05m`, `3d`; '' where the time is not known. */
export function clock(ms: number): string {
  if (!Number.isFinite(ms)) return '';
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${minutes}m${two(Math.floor((seconds % 60) / 10) * 10)}s`;
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 10) return `${hours}h${two(minutes % 60)}m`;
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

/** Of what began at that time (ISO), now. */
export function clockSince(since: string | null, nowMs: number): string {
  return since === null ? '' : clock(nowMs - Date.parse(since));
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

/** At most five characters: `800`, `5.0k`, `12.4k`, `124k`, `1.2M`. */
export function tokens(count: number): string {
  if (count < 1_000) return String(Math.max(0, Math.round(count)));
  if (count < 99_950) return `${(count / 1_000).toFixed(1)}k`;
  if (count < 999_500) return `${Math.round(count / 1_000)}k`;
  if (count < 99_950_000) return `${(count / 1_000_000).toFixed(1)}M`;
  return count < 999_500_000 ? `${Math.round(count / 1_000_000)}M` : `${(count / 1e9).toFixed(0)}G`;
}

/** `$0.41`; `<$0.01` where that would be nothing; '' where nothing was used, `$?` where no price is known. */
export function dollars(cost: number | null): string {
  if (cost === null) return '$?';
  if (cost <= 0) return '';
  if (cost < 0.005) return '<$0.01';
  return cost < 100 ? `$${cost.toFixed(2)}` : `$${Math.round(cost)}`;
}

/** The same for a column: `$.41`. */
export function cents(cost: number | null): string {
  return dollars(cost).replace('$0.', '$.');
}

/** `12,345`. */
export function grouped(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** What passed between two times, as exact as a person can use it: `+2ms`, `+1.4s`, `+2m10s`. */
export function lag(from: string | null, to: string | null): string {
  if (from === null || to === null) return '';
  const ms = Date.parse(to) - Date.parse(from);
  if (!Number.isFinite(ms)) return '';
  if (ms < 1_000) return `+${Math.max(0, Math.round(ms))}ms`;
  return ms < 10_000 ? `+${(ms / 1_000).toFixed(1)}s` : `+${clock(ms)}`;
}
