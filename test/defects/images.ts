/** Mistakes with images. */
import type { Defect } from './defect.ts';

const shown = 'test/unit/worker/images.test.ts';
const stages = 'test/unit/worker/images-context.test.ts';

export const ofImages: readonly Defect[] = [
  {
    id: 'image-refusal-forgotten',
    breaks: 'a model that has refused images is sent them with each later request',
    file: 'src/session/facts/replay-context.ts',
    find: '  if (images === undefined) context.imageless.add(model);\n  else for',
    replace: '  if (images !== undefined) for',
    test: shown,
    guarantee: 'image.refused',
  },
  {
    id: 'image-refused-with-all',
    breaks: 'for one image that a provider refuses those that it took before are left out too',
    file: 'src/worker/shown-images.ts',
    find: '[...(suspects.length === 0 ? sent : new Set(suspects))]',
    replace: '[...sent]',
    test: shown,
    guarantee: 'image.refused-one',
  },
  {
    id: 'image-after-its-entry',
    breaks: 'a result names an image that could not be kept',
    file: 'src/worker/run-tools.ts',
    find: 'return { answer: { text: `The image could not be kept: ${why}`, isError: true }, images: [] };',
    replace: 'return { answer: why === undefined ? { text: why } : answer, images: [] };',
    test: shown,
    guarantee: 'image.kept',
  },
  {
    id: 'image-by-name-alone',
    breaks: 'whatever is in the file of an image is sent for it',
    file: 'src/session/home/image-files.ts',
    find: "createHash('sha256').update(content).digest('hex') === hash ? content : null",
    replace: 'content',
    test: 'test/unit/session/image-files.test.ts',
    guarantee: 'image.kept',
  },
  {
    id: 'image-of-a-text',
    breaks: 'a text that begins like an image cannot be read',
    file: 'src/tools/read-image.ts',
    find: 'const mayBeText = !isBinary(beginning);',
    replace: 'const mayBeText = isBinary(beginning) && false;',
    test: 'test/unit/tools/read-image.test.ts',
    guarantee: 'image.text-first',
  },
  {
    id: 'image-half-written',
    breaks: 'an image is taken as it is while somebody writes it',
    file: 'src/tools/read-image.ts',
    find: 'return isSame && length === Number(before.size) ? buffer.subarray(0, length)',
    replace: 'return isSame || length > 0 ? buffer.subarray(0, length)',
    test: 'test/unit/tools/read-image.test.ts',
    guarantee: 'image.changing',
  },
  {
    id: 'image-behind-a-compaction',
    breaks: 'an image of words that a compaction has kept is sent on',
    file: 'src/session/facts/transcript.ts',
    find: 'chars === Number.POSITIVE_INFINITY && entry.seq > (compaction?.through ?? 0)',
    replace: 'chars === Number.POSITIVE_INFINITY',
    test: stages,
    guarantee: 'image.context',
  },
  {
    id: 'image-lost-with-its-result',
    breaks: 'of an image in a tool result a server like OpenAI gets words alone',
    file: 'src/model/prompt.ts',
    find: "dialect === 'compatible' ? behindResults(messages) : messages",
    replace: 'behindResults(messages).slice(0, 0).concat(messages)',
    test: 'test/unit/model/images.test.ts',
    guarantee: 'image.dialects',
  },
];
