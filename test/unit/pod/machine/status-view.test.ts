/** What `status` answers, and the one word for why a person should look. */
import { describe, expect, it } from 'vitest';
import type { Live } from '../../../../src/pod/machine/core.ts';
import { type LinkView, statusView } from '../../../../src/pod/machine/status-view.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import {
  type Line,
  type MachineOptions,
  above,
  begun,
  called,
  child,
  completed,
  died,
  ended,
  finished,
  kid,
  linked,
  machineOf,
  me,
  notice,
  noticeItem,
  received,
  run,
  said,
  sent,
  shutDown,
  sib,
  some,
  started,
  timeOf,
  unreachable,
  working,
} from '../../machine-rig.ts';
import { answering, asking } from './asked-approvals.ts';

const links: LinkView = {
  path: 'root/me',
  pid: 42,
  parentProblem: null,
  isChildLinked: () => false,
  scopeHeld: null,
  sandbox: { kind: 'none' } as never,
  setAside: false,
  log: '/h/state/pods/me/session.jsonl',
  watching: 3,
};

function view(log: Line[], options: MachineOptions = {}, more: Partial<LinkView> = {}) {
  return statusView(machineOf(log, options).core, { ...links, ...more });
}

const refuses = (code: string): EntryBody => ({
  type: 'alert',
  level: 'error',
  code,
  text: 'no way',
  refusal: code,
});
const refusesKid: EntryBody = {
  type: 'alert',
  level: 'error',
  code: 'badToken',
  text: 'no',
  refuses: { child: kid, code: 'badToken' },
};

describe('status', () => {
  it('[context.meter] says how full the context is, by the last count of the provider', () => {
    const size = { model: 'script/none', request: 900, answer: 20 };
    const usage = { inputTokens: 1_000, outputTokens: 50, cost: 0 };
    const counted = [...working('t1', 'r1'), said('t1', 'x'), completed('t1', 5, { size, usage })];
    expect(view(counted).context).toEqual({ tokens: 1_050, window: 112_000 });
    const refused = { type: 'contextRefused' as const, turn: 't1', model: 'script/none', window: 4_000 };
    expect(view([...counted, refused]).context).toEqual({ tokens: 1_050, window: 4_000 });
    // Made shorter since: by what it comes to now, until the next count.
    const pruned = { type: 'pruned' as const, turn: 't1', through: 4, before: 1_050, after: 700 };
    expect(view([...counted, pruned]).context).toEqual({ tokens: 700, window: 112_000 });
    const again = completed('t1', 8, { size, usage: { ...usage, inputTokens: 710 } });
    expect(view([...counted, pruned, again]).context).toEqual({ tokens: 760, window: 112_000 });
    // A server that counts nothing says nothing.
    const none = { ...usage, inputTokens: 0 };
    expect(view([...working('t1', 'r1'), completed('t1', 5, { size, usage: none })]).context).toBeNull();
  });

  it('[status.view] of a new root', () => {
    expect(view([])).toEqual({
      ...me,
      path: 'root/me',
      log: '/h/state/pods/me/session.jsonl',
      activity: null,
      incarnation: 1,
      status: 'idle',
      pid: 42,
      parent: null,
      children: [],
      commands: [],
      plan: null,
      pending: { received: 0, unseen: 0, outgoing: 0, queued: 0 },
      queue: [],
      lastSeq: 2,
      watching: 3,
      settled: true,
      model: 'script/none',
      permissionMode: 'default',
      effort: null,
      usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
      turns: 0,
      startedAt: timeOf(2),
      lastActivityAt: timeOf(2),
      lastTurn: null,
      attention: null,
      waiting: null,
      refusal: null,
      context: null,
      sandbox: links.sandbox,
      budget: null,
      watchdogRescues: 0,
    });
  });

  it('[status.view] of a child with a past', () => {
    const log: Line[] = [
      begun('t1'),
      completed('t1', 1),
      ended('t1', 'limitReached', { reason: 'steps' }),
      notice('n1'),
      begun('t2'),
      noticeItem('t2', 'n1'),
      ended('t2', 'finished'),
      notice('n2'),
      notice('n3'),
      run('r1'),
      sent(1, finished()),
      sent(2, finished()),
      sent(3, finished()),
      refuses('regressed'),
    ];
    expect(view(log, { parent: above, live: { mode: 'running', watchdogRescues: 3 } })).toMatchObject({
      status: 'running',
      parent: above,
      pending: { received: 2, unseen: 1, outgoing: 3, queued: 1 },
      settled: false,
      usage: some,
      turns: 2,
      startedAt: timeOf(2),
      lastActivityAt: timeOf(16),
      lastTurn: { turn: 't2', outcome: 'finished', reason: null },
      refusal: { code: 'regressed', reason: 'no way', since: timeOf(16) },
      watchdogRescues: 3,
    });
  });

  it('[status.view] says what it waits for, by the wall clock and with what others hold', () => {
    const scope = { since: 'then', reason: 'held' };
    expect(view([], {}, { scopeHeld: scope }).waiting).toEqual({ kind: 'scope', until: null, ...scope });
    const live: Partial<Live> = {
      mode: 'running',
      provider: { askedAt: '2026-01-01T00:59:50.000Z', failing: null },
    };
    expect(view([], { live }).waiting).toMatchObject({ kind: 'provider', since: '2026-01-01T00:59:50.000Z' });
  });

  it.each<[string, Line[], Partial<Live>, boolean]>([
    ['at rest with nothing outstanding', [], {}, true],
    ['with a turn that was cut off', [begun('t1')], {}, false],
    ['at work', [], { mode: 'running' }, false],
    ['that stops', [], { mode: 'stopping' }, false],
    ['with a run in its queue', [run('r1')], {}, false],
  ])('[status.settled] of a pod %s', (...[, log, live, settled]) => {
    expect(view(log, { live }).settled).toBe(settled);
  });

  it('[status.view] began with its log, where no incarnation is known', () => {
    const { core } = machineOf([]);
    core.facts.started = null;
    expect(statusView(core, links).startedAt).toBe(timeOf(1));
  });

  it('[status.view] began with its newest incarnation', () => {
    const { incarnation, startedAt } = view([started(2)]);
    expect([incarnation, startedAt]).toEqual([2, timeOf(3)]);
  });
});

describe('a child', () => {
  it.each<[string, Line[], boolean, string]>([
    ['that is being made', [child(kid, 'reserved')], false, 'reserved'],
    ['that was started', [child(kid, 'started')], false, 'started'],
    ['that is linked', [linked(kid)], true, 'linked'],
    ['whose link has ended', [linked(kid)], false, 'unlinked'],
    ['out of reach', [linked(kid), received(null, unreachable)], false, 'unreachable'],
    ['that is linked again', [linked(kid), received(null, unreachable)], true, 'linked'],
    ['that was refused', [linked(kid), received(null, unreachable), refusesKid], false, 'refused'],
    ['that died', [linked(kid), received(null, died())], true, 'dead'],
    ['that shut down', [linked(kid), received(1, shutDown())], false, 'stopped'],
  ])('[status.children] %s', (...[, log, isLinked, status]) => {
    const shown = view(
      [child(sib, 'started'), ...log],
      {},
      { isChildLinked: (instance) => isLinked && instance === kid.instance },
    );
    expect(shown.children).toEqual([
      { ...sib, status: 'started' },
      { ...kid, status },
    ]);
  });
});

describe('why a person should look', () => {
  const approval = [begun('t1'), called('t1', 'c1'), asking('q1', 'c1')];
  const held = [notice('n1'), begun('t1'), noticeItem('t1', 'n1'), ended('t1', 'errored')];
  const down = { parentProblem: { permanent: false } };
  const forGood = { parentProblem: { permanent: true } };

  /** From the most urgent on: each has in it what the later ones are shown by. */
  const rows: [string, Line[], Partial<Live>, Partial<LinkView>][] = [
    ['parentDown', [], {}, down],
    ['held', held, {}, down],
    ['budget', held, { overBudget: 'hops' }, down],
    ['setAside', held, { overBudget: 'hops' }, { ...down, setAside: true }],
    [
      'childRefused',
      [child(sib, 'linked'), child(kid, 'linked'), refusesKid, ...held],
      {},
      { ...down, setAside: true },
    ],
    ['refused', [child(kid, 'linked'), refusesKid], {}, { ...forGood, setAside: true }],
    ['orphan', [child(kid, 'linked'), refusesKid, refuses('parentRemoved')], {}, forGood],
    ['approval', [...approval, refuses('parentRemoved')], {}, forGood],
    ['storage', approval, { storage: 'full' }, forGood],
  ];
  it.each(rows)('[status.attention] %s', (...[attention, log, live, more]) => {
    expect(view(log, { live }, more).attention).toBe(attention);
  });

  it.each<[string, Line[]]>([
    ['an approval whose answer is kept', [...approval, answering('q1')]],
    ['a refusal that only the link knows', [refuses('regressed')]],
    ['a child that was never refused', [child(kid, 'linked')]],
  ])('[status.attention] not %s', (_, log) => {
    expect(view(log).attention).toBeNull();
  });
});
