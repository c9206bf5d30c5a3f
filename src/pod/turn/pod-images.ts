/** The images of a pod's session: kept beside its log, and shown to models that take them. */
import { unshownBy } from '../../model/images.ts';
import { modelSettingsOf } from '../../session/settings/model-settings.ts';
import type { FoundImage, ImageRef } from '../../std/image.ts';
import type { ImagesPort } from '../../worker/turn-ports.ts';
import type { Pod } from '../pod.ts';

export function imagesOfPod(pod: Pod): ImagesPort {
  const { host, folder, session } = pod;
  return {
    keep: (image) => keptImage(pod, image),
    bytes: ({ sha256 }) => host.work.images.bytes(folder, sha256),
    unshownBy: (model, image) => unshownBy(model, modelSettingsOf(session.settings, model).images, image),
  };
}

/** An entry may name it once this resolves. Rejects with the file system's error. */
export async function keptImage({ host, folder }: Pod, image: FoundImage): Promise<ImageRef> {
  const { content, kind, width, height, name } = image;
  const sha256 = await host.work.images.keep(folder, content);
  return { sha256, kind, width, height, bytes: content.length, name };
}
