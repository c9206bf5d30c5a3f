/** The facts of a log that somebody else may be writing, or that nobody writes any more. */
import { systemCode } from '../../std/system-code.ts';
import { type Facts, emptyFacts } from '../facts/facts.ts';
import { factsSoFar } from './checkpoint-start.ts';
import { type LogDisk, nodeDisk } from './log-disk.ts';
import { readEntries } from './read-log.ts';
import { applyEntry } from '../facts/replay.ts';
import { forgetSaid } from '../facts/transcript.ts';

/**
 * What a log says, without the conversation itself: memory stays bounded. A log that is not there says
 * nothing. Throws the file system's other errors.
 */
export async function foldLog(path: string, disk: LogDisk = nodeDisk): Promise<Facts> {
  try {
    const { facts, end: from } = factsSoFar(path, disk);
    for await (const { entry } of readEntries(path, { disk, from })) {
      applyEntry(facts, entry);
      forgetSaid(facts);
    }
    return facts;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    return emptyFacts();
  }
}
