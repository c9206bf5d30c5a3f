/** Work that ends without a further turn: the report that a pod owes its parent then. */
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
  completed,
  ended,
  fromAbove,
  kid,
  machineOf,
  notice,
  noticeItem,
  run,
  sent,
  working,
} from '../../machine-rig.ts';

const changed: Effect = { type: 'statusChanged' };
const emitted: Effect = { type: 'emitted' };

describe('an end that a pod owes its parent', () => {
  const work = [...working('t1', 'a1', fromAbove), completed('t1', 5)];
  const owed = (fields: object = {}): EntryBody =>
    sent(1, {
      kind: 'turnEnded',
      outcome: 'finished',
      turn: 't1',
      assignments: ['a1'],
      outstanding: [],
      settled: true,
      text: '',
      textChars: 0,
      usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
      durationMs: 0,
      hops: 0,
      ...fields,
    });

  it.each<[string, Line[], MachineOptions, EntryBody[][]]>([
    [
      'is told, with the text that the turn ended on',
      [
        ...work,
        {
          type: 'assistantMessage',
          turn: 't1',
          step: 1,
          model: 'm',
          parts: [{ type: 'text', text: 'all done' }],
        },
        ended('t1'),
      ],
      { parent: above },
      [[owed({ text: 'all done', textChars: 8 })]],
    ],
    [
      'is told, though no turn ever ended',
      [
        run('a1', { from: fromAbove }),
        { type: 'userMessage', turn: 't1', submission: 'a1', from: fromAbove, text: '' },
      ],
      { parent: above },
      [[owed({ turn: 'id-1' })]],
    ],
    [
      'is not while a child works',
      [child(kid, 'linked'), ...work, assigned('b1'), ended('t1')],
      { parent: above },
      [],
    ],
    [
      'is not while what the turn had is held',
      [...work, notice('n1'), noticeItem('t1', 'n1'), ended('t1', 'errored')],
      { parent: above },
      [],
    ],
    ['is none without work', [begun('t1', { cause: 'parent' }), ended('t1')], { parent: above }, []],
  ])('[state.owed-end] %s', (_, log, options, commits) => {
    const machine = machineOf(log, options);
    evaluate(machine.core, { urgent: false });
    expect(machine.committed).toEqual(commits);
    expect(machine.performed).toEqual(commits.length === 0 ? [] : [emitted, changed]);
  });

  it('[state.owed-end] is not told where the log refuses', () => {
    const machine = machineOf([...work, ended('t1')], { parent: above });
    machine.refusal = new Error('no space');
    evaluate(machine.core, { urgent: false });
    expect(machine.performed.map(({ type }) => type)).toEqual(['alert', 'timer']);
  });
});
