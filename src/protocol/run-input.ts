/** What a run may consist of: words, and images beside them. */
import * as z from 'zod';
import { imageBytesMax } from '../std/image.ts';
import { once } from '../std/once.ts';

/** Base64 makes three bytes four. */
const imageCharsMax = Math.ceil(imageBytesMax / 3) * 4;

const segment = once(() =>
  z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('text'), text: z.string().min(1) }),
    // What it is, its first bytes say.
    z.looseObject({
      type: z.literal('image'),
      data: z.base64().min(1).max(imageCharsMax),
      name: z.string().min(1).max(200).optional(),
    }),
  ]),
);

// Providers refuse a message without any text; an image brings its line.
export const runInput = once(() => z.union([z.string().min(1), z.array(segment()).min(1)]));

/** Paths that a person names: what is there is added behind the input, as Read gives it. */
export const namedFiles = once(() => z.array(z.string().min(1).max(4096)).max(20).optional());
