/**
 * What is done so that the next request fits: one thing at a time, then it is measured anew. Pure.
 *
 * - K4 A compaction that failed is tried again only once the request has grown, and three failures in a row
 *   end the turn.
 * - Every plan but `send` and the two ends makes the request smaller, or is not made twice for the same
 *   request.
 */
import type { CompactionCause } from '../../session/facts/context-entries.ts';

/** In tokens. */
export interface Load {
  readonly tokens: number;
  /** What a request may hold. */
  readonly window: number;
  /** What pruning would free. */
  readonly prunable: { readonly through: number; readonly tokens: number } | null;
  /** What a compaction would cover. */
  readonly covers: { readonly through: number; readonly tokens: number } | null;
  /** The largest item that may be shown cut. */
  readonly largest: Cuttable | null;
  readonly asked: boolean;
  /** The provider has just refused it. */
  readonly refused: boolean;
  /** Compactions that have failed in this turn, and the tokens at the last one. */
  readonly failures: { readonly count: number; readonly tokens: number };
}

export interface Cuttable {
  readonly item: number;
  readonly tokens: number;
  /** UTF-16 units of it that are shown. */
  readonly chars: number;
}

export type Plan =
  | { readonly kind: 'send' }
  | { readonly kind: 'prune'; readonly through: number; readonly after: number }
  | { readonly kind: 'compact'; readonly through: number; readonly why: CompactionCause }
  | { readonly kind: 'cut'; readonly item: number; readonly chars: number }
  /** A person asked for a compaction, and there is nothing to cover. */
  | { readonly kind: 'nothingToCompact' }
  | { readonly kind: 'compactionFails' }
  | { readonly kind: 'tooBig' };

const pruneAt = 0.7;
const compactAt = 0.85;
/** Of the window: each pruning breaks the prefix that the provider has cached. */
const pruneLeast = 0.25;
/** Of the window: less is not worth a request. */
const coverLeast = 0.1;
/** Of the window: how much a request grows until a compaction that failed is tried again. */
const growthBetweenFailures = 0.03;
const failuresMax = 3;
/** Of the window, for a request with an item that was cut. */
const cutTo = 0.7;
/** What is left of an item that is cut: so much, and where many of them do not fit, half and half again. */
const charsLeast = 2_000;
const charsFloor = 200;

export function planOf(load: Load): Plan {
  const { tokens, window, covers, failures } = load;
  if (load.asked) {
    return covers === null
      ? { kind: 'nothingToCompact' }
      : { kind: 'compact', through: covers.through, why: 'asked' };
  }
  if (failures.count >= failuresMax) return { kind: 'compactionFails' };
  if (tokens > window) return fitted(load);
  if (tokens < pruneAt * window) return { kind: 'send' };
  const pruned = pruning(load);
  if (pruned !== null) return pruned;
  const isWorth = covers !== null && covers.tokens >= coverLeast * window;
  if (tokens < compactAt * window || !isWorth || !hasGrown(load)) return { kind: 'send' };
  return { kind: 'compact', through: covers.through, why: 'size' };
}

/** It does not fit as it is. */
function fitted(load: Load): Plan {
  const { tokens, window, covers, largest, refused } = load;
  const pruned = pruning(load);
  if (pruned !== null) return pruned;
  // What a compaction leaves would not fit either: one item is larger than all that it can free.
  const isHopeless = covers === null || tokens - covers.tokens > window;
  if (isHopeless && largest !== null && largest.chars > charsFloor) return cutting(load, largest);
  if (covers !== null)
    return { kind: 'compact', through: covers.through, why: refused ? 'contextTooLong' : 'size' };
  return pruning(load, 0) ?? { kind: 'tooBig' };
}

function pruning({ tokens, window, prunable }: Load, least = pruneLeast): Plan | null {
  if (prunable === null || prunable.tokens < least * window) return null;
  return { kind: 'prune', through: prunable.through, after: tokens - prunable.tokens };
}

function cutting({ tokens, window }: Load, { item, tokens: own, chars }: Cuttable): Plan {
  const left = Math.max(0, own - (tokens - cutTo * window));
  const least = chars > charsLeast ? charsLeast : Math.max(charsFloor, Math.floor(chars / 2));
  return { kind: 'cut', item, chars: Math.max(least, Math.floor((chars * left) / own)) };
}

function hasGrown({ failures, tokens, window }: Load): boolean {
  return failures.count === 0 || tokens >= failures.tokens + growthBetweenFailures * window;
}
