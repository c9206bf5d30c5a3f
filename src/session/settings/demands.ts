/**
 * What was asked of a pod beside its task, by its parent or, of a root, by a person: in its settings, and not
 * inherited. An older podkin passes over it.
 */
import { type JsonObject, type JsonValue, isJsonObject } from '../../std/json.ts';

export interface Demands {
  /** Of one turn, without pauses and open approvals; null: as long as it takes. */
  readonly timeoutMinutes: number | null;
  /** Without a sign of work, while the pod waits for nobody; null: as long as it takes. */
  readonly idleMinutes: number | null;
}

export const noDemands: Demands = { timeoutMinutes: null, idleMinutes: null };

/** Longer than any process lives. */
export const minutesMax = 525_600;

/** What is not understood is not demanded. */
export function demandsOf(settings: JsonObject): Demands {
  const given = settings['demands'];
  if (!isJsonObject(given)) return noDemands;
  return {
    timeoutMinutes: minutesOf(given['timeoutMinutes']),
    idleMinutes: minutesOf(given['idleMinutes']),
  };
}

function minutesOf(value: JsonValue | undefined): number | null {
  return typeof value === 'number' && value > 0 && value <= minutesMax ? value : null;
}

/** In the place of those that `settings` have. */
export function withDemands(settings: JsonObject, demands: Partial<Demands>): JsonObject {
  const { demands: _others, ...rest } = settings;
  const asked = Object.entries(demands).filter(([, value]) => value !== null && value !== undefined);
  return asked.length === 0 ? rest : { ...rest, demands: Object.fromEntries(asked) };
}
