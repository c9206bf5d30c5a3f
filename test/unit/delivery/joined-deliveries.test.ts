import { expect, it } from 'vitest';
import { joinedDeliveries } from '../../../src/delivery/joined-deliveries.ts';
import type { Delivery } from '../../../src/protocol/methods.ts';

const row = (fields: Partial<Delivery>): Delivery => ({
  from: 'kid',
  to: 'me',
  seq: 1,
  kind: 'turnEnded',
  state: 'committed',
  attempts: 0,
  reason: null,
  committedAt: null,
  sentAt: null,
  receivedAt: null,
  consumedAt: null,
  seenAt: null,
  ...fields,
});

it('[screen.tree-deliveries] of an event that both ends know there is one row, as far as it has come, with all its times', () => {
  const sender = row({
    state: 'sent',
    attempts: 2,
    committedAt: 'c',
    sentAt: 's',
    reason: 'no acknowledgement yet',
  });
  const receiver = row({ state: 'received', receivedAt: 'r' });
  const whole = { ...receiver, attempts: 2, committedAt: 'c', sentAt: 's' };
  expect(joinedDeliveries([sender, receiver])).toEqual([whole]);
  expect(joinedDeliveries([receiver, sender])).toEqual([whole]);
});

it('[screen.tree-deliveries] what the model has seen has the times of its reading, and of two ends that are as far the first counts', () => {
  const sender = row({ state: 'sent', committedAt: 'c', sentAt: 's' });
  const reader = row({ state: 'seen', receivedAt: 'r', consumedAt: 'k', seenAt: 'v' });
  expect(joinedDeliveries([sender, reader])).toEqual([{ ...reader, committedAt: 'c', sentAt: 's' }]);
  const refused = row({ state: 'refused', reason: 'no such child' });
  expect(joinedDeliveries([refused, row({ state: 'waiting' })])).toEqual([refused]);
});

it('[screen.tree-deliveries] other events, other pods and two deaths of one are rows of their own', () => {
  const rows = [
    row({}),
    row({ seq: 2 }),
    row({ from: 'sib' }),
    row({ to: 'above' }),
    row({ seq: null, kind: 'died', receivedAt: '1' }),
    row({ seq: null, kind: 'died', receivedAt: '2' }),
  ];
  expect(joinedDeliveries(rows)).toEqual(rows);
});
