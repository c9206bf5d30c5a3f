/** What stands in a child's log goes through the same door as what comes over its link. */
import { expect, it } from 'vitest';
import { readAndReceive } from '../../../../src/pod/children/pull-child.ts';
import type { ChildFacts } from '../../../../src/session/facts/facts.ts';
import { type Line, child, finished, kid, linked, received, sent, timeOf } from '../../machine-rig.ts';
import { familyOf, logOf } from './family-rig.ts';

const say = (seq: number) => sent(seq, finished({ text: `event ${seq}` }));
const log = logOf(2, say(1), say(2), { ...say(3), incarnation: 2 });

function pulling(lines: Line[] = [linked(kid)]) {
  const family = familyOf(lines);
  family.world.logs.set('kid', log);
  const pull = (through: number) =>
    readAndReceive(family.pod, family.pod.facts.children.get(kid.instance) as ChildFacts, through);
  return Object.assign(family, { pull });
}

it.each([
  [
    'all',
    [linked(kid)],
    9,
    [
      [1, 1],
      [2, 1],
      [null, 1],
      [3, 2],
    ],
  ],
  [
    'what is not here',
    [linked(kid), received(1, finished())],
    9,
    [
      [2, 1],
      [null, 1],
      [3, 2],
    ],
  ],
  [
    'that of earlier lives',
    [child(kid, 'reserved')],
    1,
    [
      [1, 1],
      [2, 1],
    ],
  ],
])(
  '[pull.received] %s is received with its number, its incarnation and its words',
  async (_, lines, through, events) => {
    const { pull, committed } = pulling(lines);
    expect(await pull(through)).toMatchObject({ incarnation: 2, lastTime: timeOf(log.length) });
    const receipts = committed.flat().flatMap((body) => (body.type === 'podEventReceived' ? [body] : []));
    expect(receipts.map(({ eventSeq, from }) => [eventSeq, from.incarnation])).toEqual(events);
    // Where a later life reports, the end of the one before is recorded in front of it.
    expect(receipts.map(({ event }) => event)).toMatchObject(
      events.map(([seq]) => (seq === null ? { kind: 'died' } : { text: `event ${seq}` })),
    );
    expect(receipts.every(({ from }) => from.instance === kid.instance)).toBe(true);
  },
);

it('[pull.received] a log that cannot be read is an error', async () => {
  const { pull, world, committed } = pulling();
  world.logs.set('kid', new Error('denied'));
  await expect(pull(9)).rejects.toThrow('denied');
  expect(committed).toEqual([]);
});
