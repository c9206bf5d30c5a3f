/** What a pod has written, where memory does not hold it: read from its log, as much as is asked for. */
import { applyEntry } from '../session/facts/replay.ts';
import { forgetSaid, isSaid } from '../session/facts/transcript.ts';
import type { Facts } from '../session/facts/facts.ts';
import type { AppendLog } from '../session/log/append-log.ts';
import { factsSoFar } from '../session/log/checkpoint-start.ts';
import type { LogDisk } from '../session/log/log-disk.ts';
import { readEntries } from '../session/log/read-log.ts';
import { type Output, OutputReading, readHeldOutput } from './machine/read-output.ts';

export interface Wanted {
  readonly since: string | undefined;
  readonly maxChars: number;
}

/** Of a living pod, as of now. Throws the file system's error. */
export async function outputOf(
  { facts, log, disk }: { facts: Facts; log: AppendLog; disk: LogDisk },
  { since, maxChars }: Wanted,
): Promise<Output> {
  const held = readHeldOutput(facts, since, maxChars);
  if (held !== null) return held;
  const reading = new OutputReading(facts, since, maxChars);
  const region = { from: log.offsetOfSeq(reading.fromSeq), to: log.size };
  return await readInto(reading, log.path, { disk, ...region });
}

/** Of a log that nobody writes any more. Throws the file system's error. */
export async function outputOfLog(path: string, disk: LogDisk, { since, maxChars }: Wanted): Promise<Output> {
  const { facts, end, index } = factsSoFar(path, disk);
  let to = end;
  for await (const { entry, end: behind } of readEntries(path, { disk, from: end })) {
    applyEntry(facts, entry);
    forgetSaid(facts);
    to = behind;
  }
  const reading = new OutputReading(facts, since, maxChars);
  return await readInto(reading, path, { disk, from: index.floor(reading.fromSeq), to });
}

async function readInto(
  reading: OutputReading,
  path: string,
  options: { disk: LogDisk; from: number; to: number },
): Promise<Output> {
  for await (const { entry } of readEntries(path, options)) if (isSaid(entry) && !reading.take(entry)) break;
  return reading.end();
}
