/** What a text that is being typed may go on with. */
import * as z from 'zod';
import { once } from '../std/once.ts';

export const candidatesMax = 50;

export const completeParams = once(() =>
  z.object({
    text: z.string().max(100_000),
    /** Where the caret is, in UTF-16 units; left out, at the end. */
    caret: z.int().min(0).optional(),
  }),
);
export const completeResult = once(() =>
  z.object({
    /** The part of the text that a candidate takes the place of, in UTF-16 units. */
    from: z.int().min(0),
    to: z.int().min(0),
    /** `folder`: ends in a slash, and may be completed on. */
    candidates: z
      .array(z.object({ text: z.string(), kind: z.enum(['file', 'folder', 'pod']) }))
      .max(candidatesMax),
  }),
);
