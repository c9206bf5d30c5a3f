/**
 * What a pod keeps about whom it asks: its mode, its rules as text, and whether a person can be asked at all.
 * Stands in the session entry and goes down to every child as it is; what it means is decided in
 * `scope/permissions/permission.ts`.
 */
import * as z from 'zod';
import { once } from '../../std/once.ts';
import type { JsonObject, JsonValue } from '../../std/json.ts';
import { areTexts, isPlain } from '../../std/fast-guards.ts';

/** From the one that lets least through to the one that lets most. */
export const permissionModes = ['plan', 'dontAsk', 'default', 'acceptEdits', 'bypassPermissions'] as const;
export type PermissionMode = (typeof permissionModes)[number];

const ruleTexts = once(() => z.array(z.string()).default([]));
const settingsSchema = once(() =>
  z.object({
    allow: ruleTexts(),
    ask: ruleTexts(),
    deny: ruleTexts(),
    /** No person can be asked: what would be an approval is a denial. */
    headless: z.boolean().default(false),
  }),
);
export type PermissionSettings = z.infer<ReturnType<typeof settingsSchema>>;

/**
 * Of a session's settings. Throws where they are not what podkin wrote: a rule that cannot be read must not
 * be a rule that is not there.
 */
export function permissionSettings(settings: JsonObject): PermissionSettings {
  const given = settings['permissions'];
  if (given === undefined) return { allow: [], ask: [], deny: [], headless: false };
  if (isWhole(given)) return given;
  const parsed = settingsSchema().safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(
    `the pod's permission settings cannot be read (${z.prettifyError(parsed.error).replaceAll('\n', ' ')})`,
  );
}

/**
 * True only for what the schema would take as it is: what podkin writes. It spares a start the schema
 * (std/fast-guards.ts).
 */
function isWhole(value: JsonValue): value is JsonObject & PermissionSettings {
  if (!isPlain(value, ['allow', 'ask', 'deny', 'headless'])) return false;
  const { allow, ask, deny, headless } = value;
  return areTexts(allow) && areTexts(ask) && areTexts(deny) && typeof headless === 'boolean';
}

/** A mode that is not known lets the least through. */
export function permissionModeOf(text: string): PermissionMode {
  return permissionModes.find((mode) => mode === text) ?? 'plan';
}

/** `mode` lets more through than `other`. */
export function isFreer(mode: string, other: string): boolean {
  return permissionModes.indexOf(permissionModeOf(mode)) > permissionModes.indexOf(permissionModeOf(other));
}
