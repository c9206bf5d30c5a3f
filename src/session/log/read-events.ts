/**
 * What a log says of events, without reading what its checkpoint knows to be about none: a log grows by what
 * is said in it, its events are few.
 */
import type { Entry } from '../facts/entries.ts';
import type { Facts } from '../facts/facts.ts';
import { factsSoFar, type Looking } from './checkpoint-start.ts';
import { type LogDisk, nodeDisk } from './log-disk.ts';
import { readEntries } from './read-log.ts';

/** Who takes the entries, one by one. */
export interface EventReader {
  /** Entries of other types are not for it. */
  readonly takes: ReadonlySet<string>;
  /**
   * Whether the next entries have to be taken whatever they are about: something was given to the model that
   * it has not read.
   */
  awaitsReading(): boolean;
  /** Entries about no event were left out while it awaited none. */
  passOver(): void;
  /** Where the log is now, of which entries were left out. */
  standAt(facts: Pick<Facts, 'paused' | 'refusal'>): void;
}

export interface EventReading extends Looking {
  readonly disk?: LogDisk;
}

/** Throws the file system's error (ENOENT: there is no such log). */
export async function* readEvents(
  path: string,
  reader: EventReader,
  { disk = nodeDisk, ...looking }: EventReading = {},
): AsyncGenerator<Entry> {
  const { facts, end, index } = factsSoFar(path, disk, looking);
  const reading = { disk, types: reader.takes };
  for (const { from, to, isOfEvents } of index.stretches(end)) {
    if (!isOfEvents && !reader.awaitsReading()) {
      reader.passOver();
      continue;
    }
    for await (const { entry } of readEntries(path, { ...reading, from, to, isCommitted: true })) yield entry;
  }
  if (end > 0) reader.standAt(facts);
  for await (const { entry } of readEntries(path, { ...reading, from: end })) yield entry;
}
