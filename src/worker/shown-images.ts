/** What a request shows of the images of a history, and what follows where a provider refuses it for them. */
import { imageRefusalIn, imagesIn } from '../model/images.ts';
import type { ModelFailure, ModelRequest } from '../model/port.ts';
import type { EntryBody } from '../session/facts/entries.ts';
import type { ContextFacts } from '../session/facts/context-facts.ts';
import { imagesOf, saidFrom } from '../session/facts/transcript.ts';
import type { ImageRef } from '../std/image.ts';
import type { TurnPorts } from './turn-ports.ts';

/** The end of a sentence on why an image is not shown; null where it is. */
export type Unshown = (image: ImageRef) => string | null;

/** Absent: nothing is known of images, and they are named in words alone. */
export function unshownTo(
  { images, context }: Pick<TurnPorts, 'images' | 'context'>,
  model: string,
): Unshown | undefined {
  if (images === undefined) return undefined;
  const { imageless, refusedImages } = context?.facts.context ?? nothingRefused;
  return (image) => {
    if (imageless.has(model)) return `${model} takes no images`;
    if (refusedImages.has(image.sha256)) return 'a provider has refused it';
    return images.unshownBy(model, image);
  };
}

const nothingRefused: Pick<ContextFacts, 'imageless' | 'refusedImages'> = {
  imageless: new Set(),
  refusedImages: new Set(),
};

/** For whoever sends the request. */
export function imageBytes({ images }: Pick<TurnPorts, 'images'>): Pick<ModelRequest, 'imageBytes'> {
  return images === undefined ? {} : { imageBytes: (image) => images.bytes(image) };
}

/**
 * What is to be committed so that the same request goes out with words in the place of images; null where it
 * was refused for something else. Each takes images from the request: it is asked again no more often than it
 * has some.
 */
export function imagesRefused(
  { turn, context }: Pick<TurnPorts, 'turn' | 'context'>,
  { model, request, error }: { model: string; request: ModelRequest; error: ModelFailure },
): EntryBody[] | null {
  const sent = new Set(imagesIn(request.messages).map(({ sha256 }) => sha256));
  const refusal = sent.size === 0 || context === undefined ? null : refusalOf(error);
  if (refusal === null || context === undefined) return null;
  const said = { type: 'imagesRefused', turn, model, reason: error.message } as const;
  if (refusal === 'model') return [said];
  // What was answered before is not what is wrong now.
  const fresh = [...saidFrom(context.facts, context.facts.seenThrough + 1)].flatMap(imagesOf);
  const suspects = fresh.map(({ sha256 }) => sha256).filter((image) => sent.has(image));
  // What was taken before is not too large by itself: then it is the history that is to become shorter.
  if (refusal === 'bytes' && suspects.length === 0) return null;
  return [{ ...said, images: [...(suspects.length === 0 ? sent : new Set(suspects))] }];
}

/** `bytes`: nothing names an image, but no shorter history would be without it. */
function refusalOf({ category, message }: ModelFailure): 'model' | 'images' | 'bytes' | null {
  if (category === 'requestTooLarge') return 'bytes';
  const refusal = imageRefusalIn(message);
  if (category === 'badRequest') return refusal;
  // Some servers say so as a failure of their own, which is worth another try unless it is this.
  return (category === 'overloaded' || category === 'unknown') && refusal === 'model' ? refusal : null;
}
