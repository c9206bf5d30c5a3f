/**
 * The bytes of a checkpoint: the facts of a log up to one of its entries, so that an opening folds only what
 * came behind it. One line of text says of what it was made, with a checksum of its own; the state follows.
 * What is said in the session is not in it, only the numbers of the entries that memory holds: their text is
 * read from the log, which stays the only truth.
 *
 * The line is judged before a byte of the state is read: the state of another version is never decoded.
 */
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import { areTexts, isPlain, isWholeNumber } from '../../std/fast-guards.ts';
import type { JsonValue } from '../../std/json.ts';
import type { Facts } from '../facts/facts.ts';
import { foldVersion } from './fold-version.ts';
import type { DamagedRegion, Region } from './read-log.ts';
import type { SeqBreak } from './repair.ts';
import type { IndexMarks } from './seq-index.ts';

/** What was made of which bytes. */
export interface CheckpointHead {
  readonly version: string;
  readonly instance: string;
  /** Of the last entry that is in it. */
  readonly seq: number;
  /** Of the log at that entry, whole appends only. */
  readonly size: number;
  /** Where the log's last line begins, and the checksum of all its bytes. */
  readonly lastLine: { readonly from: number; readonly sum: number };
  /** Checksums of the log's pieces of 4 MiB, the last one as far as it goes. */
  readonly pieces: readonly number[];
}

export interface CheckpointState {
  /** Without what was said. */
  readonly facts: Facts;
  /** Numbers of the entries that memory holds of what was said, in order. */
  readonly said: readonly number[];
  readonly entries: number;
  readonly firstEntry: Region | null;
  readonly index: IndexMarks;
  readonly damaged: readonly DamagedRegion[];
  readonly seqBreaks: readonly SeqBreak[];
}

/** A log that comes to more than this is folded from its beginning. */
export const checkpointBytesMax = 256 * 1024 * 1024;
const headBytesMax = 4 * 1024 * 1024;
const sumDigits = 8;

export type Unreadable = 'torn' | 'otherVersion';
export interface FoundHead {
  readonly head: CheckpointHead;
  readonly state: Buffer;
}

export function encodeCheckpoint(made: Omit<CheckpointHead, 'version'>, state: CheckpointState): Buffer {
  const ids = JSON.stringify([...state.facts.submissions]);
  const bytes = serialize({ ...state, facts: { ...state.facts, submissions: ids } });
  const { instance, seq, size, lastLine, pieces } = made;
  const head = { version: foldVersion, instance, seq, size, lastLine, pieces };
  const text = JSON.stringify({ ...head, stateBytes: bytes.length, stateSum: crc32(bytes) });
  return Buffer.concat([Buffer.from(`${hex(crc32(text))} ${text}\n`), bytes]);
}

/** Only what this build's fold made is answered whole; nothing of the state is decoded. */
export function readHead(bytes: Buffer): FoundHead | Unreadable {
  const end = bytes.subarray(0, headBytesMax).indexOf(0x0a);
  if (end < sumDigits + 1) return 'torn';
  const text = bytes.subarray(sumDigits + 1, end);
  if (bytes.toString('latin1', 0, sumDigits) !== hex(crc32(text))) return 'torn';
  const found = parsed(text);
  if (found === null || found['version'] !== foldVersion) return 'otherVersion';
  const state = bytes.subarray(end + 1);
  if (state.length !== found['stateBytes'] || crc32(state) !== found['stateSum']) return 'torn';
  return isHead(found) ? { head: found, state } : 'otherVersion';
}

/** Throws what decoding throws: a state of another Node's form. */
export function decodeState(bytes: Buffer): CheckpointState {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its checksum and version say who wrote it
  const state = deserialize(bytes) as CheckpointState;
  readAtFirstUse(state.facts);
  return state;
}

/** A pod that has lived for long has taken in thousands of submissions, and a start asks after none. */
function readAtFirstUse(facts: Facts): void {
  const ids: unknown = facts.submissions;
  const as = (how: PropertyDescriptor) =>
    Object.defineProperty(facts, 'submissions', { ...how, enumerable: true, configurable: true });
  as({
    get() {
      const read: JsonValue = JSON.parse(String(ids));
      const value = new Set(areTexts(read) ? read : []);
      as({ value, writable: true });
      return value;
    },
  });
}

function parsed(text: Buffer): Record<string, JsonValue> | null {
  try {
    const value: JsonValue = JSON.parse(text.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** As `encodeCheckpoint` of this version writes it; the rest is held against the log. */
function isHead(value: Record<string, JsonValue>): value is Record<string, JsonValue> & CheckpointHead {
  const { instance, seq, size, lastLine, pieces } = value;
  return (
    typeof instance === 'string' &&
    isWholeNumber(seq, 1) &&
    isWholeNumber(size, 1) &&
    isPlain(lastLine, ['from', 'sum']) &&
    isWholeNumber(lastLine['from'], 0) &&
    isWholeNumber(lastLine['sum'], 0) &&
    Array.isArray(pieces) &&
    pieces.every((sum) => isWholeNumber(sum, 0))
  );
}

function hex(sum: number): string {
  return sum.toString(16).padStart(sumDigits, '0');
}
