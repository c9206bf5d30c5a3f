/**
 * Killed at every named point (delivery §8), a pod loses nothing, says nothing twice and leaves nothing half
 * made. `CAMPAIGN_KEEP` names a folder for the logs of stories that went wrong.
 */
import { describe, expect, it, vi } from 'vitest';
import { type Story, campaignStories, playStory, titleOf } from '../support/campaign.ts';
import { sizeOf } from '../support/size.ts';

// Waiting is most of a story: two at a time use two processors.
vi.setConfig({ maxConcurrency: 2 });

const keep = process.env['CAMPAIGN_KEEP'];
/** Of one and the same place: what differs is where the others are by chance. */
const rounds = sizeOf('CRASH_ROUNDS', { short: 1, full: 5 });

function plays(stories: readonly Story[], rounds: number): void {
  const all = stories.flatMap((story) =>
    Array.from({ length: rounds }, (_, round) => [`${titleOf(story)}, round ${round + 1}`, story] as const),
  );
  it.each(all)('[death.crash-point] %s', async (_, story) => {
    const row = await playStory(story, keep === undefined ? {} : { keep });
    if (row.problems.length > 0) expect.fail(row.problems.join('\n'));
  });
}

describe.concurrent('killed at a named point', { timeout: 120_000 }, () => {
  plays(campaignStories.child, 1);
  plays(campaignStories.parentTurn, rounds);
  plays(campaignStories.parentReceipt, rounds);
  plays(campaignStories.spawn, rounds);
});
