/** What waits in a pod, and what becomes of it at a stop, a cancel, a limit and a new input. */
import { describe, expect, it } from 'vitest';
import { wakeWorthy } from '../../../src/delivery/settled.ts';
import { onCancel, onNotice, onPause, onResume, onShutdown } from '../../../src/pod/machine/inputs.ts';
import { shutDownReport } from '../../../src/pod/machine/reports.ts';
import { closeInterrupted } from '../../../src/pod/machine/state.ts';
import { BareMachine, report } from '../../support/bare-machine.ts';
import { type LogBuilder, logHome } from '../../support/log-builder.ts';

function family() {
  const home = logHome();
  const root = home.pod('root');
  const kid = home.pod('kid', root);
  return { root: new BareMachine(root.entries), kid, kidMachine: new BareMachine(kid.entries) };
}

/** A child of another identity than `kid`. */
function another(name: string): LogBuilder {
  const home = logHome();
  for (let made = 0; made < 5; made += 1) home.pod(`unused${made}`);
  return home.pod(name);
}

/** As the shell ends a pod in order: its last report, then its last entry. */
function stopped(pod: BareMachine): BareMachine {
  onShutdown(pod.core, 'person', 'asked');
  closeInterrupted(pod.core, 'asked');
  pod.commit(
    shutDownReport(pod.facts, { reason: 'asked', by: 'person' }, { outstanding: [], worktree: null }),
  );
  pod.commit([{ type: 'stopped', incarnation: pod.facts.incarnation, reason: 'asked' }]);
  return pod.restarted();
}

const notice = {
  text: 'mind this',
  submission: 'n1',
  from: { kind: 'person' },
  wake: true,
  hops: 0,
} as const;

describe('queued runs', () => {
  it('[machine.queue-after-stop] a root begins what a person had queued, in order, after an orderly stop', () => {
    const { root } = family();
    expect(['r1', 'r2', 'r3'].map((id) => root.runFrom('person', id))).toEqual([
      'started',
      'queued',
      'queued',
    ]);
    const next = stopped(root);
    expect(next.newest('turnStarted')).toMatchObject({ kind: 'run', submissions: ['r2'] });
    next.finish();
    expect(next.newest('turnStarted')).toMatchObject({ kind: 'run', submissions: ['r3'] });
    next.finish();
    expect(next.all('userMessage').map(({ submission }) => submission)).toEqual(['r1', 'r2', 'r3']);
  });

  it('[machine.queue-after-stop] a child gives back what its parent had queued and begins what a person had', () => {
    const { kidMachine } = family();
    kidMachine.runFrom('parent', 'a1');
    kidMachine.runFrom('parent', 'a2');
    kidMachine.runFrom('person', 'p1');
    const next = stopped(kidMachine);
    expect(next.said()).toMatchObject([{ kind: 'shutDown', assignments: ['a1'], notStarted: ['a2'] }]);
    expect(next.newest('turnStarted')).toMatchObject({ kind: 'run', submissions: ['p1'] });
    next.finish();
    expect(next.facts.queue).toEqual([]);
    expect(next.facts.turn).toBeNull();
  });
});

describe('cancelled work', () => {
  it.each(['person', 'parent'] as const)('[machine.cancel-reported] of a paused child, by its %s', (by) => {
    const { kidMachine: kid } = family();
    kid.runFrom('parent', 'a1');
    kid.request();
    kid.answer('begun', []);
    kid.end('paused', { by: 'person' });
    onCancel(kid.core, by, by === 'parent' ? ['a1'] : undefined);
    expect(kid.said().slice(1)).toMatchObject([
      { kind: 'turnEnded', outcome: 'cancelled', by, assignments: ['a1'] },
    ]);
    expect([kid.facts.ownAssignments.size, kid.facts.paused, kid.facts.turn]).toEqual([0, false, null]);
    // Nothing is said of it later either: not by the rule, not by the next incarnation.
    expect(kid.restarted().said()).toHaveLength(2);
  });

  it('[machine.cancel-names-work] a cancel reaches the children that the turn has given work, by that work', () => {
    const { root, kid } = family();
    const other = another('other');
    root.runFrom('person', 'r1');
    root.adopt(kid, 'a1', 'a2');
    root.finish();
    root.runFrom('person', 'r2');
    root.adopt(other, 'b1', 'b2');
    onCancel(root.core, 'person');
    const asked = root.effects.flatMap((effect) =>
      effect.type === 'cancelChildren' ? [effect.assignments] : [],
    );
    expect(asked).toEqual([['b1', 'b2']]);
  });

  it('[machine.begun-run-resumed] a run that died before its first answer is gone on with, and its report says so', () => {
    const { kidMachine } = family();
    kidMachine.runFrom('parent', 'a1');
    const next = kidMachine.restarted();
    expect(next.newest('turnStarted')).toMatchObject({
      kind: 'resume',
      submissions: ['a1'],
      cause: 'parent',
    });
    expect(next.said()).toEqual([]);
    next.finish('the answer');
    expect(next.said()).toMatchObject([{ outcome: 'finished', assignments: ['a1'], text: 'the answer' }]);
  });
});

describe('held items', () => {
  /** A root whose turn has taken a report in and did not come to an answer. */
  function withHeldReport(outcome: 'errored' | 'limitReached') {
    const { root, kid } = family();
    root.runFrom('person', 'r1');
    root.adopt(kid, 'a1');
    root.finish();
    root.hear(kid, 1, report('finished', ['a1']));
    root.coalesced();
    root.request();
    root.end(
      outcome,
      outcome === 'errored' ? { error: { category: 'auth', message: 'no' } } : { reason: 'cost' },
    );
    return root;
  }

  it('[machine.notice-ends-hold] held and new are read in one turn', () => {
    const root = withHeldReport('errored');
    expect([root.facts.held?.why, wakeWorthy(root.facts), root.facts.turn]).toEqual(['failed', [], null]);
    onNotice(root.core, notice);
    expect(root.facts.held).toBeNull();
    expect(wakeWorthy(root.facts)).toHaveLength(2);
    root.coalesced();
    root.finish();
    expect(root.items().map(({ kind }) => kind)).toEqual(['podEvent', 'notice']);
    expect(root.facts.unseen).toEqual([]);
    expect(root.facts.held).toBeNull();
  });

  it('[machine.notice-ends-hold] one that does not wake leaves it, and starts nothing', () => {
    const root = withHeldReport('errored');
    onNotice(root.core, { ...notice, wake: false });
    root.coalesced();
    expect([root.facts.held?.why, root.facts.turn]).toEqual(['failed', null]);
  });

  it('[machine.limit-holds] the end says settled, nothing starts by itself, and the next run reads it', () => {
    const root = withHeldReport('limitReached');
    expect(root.newest('turnEnded')).toMatchObject({
      outcome: 'limitReached',
      settled: true,
      outstanding: [],
    });
    expect([root.facts.held?.why, root.facts.turn]).toEqual(['limit', null]);
    expect(root.restarted().facts.turn).toBeNull();
    root.runFrom('person', 'r2');
    root.finish();
    expect(root.facts.unseen).toEqual([]);
  });
});

describe('paused', () => {
  it('[machine.resume-wakes] a report that came meanwhile starts a turn at the resume', () => {
    const { root, kid } = family();
    root.runFrom('person', 'r1');
    root.adopt(kid, 'a1');
    root.finish();
    onPause(root.core, 'person');
    root.hear(kid, 1, report('finished', ['a1']));
    root.coalesced();
    expect([root.facts.turn, root.facts.notifyBuffer.length]).toEqual([null, 1]);
    onResume(root.core);
    expect(root.facts.turn).toMatchObject({ kind: 'runForNotification' });
    root.finish();
    expect(root.items()).toMatchObject([{ kind: 'podEvent', seq: 1 }]);
  });
});

describe('what is sent again', () => {
  it('[machine.submission-once] a run and a notice are taken in once, also by the next incarnation and while they wait', () => {
    const { root } = family();
    root.runFrom('person', 'r1');
    root.runFrom('person', 'r2');
    expect(root.runFrom('person', 'r1')).toBe('started');
    expect(root.runFrom('person', 'r2')).toBe('queued');
    onNotice(root.core, notice);
    onNotice(root.core, notice);
    const next = root.restarted();
    onNotice(next.core, notice);
    expect(next.runFrom('person', 'r2')).toBe('queued');
    next.finish();
    next.finish();
    onNotice(next.core, notice);
    expect(next.runFrom('person', 'r2')).toBe('started');
    expect(next.all('inputReceived').map(({ submission }) => submission)).toEqual(['r1', 'r2', 'n1']);
    expect([next.facts.turn, next.items().length]).toEqual([null, 1]);
  });

  it('[machine.queue-unsettled] a turn that ends while a run waits is not settled, and says so upward', () => {
    const { kidMachine: kid } = family();
    kid.runFrom('parent', 'a1');
    kid.runFrom('person', 'p1');
    kid.finish();
    expect(kid.newest('turnEnded')).toMatchObject({ settled: false, outstanding: [] });
    expect(kid.said()).toMatchObject([{ outcome: 'finished', settled: false, assignments: ['a1'] }]);
    kid.finish();
    expect(kid.newest('turnEnded')).toMatchObject({ settled: true });
    expect(kid.said()[1]).toMatchObject({ outcome: 'finished', settled: true, assignments: ['a1'] });
  });

  it('[machine.acked-not-pending] an acknowledgement ends what it covers, the event that it names among it, and nothing else', () => {
    const { kidMachine: kid } = family();
    for (const errand of ['a1', 'a2', 'a3']) {
      kid.runFrom('parent', errand);
      kid.finish();
    }
    kid.commit([{ type: 'podEventAcked', through: 2 }]);
    expect([...kid.facts.outbox.pending.keys()]).toEqual([3]);
    expect([...kid.restarted().facts.outbox.pending.keys()]).toEqual([3]);
    expect([...kid.facts.closedAssignments.keys()]).toEqual(['a3']);
  });
});
