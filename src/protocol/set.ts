/** What a person may set of a pod that is there. */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { podName } from './names.ts';

const modelName = once(() => z.string().min(1).max(4096));
const word = once(() => z.string().max(64));

export const setParams = once(() =>
  z.object({
    model: z.union([modelName(), z.array(modelName()).min(1).max(16)]).optional(),
    models: z.record(z.string(), z.json()).optional(),
    mode: word().optional(),
    effort: word().optional(),
    from: z.unknown().optional(),
  }),
);

export const setResult = once(() =>
  z.object({
    model: z.string(),
    /** Asked in its place while its provider does not answer. */
    alternatives: z.array(z.string()),
    mode: z.string(),
    /** Null: as the model decides. */
    effort: z.string().nullable(),
    unheard: z.array(podName()),
  }),
);
