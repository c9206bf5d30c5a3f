/** What wounded other runtimes of agents, played against this machine: each name is of their report. */
import { describe, expect, it } from 'vitest';
import { type Outbox, type OutboxInput, newOutbox, outboxStep } from '../../../src/delivery/outbox.ts';
import { pendingInbound } from '../../../src/delivery/pending-deliveries.ts';
import { onNotice, onPause, onResume } from '../../../src/pod/machine/inputs.ts';
import { defaultLimits } from '../../../src/session/settings/settings.ts';
import { BareMachine, report } from '../../support/bare-machine.ts';
import { logHome } from '../../support/log-builder.ts';

/** A root that rests, with as many children as it has names, each with one assignment of its name. */
function family(...names: string[]) {
  const home = logHome();
  const builder = home.pod('root');
  const kids = names.map((name) => home.pod(name, builder));
  const root = new BareMachine(builder.entries);
  root.runFrom('person', 'r1');
  for (const kid of kids) root.adopt(kid, `work of ${kid.name}`);
  root.finish();
  return { root, kids };
}

const senders = (root: BareMachine) =>
  root.items().map((item) => (item.kind === 'podEvent' ? `${item.from.name} ${item.seq}` : item.kind));
const error = { category: 'network', message: 'cut off' };

describe('a parked event (agent-deck #2028: parking acknowledged it)', () => {
  it('[play.parked] at a paused pod it is neither consumed nor seen, over a restart too, and is read after the resume', () => {
    const { root, kids } = family('kid');
    onPause(root.core, 'person');
    root.hear(kids[0]!, 1, report('finished', ['work of kid']));
    const parked = { from: 'kid', seq: 1, state: 'received', consumedAt: null, seenAt: null };
    expect(pendingInbound(root.facts)).toMatchObject([parked]);
    const next = root.restarted();
    next.coalesced();
    expect(pendingInbound(next.facts)).toMatchObject([parked]);
    expect(next.facts.turn).toBeNull();
    onResume(next.core);
    next.finish();
    expect([senders(next), pendingInbound(next.facts)]).toEqual([['kid 1'], []]);
  });

  it('[play.parked] past the budget of wakes it waits, and the refill has it read', () => {
    const { root, kids } = family('kid');
    const { wakesPerMinute } = root.core.limits;
    for (let turn = 0; turn < wakesPerMinute; turn += 1) {
      onNotice(root.core, {
        text: 'x',
        submission: `n${turn}`,
        from: { kind: 'person' },
        wake: true,
        hops: 0,
      });
      root.coalesced();
      root.finish();
    }
    // It closes no work of this pod any more, so it costs a turn.
    root.commit([
      { type: 'assignment', assignment: 'work of kid', child: kids[0]!.ref, state: 'closed', text: '' },
    ]);
    root.hear(kids[0]!, 1, report('finished', ['work of kid']));
    root.coalesced();
    expect([root.facts.turn, root.core.live.overBudget]).toEqual([null, 'turnsPerMinute']);
    expect(pendingInbound(root.facts)).toMatchObject([{ from: 'kid', state: 'received' }]);
    root.nowMs += 60_001;
    root.coalesced();
    root.finish();
    expect(senders(root).at(-1)).toBe('kid 1');
  });
});

describe('an acknowledgement (KiroCrew #5282: with nowhere to go)', () => {
  it('[play.lost-ack] the child sends again, is told that it stands there, and nothing is read twice', () => {
    const { root, kids } = family('kid');
    const event = report('finished', ['work of kid']);
    expect(root.hear(kids[0]!, 1, event)).toBe('accepted');
    // The connection is gone before the answer; in between the parent dies, too.
    expect(root.hear(kids[0]!, 1, event)).toBe('duplicate');
    const next = root.restarted();
    expect(next.hear(kids[0]!, 1, event)).toBe('duplicate');
    next.coalesced();
    next.finish();
    expect([senders(next), next.all('podEventReceived').length]).toEqual([['kid 1'], 1]);
    expect(next.facts.turn).toBeNull();
  });
});

describe('a wake that goes into a turn (oh-my-openagent #8072: which dies)', () => {
  it('[play.wake-into-dying-turn] the turn fails behind its request: another one reads it', () => {
    const { root, kids } = family('kid');
    root.runFrom('person', 'r2');
    root.hear(kids[0]!, 1, report('finished', ['work of kid']));
    root.request();
    root.end('errored', { error });
    expect([root.facts.held?.why, root.facts.unseen.length]).toEqual(['failed', 1]);
    // Held, because another try at once would end alike: the next incarnation tries, and so would any input.
    const next = root.restarted();
    next.coalesced();
    expect(next.facts.turn).toMatchObject({ kind: 'runForNotification' });
    next.finish();
    expect([senders(next), next.facts.unseen]).toEqual([['kid 1'], []]);
  });

  it('[play.wake-into-dying-turn] it comes behind the last request of a turn that fails: a turn of its own reads it', () => {
    const { root, kids } = family('kid');
    root.runFrom('person', 'r2');
    root.request();
    root.hear(kids[0]!, 1, report('finished', ['work of kid']));
    root.end('errored', { error });
    expect(root.facts.turn).toMatchObject({ kind: 'runForNotification' });
    root.finish();
    expect([senders(root), root.facts.unseen]).toEqual([['kid 1'], []]);
  });

  it('[play.wake-into-dying-turn] the process dies in the turn that the wake began: the next one goes on with it', () => {
    const { root, kids } = family('kid');
    root.hear(kids[0]!, 1, report('finished', ['work of kid']));
    root.coalesced();
    root.request();
    const next = root.restarted();
    expect(next.facts.turn).toMatchObject({ kind: 'resume' });
    next.finish();
    expect([senders(next), next.facts.unseen, next.facts.turn]).toEqual([['kid 1'], [], null]);
  });
});

describe('one delivery without an answer (orca #21081: it muted the rest)', () => {
  const view = {
    emitted: 0,
    acked: 0,
    reconnectBaseMs: defaultLimits.reconnectBaseMs,
    reconnectMaxMs: defaultLimits.reconnectMaxMs,
    random: () => 0,
  };
  const take = (outbox: Outbox, emitted: number, input: OutboxInput) =>
    outboxStep(outbox, input, { ...view, emitted });

  it('[play.one-mute] later events are sent while an earlier one has no answer', () => {
    let { outbox } = take(newOutbox(), 0, { type: 'start' });
    ({ outbox } = take(outbox, 0, { type: 'linkAnswered', received: 0 }));
    for (let seq = 1; seq <= 20; seq += 1) {
      const step = take(outbox, seq, { type: 'emitted' });
      expect(step.effects).toEqual([{ type: 'send', from: seq, through: seq }]);
      ({ outbox } = step);
    }
    // An answer to the last one speaks for all before it.
    expect(take(outbox, 20, { type: 'acked', received: 20 }).effects).toEqual([
      { type: 'acknowledge', through: 20 },
    ]);
  });

  it('[play.one-mute] a gap at one child keeps no other child waiting', () => {
    const { root, kids } = family('one', 'two');
    const [one, two] = kids as [(typeof kids)[0], (typeof kids)[0]];
    expect(() => root.hear(one, 2, report('finished', []))).toThrow('Send from event 1 on');
    expect(root.hear(two, 1, report('finished', ['work of two']))).toBe('accepted');
    root.coalesced();
    root.finish();
    expect(senders(root)).toEqual(['two 1']);
  });
});

describe('the order of what waits (mjolnir #1171: the lowest id first, others never)', () => {
  it('[play.fair-order] one request takes in all that has arrived, in the order of arrival, whatever the names', () => {
    const { root, kids } = family('aaa', 'zzz');
    const [low, high] = kids as [(typeof kids)[0], (typeof kids)[0]];
    root.runFrom('person', 'r2');
    for (let seq = 1; seq <= 50; seq += 1) root.hear(low, seq, report('limitReached', []));
    root.hear(high, 1, report('finished', ['work of zzz']));
    root.hear(low, 51, report('limitReached', []));
    root.request();
    expect(senders(root).slice(-3)).toEqual(['aaa 50', 'zzz 1', 'aaa 51']);
    expect(root.facts.notifyBuffer).toEqual([]);
    // One that goes on talking cannot keep the other out of the next request either.
    root.hear(low, 52, report('limitReached', []));
    root.hear(high, 2, report('limitReached', []));
    root.answer();
    root.request();
    expect(senders(root).slice(-2)).toEqual(['aaa 52', 'zzz 2']);
  });

  it('[play.fair-order] queued runs begin in the order of arrival, also those of a restart', () => {
    const { root } = family();
    for (const id of ['z', 'a', 'm']) root.runFrom('person', id);
    const next = root.restarted();
    for (let turn = 0; turn < 3; turn += 1) next.finish();
    expect(next.all('userMessage').map(({ submission }) => submission)).toEqual(['r1', 'z', 'a', 'm']);
  });
});

describe('turns for one completion (claude-code #95601: a second one)', () => {
  it('[play.one-turn] at a pod that rests it is one turn, however often the rule is asked', () => {
    const { root, kids } = family('kid');
    const before = root.facts.turns;
    root.hear(kids[0]!, 1, report('finished', ['work of kid']));
    root.coalesced();
    root.finish();
    for (let time = 0; time < 3; time += 1) root.coalesced();
    root.hear(kids[0]!, 1, report('finished', ['work of kid']));
    root.coalesced();
    expect([root.facts.turns - before, root.facts.turn]).toEqual([1, null]);
    const next = root.restarted();
    next.coalesced();
    expect([next.facts.turns - before, next.facts.turn]).toEqual([1, null]);
  });

  it('[play.one-turn] at a pod that works it is none: the running turn reads it', () => {
    const { root, kids } = family('kid');
    root.runFrom('person', 'r2');
    const { turns } = root.facts;
    root.request();
    root.hear(kids[0]!, 1, report('finished', ['work of kid']));
    root.answer('a call', ['c1']);
    root.commit([
      {
        type: 'toolResult',
        turn: root.facts.turn!.turn,
        step: 1,
        call: 'c1',
        tool: 'Tool',
        text: 'ok',
        isError: false,
      },
    ]);
    root.finish();
    root.coalesced();
    expect([root.facts.turns, root.facts.turn, senders(root)]).toEqual([turns, null, ['kid 1']]);
  });
});

describe('a child that is gone on with (claude-code #96170: its last report was lost)', () => {
  it('[play.resumed-report] each further errand of a child is reported, also that of a restarted one', () => {
    const home = logHome();
    const builder = home.pod('root');
    let kid = new BareMachine(home.pod('kid', builder).entries);
    for (const errand of ['a1', 'a2', 'a3']) {
      kid.runFrom('parent', errand);
      kid.finish(`answer to ${errand}`);
      kid = kid.restarted();
    }
    // The last one dies at work, and is gone on with.
    kid.runFrom('parent', 'a4');
    kid.request();
    kid = kid.restarted();
    kid.finish('the last answer');
    expect(kid.said()).toMatchObject([
      { outcome: 'finished', assignments: ['a1'], text: 'answer to a1' },
      { outcome: 'finished', assignments: ['a2'], text: 'answer to a2' },
      { outcome: 'finished', assignments: ['a3'], text: 'answer to a3' },
      { outcome: 'finished', assignments: ['a4'], text: 'the last answer' },
    ]);
    expect([...kid.facts.outbox.pending.keys()]).toEqual([1, 2, 3, 4]);
  });

  it('[play.resumed-report] the parent reads what a child says behind its told death', () => {
    const { root, kids } = family('kid');
    const kid = kids[0]!;
    root.commit([
      {
        type: 'podEventReceived',
        from: kid.identity,
        eventSeq: null,
        event: { kind: 'died', assignments: ['work of kid'], outstanding: [], restored: false },
        reads: true,
        wakes: true,
        closes: ['work of kid'],
      },
    ]);
    root.coalesced();
    root.finish();
    kid.start();
    root.hear(kid, 1, report('finished', ['work of kid']));
    root.coalesced();
    root.finish();
    expect(root.items()).toMatchObject([
      { event: { kind: 'died' } },
      { event: { outcome: 'finished' }, body: expect.stringContaining('This report comes late') },
    ]);
  });
});
