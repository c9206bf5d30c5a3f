/**
 * What a pod keeps about whom it asks: its mode, its rules as text, and whether a person can be asked at all. Stands in the session entry and goes down to
 * every child as it is; what it means is decided in `scope/permission.ts`.
 */
import * as z from 'zod';
import type { JsonObject } from '../std/json.ts';

/** From the one that lets least through to the one that lets most. */
export const permissionModes = ['plan', 'dontAsk', 'default', 'acceptEdits', 'bypassPermissions'] as const;
export type PermissionMode = (typeof permissionModes)[number];

const ruleTexts = z.array(z.string()).default([]);
const settingsSchema = z.object({
  allow: ruleTexts,
  ask: ruleTexts,
  deny: ruleTexts,
  /** No person can be asked: what would be a question is a denial. */
  headless: z.boolean().default(false),
});
export type PermissionSettings = z.infer<typeof settingsSchema>;

/** Of a session's settings. Throws where they are not what podkin wrote: a rule that can not be read must not be a rule that is not there. */
export function permissionSettings(settings: JsonObject): PermissionSettings {
  const parsed = settingsSchema.safeParse(settings['permissions'] ?? {});
  if (parsed.success) return parsed.data;
  throw new Error(`the pod's permission settings can not be read (${z.prettifyError(parsed.error)})`);
}

/** A mode that is not known lets the least through. */
export function permissionModeOf(text: string): PermissionMode {
  return permissionModes.find((mode) => mode === text) ?? 'plan';
}
