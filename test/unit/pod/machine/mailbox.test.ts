/** The machine of a mailbox: what goes out, what is acknowledged, and which call is done. */
import { describe, expect, it } from 'vitest';
import {
  acknowledge,
  beginOutside,
  endOutside,
  handOut,
  identityOf,
  isDeserted,
  labelOf,
  mailboxOf,
  refuseMailbox,
} from '../../../../src/pod/machine/mailbox.ts';
import { evaluate } from '../../../../src/pod/machine/state.ts';
import type { SystemItemEntry } from '../../../../src/session/facts/entries.ts';
import {
  type Line,
  type Machine,
  kid,
  machineOf,
  notice,
  received,
  session,
  shutDown,
} from '../../machine-rig.ts';
import { refusalOf } from './inputs-rig.ts';

const box = session({ settings: { mailbox: { rights: {} } } });
const mailbox = (...lines: Line[]): Machine => machineOf([box, ...lines]);
const ids = ({ core }: Machine): string[] => [...mailboxOf(core.facts).out.values()].map(identityOf);
const types = ({ committed }: Machine): string[] => committed.flat().map(({ type }) => type);
const asked = { request: 'r', tool: 'send', digest: 'd', label: 'blue', assignment: 'w' };

describe('what a mailbox hands out', () => {
  it('[mcp.no-turn] begins no turn, whatever it holds, and only a mailbox can be asked', () => {
    const machine = mailbox(notice('n1'));
    evaluate(machine.core, { urgent: true });
    expect(types(machine)).toEqual([]);
    expect(machine.performed).toEqual([]);
    const refused = (message: string) => ({ code: 'forbidden', message, data: {} });
    expect(refusalOf(() => handOut(machineOf([notice('n1')]).core, 9))).toEqual(
      refused(
        '"me" has a model, which reads its reports itself: only a mailbox, as "podkin mcp" makes one, can be asked for them.',
      ),
    );
    expect(refusalOf(() => refuseMailbox(machine.core.facts, 'a run'))).toEqual(
      refused(
        '"me" is a mailbox of another host and has no model: a run goes to a pod below it, or to that host.',
      ),
    );
    expect(() => refuseMailbox(machineOf([]).core.facts, 'a run')).not.toThrow();
  });

  it('[mcp.report-stays] in order, as many as may be out, the same ones again until they are acknowledged', () => {
    const machine = mailbox(notice('n1'), notice('n2'), notice('n3'));
    handOut(machine.core, 2);
    expect(ids(machine)).toEqual(['notice:n1', 'notice:n2']);
    expect(machine.committed.flat()).toMatchObject([{ turn: '' }, { turn: '' }]);
    // Full, and too full where the bound has become smaller: nothing is written.
    const full = mailbox(notice('n1'), notice('n2'), notice('n3'), notice('n4'));
    for (const outMax of [2, 2, 1]) handOut(full.core, outMax);
    expect(full.committed).toHaveLength(1);
    handOut(machine.core, 2);
    const empty = mailbox();
    handOut(empty.core, 2);
    expect(empty.committed).toEqual([]);
    expect(types(machine)).toEqual(['systemItem', 'systemItem']);
    expect(acknowledge(machine.core, ['notice:n2'])).toEqual([]);
    handOut(machine.core, 2);
    expect(ids(machine)).toEqual(['notice:n1', 'notice:n3']);
    expect(machine.core.facts.unseen.map(({ entrySeq }) => entrySeq)).toEqual([7, 10]);
  });

  it('[mcp.ack-durable] an acknowledgement is one append; again, unknown or doubled it changes nothing', () => {
    const machine = mailbox(notice('n1'));
    handOut(machine.core, 9);
    expect(acknowledge(machine.core, ['notice:n1', 'notice:n1', 'x'])).toEqual(['x']);
    expect(machine.committed.at(-1)).toEqual([{ type: 'itemsSeen', items: [5] }]);
    expect(acknowledge(machine.core, ['notice:n1'])).toEqual(['notice:n1']);
    expect(types(machine)).toEqual(['systemItem', 'itemsSeen']);
    expect(machine.core.facts.unseen).toEqual([]);
  });

  it('[mcp.report-stays] a log that refuses leaves all in the buffer', () => {
    const machine = mailbox(notice('n1'));
    machine.refusal = new Error('no room');
    expect(() => handOut(machine.core, 9)).toThrow('no room');
    machine.refusal = null;
    handOut(machine.core, 9);
    expect(ids(machine)).toEqual(['notice:n1']);
  });

  it('[mcp.deserted] a mailbox that ends hands out and takes in nothing more', () => {
    const machine = mailbox(notice('n1'));
    beginOutside(machine.core, asked);
    machine.core.live.mode = 'stopping';
    expect(() => handOut(machine.core, 9)).toThrow('is stopping');
    expect(() => acknowledge(machine.core, [])).toThrow('is stopping');
    expect(() => beginOutside(machine.core, { ...asked, request: 's' })).toThrow('is stopping');
    machine.core.facts.stopped = true;
    expect(() => endOutside(machine.core, 'r', 'x')).toThrow('has ended');
    expect(types(machine)).toEqual(['outsideCall']);
  });

  const from = { ...kid, incarnation: 2 };
  const died = { kind: 'died', assignments: [], restored: false } as never;
  const items: [SystemItemEntry['item'], string][] = [
    [{ kind: 'podEvent', from, seq: 4, event: died, body: '' }, `${kid.instance}:4`],
    [{ kind: 'podEvent', from, seq: null, event: died, body: '' }, `${kid.instance}:died:2`],
    [
      { kind: 'podEvent', from, seq: null, event: { kind: 'unreachable' } as never, body: '' },
      `${kid.instance}:unreachable:8`,
    ],
    [{ kind: 'assignment', assignment: 'w', child: kid, outcome: 'x', body: '' }, 'assignment:w'],
    [{ kind: 'unmet', of: 'check', body: '' } as never, 'unmet:8'],
    [{ kind: 'command', command: 'command-1', body: '' } as never, 'command:8'],
  ];
  it.each(items)('[mcp.report-stays] the identity of %j is %s', (item, identity) => {
    expect(identityOf({ item, seq: 8 })).toBe(identity);
  });
});

describe('a call of a host', () => {
  it('[mcp.once] is written down first, and answered by its end from then on', () => {
    const machine = mailbox();
    const begun = beginOutside(machine.core, asked);
    expect(begun).toMatchObject({ kind: 'begun', call: { label: 'blue', isGiven: false } });
    const call = { type: 'outsideCall', request: 'r' };
    expect(machine.committed).toStrictEqual([
      [{ ...call, state: 'begun', tool: 'send', digest: 'd', label: 'blue', assignment: 'w' }],
    ]);
    endOutside(machine.core, 'r', 'It has it.');
    expect(machine.committed[1]).toStrictEqual([{ ...call, state: 'done', text: 'It has it.' }]);
    const plain = mailbox();
    beginOutside(plain.core, { ...asked, label: null, assignment: null });
    expect(plain.committed).toStrictEqual([[{ ...call, state: 'begun', tool: 'send', digest: 'd' }]]);
    expect(beginOutside(machine.core, asked)).toEqual({ kind: 'done', text: 'It has it.' });
    expect(types(machine)).toEqual(['outsideCall', 'outsideCall']);
  });

  it('[mcp.once] that was cut off goes on under the same ids, and knows that its run was given', () => {
    const machine = mailbox(
      { type: 'outsideCall', state: 'begun', request: 'r', tool: 'send', digest: 'd', assignment: 'w' },
      { type: 'assignment', assignment: 'w', child: kid, state: 'open', text: 'x' },
      { type: 'assignment', assignment: 'w', child: kid, state: 'closed', text: 'x' },
    );
    const begun = beginOutside(machine.core, { ...asked, assignment: 'other' });
    expect(begun).toMatchObject({ kind: 'begun', call: { assignment: 'w', isGiven: true } });
    expect(types(machine)).toEqual([]);
  });

  it('[mcp.request-conflict] with another content is refused; one that failed is free', () => {
    const machine = mailbox();
    beginOutside(machine.core, asked);
    const other = { ...asked, digest: 'e' };
    const refused = {
      code: 'forbidden',
      message: 'The request id "r" was used for something else: use another one, or repeat what was asked.',
      data: {},
    };
    expect(refusalOf(() => beginOutside(machine.core, other))).toEqual(refused);
    expect(refusalOf(() => beginOutside(machine.core, { ...asked, tool: 'stop' }))).toEqual(refused);
    endOutside(machine.core, 'r', null);
    expect(beginOutside(machine.core, other).kind).toBe('begun');
  });

  it('[mcp.label] the label is that of the call that spawned the pod', () => {
    const machine = mailbox(
      { type: 'outsideCall', state: 'begun', request: 'r', tool: 'spawn', digest: 'd', label: 'blue' },
      { type: 'child', child: kid, state: 'reserved', call: 'r' },
    );
    expect(labelOf(machine.core.facts, kid.instance)).toBe('blue');
    expect(labelOf(machine.core.facts, 'another')).toBeNull();
    const unasked: Line = { type: 'child', child: kid, state: 'reserved' };
    const lost: Line = { ...unasked, call: 'another' };
    expect(labelOf(mailbox(unasked).core.facts, kid.instance)).toBeNull();
    expect(labelOf(mailbox(lost).core.facts, kid.instance)).toBeNull();
    expect(labelOf(machineOf([lost]).core.facts, kid.instance)).toBeNull();
    expect(isDeserted(machine.core.facts)).toBe(false);
    expect(isDeserted(mailbox().core.facts)).toBe(true);
    const gone = received(1, shutDown());
    const linked: Line = { type: 'child', child: kid, state: 'linked', incarnation: 1 };
    expect(
      isDeserted(mailbox({ type: 'child', child: kid, state: 'reserved' }, linked, gone).core.facts),
    ).toBe(true);
  });
});
