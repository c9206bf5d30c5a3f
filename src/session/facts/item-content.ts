/** Which item an entry speaks of. Pure. */
import type { SystemItemEntry } from './entries.ts';
import type { BufferedItem } from './facts.ts';

/** The systemItem gives the model what was buffered as this. */
export function sameItem(content: BufferedItem['content'], item: SystemItemEntry['item']): boolean {
  if (content.kind === 'podEvent' && item.kind === 'podEvent') {
    return (
      content.from.instance === item.from.instance &&
      content.seq === item.seq &&
      (item.seq !== null ||
        (content.from.incarnation === item.from.incarnation && content.event.kind === item.event.kind))
    );
  }
  if (content.kind === 'notice' && item.kind === 'notice') return content.submission === item.submission;
  if (content.kind === 'assignment' && item.kind === 'assignment')
    return content.assignment === item.assignment;
  if (content.kind === 'command' && item.kind === 'command') return content.command === item.command;
  return false;
}

/** The end of an incarnation that a StopPod result has told. */
export function reportsEndOf(
  content: BufferedItem['content'],
  stopped: { instance: string; incarnation: number },
): boolean {
  if (content.kind !== 'podEvent' || content.from.instance !== stopped.instance) return false;
  if (content.event.kind !== 'shutDown' && content.event.kind !== 'died') return false;
  return content.from.incarnation <= stopped.incarnation;
}
