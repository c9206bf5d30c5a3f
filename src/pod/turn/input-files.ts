/**
 * The files that a person's input names, as parts behind its text: they are in the log as the model reads
 * them.
 */
import { withoutHidden } from '../../std/characters.ts';
import { type FoundImage, imagesMax } from '../../std/image.ts';
import { inputTextProblem } from '../../session/log/input-bound.ts';
import type { ToolContext } from '../../tools/tool.ts';
import type { ApprovalGate } from '../approvals/gate.ts';
import type { Pod } from '../pod.ts';
import { type Said, keptImages } from './input-images.ts';

/** Of all parts together: more is for the model to read by itself. */
const charsMax = 200_000;

export interface Named {
  readonly said: Said;
  readonly files: readonly string[];
  /** A text is left where it is. */
  readonly only?: 'images' | undefined;
  readonly context: ToolContext;
}

export async function withFiles(
  pod: Pod,
  gate: Pick<ApprovalGate, 'readDenial'>,
  { said, files, only, context }: Named,
): Promise<Said> {
  const { text } = said;
  const images: FoundImage[] = [];
  const parts: string[] = [];
  const paths = new Set<string>();
  let chars = 0;
  for (const named of files) {
    const found = await pod.host.work.namedFile(named, context, (path) => gate.readDenial(path));
    if (found === null || paths.has(found.path)) continue;
    paths.add(found.path);
    const shown = withoutHidden(found.path).replaceAll(/\s/g, ' ');
    if (found.kind === 'refused') {
      parts.push(`[@${shown} was not added: ${found.why}]`);
      continue;
    }
    if (found.kind === 'image') {
      if (said.images.length + images.length === imagesMax) {
        parts.push(`[@${shown} was not added: there are ${imagesMax} images already.]`);
        continue;
      }
      images.push(found.image);
      parts.push(found.text);
      continue;
    }
    if (only === 'images') continue;
    chars += found.text.length;
    if (chars <= charsMax) parts.push(marked(shown, found.text));
    else
      parts.push(
        `[@${shown} was not added: with it there would be more than ${charsMax} characters. Read it in parts.]`,
      );
  }
  const whole = [text, ...parts].join('\n\n');
  if (inputTextProblem(whole) !== null) return said;
  return { text: whole, images: [...said.images, ...(await keptImages(pod, images))] };
}

/** A text that holds the mark's own end gets another mark: it ends where it ends. */
function marked(path: string, text: string): string {
  let mark = 'file';
  while (text.includes(`</${mark}>`)) mark += '-';
  return `<${mark} path=${JSON.stringify(path)}>\n${text}\n</${mark}>`;
}
