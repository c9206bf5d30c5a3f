/**
 * What a pod works with, set anew after it was made: it counts from the next request and the next call on.
 * Each field stands alone; what is absent stays as it was.
 */
import type { OwnedEntry, ToolsOfferedEntry } from './own-tools.ts';
import type { JsonObject, JsonValue } from '../../std/json.ts';

export interface SetEntry {
  type: 'set';
  /** `parent`: its parent has been narrowed, and no child is freer than its parent. */
  by: 'person' | 'parent';
  /** The pod's own model, and those that are asked in its place; always both. */
  model?: string;
  alternatives?: string[];
  /** What a person says of these models: prices, bounds. */
  models?: JsonObject;
  permissionMode?: string;
  effort?: string;
  /** All of them, in the place of those before. */
  hooks?: JsonValue[];
}

/** What the pod works with from then on. */
export type SettingEntry = SetEntry | ToolsOfferedEntry | OwnedEntry;
