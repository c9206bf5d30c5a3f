/**
 * The files that a person's input names, as parts behind its text: they are in the log as the model reads
 * them.
 */
import { withoutHidden } from '../../std/characters.ts';
import { inputTextProblem } from '../../session/log/input-bound.ts';
import type { ToolContext } from '../../tools/tool.ts';
import type { ApprovalGate } from '../approvals/gate.ts';
import type { Pod } from '../pod.ts';

/** Of all parts together: more is for the model to read by itself. */
const charsMax = 200_000;

export async function withFiles(
  pod: Pod,
  gate: Pick<ApprovalGate, 'readDenial'>,
  { text, files, context }: { text: string; files: readonly string[]; context: ToolContext },
): Promise<string> {
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
    chars += found.text.length;
    if (chars <= charsMax) parts.push(marked(shown, found.text));
    else
      parts.push(
        `[@${shown} was not added: with it there would be more than ${charsMax} characters. Read it in parts.]`,
      );
  }
  const whole = [text, ...parts].join('\n\n');
  return inputTextProblem(whole) === null ? whole : text;
}

/** A text that holds the mark's own end gets another mark: it ends where it ends. */
function marked(path: string, text: string): string {
  let mark = 'file';
  while (text.includes(`</${mark}>`)) mark += '-';
  return `<${mark} path=${JSON.stringify(path)}>\n${text}\n</${mark}>`;
}
