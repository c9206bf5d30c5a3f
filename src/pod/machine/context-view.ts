/** How full a pod's context is, and how much it may hold. Pure. */
import { windowOf, type Window } from '../../model/window.ts';
import type { SessionEntry } from '../../session/facts/entries.ts';
import type { Facts } from '../../session/facts/facts.ts';
import { modelSettingsOf } from '../../session/settings/model-settings.ts';

export function windowOfPod({ model, settings }: Pick<SessionEntry, 'model' | 'settings'>): Window {
  return windowOf(model, modelSettingsOf(settings, model));
}

/** Tokens of the last request with its answer; null before the first, or where nobody counted them. */
export function contextView({ session, context }: Facts): { tokens: number; window: number } | null {
  const { measured, windows } = context;
  if (session === null || measured === null) return null;
  const window = Math.min(
    windowOfPod(session).tokens,
    windows.get(session.model) ?? Number.POSITIVE_INFINITY,
  );
  return { tokens: measured.inputTokens + measured.outputTokens, window };
}
