/**
 * Which pods of a home were removed, in order, and how far their logs had come: whoever follows the events of
 * the home learns from it of a pod that came and went between two reads. A line a pod, appended before the
 * pod is removed.
 */
import { appendFileSync, closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isPlain, isWholeNumber } from '../../std/fast-guards.ts';
import { jsonIn } from '../../std/json.ts';
import { uuidv7Pattern } from '../../std/uuid.ts';
import type { Home } from './places.ts';

export interface RemovedPod {
  readonly instance: string;
  readonly name: string;
  /** Null where its log could not be read. */
  readonly lastSeq: number | null;
}

function listPath(home: Home): string {
  return join(home.state, 'removed.list');
}

export function noteRemoved(home: Home, { instance, name, lastSeq }: RemovedPod): void {
  const line = `${JSON.stringify({ instance, name, lastSeq })}\n`;
  appendFileSync(listPath(home), endsWhole(listPath(home)) ? line : `\n${line}`, { mode: 0o600 });
}

/** False behind a line that a full disk has cut. */
function endsWhole(path: string): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return true;
  const fd = openSync(path, 'r');
  try {
    const last = Buffer.alloc(1);
    return readSync(fd, last, 0, 1, size - 1) === 1 && last.toString() === '\n';
  } finally {
    closeSync(fd);
  }
}

/** 0 where nothing was removed. */
export function removedSize(home: Home): number {
  return statSync(listPath(home), { throwIfNoEntry: false })?.size ?? 0;
}

/** Whole lines from there on, and the place behind them. A place that is not in the list is its beginning. */
export function removedSince(home: Home, place: number): { removed: RemovedPod[]; end: number } {
  const size = removedSize(home);
  const from = place > size ? 0 : place;
  if (size === from) return { removed: [], end: from };
  const fd = openSync(listPath(home), 'r');
  try {
    const bytes = Buffer.alloc(fstatSync(fd).size - from);
    const text = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from)).toString();
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return { removed: whole.split('\n').flatMap(parsed), end: from + Buffer.byteLength(whole) };
  } finally {
    closeSync(fd);
  }
}

function parsed(line: string): RemovedPod[] {
  const value = jsonIn(line);
  if (!isPlain(value, ['instance', 'name', 'lastSeq'])) return [];
  const { instance, name, lastSeq } = value;
  if (typeof instance !== 'string' || typeof name !== 'string' || !uuidv7Pattern.test(instance)) return [];
  return lastSeq === null || isWholeNumber(lastSeq, 0) ? [{ instance, name, lastSeq }] : [];
}
