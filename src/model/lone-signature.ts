/**
 * Google's signature of a thought in a part of its own, without text and without a call. The package drops it
 * in both directions, and it has to go back as it came: so it passes the package as a file of a kind that
 * nobody else uses. Pure.
 */
import type { LanguageModelV3FilePart, LanguageModelV3StreamPart } from '@ai-sdk/provider';
import { type JsonObject, type JsonValue, isJsonObject } from '../std/json.ts';

const mediaType = 'application/x-thought-signature';
type Filed = Extract<LanguageModelV3StreamPart, { type: 'file' }>;

/** For a part of an answer. */
export function keepLoneSignatures(parts: readonly JsonObject[]): JsonObject[] {
  return parts.map((part) => {
    if (!isLone(part)) return part;
    const { text: _, ...rest } = part;
    return { ...rest, inlineData: { mimeType: mediaType, data: '' } };
  });
}

function isLone(part: JsonObject): boolean {
  const { text, thoughtSignature, thought: _, ...rest } = part;
  if (typeof thoughtSignature !== 'string' || thoughtSignature === '') return false;
  return Object.keys(rest).length === 0 && (text === undefined || text === null || text === '');
}

export function isLoneSignature(part: LanguageModelV3StreamPart): part is Filed {
  return part.type === 'file' && part.mediaType === mediaType;
}

/** What the package is given for it in a request. */
export function loneSignaturePart(): Pick<LanguageModelV3FilePart, 'type' | 'mediaType' | 'data'> {
  return { type: 'file', mediaType, data: '' };
}

/** A request's body as Google is to get it. */
export function withLoneSignatures(body: string): string {
  if (!body.includes(mediaType)) return body;
  const request: JsonValue = JSON.parse(body);
  if (!isJsonObject(request) || !Array.isArray(request['contents'])) return body;
  for (const content of request['contents']) {
    if (!isJsonObject(content) || !Array.isArray(content['parts'])) continue;
    content['parts'] = content['parts'].map((part) => {
      if (!isJsonObject(part) || !isJsonObject(part['inlineData'])) return part;
      const { inlineData, ...rest } = part;
      return inlineData['mimeType'] === mediaType ? { text: '', ...rest } : part;
    });
  }
  return JSON.stringify(request);
}
