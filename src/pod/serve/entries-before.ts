/**
 * Entries of the log before one of them, from the file: what it costs does not depend on what is behind them.
 */
import type { Params, Result } from '../../protocol/methods.ts';
import type { AppendLog } from '../../session/log/append-log.ts';
import { decodeLine } from '../../session/log/line.ts';

/** Of one answer, as they are in the log; a single entry may be longer. */
const bytesMax = 1024 * 1024;
const newline = 0x0a;

type Answer = Result<'entries'>;

export function entriesBefore(log: AppendLog, { before, limit }: Params<'entries'>): Answer {
  const end = Math.min(before ?? log.lastSeq + 1, log.lastSeq + 1);
  const to = log.offsetOfSeq(end);
  const { first, from } = beginning(log, { end, to }, limit);
  const found: { entry: Answer['entries'][number]; bytes: number }[] = [];
  let bytes = 0;
  for (const piece of log.pieces({ from, to })) {
    let start = 0;
    for (let at = piece.bytes.indexOf(newline); at !== -1; at = piece.bytes.indexOf(newline, start)) {
      const line = decodeLine(piece.bytes.subarray(start, at));
      if (line.ok) found.push({ entry: { ...line.entry }, bytes: at - start });
      bytes += line.ok ? at - start : 0;
      start = at + 1;
    }
    while (bytes > bytesMax && found.length > 1) bytes -= found.shift()?.bytes ?? 0;
  }
  // A number whose line is damaged makes the answer shorter, and is passed.
  const next = found.length === 0 ? first : (found[0]?.entry.seq ?? first);
  return { entries: found.map(({ entry }) => entry), before: next > 1 ? next : null };
}

/** Not further back than the answer holds: a thousand of the longest entries are gigabytes. */
function beginning(
  log: AppendLog,
  { end, to }: { end: number; to: number },
  limit: number,
): { first: number; from: number } {
  for (let count = 1; ; count = Math.min(limit, count * 4)) {
    const first = Math.max(1, end - count);
    const from = log.offsetOfSeq(first);
    if (count === limit || first === 1 || to - from >= bytesMax) return { first, from };
  }
}
