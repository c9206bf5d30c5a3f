/**
 * Pull: what stands in a child's log and has not come over a link goes through the same door as what does
 * (delivery §6).
 */
import type { ChildFacts } from '../../session/facts/facts.ts';
import { podFolder } from '../../session/home/home.ts';
import { readChildLog } from './child-log.ts';
import { onPodEvent } from '../machine/inputs.ts';
import type { Pod } from '../pod.ts';

/**
 * Answers the newest incarnation that the log tells of, and when it was last written. Throws the file
 * system's error.
 */
export async function readAndReceive(
  pod: Pod,
  child: ChildFacts,
  throughIncarnation: number,
): Promise<{ incarnation: number; lastTime: string }> {
  const log = await readChildLog(
    { folder: podFolder(pod.home, child.name), disk: pod.host.logs },
    {
      instance: child.instance,
      above: child.received,
      throughIncarnation,
    },
  );
  for (const { seq, incarnation, event } of log.events) {
    const from = { instance: child.instance, incarnation };
    pod.input((core) => onPodEvent(core, { from, seq, event }));
  }
  return log;
}
