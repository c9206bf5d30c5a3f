import { expect, it } from 'vitest';
import { nodeClock } from '../../../src/pod/node-host.ts';
import { ChildLinks } from '../../../src/pod/children/child-links.ts';
import { deferred } from '../../../src/std/deferred.ts';
import type { Connection } from '../../../src/transport/connection.ts';

/** One that is told to end and has not ended yet. */
function connection() {
  const end = deferred<void>();
  let destroyed = false;
  const made = { closed: end.promise, destroy: () => void (destroyed = true) };
  return { made: made as unknown as Connection, end: () => end.resolve(), destroyed: () => destroyed };
}

it('[stranger.older-connection] it may not speak, whether it has ended or not, and its end takes nothing away', async () => {
  const ended: string[] = [];
  const links = new ChildLinks({ incarnation: 1, clock: nodeClock }, (instance) => void ended.push(instance));
  const [old, newer] = [connection(), connection()];
  const keep = (at: Connection, incarnation: number) =>
    links.keep('kid', { connection: at, incarnation, heardAtMs: 0 });
  keep(old.made, 1);
  expect(links.over(old.made, 'kid').incarnation).toBe(1);
  const first = links.numberOf('kid');
  keep(newer.made, 2);
  expect([old.destroyed(), newer.destroyed()]).toEqual([true, false]);
  expect(links.numberOf('kid')).toBe(first + 1);
  for (const ask of [
    () => links.over(old.made, 'kid'),
    () => links.over(old.made),
    () => links.instanceOver(old.made),
  ])
    expect(ask).toThrow('not the link of that child');
  old.end();
  await old.made.closed;
  expect([links.has('kid'), links.over(newer.made).incarnation, ended]).toEqual([true, 2, []]);
  newer.end();
  await newer.made.closed;
  expect([links.has('kid'), ended]).toEqual([false, ['kid']]);
});
