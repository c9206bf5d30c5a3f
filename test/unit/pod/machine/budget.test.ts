/** A wake budget that is used up: what is said of it here and to the parent, and until when. */
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../../../src/pod/machine/core.ts';
import { evaluate } from '../../../../src/pod/machine/state.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import {
  type Line,
  type MachineOptions,
  above,
  assigned,
  begun,
  child,
  ended,
  free,
  fromAbove,
  kid,
  input,
  interrupted,
  machineOf,
  notice,
  sent,
  timeOf,
  working,
} from '../../machine-rig.ts';

const alert = (text: string): EntryBody => ({ type: 'alert', level: 'warning', code: 'wakeBudget', text });
const minuteUp = alert(
  "1 event(s) wait: the wake budget of 2 notification turns a minute is used up. A person's input wakes the pod.",
);
const chainUp = alert(
  "2 event(s) wait: the wake budget of a chain of 3 turns is used up. A person's input wakes the pod.",
);
const refillIn = (delayMs: number): Effect => ({ type: 'timer', name: 'refill', delayMs });

const limits = { wakesPerMinute: 2, hops: 3 };
const live = { spentAtMs: [999_000, 999_500] };
const one = [notice('n1', { hops: 1 })];
const chained = [notice('n1', { hops: 3 }), notice('n2', { hops: 9 })];

function over(log: Line[], options: MachineOptions = {}) {
  const machine = machineOf(log, { limits, live, ...options });
  evaluate(machine.core, { urgent: true });
  return machine;
}

describe('a wake budget that is used up', () => {
  it('[state.budget] by the minute: said once, and tried again when the oldest turn is a minute old', () => {
    const machine = over(one);
    expect(machine.committed).toEqual([[minuteUp]]);
    expect(machine.performed).toEqual([refillIn(59_000)]);
    expect(machine.core.live).toMatchObject({
      mode: 'idle',
      overBudget: 'turnsPerMinute',
      overBudgetAt: '2026-01-01T01:00:00.000Z',
      overBudgetUntil: '2026-01-01T01:00:59.000Z',
    });
    evaluate(machine.core, { urgent: true });
    expect(machine.committed).toHaveLength(1);
    expect(machine.performed).toEqual([refillIn(59_000), refillIn(59_000)]);
  });

  it('[state.budget] by the chain: said once, and only a person helps', () => {
    const machine = over(chained);
    expect(machine.committed).toEqual([[chainUp]]);
    expect(machine.performed).toEqual([]);
    expect(machine.core.live).toMatchObject({ overBudget: 'hops', overBudgetUntil: null });
  });

  it('[state.budget] is said to hold since an earlier incarnation said it', () => {
    const machine = over([...one, minuteUp]);
    expect(machine.core.live.overBudgetAt).toBe(timeOf(4));
  });

  it('[state.budget] is not said where the log refuses, and nothing is sent', () => {
    const machine = machineOf([...working('t1', 'a1', fromAbove), ended('t1'), ...one], {
      limits,
      live,
      parent: above,
    });
    machine.refusal = new Error('no space');
    evaluate(machine.core, { urgent: true });
    expect(machine.performed.map(({ type }) => type)).toEqual(['timer', 'alert', 'timer']);
  });
});

describe('a parent', () => {
  const told = (fields: object): EntryBody =>
    sent(1, {
      kind: 'turnEnded',
      outcome: 'limitReached',
      reason: 'wakeBudget',
      turn: 't1',
      assignments: [],
      outstanding: [],
      settled: false,
      text: '',
      textChars: 0,
      usage: free,
      durationMs: 0,
      hops: 2,
      ...fields,
    });
  const forParent = [begun('t1', { cause: 'parent' }), ended('t1')];
  const forPerson = [begun('t1', { cause: 'person' }), ended('t1')];
  const atWork = [...working('t1', 'a1', fromAbove), ended('t1', 'finished')];
  const delegated = [child(kid, 'linked'), ...atWork, assigned('b1')];

  it.each<[string, Line[], object]>([
    ['that gave work last', [...forParent, ...one], {}],
    [
      'that gave work which was cancelled before it ran again',
      [begun('t1', { cause: 'parent' }), interrupted('t1'), input('cancel'), ...one],
      { turn: 'id-1' },
    ],
    ['whose work is open', [...atWork, ...forPerson, ...one], { assignments: ['a1'] }],
    [
      'whose work a child goes on with',
      [...delegated, ...one],
      { assignments: ['a1'], outstanding: ['kid'] },
    ],
    ['with the longest chain at most', [...forParent, ...chained], { hops: 3 }],
  ])('[state.budget-upward] %s is told in the same append', (_, log, fields) => {
    const machine = over(log, { parent: above });
    expect(machine.committed).toEqual([[expect.objectContaining({ code: 'wakeBudget' }), told(fields)]]);
    expect(machine.performed.at(-1)).toEqual({ type: 'emitted' });
  });

  it.each<[string, Line[], MachineOptions]>([
    ['of a pod that worked for a person last', [...forPerson, ...one], { parent: above }],
    ['of a pod that never worked', one, { parent: above }],
    ['that is not there', [...forParent, ...one], {}],
  ])('[state.budget-upward] %s is not told', (_, log, options) => {
    expect(over(log, options).committed).toEqual([[minuteUp]]);
  });
});
