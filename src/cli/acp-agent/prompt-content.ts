/**
 * The blocks of a prompt as a pod is given them: words, images beside them, and the files that a person
 * named. Pure. What an editor has put in beside the words is fenced, and names no files.
 */
import { fileURLToPath } from 'node:url';
import type { ContentBlock } from '@agentclientprotocol/sdk';
import { filesNamedIn } from '../../client/run-input.ts';
import type { ParamsIn } from '../../protocol/methods.ts';
import { inputTextProblem } from '../../session/log/input-bound.ts';
import { imageBytesMax, imagesMax } from '../../std/image.ts';
import { AcpRefusal } from './refusal.ts';

const filesMax = 20;
const blocksMax = 1_000;
const imageCharsMax = Math.ceil(imageBytesMax / 3) * 4;

type Segment = Extract<ParamsIn<'run'>['input'], readonly unknown[]>[number];

/** Throws `AcpRefusal`. */
export function promptInput(
  blocks: readonly ContentBlock[],
  submission: string,
): Pick<ParamsIn<'run'>, 'input' | 'submission' | 'files'> {
  if (blocks.length > blocksMax) throw refused(`a prompt of more than ${blocksMax} parts`);
  const parts = blocks.map(partOf);
  const text = parts.map((part) => part.text ?? '').join('');
  const problem = inputTextProblem(text);
  if (problem !== null) throw refused(problem);
  const images = parts.flatMap(({ image }) => (image === undefined ? [] : [image]));
  if (images.length > imagesMax)
    throw refused(`${images.length} images, at most ${imagesMax} can be taken: leave some out`);
  if (text.trim() === '' && images.length === 0) throw refused('the prompt is empty: say what is to be done');
  const files = [...new Set(parts.flatMap((part) => part.files ?? []))].slice(0, filesMax);
  const words: Segment[] = text.trim() === '' ? [] : [{ type: 'text', text }];
  return {
    input: images.length === 0 ? text : [...words, ...images],
    submission,
    ...(files.length > 0 && { files }),
  };
}

interface Part {
  readonly text?: string;
  readonly image?: Segment;
  readonly files?: readonly string[];
}

function partOf(block: ContentBlock): Part {
  switch (block.type) {
    case 'text': {
      const text = block.text.toWellFormed();
      return { text, files: filesNamedIn(text) };
    }
    case 'image':
      return { image: imageOf(block.data, block.uri ?? undefined) };
    case 'resource_link': {
      const { uri, name } = block;
      const path = filePath(uri);
      return path === null ? { text: `[${oneRow(name)}](${oneRow(uri)})` } : { text: path, files: [path] };
    }
    case 'resource':
      return { text: embedded(block.resource) };
    case 'audio':
      throw refused('audio: podkin takes text, images, links and embedded files');
  }
  throw refused('a part of a kind that is not known: podkin takes text, images, links and embedded files');
}

function imageOf(data: string, uri: string | undefined): Segment {
  if (data.length > imageCharsMax || data === '')
    throw refused(`an image is empty or larger than ${imageBytesMax} bytes: make it smaller`);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data)) throw refused('an image is not in base64');
  const name = oneRow(uri?.split('/').at(-1) ?? '')
    .slice(0, 200)
    .toWellFormed();
  return { type: 'image', data, ...(name !== '' && { name }) };
}

function embedded(resource: Extract<ContentBlock, { type: 'resource' }>['resource']): string {
  const uri = oneRow(resource.uri);
  if (!('text' in resource)) return `\n\n[${uri}: not text, left out]\n`;
  const text = resource.text.toWellFormed();
  // A text that holds the mark's own end gets another mark: it ends where it ends.
  let mark = 'resource';
  while (text.includes(`</${mark}>`)) mark += '-';
  return `\n\n<${mark} uri="${uri}">\n${text.replace(/\n$/, '')}\n</${mark}>\n`;
}

/** Null for what is no file of this machine. */
function filePath(uri: string): string | null {
  if (!uri.startsWith('file://')) return null;
  try {
    const path = fileURLToPath(uri);
    return path.length > 4_096 || path.includes('\0') ? null : path;
  } catch {
    return null;
  }
}

function oneRow(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}"]+/gu, ' ')
    .trim()
    .toWellFormed();
}

function refused(what: string): AcpRefusal {
  return new AcpRefusal('invalidParams', what);
}
