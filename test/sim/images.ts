/** Images of the simulated pods: on disk once they were kept, and then for good. */
import type { ImageStore } from '../../src/pod/host.ts';
import { sha256Hex } from '../../src/std/sha256.ts';
import type { SimProcess } from './process.ts';
import type { World } from './world.ts';

/** By folder and content. */
const keptIn = new WeakMap<World, Map<string, Uint8Array>>();

export function imageStore(process: SimProcess): ImageStore {
  const { world } = process;
  const kept = keptIn.get(world) ?? new Map<string, Uint8Array>();
  keptIn.set(world, kept);
  return {
    keep: async ({ path }, content) => {
      process.point('image.write');
      const hash = sha256Hex(Buffer.from(content).toString('latin1'));
      return await process.later(world.random.delay(2), () => {
        kept.set(`${path}/${hash}`, content);
        process.point('image.kept');
        return hash;
      });
    },
    bytes: ({ path }, hash) => process.later(0, () => kept.get(`${path}/${hash}`) ?? null),
  };
}
