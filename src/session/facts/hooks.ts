/**
 * Hooks: commands of the person that run at what happens in a pod. They are in its settings, go down to each
 * child as they are, and are set anew by a restore. What is due is in `hook-facts.ts`, how one runs in
 * `pod/hooks/`.
 */
import { areTexts, isPlain, isWholeNumber } from '../../std/fast-guards.ts';
import { sha256Hex } from '../../std/sha256.ts';
import { asJson, type JsonObject, type JsonValue } from '../../std/json.ts';

export const hookEvents = [
  'podEvent',
  'turnEnded',
  'question',
  'preToolUse',
  'postToolUse',
  'sessionStart',
  'sessionEnd',
  'treeSettled',
] as const;
export type HookEvent = (typeof hookEvents)[number];

/** What a call comes to that a hook could not judge. */
export const hookFailures = ['ask', 'deny', 'allow'] as const;
export type OnHookFailure = (typeof hookFailures)[number];

/** Who has said it: a file of the configuration, or the command that began the tree. */
export type HookOrigin = 'config' | 'run';

export interface Hook {
  /** Of what it is: the same hook is known again over restarts. */
  readonly id: string;
  readonly event: HookEvent;
  /** Words with `*`, separated by `|`; null: all. */
  readonly match: string | null;
  /** A line for the shell, or a program and its arguments. */
  readonly command: string | readonly string[];
  /** Where it runs, a real path. */
  readonly folder: string;
  readonly timeoutMs: number;
  readonly onFailure: OnHookFailure;
  readonly origin: HookOrigin;
}

export const hookBounds = {
  hooks: 32,
  commandChars: 1_000,
  words: 64,
  matchChars: 200,
  timeoutMs: { min: 100, max: 600_000, fallback: 30_000 },
} as const;

export function hookOf(said: Omit<Hook, 'id'>): Hook {
  const { event, match, command, folder } = said;
  const of = JSON.stringify([event, match, command, folder]);
  return { id: sha256Hex(of).slice(0, 12), ...said };
}

/** What is not as podkin writes it is left out; whether that happened, `hooksProblem` says. */
export function hooksIn(settings: JsonObject): readonly Hook[] {
  const said = settings['hooks'];
  return Array.isArray(said) ? said.filter((one) => isHook(one)) : [];
}

/** Null, or why this pod must not run: a hook that cannot be read may be one that forbids. */
export function hooksProblem(settings: JsonObject): string | null {
  const said = settings['hooks'];
  if (said === undefined) return null;
  return Array.isArray(said) && hooksIn(settings).length === said.length
    ? null
    : 'its hooks cannot be read: they were written by another podkin, or changed';
}

const fields = ['id', 'event', 'match', 'command', 'folder', 'timeoutMs', 'onFailure', 'origin'];

function isHook(value: JsonValue): value is JsonObject & Hook {
  if (!isPlain(value, fields)) return false;
  const { id, event, match, command, folder, timeoutMs, onFailure, origin } = value;
  return (
    areTexts([id, folder]) &&
    hookEvents.some((known) => known === event) &&
    (match === null || typeof match === 'string') &&
    (typeof command === 'string' || (areTexts(command) && command.length > 0)) &&
    isWholeNumber(timeoutMs, 1) &&
    hookFailures.some((known) => known === onFailure) &&
    (origin === 'config' || origin === 'run')
  );
}

/** Of these hooks of the configuration, with what the tree was begun with. */
export function hooksAnew(held: readonly Hook[], configured: readonly Hook[]): readonly Hook[] {
  const own = held.filter(({ origin }) => origin === 'run');
  return [...configured, ...own.filter(({ id }) => !configured.some((one) => one.id === id))];
}

/** As the settings of a pod hold them. */
export function hookSettings(hooks: readonly Hook[]): JsonValue[] {
  return hooks.map((hook) => asJson(hook));
}

/** Whether a hook is about this one of its events. */
export function isMeant({ match }: Pick<Hook, 'match'>, subject: string): boolean {
  return match === null || match.split('|').some((pattern) => fits(pattern.trim(), subject));
}

/** `*` stands for any text. One pass: each part is taken at its first place, the last one at the end. */
function fits(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** In sentences: bounded, and never a model's words. */
export function hookName({ event, command }: Pick<Hook, 'event' | 'command'>): string {
  const text = typeof command === 'string' ? command : command.join(' ');
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return `${event} hook ${JSON.stringify(short)}`;
}
