/** What verify says of the time of turns. */
import { expect, it } from 'vitest';
import { broken, check, expectOnly, family } from './verify-rig.ts';

it('[asked.time-verified] a total that falls is found, also over a death, and one of another turn', () => {
  const { home, root } = family();
  const time = (usedMs: number, turn = root.turn) => root.add({ type: 'turnTime', turn, usedMs });
  root.beginTurn();
  time(10);
  time(10);
  time(20);
  root.die();
  root.interrupt();
  root.beginTurn('resume');
  time(30);
  expectOnly(home, []);
  time(29);
  expect(broken(check(home))).toEqual(['L1 root']);
  time(40, 'another');
  expect(broken(check(home))).toEqual(['L1 root', 'L1 root']);
});

it('[asked.time-verified] a new turn begins at nothing, and a line without its fields is named', () => {
  const { home, root } = family();
  root.beginTurn();
  root.add({ type: 'turnTime', turn: root.turn, usedMs: 50 });
  root.step();
  root.endTurn();
  root.beginTurn();
  root.add({ type: 'turnTime', turn: root.turn, usedMs: 1 });
  root.step();
  root.endTurn();
  expectOnly(home, []);
  root.add({ type: 'turnTime', turn: 'x', usedMs: -1 });
  expect(broken(check(home))).toEqual(['log root']);
});
