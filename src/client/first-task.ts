/** What a pod was first asked to do: the title of its session. */
import { systemCode } from '../std/system-code.ts';
import { readEntries } from '../session/log/read-log.ts';
import type { FoundPod } from './find-pod.ts';

/** Its first line; empty where it was asked nothing yet. The log is read as far as that. */
export async function firstTaskOf({ folder }: FoundPod): Promise<string> {
  try {
    for await (const { entry } of readEntries(folder.log)) {
      if (entry.type !== 'inputReceived' || entry.kind !== 'run') continue;
      return entry.text.split('\n').find((line) => line.trim() !== '') ?? '';
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  return '';
}
