/** What the buffer becomes before a request, and what is kept from the model because the pod died of it. */
import { describe, expect, it } from 'vitest';
import {
  preLlmRequest,
  recoverPreviousRun,
  systemItemsFromBuffer,
} from '../../../../src/pod/machine/state.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import {
  type Line,
  assigned,
  begun,
  called,
  child,
  completed,
  died,
  ended,
  errored,
  finished,
  fromAbove,
  interrupted,
  kid,
  machineOf,
  notice,
  noticeItem,
  received,
  result,
  started,
  working,
} from '../../machine-rig.ts';

const putAside =
  'A notice was put aside: this pod died repeatedly while handling it. Its content is in the log (podkin logs).';
const from = { ...kid, incarnation: 1 };
const body = (entry: EntryBody | undefined) => (entry?.type === 'systemItem' ? entry.item.body : undefined);

describe('before a request', () => {
  const three: Line[] = [
    child(kid, 'linked'),
    assigned('a1'),
    begun('t1'),
    notice('n1', { from: fromAbove }),
    received(1, died(), { closes: ['a1'] }),
    assigned('a2', kid, { state: 'closed', outcome: 'notStarted', tell: true }),
  ];

  it('[state.drain] everything in the buffer is committed in its order, in one append, with the words that the model reads', () => {
    const { core, committed, performed } = machineOf(three);
    preLlmRequest(core);
    expect(committed).toEqual([
      [
        {
          type: 'systemItem',
          turn: 't1',
          item: {
            kind: 'notice',
            submission: 'n1',
            from: fromAbove,
            body: 'A notice from pod "above":\n```data\nsee n1\n```',
          },
        },
        {
          type: 'systemItem',
          turn: 't1',
          item: {
            kind: 'podEvent',
            from,
            seq: 1,
            event: died(),
            body: expect.stringMatching(/^Pod "kid" died \(SIGKILL\)\.\nIt had been asked: "do a1"\n/),
          },
        },
        {
          type: 'systemItem',
          turn: 't1',
          item: {
            kind: 'assignment',
            assignment: 'a2',
            child: kid,
            outcome: 'notStarted',
            body: 'Pod "kid" never began this work (notStarted): "do a2"',
          },
        },
      ],
    ]);
    expect(performed).toEqual([]);
    expect(core.facts.notifyBuffer).toEqual([]);
    preLlmRequest(core);
    expect(committed).toHaveLength(1);
  });

  it('[state.drain] nothing is committed without a turn, or with nothing in the buffer', () => {
    for (const log of [[notice('n1')], working('t1', 'r1')]) {
      const { core, committed } = machineOf(log);
      preLlmRequest(core);
      expect(committed).toEqual([]);
    }
  });

  it('[state.drain] where the log refuses it throws, and the buffer is as it was', () => {
    const machine = machineOf(three);
    machine.refusal = new Error('no space');
    expect(() => preLlmRequest(machine.core)).toThrow('no space');
    expect(machine.core.facts.notifyBuffer).toHaveLength(3);
    expect([machine.performed, machine.core.live.storage]).toEqual([[], null]);
  });

  const read = (turn: string): Line[] => [
    called('t1', 'c1'),
    result('t1', 'c1', { readOutput: { instance: kid.instance, cursor: 'c', coversTurn: turn } }),
  ];
  it.each<[string, Line[], boolean]>([
    ['whose turn was read whole with ReadPodOutput', [...read('kid-turn'), received(1, finished())], true],
    ['of another turn than was read', [...read('other'), received(1, finished())], false],
    ['of an error, whatever was read', [...read('kid-turn'), received(1, errored())], false],
    ['of which nothing was read', [received(1, finished())], false],
  ])('[state.drain] an event %s', (_, log, isShort) => {
    const { core } = machineOf([child(kid, 'linked'), begun('t1'), ...log]);
    const [item] = systemItemsFromBuffer(core, 't1');
    expect(body(item)?.includes('You have already read its output.')).toBe(isShort);
  });
});

/** The pod dies in this turn at this second, and its next incarnation goes on with it. */
const dies = (turn: string, second: number, incarnation: number): Line[] => [
  { ...started(incarnation), time: new Date(second * 1000).toISOString() },
  interrupted(turn),
];
const deaths = (...seconds: number[]): Line[] =>
  seconds.flatMap((second, n) => [begun(`t${n}`), ...dies(`t${n}`, second, n + 2)]);

/**
 * How often and when the pod died with the item in hand, and whether its content is then kept from the model.
 */
const tolls: [string, Line[], boolean][] = [
  ['never', [], false],
  ['twice', deaths(0, 1), false],
  ['three times within ten minutes', deaths(0, 300, 600), true],
  ['three times within more than ten minutes', deaths(0, 300, 600.001), false],
  ['four times, the last three within ten minutes', deaths(0, 5_000, 5_001, 5_002), true],
  ['four times, the first three within ten minutes', deaths(0, 1, 2, 5_000), false],
];

describe('what the pod died of', () => {
  it.each(tolls)('[state.quarantine] in the buffer, %s', (_, more, isKept) => {
    const { core } = machineOf([notice('n1'), ...more, begun('now')]);
    preLlmRequest(core);
    const last = core.facts.history.at(-1);
    expect(last?.type === 'systemItem' && last.item.body === putAside).toBe(isKept);
  });

  it('[state.quarantine] as often as the limit says', () => {
    const { core } = machineOf([notice('n1'), ...deaths(0), begun('now')], {
      limits: { quarantineDeaths: 1 },
    });
    expect(body(systemItemsFromBuffer(core, 'now')[0])).toBe(putAside);
  });

  /** The item is entry 5; whoever dies from then on has it in hand. */
  const taken = [notice('n1'), begun('t'), noticeItem('t', 'n1'), interrupted('t')];
  const alert = (text: string): EntryBody => ({
    type: 'alert',
    level: 'error',
    code: 'quarantined',
    text,
    quarantines: 5,
  });
  const kept = alert('Entry 5 is kept from the model: the pod died 3 times while handling it.');

  it.each(tolls.map(([name, more, isKept]) => ({ name, more, isKept })))(
    '[state.quarantine] in the history, $name',
    ({ more, isKept }) => {
      const { core, committed } = machineOf([...taken, ...more]);
      recoverPreviousRun(core);
      expect(committed.map((bodies) => bodies.map((entry) => entry.type))).toEqual(isKept ? [['alert']] : []);
      expect([...core.facts.quarantined]).toEqual(isKept ? [5] : []);
    },
  );

  it('[state.quarantine] is said once', () => {
    const { core, committed } = machineOf([...taken, ...deaths(0, 1, 2)]);
    recoverPreviousRun(core);
    recoverPreviousRun(core);
    expect(committed).toEqual([[kept]]);
  });

  it('[state.quarantine] is no trouble of an item that an answer has seen, or where the log refuses', () => {
    const seen = machineOf([...taken, begun('t9'), completed('t9', 5), ended('t9'), ...deaths(0, 1, 2)]);
    recoverPreviousRun(seen.core);
    expect(seen.committed).toEqual([]);
    const full = machineOf([...taken, ...deaths(0, 1, 2)]);
    full.refusal = new Error('no space');
    recoverPreviousRun(full.core);
    expect(full.core.live.storage).toBe('no space');
  });
});
