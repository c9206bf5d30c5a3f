/** A parent's mode, brought to its children: who hears it, who does not, and what becomes of those. */
import { beforeEach, expect, it } from 'vitest';
import { ModesBelow } from '../../../../src/pod/children/modes-below.ts';
import { type Deferred, deferred } from '../../../../src/std/deferred.ts';
import type { Sent } from '../../../../src/transport/connect-and-send.ts';
import { type Line, child, died, kid, received, sib } from '../../machine-rig.ts';
import { HandConnection } from '../shell-rig.ts';
import { alive, parentOf } from './parent-rig.ts';

type Parent = ReturnType<typeof parentOf>;
let parent: Parent;
let below: ModesBelow;
function world(lines: Line[] = alive): void {
  parent = parentOf(lines);
  parent.world.running.add(101);
  below = new ModesBelow(parent.pod, parent.children);
}
beforeEach(() => world());

const took = (unheard: string[] = []): Sent<unknown> => ({ ok: true, result: { mode: 'plan', unheard } });
const failed = (code?: string): Sent<unknown> => ({
  ok: false,
  failure: code === undefined ? 'timedOut' : 'refused',
  ...(code === undefined ? {} : { code }),
  message: 'no',
  delivered: 'unknown',
});
const asked = () => parent.sent.filter(({ method }) => method === 'narrow');

it('[set.below] a living child is told by its parent’s word, and names those below it that did not hear', async () => {
  parent.answers = [took(['leaf'])];
  expect(await below.narrow(5_000)).toEqual(['leaf']);
  expect(asked()).toMatchObject([
    { params: { from: { instance: parent.pod.session.instance }, mode: 'default', withinMs: 4_000 } },
  ]);
});

it('[set.unheard] who does not answer is named, and has to link again', async () => {
  const connection = new HandConnection();
  await parent.link({}, connection);
  parent.world.running.add(parent.facts()!.process!.pid);
  parent.answers = [failed()];
  expect(await below.narrow(5_000)).toEqual([kid.name]);
  expect(connection.destroyed).toBe(1);
});

it('[set.unheard] an older build is named, and its link stays', async () => {
  const connection = new HandConnection();
  await parent.link({}, connection);
  parent.world.running.add(parent.facts()!.process!.pid);
  parent.answers = [failed('-32601')];
  expect(await below.narrow(5_000)).toEqual([kid.name]);
  expect(connection.destroyed).toBe(0);
});

it('[set.later] whose process is gone is not named: its next start brings it', async () => {
  parent.world.running.clear();
  parent.answers = [failed()];
  expect(await below.narrow(5_000)).toEqual([]);
});

it('[set.later] one that is being started, or has ended, is asked nothing', async () => {
  world([child(sib, 'reserved'), ...alive, received(null, died())]);
  expect(await below.narrow(5_000)).toEqual([]);
  expect(asked()).toEqual([]);
});

it('[set.below] the same mode is brought once at a time', async () => {
  parent.answers = [took()];
  expect(await Promise.all([below.narrow(5_000), below.narrow(5_000)])).toEqual([[], []]);
  expect(asked()).toHaveLength(1);
});

/** What was asked over the wire, each answered by hand. */
function byHand() {
  const calls: { params: unknown; options: unknown; answer: Deferred<Sent<unknown>> }[] = [];
  Object.assign(parent.pod.host.wire, {
    send: (_path: string, _method: string, params: unknown, options: unknown) => {
      const answer = deferred<Sent<unknown>>();
      calls.push({ params, options, answer });
      return answer.promise;
    },
  });
  return calls;
}

it('[set.below] a mode that was brought is brought again when it is asked for again, within the time', async () => {
  const calls = byHand();
  const first = below.narrow(5_000);
  calls[0]!.answer.resolve(took(['leaf']));
  expect(await first).toEqual(['leaf']);
  const again = below.narrow(1_000);
  expect(calls.map(({ options }) => options)).toEqual([{ deadlineMs: 5_000 }, { deadlineMs: 1_000 }]);
  calls[1]!.answer.resolve(took());
  expect(await again).toEqual([]);
});

it('[set.below] a newer mode is brought beside one that is under way, and once, also when that has ended', async () => {
  const calls = byHand();
  const first = below.narrow(5_000);
  parent.pod.session.permissionMode = 'plan';
  const second = below.narrow(5_000);
  calls[0]!.answer.resolve(took());
  await first;
  const third = below.narrow(5_000);
  expect(calls.map(({ params }) => (params as { mode: string }).mode)).toEqual(['default', 'plan']);
  calls[1]!.answer.resolve(took(['leaf']));
  expect(await Promise.all([second, third])).toEqual([['leaf'], ['leaf']]);
});

it('[set.unheard] whose folder cannot be read is named, and has to link again', async () => {
  const connection = new HandConnection();
  await parent.link({}, connection);
  parent.world.running.add(parent.facts()!.process!.pid);
  Object.assign(parent.pod.host.home, {
    token: () => {
      throw new Error('the home is away');
    },
  });
  expect(await below.narrow(5_000)).toEqual([kid.name]);
  expect(connection.destroyed).toBe(1);
});
