/**
 * A file that a person names in their input by `@`, read as Read reads: the same rights, the same bounds, and
 * seen by Write and Edit from then on.
 */
import { stat } from 'node:fs/promises';
import type { FoundImage } from '../std/image.ts';
import { absolutePath } from './input-path.ts';
import { readTool } from './read.ts';
import type { ToolContext } from './tool.ts';

export type NamedFile =
  /** `path` is its name without the signs of the sentence around it. */
  | { readonly kind: 'text'; readonly path: string; readonly text: string }
  /** The text stands for it. */
  | {
      readonly kind: 'image';
      readonly path: string;
      readonly text: string;
      readonly image: FoundImage;
    }
  | { readonly kind: 'refused'; readonly path: string; readonly why: string };

/** Null where it names no file. `isRefused` answers why a rule forbids it, or null. */
export async function readNamedFile(
  named: string,
  context: ToolContext,
  isRefused: (absolute: string) => Promise<string | null>,
): Promise<NamedFile | null> {
  for (const path of spellings(named)) {
    const parsed = readTool.parse({ path });
    if (!parsed.ok || !(await isFile(absolutePath(context, path)))) continue;
    const why = readTool.denied?.(parsed.input, context) ?? (await isRefused(absolutePath(context, path)));
    if (why !== null) return { kind: 'refused', path, why };
    const { text, isError, images } = await readTool.run(parsed.input, context);
    const image = images?.[0];
    if (image !== undefined) return { kind: 'image', path, text, image };
    return isError === true ? { kind: 'refused', path, why: text } : { kind: 'text', path, text };
  }
  return null;
}

const spellingsMax = 8;
/** Of a sentence or a bracket, in any script. */
const endSign = /.[\p{Pe}\p{Pf}\p{Po}]$/su;

/** As it is written, then without what ends a sentence or a bracket. */
function spellings(named: string): string[] {
  const found = [named];
  for (let path = named; found.length < spellingsMax && endSign.test(path);) {
    path = path.slice(0, -1);
    found.push(path);
  }
  return found;
}

/**
 * A folder is none: its name says enough, and Glob the rest. A pipe is one, and is refused as Read refuses
 * it.
 */
async function isFile(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
