/**
 * An image as Read gives it: known by its first bytes and not by its name, whole, and within what models
 * take.
 */
import type { BigIntStats } from 'node:fs';
import type { OpenedPath } from '../scope/paths/open-inside.ts';
import { withoutHidden } from '../std/characters.ts';
import {
  type FoundImage,
  type ImageKind,
  imageBytesMax,
  imageKindOf,
  imageLine,
  imageSideMax,
  kindNames,
  sizeText,
} from '../std/image.ts';
import { sniffBytes } from './file-content.ts';
import { failed } from './input-path.ts';
import { isBinary } from './text-form.ts';
import type { ToolAnswer } from './tool.ts';

const nameCharsMax = 200;

/** Null where the file is to be read as text. */
export async function readImage(
  { handle, stats }: OpenedPath,
  path: string,
  named: string,
): Promise<ToolAnswer | null> {
  const sniffed = Buffer.alloc(sniffBytes);
  const { bytesRead } = await handle.read(sniffed, 0, sniffed.length, 0);
  const beginning = sniffed.subarray(0, bytesRead);
  const kind = imageKindOf(beginning);
  if (kind === null) return null;
  // What two of them begin with a text may begin with too.
  const mayBeText = !isBinary(beginning);
  const content = await wholeContent(handle, stats);
  if (content === 'changed')
    return failed(`${path} was changed while it was read. Read it again once it is written.`);
  if (content === 'tooLarge') return mayBeText ? null : tooLarge(path, kind, Number(stats.size));
  const { measured } = await import('../std/image-header.ts');
  const found = measured(content);
  if (found?.kind !== 'image') {
    const why = found === null ? 'it begins as none' : found.why;
    return mayBeText ? null : failed(`${path} is a broken ${kindNames[kind]} image: ${why}.`);
  }
  const { width, height } = found.size;
  if (Math.max(width, height) > imageSideMax) {
    return failed(
      `${path} is a ${kindNames[kind]} image of ${width}×${height} pixels; up to ${imageSideMax} on a side can be shown. ${makeSmaller}`,
    );
  }
  return imageAnswer({ ...found.size, content, name: imageName(named) });
}

function imageAnswer(image: FoundImage): ToolAnswer {
  return { text: imageLine({ ...image, bytes: image.content.length }), images: [image] };
}

/** One line, as a person can read it. */
export function imageName(path: string): string {
  const shown = withoutHidden(path).replaceAll(/\s+/g, ' ').trim();
  return shown.length <= nameCharsMax ? shown : `…${shown.slice(1 - nameCharsMax).toWellFormed()}`;
}

const makeSmaller = 'Make a smaller copy with a command, and read that.';

function tooLarge(path: string, kind: ImageKind, bytes: number): ToolAnswer {
  return failed(
    `${path} is a ${kindNames[kind]} image of ${sizeText(bytes)}; up to ${sizeText(imageBytesMax)} can be shown. ${makeSmaller}`,
  );
}

/**
 * A size can be wrong, and change: no more than the bound is read, and what is not of one moment is not
 * taken.
 */
async function wholeContent(
  handle: OpenedPath['handle'],
  before: BigIntStats,
): Promise<Buffer | 'tooLarge' | 'changed'> {
  if (before.size > imageBytesMax) return 'tooLarge';
  const buffer = Buffer.alloc(Number(before.size) + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  const after = await handle.stat({ bigint: true });
  const isSame = after.mtimeNs === before.mtimeNs && after.size === before.size;
  return isSame && length === Number(before.size) ? buffer.subarray(0, length) : 'changed';
}
