/** Who waits for a child's end hears of it when it is in the log, or that the time has passed. */
import { expect, it } from 'vitest';
import { EndWaiters } from '../../../../src/pod/children/end-waiters.ts';
import { HandClock } from '../shell-rig.ts';

function waiters() {
  const clock = new HandClock();
  const ended = new Set<string>();
  const all = new EndWaiters(clock as never, (instance) => ended.has(instance));
  const heard: string[] = [];
  const wait = (instance: string, timeoutMs = 500) =>
    void all.ended(instance, timeoutMs).then((has) => heard.push(`${instance} ${has}`));
  return { clock, ended, all, heard, wait };
}

it('[end.awaited] an end that is there is answered at once', async () => {
  const { clock, ended, heard, wait } = waiters();
  ended.add('kid');
  wait('kid');
  expect(clock.delays).toEqual([]);
  await clock.turn();
  expect(heard).toEqual(['kid true']);
});

it('[end.awaited] all who wait for one hear of it, and nobody of another', async () => {
  const { clock, ended, all, heard, wait } = waiters();
  wait('kid');
  wait('sib');
  wait('kid');
  all.settle();
  await clock.turn();
  expect(heard).toEqual([]);
  ended.add('kid');
  all.settle();
  await clock.turn();
  expect([heard, clock.delays]).toEqual([['kid true', 'kid true'], [500]]);
  ended.delete('kid');
  // One that ends again is waited for anew.
  wait('kid', 700);
  await clock.turn();
  expect(heard.length).toBe(2);
  ended.add('kid');
  all.settle();
  await clock.turn();
  expect(heard.length).toBe(3);
});

it('[end.awaited] behind the time it is answered as it is', async () => {
  const { clock, ended, heard, wait } = waiters();
  wait('kid');
  wait('sib');
  ended.add('sib');
  await clock.pass(500);
  expect(heard).toEqual(['kid false', 'sib true']);
});
