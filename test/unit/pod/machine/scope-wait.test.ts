/** A pod that waits for its paths: nothing begins, and a cancel ends what had not begun. */
import { describe, expect, it } from 'vitest';
import type { Core } from '../../../../src/pod/machine/core.ts';
import { onCompact } from '../../../../src/pod/machine/compaction-inputs.ts';
import { onCancel, onNotice, onRun } from '../../../../src/pod/machine/inputs.ts';
import { stillWaited } from '../../../../src/pod/machine/scope-wait.ts';
import { boot, onTimer, watchdog } from '../../../../src/pod/machine/state.ts';
import { waitingOf } from '../../../../src/pod/machine/waiting.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import { applyEntry, replay } from '../../../../src/session/facts/replay.ts';
import {
  type Line,
  above,
  assigned,
  begun,
  ended,
  factsOf,
  finished,
  fromAbove,
  interrupted,
  linked,
  kid,
  machineOf,
  notice,
  person,
  run,
  session,
  started,
  timeOf,
  working,
} from '../../machine-rig.ts';
import { type InputCase, changed, playInput, starts } from './inputs-rig.ts';

const waits: EntryBody = {
  type: 'scopeWait',
  state: 'waits',
  since: 'then',
  reason: 'a, which root/x holds',
};
const over = (reason: string): EntryBody => ({ type: 'scopeWait', state: 'over', reason });
const given = (submission: string) => run(submission, { from: fromAbove });
const cut: Line[] = [...working('t1', 'r1', fromAbove), interrupted('t1')];

describe('while a pod waits for its paths', () => {
  it.each<[string, Line[], (core: Core) => unknown]>([
    ['a start of its process', [given('r1'), waits], boot],
    [
      'a run',
      [waits],
      (core) => onRun(core, { text: 'do', submission: 'r1', from: fromAbove, ifBusy: 'queue', hops: 0 }),
    ],
    [
      'a run of a person',
      [waits],
      (core) => onRun(core, { text: 'do', submission: 'r1', from: person, ifBusy: 'queue', hops: 0 }),
    ],
    [
      'a notice',
      [waits],
      (core) => onNotice(core, { text: 'see', submission: 'n1', from: person, wake: true, hops: 0 }),
    ],
    ['a timer', [given('r1'), notice('n1'), waits], (core) => onTimer(core, 'coalesce')],
    ['the watchdog', [given('r1'), notice('n1'), waits], watchdog],
    ['a compaction', [waits], (core) => expect(onCompact(core, null).when).toBe('whenResumed')],
    ['what was cut off before', [...cut, waits], boot],
  ])('[scope.wait-begins-nothing] %s begins nothing', (_, log, does) => {
    const { core, performed } = machineOf(log, { parent: above });
    does(core);
    expect(core.live.mode).toBe('idle');
    expect(performed.filter(({ type }) => type === 'startTurn' || type === 'compact')).toEqual([]);
  });

  it('[scope.wait-begins-nothing] a run that is not to be queued is refused', () => {
    const { core, committed } = machineOf([waits], { parent: above });
    const runs = () => onRun(core, { text: 'do', submission: 'r1', from: person, ifBusy: 'reject', hops: 0 });
    expect(runs).toThrow(
      'The pod is waiting for its paths; send the run without ifBusy "reject" to queue it.',
    );
    expect(committed).toEqual([]);
  });

  it('[scope.wait-begins-nothing] once its parent says so all that waits begins, in its order', () => {
    const { core, performed } = machineOf([given('r1'), waits, over('granted')], { parent: above });
    boot(core);
    expect(performed).toEqual(starts('id-1'));
  });

  it('[scope.wait-seen] it is what it waits for, in its parent’s words; not while it runs or stops', () => {
    const { core } = machineOf([waits, assigned('a1')], { parent: above });
    const seen = () => waitingOf(core, { scope: null, nowMs: 0 });
    expect(seen()).toEqual({ kind: 'scope', since: 'then', until: null, reason: 'a, which root/x holds' });
    for (const mode of ['running', 'stopping'] as const) {
      core.live.mode = mode;
      expect(seen()).toBe(null);
    }
  });

  it('[scope.wait-ends] its last word says that it had begun nothing', () => {
    expect(stillWaited(factsOf([waits]))).toBe(
      'it had begun nothing, as it waited for a, which root/x holds',
    );
    expect(stillWaited(factsOf([waits, over('granted')]))).toBe(null);
  });
});

describe('each start of a child that was spawned with wait', () => {
  const lives = (settings: object, parent: typeof above | null, ...more: EntryBody[]) => {
    const bodies = [session({ parent, settings: { demands: settings } as never }), started(1), ...more];
    return replay(bodies.map((body, at) => ({ seq: at + 1, time: timeOf(at + 1), ...body })));
  };
  const word = { reason: '"above", its parent, has not said yet that its paths are free' };

  it.each<[string, ReturnType<typeof lives>, object | null]>([
    ['waits for its parent’s word', lives({ wait: true }, above), { since: timeOf(2), ...word }],
    [
      'again, whatever was said to the last',
      lives({ wait: true }, above, over('granted'), started(2)),
      { since: timeOf(4), ...word },
    ],
    ['not one that was spawned without', lives({}, above), null],
    ['nor a root', lives({ wait: true }, null), null],
  ])('[scope.wait-begins-nothing] %s', (_, facts, wait) => {
    expect(facts.scopeWait).toEqual(wait);
  });
});

const report = (assignments: string[], settled: boolean, by: 'person' | 'parent' = 'person'): EntryBody => {
  const { check: _check, ...event } = finished({
    outcome: 'cancelled',
    by,
    assignments,
    settled,
    turn: 'id-1',
  });
  const usage = { inputTokens: 0, outputTokens: 0, cost: 0 };
  const bare = { ...event, text: '', textChars: 0, usage, durationMs: 0 };
  return { type: 'podEventEmitted', eventSeq: 1, incarnation: 1, event: bare };
};
const drops = (submission: string): EntryBody => ({ type: 'inputDropped', submission, reason: 'cancelled' });
const told = [{ type: 'emitted' as const }, changed];

const cancels: Record<string, InputCase> = {
  'by a person drops all and gives the wait up': {
    log: [given('r1'), run('r2'), waits],
    does: (core) => onCancel(core, 'person'),
    commits: [[drops('r1'), drops('r2'), over('cancelled'), report(['r1'], true)]],
    performs: told,
  },
  'by its parent drops what it names, and waits on for the rest': {
    log: [given('r1'), given('r2'), waits],
    does: (core) => onCancel(core, 'parent', ['r1']),
    commits: [[drops('r1'), report(['r1'], false, 'parent')]],
    performs: told,
  },
  'by its parent of the last gives the wait up': {
    log: [given('r1'), waits],
    does: (core) => onCancel(core, 'parent', ['r1', 'r9']),
    commits: [[drops('r1'), over('cancelled'), report(['r1'], true, 'parent')]],
    performs: told,
  },
  'by its parent of something else leaves it alone': {
    log: [given('r1'), waits],
    does: (core) => onCancel(core, 'parent', ['r9']),
  },
  'with no work gives up the wait': {
    log: [waits],
    does: (core) => onCancel(core, 'person'),
    commits: [[over('cancelled'), report([], true)]],
    performs: told,
  },
  'of a root’s own has nobody to tell': {
    parent: null,
    log: [run('r1'), waits],
    does: (core) => onCancel(core, 'person'),
    commits: [[drops('r1'), over('cancelled')]],
    performs: [changed],
  },
};

describe('a cancel', () => {
  it.each(Object.entries(cancels))('[scope.wait-cancelled] %s', (_, row) =>
    playInput({ parent: above, ...row }),
  );

  it('[scope.wait-cancelled] of a turn that was cut off ends that too, with what it had handed down', () => {
    const log = [linked(kid), ...cut, assigned('a1'), given('r2'), waits];
    const { core, committed, performed } = machineOf(log, { parent: above });
    onCancel(core, 'parent', ['r1']);
    expect(core.facts.resumable).toBe(null);
    expect(core.facts.scopeWait).not.toBe(null);
    expect(committed.flat().at(-1)).toMatchObject({
      event: { assignments: ['r1'], settled: false, outstanding: ['kid'] },
    });
    expect(performed).toContainEqual({ type: 'cancelChildren', assignments: ['a1'] });
    onCancel(core, 'person');
    expect(core.facts.scopeWait).toBe(null);
    expect(core.facts.queue).toEqual([]);
    const last = committed.flat().at(-1);
    expect(last).toMatchObject({ event: { assignments: ['r2'], settled: false, outstanding: ['kid'] } });
  });

  it('[scope.wait-cancelled] what it has begun, and is to hear the rest of, is not ended by it', () => {
    const early = ended('t1', 'finished', { settled: false, outstanding: ['kid'] });
    const { core, committed } = machineOf([...working('t1', 'r1', fromAbove), early, waits], {
      parent: above,
    });
    expect(() => onCancel(core, 'person')).toThrow('nothing to cancel');
    expect(committed).toEqual([]);
    expect(core.facts.scopeWait).not.toBe(null);
  });

  it('[scope.wait-cancelled] of one that does not wait is as ever: what is queued stays', () => {
    const { core } = machineOf([run('r1'), begun('t1'), given('r2'), waits], {
      parent: above,
      live: { mode: 'running' },
    });
    onCancel(core, 'person');
    expect(core.facts.queue.map(({ submission }) => submission)).toEqual(['r1', 'r2']);
    applyEntry(core.facts, { seq: 99, time: timeOf(99), ...over('granted') });
    expect(core.live.control).toEqual({ kind: 'cancel', by: 'person' });
  });
});
