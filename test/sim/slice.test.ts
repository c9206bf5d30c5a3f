/** A few hundred histories for `npm run mutants`, in pieces: each defect is tried by those that reach it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { campaign } from './campaign.ts';
import { passOverTheDead } from './history.ts';

const each = 20;
const pieces = Array.from({ length: 12 }, (_, index) => 1 + index * each);

// What a history that was broken off has left may fail behind the last one of its piece.
let listenAgain = (): void => undefined;
beforeAll(() => {
  listenAgain = passOverTheDead();
});
afterAll(() => listenAgain());

it.each(pieces)(
  `[sim.histories] none of ${each} histories from seed %i breaks an invariant`,
  async (from) => {
    const { failures } = await campaign({ from, count: each, failuresMax: 1 });
    expect(failures).toEqual([]);
  },
  60_000,
);
