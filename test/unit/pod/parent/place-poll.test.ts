/** Places in the file system that are asked for again and again: one word about each change. */
import { expect, it } from 'vitest';
import { PlacePoll } from '../../../../src/pod/parent/place-poll.ts';
import { shellOf } from '../shell-rig.ts';

function poll() {
  const shell = shellOf([]);
  let calls = 0;
  const one = new PlacePoll(shell.pod.host, 200, () => void (calls += 1));
  return { shell, one, calls: () => calls };
}

it('[growth.no-watch] what was noted is no news; what is there instead is said once', async () => {
  const { shell, one, calls } = poll();
  one.note(['/a', '/b']);
  one.start(['/a', '/b']);
  expect(shell.clock.delays).toEqual([200]);
  await shell.clock.pass(1_000);
  expect(calls()).toBe(0);
  shell.places = 'another';
  await shell.clock.pass(1_000);
  expect([calls(), shell.clock.delays]).toEqual([1, []]);
});

it('[growth.no-watch] a change between the note and the start is seen', async () => {
  const { shell, one, calls } = poll();
  one.note(['/a']);
  shell.places = 'another';
  one.start(['/a']);
  await shell.clock.pass(200);
  expect(calls()).toBe(1);
});

it('[growth.no-watch] only one polls at a time, and none behind a stop', async () => {
  const { shell, one, calls } = poll();
  one.start(['/a']);
  one.start(['/a']);
  expect(shell.clock.delays).toEqual([200]);
  one.stop();
  one.stop();
  shell.places = 'another';
  await shell.clock.pass(1_000);
  expect(calls()).toBe(0);
});
