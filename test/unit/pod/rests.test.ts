import { describe, expect, it } from 'vitest';
import { ModelFailure } from '../../../src/model/port.ts';
import { restMaxMs, Rests } from '../../../src/pod/turn/rests.ts';

const limit = (retryAfterMs: number) =>
  new ModelFailure('rateLimit', 'later', { transient: true, retryAfterMs });
const gone = new ModelFailure('authentication', 'no', { transient: false, isGone: true });

function restsOf(names: readonly string[], waits = true) {
  const clock = { nowMs: 1_000 };
  return {
    clock,
    rests: new Rests(
      () => ({ names, waits }),
      () => clock.nowMs,
    ),
  };
}

describe('models that rest', () => {
  it('[rest.next] the first that does not rest is asked, and the first of all again in its time', () => {
    const { clock, rests } = restsOf(['a', 'b', 'c']);
    expect(rests.current).toBe('a');
    rests.note('a', limit(5_000));
    expect(rests.current).toBe('b');
    rests.note('b', limit(9_000));
    expect([rests.current, rests.wait().ms]).toEqual(['c', 0]);
    clock.nowMs = 6_000;
    expect(rests.current).toBe('a');
  });

  it('[rest.wait] of all that rest the first that comes back is waited for', () => {
    const { clock, rests } = restsOf(['a', 'b']);
    rests.note('a', limit(5_000));
    rests.note('b', limit(3_000));
    expect(rests.wait()).toEqual({ ms: 3_000, untilMs: 4_000 });
    expect(rests.current).toBe('a');
    clock.nowMs = 4_000;
    expect([rests.current, rests.wait().ms]).toEqual(['b', 0]);
  });

  it('[rest.gone] no credit and no server is waited for, but a limit beside them is', () => {
    const { rests } = restsOf(['a', 'b']);
    rests.note('a', gone);
    rests.note('b', gone);
    expect(rests.wait()).toEqual({ ms: null, untilMs: null });
    rests.note('b', limit(2_000));
    expect(rests.wait().ms).toBe(2_000);
  });

  it('[rest.print] where nobody waits, the time is said all the same', () => {
    const { rests } = restsOf(['a'], false);
    rests.note('a', limit(2_000));
    expect(rests.wait()).toEqual({ ms: null, untilMs: 3_000 });
  });

  it('[rest.lies] no rest is longer than a day', () => {
    const { clock, rests } = restsOf(['a']);
    rests.note('a', limit(Number.MAX_SAFE_INTEGER));
    expect(rests.wait().ms).toBe(restMaxMs);
    clock.nowMs += restMaxMs;
    expect(rests.wait().ms).toBe(0);
  });
});
