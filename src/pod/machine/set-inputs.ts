/**
 * What a pod works with, set anew: by a person, or because its parent has less left.
 *
 * Invariants
 * - T1 What holds already is no entry.
 * - T2 The mode of a parent only narrows: who is stricter stays so, and nothing is widened by it.
 */
import type { EntryBody, SessionEntry } from '../../session/facts/entries.ts';
import type { SetEntry } from '../../session/facts/set-entries.ts';
import { effortIn } from '../../session/settings/effort.ts';
import { type Hook, hookSettings, hooksAnew, hooksIn } from '../../session/facts/hooks.ts';
import { modelListOf } from '../../session/settings/model-list.ts';
import { isFreer, permissionModeOf } from '../../session/settings/permissions.ts';
import type { SetAtStart, Wanted, WantedModels } from '../../session/settings/wanted.ts';
import { isJsonObject, type JsonValue } from '../../std/json.ts';
import type { Core } from './core.ts';
import { commitInput, refuseStopping } from './inputs.ts';

type Made = Pick<SessionEntry, 'model' | 'permissionMode' | 'settings'>;

/** Throws `stopping`, `storageFailed`. */
export function onSet(core: Core, wanted: Wanted): void {
  refuseStopping(core);
  const { session } = core.facts;
  const bodies = session === null ? [] : setBodies(session, wanted);
  commitInput(core, bodies);
  if (bodies.length > 0) core.ports.perform({ type: 'statusChanged' });
}

/**
 * At a link, and when the parent is narrowed. Throws `storageFailed`: then nothing may be done over that
 * link.
 */
export function onParentMode(core: Core, mode: string): void {
  const { facts, live } = core;
  live.modesHeard += 1;
  if (facts.session === null || facts.stopped) return;
  const bodies = narrowedBodies(facts.session, mode);
  commitInput(core, bodies);
  if (bodies.length > 0) core.ports.perform({ type: 'statusChanged' });
}

export function setBodies(made: Made, { models, mode, effort }: Wanted): EntryBody[] {
  const body: SetEntry = {
    type: 'set',
    by: 'person',
    ...(models === undefined ? {} : changedModels(made, models)),
    ...(mode !== undefined && mode !== made.permissionMode && { permissionMode: mode }),
    ...(effort !== undefined && effort !== effortIn(made.settings) && { effort }),
  };
  return Object.keys(body).length > 2 ? [body] : [];
}

export function narrowedBodies({ permissionMode }: Made, mode: string): EntryBody[] {
  if (!isFreer(permissionMode, mode)) return [];
  return [{ type: 'set', by: 'parent', permissionMode: permissionModeOf(mode) }];
}

/** Behind the line of a start, in the same append. */
export function bodiesAtStart(made: Made, { hooks, ...set }: SetAtStart): EntryBody[] {
  return [...otherBodies(made, set), ...hookBodies(made, hooks)];
}

function hookBodies({ settings }: Made, configured: readonly Hook[] | undefined): EntryBody[] {
  if (configured === undefined) return [];
  const held = hooksIn(settings);
  const hooks = hookSettings(hooksAnew(held, configured));
  return isSame(hooks, hookSettings(held)) ? [] : [{ type: 'set', by: 'person', hooks }];
}

function otherBodies(made: Made, { most, ...wanted }: SetAtStart): EntryBody[] {
  const mode = wanted.mode ?? made.permissionMode;
  const isNarrowed = most !== undefined && isFreer(mode, most);
  if (!isNarrowed) return setBodies(made, wanted);
  return [...setBodies(made, { ...wanted, mode: undefined }), ...narrowedBodies(made, most)];
}

function changedModels(made: Made, { names, said }: WantedModels): Partial<SetEntry> {
  const [model = made.model, ...others] = names;
  const known = made.settings['models'];
  const news = Object.entries(said).filter(
    ([name, one]) => !isSame(isJsonObject(known) ? (known[name] ?? null) : null, one),
  );
  const held = modelListOf(made, { headless: false }).names;
  return {
    ...(isSame([...held], [...new Set([model, ...others])]) ? {} : { model, alternatives: others }),
    ...(news.length > 0 && { models: Object.fromEntries(news) }),
  };
}

function isSame(one: JsonValue, other: JsonValue): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
