/** Which images of a request a model is shown, and what a provider's refusal says of them. Pure. */
import type { ImageRef } from '../std/image.ts';
import type { ChatMessage } from './port.ts';

export function imagesIn(messages: readonly ChatMessage[]): readonly ImageRef[] {
  return messages.flatMap((message) => {
    if (message.role === 'user') return message.images ?? [];
    return message.role === 'tool' ? message.results.flatMap(({ images = [] }) => images) : [];
  });
}

/**
 * Why the model is not shown it, as the end of a sentence; null where it may be. `takes`: what a person says
 * of the model; of one that nobody knows it is found out by asking.
 */
export function unshownBy(model: string, takes: boolean | undefined, { kind }: ImageRef): string | null {
  if (takes === false) return `${model} takes no images`;
  return model.startsWith('google/') && kind === 'gif' ? `${model} takes no GIF` : null;
}

/**
 * `model`: it takes none at all. `images`: one of these is not to its liking, and every later request would
 * hold it again. Null: it is about something else.
 */
export function imageRefusalIn(message: string): 'model' | 'images' | null {
  if (!aboutImages.test(message)) return null;
  return !ofOne.test(message) && takesNone.some((pattern) => pattern.test(message)) ? 'model' : 'images';
}

const aboutImages = /image|vision|multi-?modal|media[_ ]?type|mime|must be a string/i;

/** Of the form, the size or the content of a single one. */
const ofOne =
  /\bformat|(?:image|media|mime)[ _]?type|(?:could not|couldn't|unable to) process|exceed|dimension|pixel|valid image|image data|corrupt|decode|too (?:large|big|small|many)/i;

/** As servers say it, in either order. */
const takesNone = [
  /(?:image|vision|multi-?modal)(?:[ _]url)?s?(?: (?:input|content|modality|type)s?)* ?(?: \w+){0,2} (?:is|are) (?:not|only) (?:enabled|supported|available|allowed)/i,
  /(?:not|n't|no|cannot)(?: \w+){0,3} (?:support|accept|process|handle|take|have)\w*(?: \w+){0,3} (?:image|vision|multi-?modal)/i,
  /(?:not|n't) (?:a |an )?(?:multi-?modal|vision)/i,
  /no endpoints? found that support image/i,
  /unknown variant [`'"]?image/i,
  /\bat most 0 image/i,
  /content\b[^.]{0,30} must be a string/i,
];
