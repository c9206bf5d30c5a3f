/**
 * A ledger of a log without reading what its checkpoint knows to be about no event: a log grows by what is
 * said in it, its ledger by what was reported.
 */
import { factsSoFar, type Looking } from '../session/log/checkpoint-start.ts';
import { type LogDisk, nodeDisk } from '../session/log/log-disk.ts';
import { readEntries } from '../session/log/read-log.ts';
import { createLedger, type Ledger, ledgerTypes } from './ledger.ts';

/** Throws the file system's error (ENOENT: there is no such log). */
export async function readLedger(
  path: string,
  disk: LogDisk = nodeDisk,
  looking: Looking = {},
): Promise<ReturnType<Ledger['rows']>> {
  const ledger = createLedger();
  const { facts, end, index } = factsSoFar(path, disk, looking);
  const reading = { disk, types: ledgerTypes };
  for (const { from, to, isOfEvents } of index.stretches(end)) {
    if (!isOfEvents && !ledger.awaitsReading()) {
      ledger.passOver();
      continue;
    }
    for await (const { entry } of readEntries(path, { ...reading, from, to, isCommitted: true }))
      ledger.take(entry);
  }
  if (end > 0) ledger.standAt(facts);
  for await (const { entry } of readEntries(path, { ...reading, from: end })) ledger.take(entry);
  return ledger.rows();
}
