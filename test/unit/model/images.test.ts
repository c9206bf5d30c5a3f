/** Images in the words of each provider, and what a refusal of one says. */
import { describe, expect, it } from 'vitest';
import { imageRefusalIn, unshownBy } from '../../../src/model/images.ts';
import type { ChatMessage } from '../../../src/model/port.ts';
import { estimateOf } from '../../../src/model/usage.ts';
import type { ImageRef } from '../../../src/std/image.ts';
import { ask } from './ask.ts';
import { type DialectName, dialects, plainly, rawProvider, stream } from './raw-provider.ts';

const image = (name: string, kind: ImageRef['kind'] = 'png', sha256 = name): ImageRef => ({
  sha256,
  kind,
  width: 800,
  height: 600,
  bytes: 5,
  name,
});
const line = (name: string) => `[image ${name}, PNG 800×600, 5 bytes]`;
const base64 = (name: string) => Buffer.from(`bytes of ${name}`).toString('base64');

const history: ChatMessage[] = [
  { role: 'user', text: `see\n${line('a.png')}`, images: [image('a.png')] },
  {
    role: 'assistant',
    parts: [
      { type: 'toolCall', call: 'c1', tool: 'Read', input: { path: 'b.jpg' } },
      { type: 'toolCall', call: 'c2', tool: 'Read', input: { path: 'c.txt' } },
      { type: 'toolCall', call: 'c3', tool: 'Read', input: { path: 'gone.png' } },
    ],
  },
  {
    role: 'tool',
    results: [
      { call: 'c1', tool: 'Read', text: line('b.jpg'), isError: false, images: [image('b.jpg', 'jpeg')] },
      { call: 'c2', tool: 'Read', text: 'words', isError: false },
      { call: 'c3', tool: 'Read', text: line('gone.png'), isError: false, images: [image('gone.png')] },
    ],
  },
  { role: 'user', text: 'both', images: [image('d.webp', 'webp'), image('e.gif', 'gif')] },
];

async function bodyOf(dialect: DialectName, model = dialects[dialect], messages = history) {
  const provider = await rawProvider(stream(plainly[dialect]()));
  await ask(await provider.model(model), {
    messages,
    imageBytes: async ({ name }) => (name.startsWith('gone') ? null : Buffer.from(`bytes of ${name}`)),
  });
  return JSON.parse(provider.bodies[0] ?? '') as Record<string, unknown>;
}

const gone = '[The image gone.png is gone: its file is not there any more.]';

describe('images as they are sent', () => {
  it('[image.dialects] [image.gone] to Anthropic', async () => {
    const source = (name: string, media: string) => ({
      type: 'image',
      source: { type: 'base64', media_type: media, data: base64(name) },
    });
    const { messages } = await bodyOf('anthropic');
    expect(messages).toMatchObject([
      {
        role: 'user',
        content: [{ type: 'text', text: `see\n${line('a.png')}` }, source('a.png', 'image/png')],
      },
      { role: 'assistant' },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'c1',
            content: [{ type: 'text', text: line('b.jpg') }, source('b.jpg', 'image/jpeg')],
          },
          { type: 'tool_result', tool_use_id: 'c2', content: 'words' },
          {
            type: 'tool_result',
            tool_use_id: 'c3',
            content: [
              { type: 'text', text: line('gone.png') },
              { type: 'text', text: gone },
            ],
          },
          { type: 'text', text: 'both' },
          { type: 'text', text: 'd.webp:' },
          source('d.webp', 'image/webp'),
          { type: 'text', text: 'e.gif:' },
          { ...source('e.gif', 'image/gif'), cache_control: { type: 'ephemeral' } },
        ],
      },
    ]);
  });

  it('[image.dialects] [image.gone] to OpenAI', async () => {
    const shown = (name: string, media: string) => ({
      type: 'input_image',
      image_url: `data:${media};base64,${base64(name)}`,
    });
    const { input } = await bodyOf('openai');
    expect(input).toMatchObject([
      {},
      {
        role: 'user',
        content: [{ type: 'input_text', text: `see\n${line('a.png')}` }, shown('a.png', 'image/png')],
      },
      { type: 'function_call', call_id: 'c1' },
      { type: 'function_call', call_id: 'c2' },
      { type: 'function_call', call_id: 'c3' },
      {
        type: 'function_call_output',
        call_id: 'c1',
        output: [{ type: 'input_text', text: line('b.jpg') }, shown('b.jpg', 'image/jpeg')],
      },
      { type: 'function_call_output', call_id: 'c2', output: 'words' },
      {
        type: 'function_call_output',
        call_id: 'c3',
        output: [
          { type: 'input_text', text: line('gone.png') },
          { type: 'input_text', text: gone },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'both' },
          { type: 'input_text', text: 'd.webp:' },
          shown('d.webp', 'image/webp'),
          { type: 'input_text', text: 'e.gif:' },
          shown('e.gif', 'image/gif'),
        ],
      },
    ]);
  });

  const inline = (name: string, mimeType: string) => ({ inlineData: { mimeType, data: base64(name) } });

  it('[image.dialects] [image.gone] to Gemini 3: in the response of the function', async () => {
    const { contents } = await bodyOf('google', 'google/gemini-3-pro');
    expect(contents).toMatchObject([
      { role: 'user', parts: [{ text: `see\n${line('a.png')}` }, inline('a.png', 'image/png')] },
      { role: 'model' },
      {
        role: 'user',
        parts: [
          {
            functionResponse: {
              name: 'Read',
              response: { content: line('b.jpg') },
              parts: [inline('b.jpg', 'image/jpeg')],
            },
          },
          { functionResponse: { name: 'Read', response: { content: 'words' } } },
          { functionResponse: { name: 'Read', response: { content: `${line('gone.png')}\n${gone}` } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { text: 'both' },
          { text: 'd.webp:' },
          inline('d.webp', 'image/webp'),
          { text: 'e.gif:' },
          inline('e.gif', 'image/gif'),
        ],
      },
    ]);
  });

  it('[image.dialects] to an older Gemini: beside the response of the function', async () => {
    const { contents } = await bodyOf('google', 'google/gemini-2.5-flash', history.slice(0, 3));
    expect(contents).toMatchObject([
      {},
      { role: 'model' },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'Read', response: { content: line('b.jpg') } } },
          inline('b.jpg', 'image/jpeg'),
          { text: expect.any(String) },
          { functionResponse: { name: 'Read', response: { content: 'words' } } },
          { functionResponse: { name: 'Read' } },
          {},
        ],
      },
    ]);
  });

  it('[image.dialects] [image.gone] to a server like OpenAI: a message of a user behind all results', async () => {
    const shown = (name: string, media: string) => ({
      type: 'image_url',
      image_url: { url: `data:${media};base64,${base64(name)}` },
    });
    const { messages } = await bodyOf('compatible');
    expect(messages).toMatchObject([
      { role: 'system' },
      {
        role: 'user',
        content: [{ type: 'text', text: `see\n${line('a.png')}` }, shown('a.png', 'image/png')],
      },
      { role: 'assistant' },
      { role: 'tool', tool_call_id: 'c1', content: line('b.jpg') },
      { role: 'tool', tool_call_id: 'c2', content: 'words' },
      { role: 'tool', tool_call_id: 'c3', content: line('gone.png') },
      {
        role: 'user',
        content: [
          {
            type: 'text',
            text: 'Automatic notice from the podkin runtime: the images of the tool results above, in their order. No human sent them.',
          },
          { type: 'text', text: 'b.jpg:' },
          shown('b.jpg', 'image/jpeg'),
          { type: 'text', text: gone },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'both' },
          { type: 'text', text: 'd.webp:' },
          shown('d.webp', 'image/webp'),
          { type: 'text', text: 'e.gif:' },
          shown('e.gif', 'image/gif'),
        ],
      },
    ]);
  });

  it('[image.dialects] half a surrogate pair beside an image is made whole, and the image stays', async () => {
    const { messages } = await bodyOf('anthropic', dialects.anthropic, [
      { role: 'user', text: 'half \ud800', images: [image('a.png')] },
    ]);
    expect(JSON.stringify(messages)).toContain(base64('a.png'));
    expect(JSON.stringify(messages)).toContain('half \ufffd');
  });

  it('[image.context] an image counts as what a provider counts for it, not as its words', () => {
    const asked = (images?: ImageRef[]) =>
      estimateOf(
        { messages: [{ role: 'user', text: 'x', ...(images && { images }) }], system: '', tools: [] },
        0,
      );
    expect(asked([image('a.png')]).inputTokens - asked().inputTokens).toBeGreaterThanOrEqual(640);
    expect(asked([image('a.png')]).inputTokens - asked().inputTokens).toBeLessThan(720);
  });
});

describe('a refusal', () => {
  it.each([
    'this model does not support image input (ref: b8bd)',
    'Invalid content type. image_url is only supported by certain models.',
    'No endpoints found that support image input',
    'image input is not supported - hint: if this is unexpected, you may need to provide the mmproj',
    'local is not a multimodal model',
    "'claude-2.1' does not support image input.",
    'Image input modality is not enabled for models/gemma-3-1b-it',
    'Failed to deserialize the JSON body into the target type: messages[0]: unknown variant `image_url`, expected `text` at line 1',
    "'messages.1' : for 'role:user' the following must be satisfied[('messages.1.content' : value must be a string)]",
    'messages[1].content must be a string',
    'At most 0 image(s) may be provided in one request.',
    "This model doesn't support vision",
    'The model cannot process images',
    'Model does not support multimodal input',
    'vision is not supported by this model',
    'Images are not supported.',
  ])('[image.refused] of images as such: %s', (message) => {
    expect(imageRefusalIn(message)).toBe('model');
  });

  it.each([
    'messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 6291456 bytes > 5242880 bytes',
    'Could not process image',
    'messages.2.content.0.tool_result.content.1.image.source.base64.data: At least one of the image dimensions exceed max allowed size: 8000 pixels',
    'The image data you provided does not represent a valid image. Please check your input and try again.',
    "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
    'Unsupported MIME type: image/gif',
    'Unable to process input image. Please retry or report',
    'The provided image type is not supported: image/tiff',
    'messages.0.content.1.image.source.base64.media_type: Input should be image/jpeg',
    'Image format is not supported',
    'Invalid image_url.url value',
  ])('[image.refused-one] of one of them: %s', (message) => {
    expect(imageRefusalIn(message)).toBe('images');
  });

  it.each([
    'prompt is too long',
    'max_tokens: must be at least 1',
    'messages: roles must alternate',
    'Unknown model',
  ])('[image.refused] of something else: %s', (message) => {
    expect(imageRefusalIn(message)).toBe(null);
  });

  it('[image.known] what is known before: what a person says, and which kinds', () => {
    expect(unshownBy('a/b', undefined, image('a'))).toBe(null);
    expect(unshownBy('a/b', false, image('a'))).toBe('a/b takes no images');
    expect(unshownBy('google/x', true, image('a', 'gif'))).toBe('google/x takes no GIF');
    expect(unshownBy('google/x', undefined, image('a', 'webp'))).toBe(null);
  });
});
