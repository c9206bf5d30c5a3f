/**
 * What a model is told of what a program's tool gave back. The tool has run, whatever that is: only what was
 * thrown, or says so of itself, is a failure, because a model makes a failed call again. Pure; never throws.
 */
import { thrownText } from '../std/thrown-text.ts';
import { ownToolBounds } from '../protocol/own-tools.ts';

export interface ShownAnswer {
  readonly text: string;
  readonly isError: boolean;
}

const untold = 'The tool ran and gave nothing that can be told';

export function answerIn(given: unknown): ShownAnswer {
  try {
    const { text, isError } = shownOf(given);
    return { text: bounded(text), isError };
  } catch (error) {
    return { text: bounded(`${untold} (${thrownText(error)}).`), isError: false };
  }
}

export function answerOfThrown(tool: string, thrown: unknown): ShownAnswer {
  return { text: `${tool} failed: ${thrownText(thrown)}`.slice(0, 10_000).toWellFormed(), isError: true };
}

function shownOf(given: unknown): ShownAnswer {
  if (given instanceof Error) return { text: thrownText(given), isError: true };
  if (typeof given !== 'object' || given === null) return { text: textOf(given), isError: false };
  const isError = Reflect.get(given, 'isError') === true;
  return { text: textOf('text' in given ? given.text : given), isError };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  if (typeof value === 'function') return `${untold} (a function).`;
  if (isScalar(value)) return String(value);
  if (value instanceof Uint8Array) return bytesText(value);
  if (value instanceof ArrayBuffer) return bytesText(new Uint8Array(value));
  if (value instanceof Date) return value.toISOString();
  const json: string | undefined = JSON.stringify(value, plain);
  return json ?? `${untold}.`;
}

function isScalar(value: unknown): value is boolean | number | bigint | symbol {
  return ['boolean', 'number', 'bigint', 'symbol'].includes(typeof value);
}

/** What JSON has no words for, or drops without one. */
function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Map || value instanceof Set) return [...value];
  return value instanceof Error ? thrownText(value) : value;
}

function bytesText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return `${untold} (${bytes.length} bytes that are no text).`;
  }
}

function bounded(text: string): string {
  const { textCharsMax } = ownToolBounds;
  if (text.length <= textCharsMax) return text.toWellFormed();
  return `${text.slice(0, textCharsMax - 100).toWellFormed()}\n… (cut: it was longer)`;
}
