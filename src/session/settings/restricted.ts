/** What was denied or allowed to a pod after it was made, beside the settings that it was made with. Pure. */
import type { JsonObject } from '../../std/json.ts';
import type { PathScope, Restrictions } from '../facts/entries.ts';
import { isEmpty, joined } from '../facts/restrictions.ts';
import { permissionSettings } from './permissions.ts';

/** What a pod was made with. Throws as `permissionSettings`. */
export function madeWith(made: { scope: PathScope; settings: JsonObject }): Restrictions {
  const { ask, deny } = permissionSettings(made.settings);
  return { deny: made.scope.deny ?? [], rules: { ask, deny } };
}

/**
 * The settings of a child with the rules by which a person has answered its parent. Throws as
 * `permissionSettings`.
 */
export function allowedSettings(settings: JsonObject, allowed: readonly string[]): JsonObject {
  if (allowed.length === 0) return settings;
  const { allow, ...others } = permissionSettings(settings);
  return { ...settings, permissions: { ...others, allow: [...new Set([...allow, ...allowed])] } };
}

/** The settings of a child: no fewer rules than its parent has. Throws as `permissionSettings`. */
export function restrictedSettings(settings: JsonObject, restrictions: Restrictions): JsonObject {
  if (isEmpty(restrictions)) return settings;
  const { rules } = joined(madeWith({ scope: { read: [], write: [] }, settings }), restrictions);
  return {
    ...settings,
    permissions: { ...permissionSettings(settings), ask: [...rules.ask], deny: [...rules.deny] },
  };
}
