/**
 * Whether a receipt holds the event that was sent (I8): every field equal, and none left out that every
 * version of podkin knows. What a receiver could not read it may have noted otherwise, and says so.
 */
import * as z from 'zod';
import { once } from '../../std/once.ts';
import { sentPodEvent } from '../../protocol/pod-event.ts';

const reportFields = [
  'turn',
  'assignments',
  'outstanding',
  'settled',
  'text',
  'textChars',
  'usage',
  'durationMs',
  'hops',
  'by',
];

/** Fields that no version leaves out where they were sent. */
const knownFields = new Map<string, readonly string[]>([
  ['turnEnded', ['outcome', 'reason', ...reportFields]],
  ['errored', ['error', ...reportFields]],
  ['shutDown', ['reason', 'by', 'assignments', 'notStarted', 'outstanding']],
  ['scopeSubDelegated', ['to', 'by', 'scope', 'origin']],
]);

/** Fields of fields. */
const knownParts = new Map<string, readonly string[]>([
  ['usage', ['inputTokens', 'outputTokens', 'cost']],
  ['error', ['category', 'message']],
  ['scope', ['read', 'write']],
  ['to', ['name', 'instance']],
  ['by', ['name', 'instance']],
  ['origin', ['instance', 'seq']],
]);

/** True where the receipt says what the sender committed. */
export function isSameEvent(received: unknown, sent: unknown): boolean {
  if (saysNothingElse(received, sent)) return leftOut(received, sent).length === 0;
  return replacesUnreadable(received, sent);
}

/** Names of fields that were sent, that every version knows, and that are not in the receipt. */
function leftOut(received: unknown, sent: unknown): string[] {
  const kind = partOf(sent, 'kind');
  const known = typeof kind === 'string' ? (knownFields.get(kind) ?? []) : [];
  return known.filter((field) => {
    if (!isThere(sent, field)) return false;
    if (!isThere(received, field)) return true;
    const [part, whole] = [partOf(received, field), partOf(sent, field)];
    return (knownParts.get(field) ?? []).some((name) => isThere(whole, name) && !isThere(part, name));
  });
}

function isThere(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field);
}

function partOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}

/**
 * What a receiver could not read it may have noted otherwise: it names these fields, and the rest is as it
 * was sent. A kind that only another version of podkin knows is told as an error in its place.
 */
function replacesUnreadable(received: unknown, sent: unknown): boolean {
  const read = unreadShape().safeParse(received);
  if (read.success) {
    const { unread, ...rest } = read.data;
    const left = new Set(['unread', ...unread.map((field) => field.split('.')[0])]);
    // An outcome that cannot be read is told as an error.
    if (left.has('outcome'))
      for (const field of ['kind', 'error', 'settled', 'outcome', 'reason']) left.add(field);
    if (left.has('text')) left.add('textChars');
    if (left.has('outstanding')) left.add('settled');
    const kept = Object.fromEntries(Object.entries(rest).filter(([field]) => !left.has(field)));
    const missing = leftOut(received, sent).filter((field) => !left.has(field));
    return isUnreadable(sent) && saysNothingElse(kept, sent) && missing.length === 0;
  }
  return strangeShape().safeParse(received).success && !sentPodEvent().safeParse(sent).success;
}

const longEventChars = 1_000_000;

/** What no line of a log could hold beside the rest of a receipt counts as that. */
function isUnreadable(sent: unknown): boolean {
  return !sentPodEvent().safeParse(sent).success || JSON.stringify(sent).length > longEventChars;
}

const unreadShape = once(() => z.looseObject({ unread: z.array(z.string()).min(1) }));

const strangeShape = once(() =>
  z.looseObject({
    kind: z.literal('errored'),
    error: z.looseObject({ category: z.literal('unknownEvent') }),
  }),
);

/** Every field of `part` is equal in `whole`. */
function saysNothingElse(part: unknown, whole: unknown): boolean {
  if (typeof part !== 'object' || part === null) return part === whole;
  if (typeof whole !== 'object' || whole === null || Array.isArray(part) !== Array.isArray(whole))
    return false;
  if (Array.isArray(part) && Array.isArray(whole) && part.length !== whole.length) return false;
  return Object.entries(part).every(
    ([key, value]) => Object.hasOwn(whole, key) && saysNothingElse(value, partOf(whole, key)),
  );
}
