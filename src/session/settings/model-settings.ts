/**
 * What a person says of single models: `[models."provider/model"]` in the user's configuration. Written into
 * the session entry, inherited by children.
 */
import * as z from 'zod';
import type { JsonObject } from '../../std/json.ts';
import { once } from '../../std/once.ts';

export interface ModelSettings {
  /** USD per million tokens; one of the two is not said without the other. */
  readonly inputPrice?: number | undefined;
  readonly outputPrice?: number | undefined;
  /** The longest answer, in tokens, where the provider is to be told. */
  readonly outputTokens?: number | undefined;
  /** Tokens that a request and its answer may hold together: it wins over what is known of the model. */
  readonly contextTokens?: number | undefined;
  /** Whether it takes images; of one of which nothing is said it is found out. */
  readonly images?: boolean | undefined;
}

/** Less holds no system prompt. */
const contextTokensMin = 1_000;

/** USD per million tokens. Beyond it a sum would be no number any more, and no limit would hold. */
const priceMax = 1_000_000_000;

export const modelSettingsSchema = once(() => {
  const price = (of: string) =>
    z
      .number()
      .min(0)
      .max(priceMax)
      .optional()
      .describe(`US dollars per million tokens ${of}; both prices are set, or none.`);
  return z.record(
    z.string().regex(/^[^/]+\/./, 'is not a model: write "provider/model", in quotes'),
    z
      .strictObject({
        inputPrice: price('of requests'),
        outputPrice: price('of answers'),
        outputTokens: z
          .int()
          .min(1)
          .optional()
          .describe('The longest answer, in tokens, where the provider is to be told.'),
        contextTokens: z
          .int()
          .min(contextTokensMin)
          .optional()
          .describe(
            'Tokens of a request and its answer together; wins over what podkin knows of the model and has learned from refusals, for a pod that is started again too.',
          ),
        images: z
          .boolean()
          .optional()
          .describe(
            'Whether it takes images. `false`: they are named to it in words. Not set: it is sent them until it refuses.',
          ),
      })
      .refine(
        (given) =>
          typeof given !== 'object' ||
          (given?.inputPrice === undefined) === (given?.outputPrice === undefined),
        {
          error: 'has one price of two: set inputPrice and outputPrice, USD per million tokens',
          // Beside what else is wrong with it.
          when: () => true,
        },
      ),
  );
});

/**
 * Of that model, in the settings that a pod was made with; nothing where another podkin wrote what is not
 * understood here.
 */
export function modelSettingsOf(settings: JsonObject, model: string): ModelSettings {
  if (settings['models'] === undefined) return {};
  const parsed = modelSettingsSchema().safeParse(settings['models']);
  return parsed.success && Object.hasOwn(parsed.data, model) ? (parsed.data[model] ?? {}) : {};
}
