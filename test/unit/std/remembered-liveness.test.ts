import { describe, expect, it } from 'vitest';
import type { ProcessIdentity } from '../../../src/std/process-identity.ts';
import { rememberedLiveness } from '../../../src/std/remembered-liveness.ts';

function worldWith(living: Set<number>) {
  const world = { nowMs: 0, asked: 0 };
  const isRunning = rememberedLiveness(
    ({ pid }) => {
      world.asked += 1;
      return living.has(pid);
    },
    () => world.nowMs,
  );
  return { world, isRunning };
}

const named = (pid: number): ProcessIdentity => ({ pid, startTime: '1', bootId: 'b' });

describe('remembered liveness', () => {
  it('[claims.asked-once] the system is asked once for all calls of a moment, however many claims there are', () => {
    const { world, isRunning } = worldWith(new Set([1, 2, 3]));
    for (let call = 0; call < 200; call += 1) for (const pid of [1, 2, 3]) isRunning(named(pid));
    expect(world.asked).toBe(3);
    world.nowMs = 250;
    expect(isRunning(named(1))).toBe(true);
    expect(world.asked).toBe(4);
  });

  it('[claims.asked-once] a death is seen a quarter of a second later at the latest, and is never asked about again', () => {
    const living = new Set([1]);
    const { world, isRunning } = worldWith(living);
    expect(isRunning(named(1))).toBe(true);
    living.delete(1);
    world.nowMs = 250;
    expect([isRunning(named(1)), isRunning(named(1))]).toEqual([false, false]);
    expect(world.asked).toBe(2);
    expect(isRunning({ ...named(1), startTime: '2' })).toBe(false);
    expect(world.asked).toBe(3);
  });
});
