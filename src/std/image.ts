/**
 * What podkin knows of an image: its kind by its first bytes, its bounds, and the words that stand for it.
 * Pure.
 */

export type ImageKind = 'png' | 'jpeg' | 'gif' | 'webp';

export interface ImageSize {
  readonly kind: ImageKind;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** An image by its content. Its bytes are in a file of that name, and in no entry. */
export interface ImageRef extends ImageSize {
  readonly sha256: string;
  readonly bytes: number;
  /** For people and models: the path as it was given. */
  readonly name: string;
}

/** One that nobody keeps yet. */
export interface FoundImage extends ImageSize {
  readonly content: Uint8Array;
  readonly name: string;
}

/** Anthropic takes 5 MiB in base64, which makes three bytes four; the others take more. */
export const imageBytesMax = (5 * 1024 * 1024 * 3) / 4;
/** Of either side, by the same provider, as long as a request holds no more than so many. */
export const imageSideMax = 8_000;
export const imagesMax = 20;
/**
 * Of all images of a request: in base64 with its texts it stays below 20 MB, the least that a provider takes.
 */
export const imagesBytesMax = 12 * 1024 * 1024;

export const mediaNames: Readonly<Record<ImageKind, string>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
};

export const kindNames: Readonly<Record<ImageKind, string>> = {
  png: 'PNG',
  jpeg: 'JPEG',
  gif: 'GIF',
  webp: 'WebP',
};

const openings: readonly { kind: ImageKind; at: number; bytes: readonly number[] }[] = [
  { kind: 'png', at: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { kind: 'jpeg', at: 0, bytes: [0xff, 0xd8, 0xff] },
  { kind: 'gif', at: 0, bytes: [...Buffer.from('GIF87a')] },
  { kind: 'gif', at: 0, bytes: [...Buffer.from('GIF89a')] },
];

/** By its first bytes, whatever its name says; null where it is none of these. */
export function imageKindOf(beginning: Uint8Array): ImageKind | null {
  const holds = (at: number, bytes: readonly number[]) =>
    bytes.every((byte, index) => beginning[at + index] === byte);
  const found = openings.find(({ at, bytes }) => holds(at, bytes));
  if (found !== undefined) return found.kind;
  return holds(0, [...Buffer.from('RIFF')]) && holds(8, [...Buffer.from('WEBP')]) ? 'webp' : null;
}

/** What stands for it wherever it is not shown itself. */
export function imageLine({ name, kind, width, height, bytes }: Omit<ImageRef, 'sha256'>): string {
  return `[image ${name}, ${kindNames[kind]} ${width}×${height}, ${sizeText(bytes)}]`;
}

export function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 999_500 ? `${Math.round(bytes / 1_000)} kB` : `${Math.round(bytes / 100_000) / 10} MB`;
}

const pixelsOfToken = 750;
const tokensLeast = 85;
/** Providers make a large one smaller before they look at it. */
const tokensMost = 3_000;

/** About what a provider counts for it. */
export function imageTokens({ width, height }: Pick<ImageSize, 'width' | 'height'>): number {
  return Math.min(tokensMost, Math.max(tokensLeast, Math.ceil((width * height) / pixelsOfToken)));
}

export function tokensOfImages(images: readonly ImageSize[] = []): number {
  return images.reduce((sum, image) => sum + imageTokens(image), 0);
}
