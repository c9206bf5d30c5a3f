/** An item of the history with the text that a model would read of it, by what is known of its receipt. */
import { noticeBody } from '../../src/delivery/notice.ts';
import type { PodIdentity } from '../../src/protocol/names.ts';
import type { PodEvent } from '../../src/protocol/pod-event.ts';
import type { SystemItem } from '../../src/session/facts/entries.ts';
import type { BufferedItem, Facts } from '../../src/session/facts/facts.ts';

export function toldItem(
  facts: Facts,
  { from, seq, event }: { from: PodIdentity; seq: number | null; event: PodEvent },
): SystemItem {
  const received = facts.notifyBuffer.find(
    ({ content }) =>
      content.kind === 'podEvent' && content.from.instance === from.instance && content.seq === seq,
  )?.content;
  const known = received?.kind === 'podEvent' ? received : { closes: [], asked: '' };
  const item: BufferedItem = {
    entrySeq: 0,
    wakes: true,
    hops: 0,
    receivedAt: '',
    deathsAt: [],
    content: { kind: 'podEvent', from, seq, event, closes: known.closes, asked: known.asked },
  };
  const body = noticeBody(item, { alreadyRead: false, quarantined: false });
  return { kind: 'podEvent', from, seq, event, body };
}
