/**
 * How a file's text is stored: encoding, byte order mark, line ends. Read says what is unusual about it,
 * Write and Edit keep it or leave
 * the file alone. UTF-16 is known by its mark alone; what is no text in a known encoding has no form.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { isProbablyBinary, piecesOf, sniffBytes } from './file-content.ts';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

export interface LineEnds {
  readonly crlf: number;
  readonly lf: number;
  /** CR alone. */
  readonly cr: number;
}

export interface TextForm {
  /** Null: none in which Write and Edit could put the text back. */
  readonly encoding: Encoding | null;
  readonly mark: boolean;
  readonly ends: LineEnds;
}

export interface FormScanner {
  /** The piece as UTF-8 with lines that end in LF, as it can be shown. Valid until the next piece. */
  add(piece: Buffer): Buffer;
  /** To be called once, after the last piece. */
  end(): TextForm;
}

const byteOrderMark = '\uFEFF';

/** The encoding that the first bytes tell of. */
function encodingOf(beginning: Uint8Array): Encoding {
  const [one, two, three, four] = beginning;
  // With two NULs behind it is UTF-32, which is not known here.
  if (one === 0xff && two === 0xfe && !(three === 0 && four === 0)) return 'utf-16le';
  return one === 0xfe && two === 0xff ? 'utf-16be' : 'utf-8';
}

/** No text in an encoding that is known. */
export function isBinary(beginning: Uint8Array): boolean {
  const encoding = encodingOf(beginning);
  if (encoding === 'utf-8') return isProbablyBinary(beginning);
  const text = decoderOf(encoding).decode(beginning.subarray(0, sniffBytes), { stream: true });
  return /[\0\uFFFD]/.test(text);
}

/** Latin letters in UTF-16 without a mark: every second byte is NUL. */
export function isProbablyUnmarked(beginning: Uint8Array): boolean {
  const sniffed = beginning.subarray(0, sniffBytes);
  const nuls = [0, 1].map((odd) => sniffed.filter((byte, at) => at % 2 === odd && byte === 0).length);
  return sniffed.length >= 4 && Math.min(...nuls) === 0 && Math.max(...nuls) > sniffed.length / 4;
}

export function formScanner(): FormScanner {
  let encoding: Encoding | undefined;
  let mark = false;
  let decoder: TextDecoder | undefined;
  const check = validity();
  const ends = endsCounter();
  let show = (bytes: Buffer): Buffer => bytes;
  const begin = (piece: Buffer): void => {
    encoding = encodingOf(piece);
    mark = encoding !== 'utf-8' || (piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf);
    if (encoding !== 'utf-8') decoder = decoderOf(encoding);
    check.begin(encoding);
  };
  return {
    add(piece) {
      const isFirst = encoding === undefined;
      if (isFirst) begin(piece);
      check.add(piece);
      const bytes = decoder === undefined ? piece : Buffer.from(decoder.decode(piece, { stream: true }));
      ends.add(bytes);
      if (isFirst && bytes.includes(0x0d) && !bytes.includes(0x0a)) show = withLf();
      return show(bytes);
    },
    end: () => ({ encoding: check.end() ? (encoding ?? 'utf-8') : null, mark, ends: ends.end() }),
  };
}

function decoderOf(encoding: Encoding, fatal = false): TextDecoder {
  return new TextDecoder(encoding, { fatal });
}

/** Whether pieces are text in their encoding, so that putting them back would change nothing. */
function validity(): { begin(encoding: Encoding): void; add(piece: Buffer): void; end(): boolean } {
  let isValid = true;
  let strict: TextDecoder | null = null;
  /** Of UTF-8, a character that the next piece ends. */
  let rest: Buffer = Buffer.alloc(0);
  const decode = (piece?: Buffer): void => {
    try {
      strict?.decode(piece, { stream: piece !== undefined });
    } catch {
      isValid = false;
    }
  };
  return {
    begin(encoding) {
      if (encoding !== 'utf-8') strict = decoderOf(encoding, true);
    },
    add(piece) {
      if (!isValid) return;
      if (strict !== null) return decode(piece);
      const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      const cut = bytes.length - unfinished(bytes);
      isValid = isUtf8(bytes.subarray(0, cut));
      rest = Buffer.from(bytes.subarray(cut));
    },
    end() {
      if (isValid) decode();
      return isValid && rest.length === 0;
    },
  };
}

/** Bytes at the end that begin a character and do not end it. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? back : 0;
  }
  return 0;
}

function endsCounter(): { add(bytes: Buffer): void; end(): LineEnds } {
  const found = { crlf: 0, lf: 0, allCr: 0 };
  let lastIsCr = false;
  return {
    add(bytes) {
      for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) {
        const isCrlf = at === 0 ? lastIsCr : bytes[at - 1] === 0x0d;
        found[isCrlf ? 'crlf' : 'lf'] += 1;
      }
      for (let at = bytes.indexOf(0x0d); at !== -1; at = bytes.indexOf(0x0d, at + 1)) found.allCr += 1;
      if (bytes.length > 0) lastIsCr = bytes.at(-1) === 0x0d;
    },
    end: () => ({ crlf: found.crlf, lf: found.lf, cr: found.allCr - found.crlf }),
  };
}

/** For text whose lines end in CR alone: nobody could read it as one line. */
function withLf(): (bytes: Buffer) => Buffer {
  let lastIsCr = false;
  return (bytes) => {
    const text = bytes.toString('latin1');
    const whole = lastIsCr && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') lastIsCr = text.endsWith('\r');
    return Buffer.from(whole.replaceAll(/\r\n?/g, '\n'), 'latin1');
  };
}

/**
 * The file's hash with its form, null where there is nothing in it to say it of. Throws the signal's reason
 * when aborted.
 */
export async function readThrough(
  handle: FileHandle,
  signal: AbortSignal,
): Promise<{ hash: string; form: TextForm | null }> {
  const hash = createHash('sha256');
  const scanner = formScanner();
  let isEmpty = true;
  for await (const piece of piecesOf(handle, signal)) {
    hash.update(piece);
    scanner.add(piece);
    isEmpty = false;
  }
  return { hash: hash.digest('hex'), form: isEmpty ? null : scanner.end() };
}

/** What is unusual, as sentences for whoever reads the file. */
export function formNotes({ encoding, mark, ends }: TextForm): string[] {
  if (encoding === null) {
    return [
      'This is not UTF-8 text; bytes that are none are shown as \uFFFD. Write and Edit leave the file alone: change it with a command.',
    ];
  }
  const kinds = [
    ...(ends.crlf > 0 ? [`${ends.crlf} of CR LF`] : []),
    ...(ends.lf > 0 ? [`${ends.lf} of LF`] : []),
    ...(ends.cr > 0 ? [`${ends.cr} of CR alone`] : []),
  ];
  return [
    ...(encoding === 'utf-8' ? [] : [`The encoding is ${encoding.toUpperCase()}.`]),
    ...(mark && encoding === 'utf-8' ? ['The file begins with a byte order mark.'] : []),
    ...(kinds.length > 1 ? [`Line ends are mixed: ${kinds.join(', ')}.`] : []),
    ...(kinds.length === 1 && ends.crlf > 0 ? ['Lines end in CR LF.'] : []),
    ...(kinds.length === 1 && ends.cr > 0 ? ['Lines end in CR alone.'] : []),
  ];
}

/**
 * New content in the form of the file that it replaces, with sentences on what became of it; or the end of a
 * sentence on why not.
 */
export function inForm(
  content: string,
  form: TextForm | null,
): { bytes: Buffer; notes: readonly string[] } | { problem: string } {
  if (form === null) return { bytes: Buffer.from(content), notes: [] };
  const { encoding, mark, ends } = form;
  if (encoding === null) {
    return { problem: 'is not UTF-8 text, so Write leaves it alone. Change it with a command.' };
  }
  if (isMixed(ends) && content.includes('\n') && !content.includes('\r')) {
    return {
      problem:
        'has line ends of several kinds, which Write would lose. Use Edit, which keeps them, or make them one kind with a command first.',
    };
  }
  const inEnds = isMixed(ends) ? content : withEnds(content, ends);
  const text = mark && !inEnds.startsWith(byteOrderMark) ? byteOrderMark + inEnds : inEnds;
  const kept = [
    ...(inEnds === content ? [] : [`line ends ${ends.crlf > 0 ? 'CR LF' : 'CR'}`]),
    ...(text !== inEnds && encoding === 'utf-8' ? ['the byte order mark'] : []),
    ...(encoding === 'utf-8' ? [] : [`the encoding ${encoding.toUpperCase()}`]),
  ];
  const notes = kept.length === 0 ? [] : [`Kept as it was: ${kept.join(', ')}.`];
  return { bytes: encoded(text, encoding), notes: [...notes, ...newNotes(text, form)] };
}

/** The content says it expressly, and so it is taken. */
function newNotes(text: string, { mark, ends }: TextForm): string[] {
  const isNew = [
    ...(ends.lf > 0 && !isMixed(ends) && text.includes('\r') ? ['line ends with CR'] : []),
    ...(!mark && text.startsWith(byteOrderMark) ? ['a byte order mark'] : []),
  ];
  return isNew.length === 0 ? [] : [`New, as the content has it: ${isNew.join(', ')}.`];
}

export function isMixed({ crlf, lf, cr }: LineEnds): boolean {
  return [crlf, lf, cr].filter((count) => count > 0).length > 1;
}

/**
 * In text whose lines all end alike, those of `content` do too; of LF it is free, since only there nothing
 * has to be written that is not seen.
 */
export function withEnds(content: string, ends: LineEnds): string {
  if (ends.lf > 0) return content;
  if (ends.crlf > 0) return content.replaceAll(/\r?\n/g, '\r\n');
  return ends.cr > 0 ? content.replaceAll(/\r?\n/g, '\r') : content;
}

export function encoded(text: string, encoding: Encoding): Buffer {
  if (encoding === 'utf-8') return Buffer.from(text);
  const bytes = Buffer.from(text, 'utf16le');
  return encoding === 'utf-16le' ? bytes : bytes.swap16();
}

/** With its mark. Undefined where writing it back would destroy what could not be decoded. */
export function decoded(bytes: Buffer): { text: string; encoding: Encoding } | undefined {
  if (isBinary(bytes)) return undefined;
  const encoding = encodingOf(bytes);
  try {
    return { text: new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes), encoding };
  } catch {
    return undefined;
  }
}
