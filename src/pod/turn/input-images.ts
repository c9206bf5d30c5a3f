/** What a client hands over as the parts of a run: the words, with a line for each image, and the images. */
import { thrownText } from '../../std/thrown-text.ts';
import { rpcCodes, WireError } from '../../protocol/errors.ts';
import type { Params } from '../../protocol/methods.ts';
import { type FoundImage, type ImageRef, imageLine, imageSideMax, imagesMax } from '../../std/image.ts';
import { measured } from '../../std/image-header.ts';
import { imageName } from '../../tools/read-image.ts';
import type { Pod } from '../pod.ts';
import { keptImage } from './pod-images.ts';

/** An input as the log takes it. */
export interface Said {
  readonly text: string;
  readonly images: ImageRef[];
}

type Segments = Exclude<Params<'run'>['input'], string>;

/** Throws `WireError`: nothing is taken of an input with a part that cannot be shown to any model. */
export async function saidIn(pod: Pod, input: Segments): Promise<Said> {
  const found = input.map((segment, at) => (segment.type === 'image' ? imageOf(segment, at) : segment.text));
  const images = found.filter((part) => typeof part !== 'string');
  if (images.length > imagesMax)
    throw badPart(`it has ${images.length} images, at most ${imagesMax} can be taken`);
  const text = found.map((part) => (typeof part === 'string' ? part : lineOf(part))).join('\n');
  return { text, images: await keptImages(pod, images) };
}

export async function keptImages(pod: Pod, images: readonly FoundImage[]): Promise<ImageRef[]> {
  const kept: ImageRef[] = [];
  try {
    for (const image of images) kept.push(await keptImage(pod, image));
  } catch (error) {
    const why = thrownText(error);
    throw new WireError('storageFailed', `The image could not be kept: ${why}. Send it again.`);
  }
  return kept;
}

function imageOf({ data, name }: Extract<Segments[number], { type: 'image' }>, at: number): FoundImage {
  const content = Buffer.from(data, 'base64');
  const found = measured(content);
  const part = `part ${at + 1}`;
  if (found === null) throw badPart(`${part} is no PNG, JPEG, GIF or WebP image`);
  if (found.kind === 'broken') throw badPart(`${part} is a broken image: ${found.why}`);
  const { width, height } = found.size;
  if (Math.max(width, height) > imageSideMax)
    throw badPart(`${part} has ${width}×${height} pixels, up to ${imageSideMax} on a side can be taken`);
  return { ...found.size, content, name: imageName(name ?? '') || `image ${at + 1}` };
}

function lineOf(image: FoundImage): string {
  return imageLine({ ...image, bytes: image.content.length });
}

function badPart(why: string): WireError {
  return new WireError(rpcCodes.invalidParams, `Of the input ${why}; nothing of it was taken.`);
}
