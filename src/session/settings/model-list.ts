/**
 * The models of a pod: its own, and those that are asked in its place while its provider does not answer.
 * Written into the session entry, inherited by children.
 */
import { isJsonObject, type JsonObject } from '../../std/json.ts';

export interface ModelList {
  /** The pod's own first. */
  readonly names: readonly string[];
  /** A provider that named a time is waited for, however long it is. */
  readonly waits: boolean;
}

/** What another podkin wrote and is not understood is left out. */
export function modelListOf(
  { model, settings }: { readonly model: string; readonly settings: JsonObject },
  { headless }: { readonly headless: boolean },
): ModelList {
  const { models, wait } = alternativesIn(settings);
  const others = models.filter((name) => name !== model);
  return { names: [model, ...others], waits: !headless && (wait || others.length > 0) };
}

function alternativesIn(settings: JsonObject): { models: string[]; wait: boolean } {
  const found = settings['alternatives'];
  if (!isJsonObject(found)) return { models: [], wait: false };
  const { models, wait } = found;
  const names = Array.isArray(models) ? models.filter((name) => typeof name === 'string') : [];
  return { models: names, wait: wait === true };
}
