import { it } from 'vitest';
import { playShare } from './histories.ts';

it('[sim.histories] no history of kills, losses of power, full disks and cut links breaks an invariant: the other half', async () => {
  await playShare(1, 2);
}, 0);
