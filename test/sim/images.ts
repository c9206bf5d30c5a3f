/** Images of the simulated pods: on disk once they were kept, and then for good. */
import type { ModelRequest } from '../../src/model/port.ts';
import { imagesIn } from '../../src/model/images.ts';
import type { ImageStore } from '../../src/pod/host.ts';
import { sha256Hex } from '../../src/std/sha256.ts';
import type { FoundImage } from '../../src/std/image.ts';
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

/** What a call answers beside its text. */
export function imageOf({ world }: SimProcess, call: string): { images?: FoundImage[] } {
  if (!world.script.hasImages) return {};
  const size = { kind: 'png', width: 10, height: 10 } as const;
  return { images: [{ ...size, name: `${call}.png`, content: Buffer.from(call) }] };
}

/** An image that an entry names was on disk before. */
export async function checkImages({ world, simPod }: SimProcess, { messages, imageBytes }: ModelRequest) {
  for (const image of imagesIn(messages)) {
    world.hit('image.shown');
    const bytes = (await imageBytes?.(image)) ?? null;
    if (bytes === null) world.watch.violation('K3', simPod, `the image ${image.name} is named and not there`);
  }
}
