/**
 * What a call has answered, as text for the model: parts in their order, images beside, and in words what
 * cannot be shown. Pure.
 */
import { type FoundImage, imageBytesMax, imageLine, imageSideMax, imagesMax } from '../std/image.ts';
import { measured } from '../std/image-header.ts';
import { withoutHidden } from '../std/characters.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../std/json.ts';
import type { ToolAnswer } from '../tools/tool.ts';

/** Parts of one answer; what comes behind is left out. */
const partsMax = 1_000;
const uriCharsMax = 300;

export function answerOf(result: JsonObject): ToolAnswer {
  const { content, structuredContent, isError } = result;
  const parts = Array.isArray(content) ? content : [];
  const images: FoundImage[] = [];
  const texts = parts.slice(0, partsMax).map((part) => textOf(part, images));
  if (parts.length > partsMax) texts.push(`[${parts.length - partsMax} more parts were left out.]`);
  if (parts.length === 0 && structuredContent !== undefined) texts.push(JSON.stringify(structuredContent));
  const text = texts.join('\n').toWellFormed();
  return {
    text: text === '' ? '(an answer without words)' : text,
    ...(isError === true ? { isError } : {}),
    ...(images.length === 0 ? {} : { images }),
  };
}

function textOf(part: JsonValue, images: FoundImage[]): string {
  if (!isJsonObject(part)) return '[a part that is none]';
  const { type, text, data, mimeType, resource } = part;
  if (type === 'text' && typeof text === 'string') return text;
  if (type === 'image' && typeof data === 'string') return imageOf(data, images);
  if (type === 'audio' && typeof data === 'string')
    return `[audio, ${kindOf(mimeType)}, ${bytesOf(data)} bytes: it cannot be shown]`;
  if (type === 'resource_link') return linkOf(part);
  if (type === 'resource' && isJsonObject(resource)) return embedded(resource);
  return `[a part of the kind ${shown(type)}: it cannot be shown]`;
}

function imageOf(data: string, images: FoundImage[]): string {
  if (images.length >= imagesMax) return `[an image: no more than ${imagesMax} are shown]`;
  if (bytesOf(data) > imageBytesMax) return `[an image of ${bytesOf(data)} bytes: too large to be shown]`;
  const content = Buffer.from(data, 'base64');
  const found = measured(content);
  if (found === null) return '[an image that is no PNG, JPEG, GIF or WebP]';
  if (found.kind === 'broken') return `[a broken image: ${found.why}]`;
  const { width, height } = found.size;
  if (Math.max(width, height) > imageSideMax) return `[an image of ${width}×${height} pixels: too large]`;
  const image = { ...found.size, content, name: `image ${images.length + 1}` };
  images.push(image);
  return imageLine({ ...image, bytes: content.length });
}

function linkOf({ uri, name, description }: JsonObject): string {
  const about =
    typeof description === 'string' ? `: ${withoutHidden(description).slice(0, uriCharsMax)}` : '';
  return `[a link to the resource ${shown(uri)}, ${shown(name)}${about}]`;
}

function embedded({ uri, text, blob, mimeType }: JsonObject): string {
  if (typeof text === 'string') return `[the resource ${shown(uri)}]\n${text}`;
  const bytes = typeof blob === 'string' ? bytesOf(blob) : 0;
  return `[the resource ${shown(uri)}, ${kindOf(mimeType)}, ${bytes} bytes: it cannot be shown]`;
}

function bytesOf(base64: string): number {
  return Math.floor((base64.length * 3) / 4);
}

function kindOf(mimeType: JsonValue | undefined): string {
  return typeof mimeType === 'string' ? withoutHidden(mimeType).slice(0, 80) : 'of no kind that is said';
}

function shown(value: JsonValue | undefined): string {
  return JSON.stringify(typeof value === 'string' ? withoutHidden(value).slice(0, uriCharsMax) : null);
}
