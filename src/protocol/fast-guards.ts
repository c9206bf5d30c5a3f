/**
 * What passes most often, checked by hand. A yes means that the schema of the same name takes the value and
 * gives back its equal, so it need not be asked; everything else, wrong or only unusual, is the schema's to
 * judge. `test/unit/fast-guards.test.ts` holds both to the same word.
 */
import { uuidv7Pattern } from '../std/uuid.ts';
import type { MethodName } from './methods.ts';
import { type SentPodEvent, eventBounds } from './pod-event.ts';

type Check = (value: unknown) => boolean;

export const fastParams: { readonly [M in MethodName]?: Check } = { podEvent: isPlainReport };
export const fastResults: { readonly [M in MethodName]?: Check } = { podEvent: isReceived };

const outcomes: ReadonlySet<unknown> = new Set<Extract<SentPodEvent, { kind: 'turnEnded' }>['outcome']>([
  'finished',
  'limitReached',
  'paused',
  'cancelled',
]);

/**
 * The end of a turn, with every field that it must have and none beside: the one event that a busy tree is
 * full of.
 */
function isPlainReport(value: unknown): boolean {
  if (!hasOnly(value, 3)) return false;
  const { from, seq, event } = value;
  return isCount(seq, 1) && isSender(from) && isPlainTurnEnd(event);
}

function isSender(value: unknown): boolean {
  if (!hasOnly(value, 2)) return false;
  const { instance, incarnation } = value;
  return typeof instance === 'string' && isCount(incarnation, 1) && uuidv7Pattern.test(instance);
}

function isPlainTurnEnd(value: unknown): boolean {
  if (!hasOnly(value, 11)) return false;
  const { kind, outcome, turn, assignments, outstanding, settled } = value;
  const { text, textChars, usage, durationMs, hops } = value;
  return (
    kind === 'turnEnded' &&
    outcomes.has(outcome) &&
    isShort(turn, eventBounds.nameCharsMax) &&
    areNames(assignments) &&
    areNames(outstanding) &&
    typeof settled === 'boolean' &&
    isShort(text, eventBounds.textCharsMax) &&
    isCount(textChars, 0) &&
    isUsage(usage) &&
    isAmount(durationMs) &&
    isCount(hops, 0)
  );
}

function isUsage(value: unknown): boolean {
  if (!hasOnly(value, 3)) return false;
  const { inputTokens, outputTokens, cost } = value;
  return isCount(inputTokens, 0) && isCount(outputTokens, 0) && (cost === null || isAmount(cost));
}

/** Unknown fields are passed on to the caller as they are, so they are no matter here. */
function isReceived(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { outcome, received } = value;
  return (outcome === 'accepted' || outcome === 'duplicate') && Number.isSafeInteger(received);
}

/** Text as it comes from a model, hundreds of times a second. */
export function isPlainDelta(value: unknown): boolean {
  if (!isObject(value) || (value['type'] !== 'textDelta' && value['type'] !== 'reasoningDelta')) return false;
  if (!hasOnly(value, 5)) return false;
  const { turn, step, offset, text } = value;
  return (
    typeof turn === 'string' && Number.isSafeInteger(step) && isCount(offset, 0) && typeof text === 'string'
  );
}

/**
 * An object with so many fields. Where the caller then finds so many that it asks for, there is no other
 * among them.
 */
function hasOnly(value: unknown, fields: number): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  let count = 0;
  for (const _ in value) count += 1;
  return count === fields;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function areNames(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > eventBounds.namesMax) return false;
  for (const name of value) if (!isShort(name, eventBounds.nameCharsMax)) return false;
  return true;
}

function isShort(value: unknown, charsMax: number): boolean {
  return typeof value === 'string' && value.length <= charsMax;
}

function isCount(value: unknown, from: number): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= from;
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
