/** Logs as an incarnation could have left them that nobody can be made to live. */
import type { EntryBody } from '../../src/session/facts/entries.ts';
import { takeLock } from '../../src/session/lock/lock.ts';
import { openLog } from '../../src/session/log/open-log.ts';
import type { TestPod } from './rig.ts';
import { eventually } from './waiting.ts';

/** To the log of a pod that does not run: as if its last incarnation had committed that too. */
export async function appendByHand(pod: TestPod, body: EntryBody): Promise<void> {
  const { instance, folder } = pod;
  // A killed process's threads may hold it for a moment longer than the process is listed.
  await eventually(folder.path, async () => (await pod.lock()) === 'free', `${pod.name} runs no more`);
  const lock = await takeLock({ instance, folder: folder.path });
  if (!lock.taken) throw new Error(`${pod.name} runs`);
  try {
    const { log } = await openLog({ path: folder.log, lock, instance });
    log.append([body]);
    await log.close();
  } finally {
    await lock.release();
  }
}
