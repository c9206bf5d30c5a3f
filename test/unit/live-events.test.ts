import { expect, it } from 'vitest';
import { liveEvents, readLiveEvent } from '../../src/protocol/live-events.ts';

it('[subscribe.read] a type that is not known, or without what it must have, is passed over', () => {
  const wrong = [
    { type: 'newer', text: 'x' },
    { type: 'toString' },
    { type: 'lagged' },
    { type: 'status', status: 'resting', turns: 1 },
    { type: 'entry', entry: { seq: 0, time: 't', type: 'x' } },
    { status: 'idle' },
    null,
    'status',
  ];
  expect(wrong.map(readLiveEvent)).toEqual(wrong.map(() => null));
});

it('[subscribe.read] fields that are not known are left out, of an entry they are kept', () => {
  expect(readLiveEvent({ type: 'shutdown', reason: 'r', newer: 1 })).toEqual({
    type: 'shutdown',
    reason: 'r',
  });
  const entry = { seq: 1, time: 't', type: 'newer', more: { deep: true } };
  expect(readLiveEvent({ type: 'entry', entry, newer: 1 })).toEqual({ type: 'entry', entry });
});

it('[subscribe.read] an alert of a level that is not known is an error', () => {
  const alert = { type: 'alert', code: 'c', text: 't' };
  expect(readLiveEvent({ ...alert, level: 'fatal' })).toEqual({ ...alert, level: 'error' });
  expect(readLiveEvent({ ...alert, level: 'warning' })).toEqual({ ...alert, level: 'warning' });
});

it('[subscribe.table] no type has a field of the name that names the type', () => {
  for (const { fields } of Object.values(liveEvents)) {
    const schema = fields();
    if ('shape' in schema) expect(Object.keys(schema.shape)).not.toContain('type');
  }
});
