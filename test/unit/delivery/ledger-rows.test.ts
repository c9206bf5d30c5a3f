/** Where each event is, row by row: what a pod sent, what it received, and why that is not further. */
import { describe, expect, it } from 'vitest';
import { createLedger, inboundLedger, outboundLedger } from '../../../src/delivery/ledger.ts';
import {
  type Line,
  above,
  acked,
  begun,
  called,
  completed,
  died,
  ended,
  entriesOf,
  finished,
  input,
  itemOf,
  kid,
  me,
  noticeItem,
  received,
  result,
  sent,
  shutDown,
  sib,
  started,
  timeOf,
  unreachable,
} from '../machine-rig.ts';

const outbound = (lines: Line[]) => outboundLedger(entriesOf(lines, above));
const inbound = (lines: Line[]) => inboundLedger(entriesOf(lines));
const alert = { type: 'alert', level: 'error', code: 'badToken', text: 'it says no' } as const;
const refusal: Line = { ...alert, refusal: 'badToken' };
const two: Line[] = [sent(1, finished()), sent(2, finished())];

describe('what was sent', () => {
  it.each<[string, Line[], [string, string | null][]]>([
    [
      'is refused behind a refusal for good, with its reason, and not what was acknowledged before',
      [...two, acked(1), refusal],
      [
        ['received', null],
        ['refused', 'badToken: it says no'],
      ],
    ],
    [
      'is only committed where an alert says anything else',
      [...two, alert],
      [
        ['committed', null],
        ['committed', null],
      ],
    ],
    [
      'is committed again in the next life',
      [...two, refusal, started(2)],
      [
        ['committed', null],
        ['committed', null],
      ],
    ],
    [
      'is committed again behind an acknowledgement',
      [...two, refusal, acked(1)],
      [
        ['received', null],
        ['committed', null],
      ],
    ],
    [
      'is discarded, or was received before',
      [...two, acked(1), { type: 'discarded', through: 7, reason: 'rm -f' }],
      [
        ['received', null],
        ['discarded', 'rm -f'],
      ],
    ],
  ])('[ledger.outbound-states] %s', (_, lines, rows) => {
    expect(outbound(lines).map(({ state, reason }) => [state, reason])).toEqual(rows);
  });

  it('[ledger.outbound-states] names its tries as its acknowledgement does, each its own', () => {
    const tries = [{ seq: 2, attempts: 3, at: 'then' }];
    const rows = outbound([...two, { ...acked(2), sent: tries }]);
    expect(rows.map(({ seq, attempts, sentAt }) => [seq, attempts, sentAt])).toEqual([
      [1, 0, null],
      [2, 3, 'then'],
    ]);
  });

  it('[ledger.outbound-states] of a log that has lost its session is nobody’s', () => {
    const ledger = createLedger();
    expect(ledger.rows()).toEqual({ inbound: [], outbound: [] });
    ledger.take({ seq: 1, time: timeOf(1), ...sent(1, finished()) });
    expect(ledger.rows().outbound).toMatchObject([{ from: '', to: '', instance: '' }]);
    expect(outboundLedger(entriesOf([sent(1, finished())]))).toMatchObject([{ from: me.name, to: '' }]);
  });
});

describe('what was received', () => {
  const turn = begun('t1');
  const one = received(1, finished());
  const state = (lines: Line[]) =>
    inbound(lines).map(({ kind, seq, state: is, reason }) => `${kind} ${seq} ${is} ${reason ?? ''}`.trim());

  it.each<[string, Line[], string[]]>([
    ['waits for nothing', [one], ['turnEnded 1 received']],
    [
      'waits while the pod is paused',
      [one, turn, ended('t1', 'paused')],
      ['turnEnded 1 received the pod is paused'],
    ],
    ['waits for nothing behind a finished turn', [one, turn, ended('t1')], ['turnEnded 1 received']],
    [
      'waits for nothing behind a cancel of what was paused',
      [one, input('pause'), input('cancel')],
      ['turnEnded 1 received'],
    ],
    ['is not paused by a run', [one, input('run')], ['turnEnded 1 received']],
    [
      'was taken in, and waits while the pod is paused',
      [one, turn, itemOf('t1', 1, finished()), ended('t1', 'paused')],
      ['turnEnded 1 consumed the pod is paused'],
    ],
    [
      'was taken in by a turn that failed',
      [one, turn, itemOf('t1', 1, finished()), ended('t1', 'errored')],
      ['turnEnded 1 consumed the turn that took it in failed'],
    ],
    [
      'was taken in, and no turn has failed',
      [one, turn, itemOf('t1', 1, finished()), ended('t1')],
      ['turnEnded 1 consumed'],
    ],
    [
      'is taken in by its number, in whichever order',
      [one, received(2, finished()), turn, itemOf('t1', 2, finished())],
      ['turnEnded 1 received', 'turnEnded 2 consumed'],
    ],
    [
      'without a number is taken in by its kind and life, one after the other',
      [
        received(null, unreachable),
        received(null, unreachable),
        turn,
        itemOf('t1', null, unreachable),
        itemOf('t1', null, unreachable),
      ],
      ['unreachable null consumed', 'unreachable null consumed'],
    ],
    [
      'is not changed by a notice, by an item of which no receipt is left, or by the result of a call',
      [
        one,
        turn,
        noticeItem('t1', 's1'),
        itemOf('t1', 9, finished()),
        called('t1', 'c1'),
        result('t1', 'c1'),
      ],
      ['turnEnded 1 received'],
    ],
  ])('[ledger.reasons] %s', (_, lines, rows) => {
    expect(state(lines)).toEqual(rows);
  });

  it('[ledger.stop-told] a result of StopPod makes a death final, and a failed turn does not hold it', () => {
    const told = result('t1', 'c1', { stopped: { instance: kid.instance, incarnation: 1 } });
    const lines: Line[] = [
      received(null, died()),
      received(1, shutDown()),
      received(2, finished()),
      received(1, shutDown(), { from: { ...sib, incarnation: 1 } }),
      turn,
      called('t1', 'c1'),
      told,
      itemOf('t1', 2, finished()),
      itemOf('t1', 1, shutDown()),
      ended('t1', 'errored'),
    ];
    expect(state(lines)).toEqual([
      'died null consumed',
      'shutDown 1 consumed',
      'turnEnded 2 consumed the turn that took it in failed',
      'shutDown 1 received',
    ]);
    // The item that came too late changed nothing.
    expect(inbound(lines)[1]?.consumedAt).toBe(timeOf(9));
  });

  it('[ledger.inbound-states] is seen where a response has followed its item, and not before', () => {
    const lines: Line[] = [one, received(2, finished()), turn, itemOf('t1', 1, finished())];
    expect(state([...lines, completed('t1', 5)])).toEqual(['turnEnded 1 consumed', 'turnEnded 2 received']);
    expect(state([...lines, completed('t1', 6)])).toEqual(['turnEnded 1 seen', 'turnEnded 2 received']);
  });
});
