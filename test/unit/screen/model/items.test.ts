/** What each entry is to a person, as a table. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemOf } from '../../../../src/screen/model/items.ts';
import type { ItemBody } from '../../../../src/screen/model/shape.ts';
import type { Entry, EntryBody } from '../../../../src/session/facts/entries.ts';
import * as rig from '../../machine-rig.ts';

const bodyOf = (body: EntryBody): ItemBody => itemOf({ seq: 7, time: rig.timeOf(7), ...body }).body;
const alert = { type: 'alert', level: 'error', code: 'x', text: 'disk full' } as const;
const asked: EntryBody = {
  type: 'approval',
  state: 'asked',
  request: 'r1',
  turn: 't',
  step: 1,
  call: 'c1',
  tool: 'Bash',
  summary: 'npm\ntest',
  why: 'mode default',
  key: 'k',
  always: { tool: 'Bash', exact: 'npm test', outside: false },
};

const shown: [string, EntryBody, Partial<ItemBody>][] = [
  [
    'what a person says',
    { type: 'userMessage', turn: 't', submission: 's', from: rig.person, text: 'hi' },
    { kind: 'user', from: 'you', text: 'hi', images: 0 },
  ],
  [
    'what a parent says',
    { type: 'userMessage', turn: 't', submission: 's', from: rig.fromAbove, text: 'hi' },
    { kind: 'user', from: 'above' },
  ],
  ['an answer', rig.said('t', 'done'), { kind: 'answer', text: 'done', reasoning: '', partial: false }],
  [
    'an answer with what was thought',
    {
      ...rig.said('t', ''),
      parts: [
        { type: 'reasoning', text: 'hm' },
        { type: 'text', text: 'yes' },
      ],
      partial: true,
    },
    { kind: 'answer', text: 'yes', reasoning: 'hm', partial: true },
  ],
  [
    'thoughts alone',
    { ...rig.said('t', ''), parts: [{ type: 'reasoning', text: 'hm' }] },
    { kind: 'reasoning', text: 'hm' },
  ],
  ['a call', rig.called('t', 'c1'), { kind: 'call', call: 'c1', tool: 'Bash' }],
  [
    'a result',
    rig.result('t', 'c1', { text: 'out' }),
    { kind: 'result', call: 'c1', text: 'out', how: 'ok' },
  ],
  ['a failed one', rig.result('t', 'c1', { isError: true }), { kind: 'result', how: 'failed' }],
  ['a denied one', rig.result('t', 'c1', { isError: true, denied: true }), { kind: 'result', how: 'denied' }],
  [
    'one that was cut',
    rig.result('t', 'c1', { isError: true, interrupted: true }),
    { kind: 'result', how: 'interrupted' },
  ],
  [
    'what came of a child',
    rig.itemOf('t', 1, rig.finished()),
    { kind: 'report', from: 'kid', event: 'finished' },
  ],
  [
    'what a child answered, without what only the model needs',
    rig.itemOf('t', 1, rig.finished({ text: 'Two findings.', textChars: 13 })),
    { kind: 'report', event: 'finished', text: 'Two findings.' },
  ],
  [
    'a death that is read',
    rig.itemOf('t', null, rig.died()),
    { kind: 'report', from: 'kid', event: 'died: SIGKILL' },
  ],
  ['a notice', rig.noticeItem('t', 's'), { kind: 'report', event: 'notice' }],
  ['the end of a turn', rig.ended('t'), { kind: 'turn', outcome: 'finished', text: '' }],
  ['a question', asked, { kind: 'note', text: 'Bash waits for a person: npm test', isWarning: true }],
  ['a start again', rig.started(3), { kind: 'note', text: 'restart 2', isWarning: false }],
  ['a stop', rig.stopped(1), { kind: 'note' }],
  ['an alert', alert, { kind: 'alert', level: 'error', text: 'disk full' }],
  [
    'a setting',
    { type: 'set', by: 'person', permissionMode: 'plan' },
    { kind: 'note', text: 'from now on: mode plan' },
  ],
  ['a control', rig.input('cancel'), { kind: 'note', text: 'cancel by you' }],
];

describe('items', () => {
  it.each(shown)('[screen.r23] %s is shown', (_, body, wanted) => {
    expect(bodyOf(body)).toMatchObject(wanted);
  });

  it('[screen.r23] a death that no model reads is shown, any other receipt is machinery', () => {
    const { type } = rig.received(1, rig.died());
    const receipt = (event: EntryBody) => bodyOf(event);
    expect(type).toBe('podEventReceived');
    expect(receipt({ ...rig.received(1, rig.died()), reads: false })).toMatchObject({
      kind: 'note',
      text: 'kid died: SIGKILL',
      isWarning: true,
    });
    expect(receipt({ ...rig.received(1, rig.died()), reads: true }).kind).toBe('machinery');
    expect(receipt({ ...rig.received(1, rig.finished()), reads: false }).kind).toBe('machinery');
  });

  it.each([
    ['session', rig.session()],
    ['a first start', rig.started(1)],
    ['a run that waits', rig.run('s')],
    ['the begin of a turn', rig.begun('t')],
    ['a response', rig.completed('t', 1)],
    ['an acknowledgement', rig.acked(1)],
    ['an event for the parent', rig.sent(1, rig.finished())],
    ['a link of a child', rig.linked(rig.kid)],
    ['an answer without a word', { ...rig.said('t', ''), parts: [] }],
    ['a newer type', { type: 'toString' } as unknown as EntryBody],
  ] as [string, EntryBody][])('[screen.r23] machinery: %s', (_, body) => {
    expect(bodyOf(body).kind).toBe('machinery');
  });

  it('[screen.items] whatever is in its fields, an entry is one item of its number', () => {
    const types = shown.map(([, { type }]) => type);
    const field = fc.constantFrom(
      'text',
      'parts',
      'item',
      'event',
      'outstanding',
      'input',
      'from',
      'state',
      'reason',
      'tool',
      'call',
    );
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.dictionary(field, fc.anything()), (type, fields) => {
        const entry = { ...fields, seq: 3, time: 'now', type } as unknown as Entry;
        expect(itemOf(entry)).toMatchObject({ seq: 3, time: 'now' });
      }),
    );
  });
});
