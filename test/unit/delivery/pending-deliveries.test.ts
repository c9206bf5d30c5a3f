/** Where the events are that have not come to their end, as a table. */
import { describe, expect, it } from 'vitest';
import { pendingInbound, pendingOutbound } from '../../../src/delivery/pending-deliveries.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import {
  type Line,
  above,
  acked,
  begun,
  child,
  completed,
  died,
  ended,
  factsOf,
  finished,
  input,
  interrupted,
  itemOf,
  kid,
  notice,
  noticeItem,
  received,
  sent,
  shutDown,
  timeOf,
} from '../machine-rig.ts';

const noTimes = {
  attempts: 0,
  reason: null,
  committedAt: null,
  sentAt: null,
  receivedAt: null,
  consumedAt: null,
  seenAt: null,
};
const refusal: EntryBody = { type: 'alert', level: 'error', code: 'c', text: 'no way', refusal: 'badToken' };

describe('what is pending for the parent', () => {
  const out = (seq: number, kind: string, fields: object) => ({
    ...noTimes,
    from: 'me',
    to: 'above',
    seq,
    kind,
    ...fields,
  });
  const committed = (seq: number, kind: string, entry: number) =>
    out(seq, kind, { state: 'committed', committedAt: timeOf(entry) });

  it.each<[string, Line[], object[]]>([
    ['nothing', [], []],
    [
      'what is committed',
      [sent(1, finished()), sent(2, shutDown())],
      [committed(1, 'turnEnded', 3), committed(2, 'shutDown', 4)],
    ],
    [
      'nothing that is acknowledged',
      [sent(1, finished()), sent(2, shutDown()), acked(1)],
      [committed(2, 'shutDown', 4)],
    ],
    [
      'what is refused for good',
      [sent(1, finished()), refusal],
      [out(1, 'turnEnded', { state: 'refused', reason: 'badToken: no way', committedAt: timeOf(3) })],
    ],
  ])('[pending.outbound] is %s', (_, log, rows) => {
    expect(pendingOutbound(factsOf(log, above))).toEqual(rows);
  });

  it('[pending.outbound] has nobody to go to in a root', () => {
    expect(pendingOutbound(factsOf([sent(1, finished())]))).toMatchObject([{ to: '' }]);
  });
});

describe('what is pending for the model', () => {
  const row = (seq: number | null, kind: string, fields: object) => ({
    ...noTimes,
    from: 'kid',
    to: 'me',
    seq,
    kind,
    ...fields,
  });
  const got = (reason: string | null, seq = 1) =>
    row(seq, 'turnEnded', { state: 'received', receivedAt: timeOf(4), reason });
  const consumed = (reason: string | null) =>
    row(1, 'turnEnded', { state: 'consumed', receivedAt: timeOf(4), consumedAt: timeOf(6), reason });
  const first = [child(kid, 'linked'), received(1, finished())];
  const taken = [...first, begun('t1'), itemOf('t1', 1, finished())];

  it.each<[string, Line[], object[]]>([
    ['nothing', [], []],
    ['no notice that waits', [notice('n1')], []],
    ['no notice that was taken in', [notice('n1'), begun('t1'), noticeItem('t1', 'n1')], []],
    ['what is received', first, [got(null)]],
    [
      'what is received and wakes nobody',
      [child(kid, 'linked'), received(1, finished(), { wakes: false })],
      [got('it is read with the next turn')],
    ],
    ['what is received at a paused pod', [...first, input('pause')], [got('the pod is paused')]],
    [
      'a death, which began here',
      [child(kid, 'linked'), received(null, died())],
      [row(null, 'died', { state: 'received', committedAt: timeOf(4), receivedAt: timeOf(4) })],
    ],
    ['what is taken in and not seen', taken, [consumed(null)]],
    ['nothing that is seen', [...taken, completed('t1', 6)], []],
    [
      'what is taken in at a paused pod',
      [...taken, interrupted('t1'), input('pause')],
      [consumed('the pod is paused')],
    ],
    [
      'what a failed turn had taken in',
      [...taken, ended('t1', 'errored')],
      [consumed('the turn that took it in failed')],
    ],
    [
      'what a cancelled turn had taken in',
      [...taken, ended('t1', 'cancelled')],
      [consumed('the turn that took it in was cancelled')],
    ],
    ['what a turn at its limit had taken in', [...taken, ended('t1', 'limitReached')], [consumed(null)]],
    [
      'first what was taken in, then what waits',
      [...taken, received(2, finished())],
      [consumed(null), row(2, 'turnEnded', { state: 'received', receivedAt: timeOf(7) })],
    ],
    [
      'found among many entries',
      [
        child(kid, 'linked'),
        received(1, finished()),
        begun('t1'),
        itemOf('t1', 1, finished()),
        ...Array.from({ length: 5 }, (_, n) => noticeItem('t1', `n${n}`)),
      ],
      [consumed(null)],
    ],
    [
      'found behind many entries',
      [
        child(kid, 'linked'),
        ...Array.from({ length: 5 }, (_, n) => noticeItem('t1', `n${n}`)),
        received(1, finished()),
        itemOf('t1', 1, finished()),
      ],
      [row(1, 'turnEnded', { state: 'consumed', receivedAt: timeOf(9), consumedAt: timeOf(10) })],
    ],
  ])('[pending.inbound] is %s', (_, log, rows) => {
    expect(pendingInbound(factsOf(log))).toEqual(rows);
  });
});
