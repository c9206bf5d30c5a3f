/**
 * The YAML between two lines of `---` at the beginning of a file that anybody may have written. Only scalars
 * at its top, and lists of them, are read, as text: nothing is ever built from it, so that aliases, tags and
 * nesting come to nothing. Bounded.
 */
import { systemCode } from '../std/system-code.ts';

interface Fields {
  readonly fields: ReadonlyMap<string, string>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** Names of those that are something else, and were not read. */
  readonly others: readonly string[];
}

export type FrontMatter =
  | (Fields & { readonly ok: true; readonly body: string })
  /** `why` is the end of a sentence about the file. */
  | { readonly ok: false; readonly line: number; readonly why: string };

const linesMax = 400;
const charsMax = 16 * 1024;

export async function readFrontMatter(text: string): Promise<FrontMatter> {
  const lines = text.split(/\r\n|\n|\r/, linesMax + 1);
  if (lines[0]?.trimEnd() !== '---') return wrong(1, 'does not begin with front matter, a line of ---');
  const end = lines.findIndex((line, at) => at > 0 && line.trimEnd() === '---');
  const between = lines.slice(1, end < 0 ? undefined : end);
  const yaml = between.join('\n');
  if (end < 0 || yaml.length > charsMax) {
    const bound = `has no end of its front matter, a line of ---, within ${linesMax} lines and ${charsMax / 1024} KiB`;
    return wrong(1, bound);
  }
  if (isTooDeep(yaml)) return wrong(1, tooDeep);
  const read = await fieldsOf(yaml);
  const fields = 'why' in read ? await fieldsOf(between.map(quoted).join('\n')) : read;
  // Of the text as it was written, where the other reading does not help.
  if ('why' in fields) return 'why' in read ? wrong(read.line + 1, read.why) : wrong(1, fields.why);
  return { ok: true, ...fields, body: bodyOf(text, end) };
}

const tooDeep = 'has front matter that is nested too deep';
const openingsMax = 200;
const dashesMax = 20;

/** Each level costs the parser more than the last: a file of a few KiB would keep it busy for a second. */
function isTooDeep(yaml: string): boolean {
  const openings = yaml.match(/[[{]/g)?.length ?? 0;
  const dashes = yaml.match(/(?:-[ \t]+)+/g)?.map((run) => run.match(/-/g)?.length ?? 0) ?? [];
  return openings > openingsMax || dashes.some((count) => count > dashesMax);
}

function wrong(line: number, why: string): FrontMatter {
  return { ok: false, line, why };
}

/** A sentence with a colon in it, as many are written though YAML wants quotes around it. */
function quoted(line: string): string {
  const [, key, value] = /^([A-Za-z][\w-]*):[ \t]+([^\s"'|>[\]{}&*!%@`#].*)$/.exec(line) ?? [];
  return key === undefined || value === undefined ? line : `${key}: ${JSON.stringify(value.trimEnd())}`;
}

async function fieldsOf(yaml: string): Promise<Fields | { readonly line: number; readonly why: string }> {
  const { LineCounter, isMap, isScalar, isSeq, parseDocument } = await import('yaml');
  const textOf = (node: unknown) =>
    isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
  const lineCounter = new LineCounter();
  const options = { lineCounter, logLevel: 'silent', prettyErrors: false, schema: 'failsafe' } as const;
  try {
    const document = parseDocument(yaml, options);
    const [error] = document.errors;
    if (error !== undefined) {
      // Never the parser's own words, which quote the file.
      const kind = error.code.toLowerCase().replaceAll('_', ' ');
      return {
        line: lineCounter.linePos(error.pos[0]).line,
        why: `has front matter that is not YAML (${kind})`,
      };
    }
    if (!isMap(document.contents)) return { line: 1, why: 'has front matter that holds no fields' };
    const fields = new Map<string, string>();
    const lists = new Map<string, readonly string[]>();
    const others: string[] = [];
    for (const { key, value } of document.contents.items) {
      const [name, text] = [textOf(key), textOf(value)];
      if (name === undefined) continue;
      const list = isSeq(value) ? value.items.map(textOf) : [undefined];
      const texts = list.filter((one) => one !== undefined);
      if (text !== undefined) fields.set(name, text);
      else if (texts.length === list.length) lists.set(name, texts);
      else others.push(name);
    }
    return { fields, lists, others };
  } catch (error) {
    // Nested so deep that the parser has no room left.
    if (error instanceof RangeError && systemCode(error) === undefined) return { line: 1, why: tooDeep };
    throw error;
  }
}

function bodyOf(text: string, end: number): string {
  let at = 0;
  for (let line = 0; line <= end; line += 1) {
    const found = /\r\n|\n|\r/.exec(text.slice(at));
    if (found === null) return '';
    at += found.index + found[0].length;
  }
  return text.slice(at);
}
