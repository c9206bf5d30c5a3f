/**
 * The child's side of a delivery as a table: where the link is, what happens, where it is then and what is to
 * be done.
 */
import { describe, expect, it } from 'vitest';
import {
  type Outbox,
  type OutboxEffect,
  type OutboxInput,
  type OutboxView,
  newOutbox,
  outboxStep,
} from '../../../src/delivery/outbox.ts';

const view: OutboxView = {
  emitted: 5,
  acked: 2,
  reconnectBaseMs: 50,
  reconnectMaxMs: 5_000,
  random: () => 0.5,
};
const idle: OutboxView = { ...view, acked: 5 };

const at = (phase: Outbox['phase'], fields: Partial<Outbox> = {}): Outbox => ({
  phase,
  trouble: null,
  alerted: false,
  vainLinks: 0,
  ...fields,
});
const waiting = (attempt: number, fields: Partial<Outbox> = {}) =>
  at({ kind: 'waiting', attempt }, { trouble: 'gone', ...fields });
const linking = (attempt: number, fields: Partial<Outbox> = {}) => at({ kind: 'linking', attempt }, fields);
const linked = (sentThrough: number, fields: Partial<Outbox> = {}) =>
  at({ kind: 'linked', sentThrough }, fields);
const refused = at({ kind: 'refused', code: 'badToken', message: 'no' }, { trouble: 'no', alerted: true });

const lost: OutboxInput = { type: 'linkFailed', reason: 'gone' };
const retryIn = (delayMs: number): OutboxEffect[] => [{ type: 'dropLink' }, { type: 'retryIn', delayMs }];
const down = (text: string): OutboxEffect => ({ type: 'alert', code: 'parentDown', text });
const waits = down('3 event(s) wait for the parent: gone. They are kept and sent when it is back.');
const nothingWaits = down('The parent cannot be reached: gone. Nothing waits for it yet; it is tried again.');
const oldCopy = (received: number) =>
  `The parent holds ${received} events of this pod, its log only 5: the log is an old copy. Restore it as a new instance.`;
const refusal = (code: string, message: string): { outbox: Outbox; effects: OutboxEffect[] } => ({
  outbox: at({ kind: 'refused', code, message }, { trouble: message, alerted: true }),
  effects: [
    { type: 'dropLink' },
    {
      type: 'alert',
      code,
      text: `The parent refuses this pod for good (${code}): ${message}`,
      refusal: true,
    },
  ],
});

interface Case {
  from: Outbox;
  input: OutboxInput;
  view?: OutboxView;
  to: Outbox;
  effects?: OutboxEffect[];
}

const link: OutboxEffect[] = [{ type: 'link' }];

const ways: Record<string, Case> = {
  'a start links': { from: newOutbox(), input: { type: 'start' }, to: linking(1), effects: link },
  'a retry links': {
    from: waiting(3),
    input: { type: 'retry' },
    to: linking(4, { trouble: 'gone' }),
    effects: link,
  },
  'a parent that appears is dialled at once': {
    from: waiting(3),
    input: { type: 'parentAppeared' },
    to: linking(4, { trouble: 'gone' }),
    effects: link,
  },
  'a link under way is not begun again': { from: linking(2), input: { type: 'retry' }, to: linking(2) },
  'a link that is there stays': { from: linked(5), input: { type: 'parentAppeared' }, to: linked(5) },
  'nothing is sent while waiting': { from: waiting(1), input: { type: 'emitted' }, to: waiting(1) },
  'nothing is sent while linking': { from: linking(1), input: { type: 'emitted' }, to: linking(1) },
  'a new event goes over the link': {
    from: linked(3),
    input: { type: 'emitted' },
    to: linked(5),
    effects: [{ type: 'send', from: 4, through: 5 }],
  },
  'what was sent is not sent again': { from: linked(5), input: { type: 'emitted' }, to: linked(5) },
};

const answers: Record<string, Case> = {
  'the rest is sent behind what the parent holds': {
    from: linking(4, { trouble: 'gone', alerted: true }),
    input: { type: 'linkAnswered', received: 2 },
    to: linked(5, { alerted: true, vainLinks: 1 }),
    effects: [{ type: 'send', from: 3, through: 5 }],
  },
  'what the parent holds more is acknowledged first': {
    from: linking(4, { trouble: 'gone', alerted: true, vainLinks: 6 }),
    input: { type: 'linkAnswered', received: 4 },
    to: linked(5),
    effects: [
      { type: 'acknowledge', through: 4 },
      { type: 'send', from: 5, through: 5 },
    ],
  },
  'all is there': {
    from: linking(1, { vainLinks: 2 }),
    input: { type: 'linkAnswered', received: 5 },
    to: linked(5),
    effects: [{ type: 'acknowledge', through: 5 }],
  },
  'all is there and acknowledged: a link with nothing to send is progress': {
    from: linking(1, { alerted: true, vainLinks: 2 }),
    input: { type: 'linkAnswered', received: 5 },
    view: idle,
    to: linked(5),
  },
  'the parent holds more than was ever said': {
    from: linking(1),
    input: { type: 'linkAnswered', received: 6 },
    ...toOf(refusal('regressed', oldCopy(6))),
  },
  'an acknowledgement is progress': {
    from: linked(5, { alerted: true, vainLinks: 3 }),
    input: { type: 'acked', received: 3 },
    to: linked(5),
    effects: [{ type: 'acknowledge', through: 3 }],
  },
  'an acknowledgement of all': {
    from: linked(5),
    input: { type: 'acked', received: 5 },
    to: linked(5),
    effects: [{ type: 'acknowledge', through: 5 }],
  },
  'an acknowledgement of what is acknowledged is none': {
    from: linked(5, { alerted: true, vainLinks: 3 }),
    input: { type: 'acked', received: 2 },
    to: linked(5, { alerted: true, vainLinks: 3 }),
  },
  'an acknowledgement of more than was ever said': {
    from: linked(5),
    input: { type: 'acked', received: 7 },
    ...toOf(refusal('regressed', oldCopy(7))),
  },
};

const failures: Record<string, Case> = {
  'a link that was lost is tried again soon': {
    from: linked(5),
    input: lost,
    to: waiting(0),
    effects: retryIn(25),
  },
  'after one link in vain as soon': {
    from: linked(5, { vainLinks: 1 }),
    input: lost,
    to: waiting(0, { vainLinks: 1 }),
    effects: retryIn(25),
  },
  'after three of them later': {
    from: linked(5, { vainLinks: 3 }),
    input: lost,
    to: waiting(2, { vainLinks: 3 }),
    effects: retryIn(100),
  },
  'the time doubles with each try': { from: linking(2), input: lost, to: waiting(2), effects: retryIn(100) },
  'up to the longest': {
    from: linking(12, { alerted: true }),
    input: lost,
    to: waiting(12, { alerted: true }),
    effects: retryIn(2_500),
  },
  'and stays there for ever': {
    from: linking(5_000, { alerted: true }),
    input: lost,
    to: waiting(5_000, { alerted: true }),
    effects: retryIn(2_500),
  },
  'the time is whole milliseconds, rounded up': {
    from: linking(0),
    input: lost,
    view: { ...view, random: () => 0.501 },
    to: waiting(0),
    effects: retryIn(26),
  },
  'a second sign of the same loss changes nothing': {
    from: waiting(2),
    input: { type: 'linkFailed', reason: 'other' },
    to: waiting(2),
  },
  'no alert at the second try': { from: linking(2), input: lost, to: waiting(2), effects: retryIn(100) },
  'one alert at the third where something waits': {
    from: linking(3),
    input: lost,
    to: waiting(3, { alerted: true }),
    effects: [...retryIn(200), waits],
  },
  'none more after it': {
    from: linking(4, { alerted: true }),
    input: lost,
    to: waiting(4, { alerted: true }),
    effects: retryIn(400),
  },
  'no alert at the nineteenth where nothing waits': {
    from: linking(19),
    input: lost,
    view: idle,
    to: waiting(19),
    effects: retryIn(2_500),
  },
  'one alert at the twentieth where nothing waits': {
    from: linking(20),
    input: lost,
    view: idle,
    to: waiting(20, { alerted: true }),
    effects: [...retryIn(2_500), nothingWaits],
  },
  'links in vain count as tries': {
    from: linked(5, { vainLinks: 4 }),
    input: lost,
    to: waiting(3, { vainLinks: 4, alerted: true }),
    effects: [...retryIn(200), waits],
  },
  'a refusal for good ends the trying': {
    from: linking(1),
    input: { type: 'linkFailed', reason: 'no', permanent: 'badToken' },
    ...toOf(refusal('badToken', 'no')),
  },
  'a refusal for good behind a retry that is set': {
    from: waiting(1),
    input: { type: 'linkFailed', reason: 'no', permanent: 'unknownChild' },
    ...toOf(refusal('unknownChild', 'no')),
  },
};

function toOf({ outbox, effects }: { outbox: Outbox; effects: OutboxEffect[] }) {
  return { to: outbox, effects };
}

describe('the outbox', () => {
  it('[outbox.table] begins without a link and without a problem', () => {
    expect(newOutbox()).toEqual(at({ kind: 'waiting', attempt: 0 }));
  });

  it.each(Object.entries({ ...ways, ...answers, ...failures }))(
    '[outbox.table] %s',
    (_, { from, input, to, effects = [], view: seen = view }) => {
      expect(outboxStep(from, input, seen)).toEqual({ outbox: to, effects });
    },
  );

  const inputs: OutboxInput[] = [
    { type: 'start' },
    { type: 'retry' },
    { type: 'parentAppeared' },
    { type: 'emitted' },
    { type: 'linkAnswered', received: 4 },
    { type: 'acked', received: 4 },
    lost,
  ];
  it.each(inputs)('[outbox.refused] after a refusal $type changes nothing', (input) => {
    expect(outboxStep(refused, input, view)).toEqual({ outbox: refused, effects: [] });
  });
});
