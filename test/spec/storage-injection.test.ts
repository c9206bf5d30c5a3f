/**
 * Each system call on which a promise rests, failing or never returning, at the n-th time that a run makes
 * it: what was acknowledged is there, once, and the pod recovers when the trouble is gone (I6, delivery §5).
 * `INJECT_SEED` chooses the n's.
 */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { canInject } from '../support/capable.ts';
import { type Played, type StoryName, playInjected } from '../support/injected-stories.ts';
import type { CallName, Effect } from '../support/injection.ts';
import { sizeOf } from '../support/size.ts';

// Waiting is most of a story: two at a time use two processors.
vi.setConfig({ maxConcurrency: 2 });

const seed = Number(process.env['INJECT_SEED'] ?? 1);
const each = sizeOf('INJECT_EACH', { short: 1, full: 10 });

const table: [StoryName, CallName, Effect[]][] = [
  ['receiver', 'pwrite', ['ENOSPC', 'EIO', 'takesNothing', 'kill']],
  ['receiver', 'fdatasync', ['EIO', 'kill']],
  ['sender', 'pwrite', ['ENOSPC', 'EIO', 'takesNothing', 'kill']],
  ['sender', 'fdatasync', ['EIO', 'kill']],
  ['sender', 'connect', ['ECONNREFUSED', 'EAGAIN', 'ENOENT', 'kill']],
  ['sender', 'rename', ['ENOSPC', 'EIO', 'kill']],
  ['sender', 'fsync', ['EIO', 'kill']],
  ['giver', 'connect', ['ECONNREFUSED', 'EAGAIN', 'ENOENT', 'kill']],
  ['giver', 'pwrite', ['ENOSPC', 'kill']],
  ['spawner', 'rename', ['ENOSPC', 'kill']],
  ['spawner', 'fsync', ['EIO', 'kill']],
  ['spawner', 'fdatasync', ['EIO', 'kill']],
];
const cells = table.flatMap(([story, call, effects]) =>
  effects.flatMap((effect) => Array.from({ length: each }, (_, round) => ({ story, call, effect, round }))),
);

/** 0 ≤ x < 1, the same for the same words. */
function chance(words: string): number {
  let hash = 0x811c9dc5;
  for (const letter of words) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0) / 2 ** 32;
}

describe.runIf(canInject())('a system call that fails', { timeout: 120_000 }, () => {
  const counted = new Map<StoryName, Played>();
  beforeAll(async () => {
    for (const story of ['receiver', 'sender', 'giver', 'spawner'] as const) {
      counted.set(story, await playInjected(story, null));
    }
  }, 120_000);

  it('[storage.injected] without a fault each story keeps every promise, and makes the calls that are to fail', () => {
    for (const { problems } of counted.values()) expect(problems).toEqual([]);
    for (const [story, call] of table)
      expect(counted.get(story)?.counts?.[call], `${story} ${call}`).toBeGreaterThan(0);
  });

  describe.concurrent('at the n-th time', () => {
    it.each(cells)(
      '[storage.injected] $story, $call, $effect, round $round',
      async ({ story, call, effect, round }) => {
        const range = counted.get(story)?.counts?.[call] ?? 0;
        let nth = 1 + Math.floor(range * chance(`${seed} ${story} ${call} ${effect} ${round}`));
        let { problems } = await playInjected(story, { call, effect, nth });
        // The counted run may have made a call more than others do (a link made twice): then it is the one
        // before.
        for (; nth > 1 && problems.join() === 'the fault never came'; nth -= 1) {
          ({ problems } = await playInjected(story, { call, effect, nth: nth - 1 }));
        }
        if (problems.length > 0) expect.fail(`n = ${nth} of ${range}\n${problems.join('\n')}`);
      },
    );
  });
});
