import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callbackEvent } from '../../bench/event.ts';
import { methods } from '../../src/protocol/methods.ts';
import { eventBounds } from '../../src/protocol/pod-event.ts';
import { fastParams, fastResults, isPlainDelta } from '../../src/protocol/fast-guards.ts';
import { liveEvents } from '../../src/protocol/live-events.ts';

const plain = (): Record<string, unknown> => ({
  from: { instance: '019aac00-0000-7000-8000-000000000001', incarnation: 1 },
  seq: 7,
  event: { ...structuredClone(callbackEvent), assignments: ['a'] },
});

/** Values on both sides of every bound, and of every kind that JSON knows. */
const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(0, -0, 1, -1, 0.5, 1e300, -1e-300, Number.POSITIVE_INFINITY),
  fc.constantFrom<unknown>(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 1, null, true, '', [], {}),
  fc.constantFrom('finished', 'limitReached', 'paused', 'cancelled', 'errored', 'turnEnded'),
  fc.constantFrom('accepted', 'duplicate', '019AAC00-0000-7000-8000-00000000000F', 'not an instance'),
  fc.constantFrom('00000000-0000-0000-0000-000000000000', '019aac00-0000-7000-8000-000000000001\n'),
  fc.constantFrom(
    'n'.repeat(eventBounds.nameCharsMax),
    'n'.repeat(eventBounds.nameCharsMax + 1),
    't'.repeat(eventBounds.textCharsMax),
    't'.repeat(eventBounds.textCharsMax + 1),
  ),
  fc.constantFrom<unknown>(
    Array.from({ length: eventBounds.namesMax }, () => 'n'),
    Array.from({ length: eventBounds.namesMax + 1 }, () => 'n'),
    ['n'.repeat(eventBounds.nameCharsMax + 1)],
    { inputTokens: 1, outputTokens: 1, cost: null },
    { inputTokens: 1, outputTokens: 1 },
  ),
);

type Change = { place: number; how: 'set' | 'remove' | 'add'; key: string; value: unknown };
const change: fc.Arbitrary<Change> = fc.record({
  place: fc.nat(),
  how: fc.constantFrom('set', 'set', 'set', 'remove', 'add'),
  key: fc.constantFrom('by', 'reason', 'error', 'other', '__proto__', 'kind'),
  value: odd,
});

/** Every object in a value, with its keys: where something can be changed. */
function places(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== 'object' || value === null) return [];
  const here = value as Record<string, unknown>;
  return Object.keys(here).flatMap((key) => [[here, key], ...places(here[key])]);
}

function changed(value: Record<string, unknown>, changes: Change[]): unknown {
  for (const { place, how, key, value: drawn } of changes) {
    // A drawn constant serves many runs.
    const put = structuredClone(drawn);
    const all = places(value);
    const found = all[place % Math.max(1, all.length)];
    if (found === undefined) return put;
    const [object, name] = found;
    // What JSON cannot say of an array is no matter.
    if (Array.isArray(object) && how !== 'set') continue;
    if (how === 'remove') delete object[name];
    else {
      const settings = { value: put, enumerable: true, configurable: true, writable: true };
      Object.defineProperty(object, how === 'set' ? name : key, settings);
    }
  }
  return value;
}

describe('quick checks', () => {
  it(
    '[wire.fast-guards] what is let through by hand is what the schema takes, and comes out of it unchanged',
    { timeout: 120_000 },
    () => {
      let passed = 0;
      const property = fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const params = changed(plain(), changes);
        if (fastParams.podEvent?.(params) !== true) return;
        passed += 1;
        expect(methods.podEvent.params().parse(params)).toStrictEqual(params);
      });
      fc.assert(property, { numRuns: 20_000 });
      expect(passed).toBeGreaterThan(1_000);
    },
  );

  it('[wire.fast-guards] a result that is let through by hand is one that the schema takes', () => {
    const property = fc.property(fc.array(change, { maxLength: 2 }), (changes) => {
      const result = changed({ outcome: 'accepted', received: 3 }, changes);
      if (fastResults.podEvent?.(result) !== true) return;
      expect(methods.podEvent.result().safeParse(result).success).toBe(true);
    });
    fc.assert(property, { numRuns: 5_000 });
  });

  it('[wire.fast-guards] a delta that is let through by hand is one that the schema takes, and comes out of it unchanged', () => {
    let passed = 0;
    const place = { turn: 't', step: 1, offset: 0, text: 'x' };
    const property = fc.property(fc.array(change, { maxLength: 2 }), fc.boolean(), (changes, thinks) => {
      const type = thinks ? 'reasoningDelta' : 'textDelta';
      const params = changed({ type, ...place }, changes);
      if (!isPlainDelta(params)) return;
      passed += 1;
      const { type: said, ...fields } = params as Record<string, unknown>;
      expect(liveEvents[said as 'textDelta'].fields().parse(params)).toStrictEqual(fields);
    });
    fc.assert(property, { numRuns: 2_000 });
    expect(passed).toBeGreaterThan(100);
  });

  it('[wire.fast-guards] the usual is let through', () => {
    expect(isPlainDelta({ type: 'textDelta', turn: 't', step: 1, offset: 7, text: 'x' })).toBe(true);
    expect(fastParams.podEvent?.(plain())).toBe(true);
    expect(fastResults.podEvent?.({ outcome: 'duplicate', received: 3 })).toBe(true);
    expect(fastResults.podEvent?.({ outcome: 'accepted', received: 3, later: 'field' })).toBe(true);
  });
});
