/** How full a pod's context is, and how much it may hold. Pure. */
import { windowOf, type Window } from '../../model/window.ts';
import type { SessionEntry } from '../../session/facts/entries.ts';
import type { Facts } from '../../session/facts/facts.ts';
import { effectiveWindow } from '../../session/facts/learned-window.ts';
import { modelSettingsOf } from '../../session/settings/model-settings.ts';

export function windowOfPod({ model, settings }: Pick<SessionEntry, 'model' | 'settings'>): Window {
  return windowOf(model, modelSettingsOf(settings, model));
}

/**
 * Tokens of the last request with its answer, or of the next one where that is shorter by now; null before
 * the first.
 */
export function contextView(facts: Facts): { tokens: number; window: number } | null {
  const { session, context } = facts;
  const { measured, estimated } = context;
  const tokens = estimated ?? (measured === null ? null : measured.inputTokens + measured.outputTokens);
  if (session === null || tokens === null) return null;
  const window = effectiveWindow(facts, session.model, windowOfPod(session));
  return { tokens, window };
}
