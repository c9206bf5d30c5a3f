/**
 * One line of a session log: `{"crc":"xxxxxxxx","entry":{…}}` and a newline, where crc is the CRC-32 of the
 * entry's JSON text (8 lower-case hex digits). The newline is the commit mark of the line. An append of
 * several entries must be there whole or not at all, and the kernel may tear one write anywhere: so every
 * line of an append but its last says `"and"` in the place of `"crc"` (the same length: offsets stay fixed),
 * and a reader takes such lines only once the append's last line is there.
 */
import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';
import type { Entry } from '../facts/entries.ts';
import { PodkinError } from '../../std/podkin-error.ts';

/**
 * The entry's JSON text is `line.subarray(entryFromByte, line.length - entryTailBytes)` of a line with its
 * newline.
 */
export const entryFromByte = 26;
export const entryTailBytes = 2;

/**
 * A longer line is not written (`EntryTooLong`) and counts as damaged when read. It leaves room in one line
 * of the wire for what is put around the entry.
 */
export const logLineBytesMax = 8 * 1024 * 1024 - 64 * 1024;

const closingBrace = 0x7d;
const comma = 0x2c;
const zero = 0x30;
const newline = 0x0a;
const hexDigits = '0123456789abcdef';
const lastStart = Buffer.from('{"crc":"');
const andStart = Buffer.from('{"and":"');
const middle = Buffer.from('","entry":');
/** How a line begins, the last one of an append and any other; equally long. */
export const lineOpenings = [lastStart, andStart] as const;
const seqStart = Buffer.from('{"seq":');
const lastOpening = `${lastStart.toString()}00000000${middle.toString()}`;
const andOpening = `${andStart.toString()}00000000${middle.toString()}`;
const crcFromByte = lastStart.length;
const middleFromByte = crcFromByte + 8;

/** The entry would not fit into one line of the log or of the wire; nothing was written. */
export class EntryTooLong extends PodkinError {
  readonly entryType: string;
  readonly lineBytes: number;

  constructor(entryType: string, lineBytes: number) {
    super(
      `the ${entryType} entry needs ${lineBytes} bytes, a line holds ${logLineBytesMax}: shorten its text before it is committed`,
    );
    this.name = 'EntryTooLong';
    this.entryType = entryType;
    this.lineBytes = lineBytes;
  }
}

export interface EncodedLine {
  /** With its newline. */
  readonly line: Buffer;
  /** The entry's JSON text: a view into `line`. */
  readonly entryText: Buffer;
}

export type LineFault = 'notJson' | 'checksum' | 'shape';
export type CheckedLine = { ok: true; seq: number; last: boolean } | { ok: false; why: LineFault };
export type DecodedLine = { ok: true; entry: Entry; last: boolean } | { ok: false; why: LineFault };

/** Encodes an append of one entry. Serialises once. Throws `EntryTooLong`, or what JSON.stringify throws. */
export function encodeLine(entry: Entry): EncodedLine {
  const line = encodeLines([entry]).bytes;
  return { line, entryText: line.subarray(entryFromByte, line.length - entryTailBytes) };
}

/**
 * Encodes one append into one buffer; `lines` are views into it, newline included. `seq` and `time` must come
 * first in each entry, in that order. Throws `EntryTooLong`, or what JSON.stringify throws (a cycle, a
 * BigInt).
 */
export function encodeLines(entries: readonly Entry[]): { bytes: Buffer; lines: Buffer[] } {
  const made = entries.map((entry, i) => lineOf(entry, i === entries.length - 1 ? lastOpening : andOpening));
  const [only] = made;
  if (only !== undefined && made.length === 1) return { bytes: only, lines: made };
  const bytes = Buffer.concat(made);
  let from = 0;
  const lines = made.map(({ length }) => bytes.subarray(from, (from += length)));
  return { bytes, lines };
}

/** The text goes into its bytes in one step; the checksum, which needs them, is put over the noughts. */
function lineOf(entry: Entry, opening: string): Buffer {
  const line = Buffer.from(`${opening}${JSON.stringify(entry)}}\n`);
  if (line.length > logLineBytesMax) throw new EntryTooLong(entry.type, line.length);
  const crc = crc32(line.subarray(entryFromByte, -entryTailBytes));
  for (let i = 0; i < 8; i += 1) line[crcFromByte + i] = hexDigits.charCodeAt((crc >>> (28 - 4 * i)) & 0xf);
  return line;
}

/**
 * Checks a line (without its newline) against its checksum and reads its seq, without parsing. `last`: the
 * line ends its append. What passes was written by `encodeLines`, or by somebody who took the trouble.
 */
export function checkLine(bytes: Buffer): CheckedLine {
  const last = startsWith(bytes, lastStart, 0);
  if (!last && !startsWith(bytes, andStart, 0))
    return { ok: false, why: isJson(bytes) ? 'shape' : 'notJson' };
  const tail = bytes.length - 1;
  if (!startsWith(bytes, middle, middleFromByte) || bytes[tail] !== closingBrace) {
    return { ok: false, why: isJson(bytes) ? 'shape' : 'notJson' };
  }
  const text = bytes.subarray(entryFromByte, tail);
  if (crcOf(text) !== bytes.toString('latin1', crcFromByte, middleFromByte))
    return { ok: false, why: 'checksum' };
  const seq = seqOf(text);
  return seq === null ? { ok: false, why: 'shape' } : { ok: true, seq, last };
}

/**
 * Where the next line with this seq begins, at or behind `from`, in bytes that begin with a line; -1 where
 * there is none. By its text alone, without looking at the lines between.
 */
export function lineOfSeq(bytes: Buffer, seq: number, from: number): number {
  const text = `${middle.toString()}${seqStart.toString()}${seq},`;
  for (let at = bytes.indexOf(text, from); at !== -1; at = bytes.indexOf(text, at + 1)) {
    const start = at - middleFromByte;
    // An entry may hold another's text.
    if (start === 0 || bytes[start - 1] === newline) return start;
  }
  return -1;
}

/**
 * Checks and parses a line (without its newline). Strict about UTF-8; types and fields that it does not know
 * are kept.
 */
export function decodeLine(bytes: Buffer): DecodedLine {
  const checked = checkLine(bytes);
  if (!checked.ok) return checked;
  const text = bytes.subarray(entryFromByte, bytes.length - 1);
  if (!isUtf8(text)) return { ok: false, why: 'notJson' };
  let entry: unknown;
  try {
    entry = JSON.parse(text.toString());
  } catch {
    return { ok: false, why: 'notJson' };
  }
  return isEntry(entry) ? { ok: true, entry, last: checked.last } : { ok: false, why: 'shape' };
}

const beginningBytes = 256;
const beginning = /^\{"seq":\d+,"time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"(?:,"type":"(\w+)")?/;

/**
 * When the entry of a line that has been checked was written and what it is, without parsing it. Null is what
 * its beginning does not say in the usual form: then it is to be parsed.
 */
export function beginningOf(bytes: Buffer): { time: string | null; type: string | null } {
  const found = beginning.exec(bytes.toString('latin1', entryFromByte, entryFromByte + beginningBytes));
  return { time: found?.[1] ?? null, type: found?.[2] ?? null };
}

function crcOf(text: Buffer): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function startsWith(bytes: Buffer, wanted: Buffer, from: number): boolean {
  if (bytes.length < from + wanted.length) return false;
  for (let i = 0; i < wanted.length; i += 1) {
    if (bytes[from + i] !== wanted[i]) return false;
  }
  return true;
}

/** The number behind `{"seq":`, up to the comma; null when there is none. */
function seqOf(text: Buffer): number | null {
  if (!startsWith(text, seqStart, 0)) return null;
  let seq = 0;
  let at = seqStart.length;
  for (; at < text.length && text[at] !== comma; at += 1) {
    const digit = text[at]! - zero;
    if (digit < 0 || digit > 9) return null;
    seq = seq * 10 + digit;
  }
  return seq >= 1 && Number.isSafeInteger(seq) ? seq : null;
}

function isJson(bytes: Buffer): boolean {
  if (!isUtf8(bytes)) return false;
  try {
    JSON.parse(bytes.toString());
    return true;
  } catch {
    return false;
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return (
    'seq' in value &&
    typeof value.seq === 'number' &&
    'time' in value &&
    typeof value.time === 'string' &&
    'type' in value &&
    typeof value.type === 'string'
  );
}
