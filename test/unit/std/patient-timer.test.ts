import { describe, expect, it } from 'vitest';
import { afterWaiting } from '../../../src/std/patient-timer.ts';

/** A process that is late by so much at each of its timers. */
function lateBy(delays: readonly number[]) {
  let nowMs = 0;
  const left = [...delays];
  const asked: number[] = [];
  let next: { atMs: number; wake: () => void } | null = null;
  const clock = {
    now: () => nowMs,
    after(delayMs: number, wake: () => void) {
      asked.push(delayMs);
      next = { atMs: nowMs + delayMs, wake };
      return () => void (next = null);
    },
  };
  const step = (): boolean => {
    const due = next;
    if (due === null) return false;
    nowMs = due.atMs + (left.shift() ?? 0);
    next = null;
    due.wake();
    return true;
  };
  return { clock, asked, step };
}

describe('giving up', () => {
  it.each([
    ['in time', [0], [20_000]],
    ['a little late, as timers are', [90], [20_000]],
    ['busy meanwhile', [5_000, 0], [20_000, 2_000]],
    ['busy again', [5_000, 3_000, 0], [20_000, 2_000, 2_000]],
  ] as const)('[library.busy-program] %s', (_, delays, waits) => {
    const { clock, asked, step } = lateBy(delays);
    let given = 0;
    afterWaiting(clock, 20_000, () => (given += 1));
    while (step());
    expect(asked).toEqual(waits);
    expect(given).toBe(1);
  });

  it.each([1, 2])('[library.busy-program] what came ends the wait, be it the %i. one', (which) => {
    const { clock, asked, step } = lateBy([5_000, 5_000]);
    let given = 0;
    const end = afterWaiting(clock, 20_000, () => (given += 1));
    while (asked.length < which && step());
    end();
    step();
    expect(given).toBe(0);
  });
});
