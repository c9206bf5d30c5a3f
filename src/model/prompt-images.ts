/**
 * Images in the words of the providers' packages. Their data comes in last: whatever is done with the rest of
 * a request before, megabytes of it are not copied for.
 */
import type {
  LanguageModelV3FilePart,
  LanguageModelV3Message,
  LanguageModelV3TextPart,
} from '@ai-sdk/provider';
import { type ImageRef, mediaNames } from '../std/image.ts';
import { imagesIn } from './images.ts';
import type { ChatMessage, ModelRequest, ToolResult } from './port.ts';

/** By content, in base64; what is gone is not in it. */
export type ImageData = ReadonlyMap<string, string>;

/** What is gone is left out. */
export async function imagesInBase64({ messages, imageBytes }: ModelRequest): Promise<ImageData> {
  const data = new Map<string, string>();
  if (imageBytes === undefined) return data;
  for (const image of imagesIn(messages)) {
    if (data.has(image.sha256)) continue;
    const bytes = await imageBytes(image);
    if (bytes !== null) data.set(image.sha256, Buffer.from(bytes).toString('base64'));
  }
  return data;
}

type Shown =
  | { readonly kind: 'image'; readonly image: ImageRef }
  | { readonly kind: 'words'; readonly text: string };

/** Several are told apart by their names, each before its image. */
function shownOf(images: readonly ImageRef[], data: ImageData): readonly Shown[] {
  return images.flatMap((image): Shown[] => {
    if (!data.has(image.sha256))
      return [{ kind: 'words', text: `[The image ${image.name} is gone: its file is not there any more.]` }];
    const shown = { kind: 'image', image } as const;
    return images.length === 1 ? [shown] : [{ kind: 'words', text: `${image.name}:` }, shown];
  });
}

/** Of a message of a person, or of the runtime. Until `withData` an image is its hash. */
export function fileParts(
  images: readonly ImageRef[] = [],
  data: ImageData,
): (LanguageModelV3TextPart | LanguageModelV3FilePart)[] {
  return shownOf(images, data).map((shown) =>
    shown.kind === 'words'
      ? { type: 'text', text: shown.text }
      : { type: 'file', data: shown.image.sha256, mediaType: mediaNames[shown.image.kind] },
  );
}

type ToolMessage = Extract<LanguageModelV3Message, { role: 'tool' }>;
type Output = Extract<ToolMessage['content'][number], { type: 'tool-result' }>['output'];

export function outputOf({ text, isError, images = [] }: ToolResult, data: ImageData): Output {
  if (isError) return { type: 'error-text', value: text };
  if (images.length === 0) return { type: 'text', value: text };
  const shown = shownOf(images, data).map((one) =>
    one.kind === 'words'
      ? { type: 'text' as const, text: one.text }
      : { type: 'image-data' as const, data: one.image.sha256, mediaType: mediaNames[one.image.kind] },
  );
  return { type: 'content', value: [{ type: 'text', text }, ...shown] };
}

const behindText =
  'Automatic notice from the podkin runtime: the images of the tool results above, in their order. No human sent them.';

/** Where a result holds text alone, its images follow in a message behind the results. */
export function behindResults(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  return messages.flatMap((message): ChatMessage[] => {
    const images = message.role === 'tool' ? imagesIn([message]) : [];
    if (message.role !== 'tool' || images.length === 0) return [message];
    const results = message.results.map(({ call, tool, text, isError }) => ({ call, tool, text, isError }));
    return [
      { role: 'tool', results },
      { role: 'user', text: behindText, images },
    ];
  });
}

/** The messages with the data of their images. */
export function withData(
  prompt: LanguageModelV3Message[],
  data: ImageData = new Map(),
): LanguageModelV3Message[] {
  if (data.size === 0) return prompt;
  for (const { role, content } of prompt) {
    if (role !== 'user' && role !== 'tool') continue;
    for (const part of content) {
      if (part.type === 'file') part.data = dataOf(part.data, data);
      else if (part.type === 'tool-result') putIn(part.output, data);
    }
  }
  return prompt;
}

function putIn(output: Output, data: ImageData): void {
  if (output.type !== 'content') return;
  for (const one of output.value) {
    if (one.type === 'image-data') one.data = dataOf(one.data, data);
  }
}

function dataOf<T>(hash: T, data: ImageData): T | string {
  return typeof hash === 'string' ? (data.get(hash) ?? hash) : hash;
}
