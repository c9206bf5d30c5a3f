/**
 * Text of pods and tools made fit for a terminal: nothing in it can move the cursor, recolour, hide or
 * reorder what else is shown.
 */

import { unseen } from '../../std/characters.ts';
import { apartFromErrorOutput } from '../../std/error-output.ts';

/**
 * One character at a time, so that a sequence cut in two by a stream is as harmless as a whole one. Newline
 * and tab stay.
 */
export const steering = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u{E0000}-\u{E007F}]/gu;

export function printable(text: string): string {
  return text.replaceAll(steering, '');
}

/**
 * As `printable`, but what would steer or cannot be seen is shown as its number (`<U+001B>`) instead of being
 * left out: for what a person is to judge.
 */
export function visible(text: string): string {
  return text.replaceAll(unseen, (character) => `<U+${numberOf(character)}>`);
}

function numberOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

/**
 * An error's message: line ends and all that cannot be seen, as a path or a name may hold them, stand in it
 * as their numbers. Only what a process has written to its error output is more than a line.
 */
export function errorText(message: string): string {
  const { sentence, below } = apartFromErrorOutput(message);
  return `${visible(sentence).replaceAll(/[\n\t]/g, (character) => `<U+${numberOf(character)}>`)}${printable(below)}`;
}

/** The first line that says something, at most `charsMax` characters, with `…` where something is missing. */
export function oneLine(text: string, charsMax: number): string {
  const lines = printable(text)
    .split('\n')
    .map((line) => line.replaceAll('\t', ' ').trim())
    .filter((line) => line !== '');
  const first = lines[0] ?? '';
  if (first.length > charsMax) return `${first.slice(0, charsMax - 1).toWellFormed()}…`;
  return lines.length > 1 && first.length < charsMax - 1 ? `${first} …` : first;
}

const alertCharsMax = 10_000;

/**
 * An alert, all of it: it may hold a line that a person is to copy. Further lines stand below the first, set
 * in.
 */
export function alertText(text: string): string {
  const clean = printable(text).trim();
  const shown = clean.length > alertCharsMax ? `${clean.slice(0, alertCharsMax).toWellFormed()}…` : clean;
  return `! ${shown.replaceAll('\n', '\n  ')}`;
}

/** `950 ms`, `4.2 s`, `3 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
}

/** US dollars, or that the price is not known. */
export function dollars(cost: number | null): string {
  return cost === null ? 'cost unknown' : `$${cost.toFixed(cost < 0.1 ? 4 : 2)}`;
}

/** `12,345`. */
export function grouped(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `one child`, `3 children`. */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
