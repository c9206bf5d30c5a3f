/** How much a pod's model is to think before it answers. In the session entry, inherited by children. */
import type { JsonObject } from '../../std/json.ts';

export const efforts = ['low', 'medium', 'high'] as const;
export type Effort = (typeof efforts)[number];

/** Undefined: as much as the model does by itself; also where another podkin wrote what is not known here. */
export function effortIn(settings: JsonObject): Effort | undefined {
  return efforts.find((one) => one === settings['effort']);
}
