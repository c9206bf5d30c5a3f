/** Times as people write them on the command line. */
import { CommandFailed, exitStatus } from './context.ts';

/** `--timeout 2.5` in ms. Throws `CommandFailed` (usage). */
export function secondsToMs(text: string, option: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds < 0 || seconds > 86_400) {
    throw new CommandFailed(
      exitStatus.usage,
      `${option}: "${text}" is not a number of seconds from 0 to 86400`,
    );
  }
  return Math.round(seconds * 1_000);
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `10m`, `2h`, `30s`, `1d` ago, or an ISO 8601 time, in ms since 1970. Throws `CommandFailed` (usage). */
export function sinceMs(text: string, nowMs: number, option = '--since'): number {
  const ago = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text.trim());
  if (ago !== null) return nowMs - Number(ago[1]) * (unitMs[ago[2] ?? ''] ?? 0);
  const at = /^\d{4}-\d{2}-\d{2}/.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new CommandFailed(
    exitStatus.usage,
    `${option}: "${text}" is neither a time like 2026-01-31T12:00:00Z nor an age like 30s, 10m, 2h, 1d`,
  );
}

/** A whole number of at least 0. Throws `CommandFailed` (usage). */
export function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new CommandFailed(exitStatus.usage, `${option}: "${text}" is not a whole number`);
}
