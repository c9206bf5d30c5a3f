/**
 * The size of an image from its header, and whether its file goes on to its end. Nothing is decoded: whatever
 * the pixels come to, only lengths are followed. Pure.
 *
 * Absent: any check of what is inside a part. A provider that refuses it says so.
 */
import { type ImageSize, imageKindOf } from './image.ts';

export type Measured =
  | { readonly kind: 'image'; readonly size: ImageSize }
  /** It begins as one; the end of a sentence says what is wrong. */
  | { readonly kind: 'broken'; readonly why: string };

/** Of the whole content; null where it does not begin as an image. */
export function measured(content: Buffer): Measured | null {
  const kind = imageKindOf(content);
  if (kind === null) return null;
  const found = readers[kind](content);
  if (typeof found === 'string') return { kind: 'broken', why: found };
  if (found.width === 0 || found.height === 0) return { kind: 'broken', why: 'it says no size' };
  return { kind: 'image', size: { kind, ...found } };
}

type Sides = Pick<ImageSize, 'width' | 'height'>;
const cutOff = 'it ends in the middle';
const noImage = 'there is no image in it';

const readers = { png, jpeg, gif, webp };

const pngChunksAt = 8;
/** Length, type and checksum. */
const pngAround = 12;

function png(content: Buffer): Sides | string {
  if (content.length < pngChunksAt + pngAround + 13) return cutOff;
  const isHeader = content.readUInt32BE(pngChunksAt) === 13 && textAt(content, pngChunksAt + 4) === 'IHDR';
  if (!isHeader) return 'it has no header';
  const sides = { width: content.readUInt32BE(16), height: content.readUInt32BE(20) };
  let hasPixels = false;
  for (let at = pngChunksAt; at + pngAround <= content.length;) {
    const next = at + pngAround + content.readUInt32BE(at);
    if (next > content.length) return cutOff;
    const type = textAt(content, at + 4);
    if (type === 'IEND') return hasPixels ? sides : noImage;
    hasPixels ||= type === 'IDAT';
    at = next;
  }
  return cutOff;
}

const startOfScan = 0xda;
const endOfImage = Buffer.from([0xff, 0xd9]);

function jpeg(content: Buffer): Sides | string {
  let sides: Sides | null = null;
  let at = 2;
  for (;;) {
    if (at + 4 > content.length) return cutOff;
    if (content[at] !== 0xff) return 'its parts do not follow each other';
    const marker = content[at + 1] ?? 0;
    // Filling, and markers without a length.
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else if (marker === 0xd9) return noImage;
    else {
      const length = content.readUInt16BE(at + 2);
      const next = at + 2 + length;
      if (length < 2) return 'its parts do not follow each other';
      if (next > content.length) return cutOff;
      if (isFrame(marker)) {
        if (length < 8) return 'it has no header';
        sides = { height: content.readUInt16BE(at + 5), width: content.readUInt16BE(at + 7) };
      }
      if (marker === startOfScan) {
        if (sides === null) return 'it has no header';
        return content.indexOf(endOfImage, next) < 0 ? cutOff : sides;
      }
      at = next;
    }
  }
}

/** Of these numbers three say something else. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

const gifHeader = 13;

function gif(content: Buffer): Sides | string {
  if (content.length < gifHeader) return cutOff;
  const sides = { width: content.readUInt16LE(6), height: content.readUInt16LE(8) };
  let at = gifHeader + colourBytes(content[10] ?? 0);
  let images = 0;
  for (;;) {
    const block = content[at];
    // Many have no end behind their last image, and are shown everywhere.
    if (block === undefined) return images > 0 ? sides : cutOff;
    if (block === 0x3b) return images > 0 ? sides : noImage;
    if (block !== 0x21 && block !== 0x2c) return images > 0 ? sides : 'its parts do not follow each other';
    const data = block === 0x21 ? at + 2 : at + 11 + colourBytes(content[at + 9] ?? 0);
    const end = behindBlocks(content, data);
    if (end === null) return images > 0 ? sides : cutOff;
    if (block === 0x2c) images += 1;
    at = end;
  }
}

/** Of the table that these flags tell of. */
function colourBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 0x07) + 1);
}

/** Each block begins with its length; one without any is the last. */
function behindBlocks(content: Buffer, from: number): number | null {
  for (let at = from; ;) {
    const length = content[at];
    if (length === undefined) return null;
    at += 1 + length;
    if (length === 0) return at;
  }
}

const webpPart = 12;

function webp(content: Buffer): Sides | string {
  const data = webpPart + 8;
  if (content.length < data + 10) return cutOff;
  if (content.readUInt32LE(4) + 8 > content.length) return cutOff;
  const type = textAt(content, webpPart);
  if (type === 'VP8X')
    return { width: content.readUIntLE(data + 4, 3) + 1, height: content.readUIntLE(data + 7, 3) + 1 };
  if (type === 'VP8L') {
    if (content[data] !== 0x2f) return 'it has no header';
    const bits = content.readUInt32LE(data + 1);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (type !== 'VP8 ') return noImage;
  const isStart = content.readUIntBE(data + 3, 3) === 0x9d012a;
  if (!isStart) return 'it has no header';
  return { width: content.readUInt16LE(data + 6) & 0x3fff, height: content.readUInt16LE(data + 8) & 0x3fff };
}

function textAt(content: Buffer, at: number): string {
  return content.toString('latin1', at, at + 4);
}
