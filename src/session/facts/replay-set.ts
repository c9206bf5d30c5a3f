/**
 * The part of the fold that is about what a pod works with; `replay.ts` alone calls it. The facts' session is
 * what holds now: what the pod was made with is the log's first entry.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../std/json.ts';
import type { Entry } from './entries.ts';
import type { Facts } from './facts.ts';
import type { OwnedEntry, ToolsOfferedEntry } from './own-tools.ts';
import type { SetEntry } from './set-entries.ts';

export function applySet(facts: Facts, entry: Entry<SetEntry>): void {
  const { session } = facts;
  if (session === null) return;
  const { model, permissionMode } = entry;
  if (model !== undefined) facts.switched = null;
  if (permissionMode !== undefined) facts.isModeSet = true;
  facts.session = {
    ...session,
    ...(model !== undefined && { model }),
    ...(permissionMode !== undefined && { permissionMode }),
    settings: withSet(session.settings, entry),
  };
}

function withSet(settings: JsonObject, { alternatives, models, effort, hooks }: SetEntry): JsonObject {
  const next = { ...settings };
  if (effort !== undefined) next['effort'] = effort;
  if (hooks !== undefined) next['hooks'] = hooks;
  if (models !== undefined) next['models'] = { ...objectIn(settings['models']), ...models };
  // That a provider is waited for is said apart from which others there are.
  if (alternatives !== undefined)
    next['alternatives'] = { ...objectIn(settings['alternatives']), models: alternatives };
  return next;
}

function objectIn(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

export function applyToolsOffered(facts: Facts, { tools }: Entry<ToolsOfferedEntry>): void {
  facts.offeredTools = tools;
}

export function applyOwned(facts: Facts, { tokenHash }: Entry<OwnedEntry>): void {
  facts.ownerHash = tokenHash;
}
