/** An event of a child and its link, as the pod's machine takes them in. */
import { describe, expect, it } from 'vitest';
import type { InboundEvent } from '../../../../src/delivery/inbox.ts';
import type { Core } from '../../../../src/pod/machine/core.ts';
import { onLink, onPodEvent } from '../../../../src/pod/machine/inputs.ts';
import type { SentPodEvent } from '../../../../src/protocol/pod-event.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import { EntryTooLong } from '../../../../src/session/log/line.ts';
import {
  above,
  assigned,
  child,
  died,
  finished,
  kid,
  linkOf,
  linked,
  machineOf,
  received,
  scopeReport,
  sent,
  shutDown,
  sib,
  stopped,
} from '../../machine-rig.ts';
import { type InputCase, changed, coalesce, playInput, refusalOf } from './inputs-rig.ts';

const told = (seq: number, event: SentPodEvent, instance = kid.instance): InboundEvent => ({
  from: { instance, incarnation: 1 },
  seq,
  event,
});
const takes = (message: InboundEvent) => (core: Core) => onPodEvent(core, message);
const family = [child(kid, 'reserved'), linked(kid), assigned('a1')];
const silent = { reads: false, wakes: false };
const noChild = { code: 'unknownChild', message: 'This pod has no such child; nothing was changed.' };

const events: Record<string, InputCase> = {
  'is committed, and what it wakes waits for its siblings': {
    log: family,
    does: takes(told(1, finished({ assignments: ['a1'] }))),
    answers: { outcome: 'accepted', received: 1 },
    commits: [[received(1, finished({ assignments: ['a1'] }), { closes: ['a1'] })]],
    performs: [changed, coalesce],
    after: { coalescing: true },
  },
  'is taken in at work': {
    log: family,
    live: { mode: 'running' },
    does: takes(told(1, finished())),
    answers: { outcome: 'accepted', received: 1 },
    commits: [[received(1, finished())]],
    performs: [changed],
  },
  'that ends the child without being asked for is read': {
    log: family,
    live: { mode: 'running' },
    does: takes(told(1, shutDown())),
    answers: { outcome: 'accepted', received: 1 },
    commits: [[received(1, shutDown(), { closes: ['a1'] })]],
    performs: [changed],
  },
  'that ends work while this pod stops is read, and starts nothing': {
    log: family,
    live: { mode: 'stopping' },
    does: takes(told(1, shutDown())),
    answers: { outcome: 'accepted', received: 1 },
    commits: [[received(1, shutDown(), { closes: ['a1'] })]],
    performs: [changed],
  },
  'that ends a child without work while this pod stops is silent': {
    log: [child(kid, 'reserved'), linked(kid)],
    live: { mode: 'stopping' },
    does: takes(told(1, shutDown())),
    answers: { outcome: 'accepted', received: 1 },
    commits: [[received(1, shutDown(), silent)]],
    performs: [changed],
  },
  'that ends a child without work otherwise is read': {
    log: [child(kid, 'reserved'), linked(kid)],
    live: { mode: 'running' },
    does: takes(told(1, shutDown())),
    answers: { outcome: 'accepted', received: 1 },
    commits: [[received(1, shutDown())]],
    performs: [changed],
  },
  'that goes on to the parent gives the outbox work': {
    log: family,
    parent: above,
    does: takes(told(1, scopeReport(kid, 1))),
    answers: { outcome: 'accepted', received: 1 },
    commits: [[received(1, scopeReport(kid, 1), silent), sent(1, scopeReport(kid, 1))]],
    performs: [{ type: 'emitted' }, changed],
  },
  'that is on disk is answered and changes nothing': {
    log: [...family, received(1, finished())],
    does: takes(told(1, finished())),
    answers: { outcome: 'duplicate', received: 1 },
  },
  'past a gap is sent for again': {
    log: [...family, received(1, finished())],
    does: takes(told(3, finished())),
    refuses: { code: 'gap', message: 'Send from event 2 on.', data: { received: 1 } },
  },
  'of a stranger is refused': {
    log: family,
    does: takes(told(1, finished(), sib.instance)),
    refuses: noChild,
  },
  'behind the last line of the log is refused': {
    log: [...family, stopped(1)],
    does: takes(told(1, finished())),
    refuses: { code: 'stopping', message: 'The pod has ended; send it again when it is restored.' },
  },
};

describe('an event', () => {
  it.each(Object.entries(events))('[inputs.event] %s', (_, row) => playInput(row));

  it('[inputs.event] that no line can hold is taken in with what fits, and says so', () => {
    const machine = machineOf(family);
    const { commit } = machine.core.ports;
    const tried: EntryBody[][] = [];
    machine.core.ports.commit = (bodies) => {
      tried.push(bodies);
      if (tried.length === 1) throw new EntryTooLong('podEventReceived', 99);
      commit(bodies);
    };
    const event = finished({ assignments: ['a1'], outstanding: ['deep'] });
    expect(onPodEvent(machine.core, told(1, event))).toEqual({ outcome: 'accepted', received: 1 });
    const less = {
      ...event,
      assignments: [],
      outstanding: [],
      unread: ['assignments', 'outstanding', 'text'],
    };
    expect(machine.committed).toEqual([
      [received(1, less, { closes: ['a1'] }), expect.objectContaining({ code: 'unreadFields' })],
    ]);
  });

  it('[inputs.event] that the disk refuses is refused, once', () => {
    const machine = machineOf(family);
    let tries = 0;
    machine.core.ports.commit = () => {
      tries += 1;
      throw new Error('no space');
    };
    expect(refusalOf(() => onPodEvent(machine.core, told(1, finished()))).code).toBe('storageFailed');
    expect(tries).toBe(1);
  });

  it('[inputs.event] a defect is none of the sender’s', () => {
    const machine = machineOf(family);
    const { commit } = machine.core.ports;
    machine.core.ports.perform = () => {
      throw new TypeError('a defect');
    };
    machine.core.ports.commit = commit;
    expect(() => onPodEvent(machine.core, told(1, finished()))).toThrow(TypeError);
  });
});

const links =
  (fields: Parameters<typeof linkOf>[1] = {}, sure: string[] = []) =>
  (core: Core) =>
    onLink(core, linkOf(kid, fields), new Set(sure)).name;
const linkEntry = (incarnation = 1): EntryBody =>
  child(kid, 'linked', { incarnation, pid: 7, startTime: '8', bootId: 'b' });
const notStarted = (assignment: string): EntryBody => ({
  type: 'assignment',
  assignment,
  child: kid,
  state: 'closed',
  text: '',
  outcome: 'notStarted',
  tell: true,
});
const death = (incarnation: number): EntryBody =>
  received(
    null,
    { kind: 'died', restored: true, assignments: [], outstanding: [] },
    { from: { ...kid, incarnation }, ...silent },
  );
const scope = { read: [], write: ['/w/a'] };

const theLinks: Record<string, InputCase> = {
  'is committed': {
    log: family,
    does: links({ open: ['a1'] }),
    answers: 'kid',
    commits: [[linkEntry()]],
    performs: [changed],
  },
  'closes what the child never took, and the model hears of it': {
    log: family,
    does: links(),
    answers: 'kid',
    commits: [[linkEntry(), notStarted('a1')]],
    performs: [changed, coalesce],
    after: { coalescing: true },
  },
  'does not judge a run that is being sent': {
    log: family,
    does: links({}, ['a1']),
    answers: 'kid',
    commits: [[linkEntry()]],
    performs: [changed],
  },
  'of a later incarnation tells the deaths of those before it, first': {
    log: family,
    does: links({ incarnation: 3, closed: ['a1'] }),
    answers: 'kid',
    commits: [[death(1), death(2), linkEntry(3)]],
    performs: [changed],
  },
  'of a child that is back gives it what it held': {
    log: [child(kid, 'reserved', { scope }), linked(kid), received(null, died())],
    live: { mode: 'running' },
    does: links({ incarnation: 2 }),
    answers: 'kid',
    commits: [[linkEntry(2), { type: 'scope', change: 'delegated', child: kid, scope }]],
    performs: [changed],
  },
  'with as many events as the parent holds is right': {
    log: [...family, received(2, finished(), silent)],
    does: links({ open: ['a1'], emitted: 2 }),
    answers: 'kid',
    commits: [[linkEntry()]],
    performs: [changed],
  },
  'with fewer is of an old log': {
    log: [...family, received(2, finished(), silent)],
    does: links({ open: ['a1'], emitted: 1 }),
    refuses: {
      code: 'regressed',
      message: "This pod's log is older than what its parent holds (1 < 2); restore it as a new instance.",
      data: { received: 2 },
    },
  },
  'of an earlier incarnation is refused': {
    log: [...family, linked(kid, 3)],
    does: links({ incarnation: 2 }),
    refuses: {
      code: 'regressed',
      message: 'A later incarnation of this pod has linked; this one should end.',
      data: { incarnation: 3 },
    },
  },
  'of a stranger is refused': { does: links(), refuses: noChild },
};

describe('a link', () => {
  it.each(Object.entries(theLinks))('[inputs.link] %s', (_, row) => playInput(row));

  it('[inputs.link] of a build that says no boot is one of none', () => {
    const { core, committed } = machineOf(family);
    const { bootId: _bootId, ...older } = linkOf(kid).child;
    onLink(core, { ...linkOf(kid, { open: ['a1'] }), child: older }, new Set());
    expect(committed).toEqual([
      [child(kid, 'linked', { incarnation: 1, pid: 7, startTime: '8', bootId: '' })],
    ]);
  });
});
