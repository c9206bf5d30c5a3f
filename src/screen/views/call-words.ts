/** A call in one line: what a person would call it by. Pure; the words are as the model wrote them. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../std/json.ts';

/** A line is cut where it is shown; so much is taken in at all. */
const wordsMax = 1_000;

/** Without the name of the tool; '' where there is nothing to say. */
export function callWords(tool: string, input: JsonValue): string {
  if (!isJsonObject(input)) return oneRow(JSON.stringify(input));
  const known = Object.hasOwn(wordsOf, tool) ? wordsOf[tool]?.(input) : undefined;
  return oneRow(known ?? fieldsOf(input));
}

type Words = (input: JsonObject) => string | undefined;

const wordsOf: Readonly<Record<string, Words>> = {
  Bash: ({ command }) => text(command),
  Read: (input) => pathOf(input, rangeOf(input)),
  Edit: (input) => pathOf(input, ''),
  Write: (input) => pathOf(input, ''),
  Glob: ({ pattern, path }) => inFolder(text(pattern), path),
  Grep: ({ pattern, path, glob }) => inFolder(quoted(text(pattern)), path ?? glob),
  SpawnPod: ({ name, task }) => named(name, task),
  SendToPod: ({ name, text: words, message }) => named(name, words ?? message),
  StopPod: ({ name }) => text(name),
  ReadPodOutput: ({ name }) => text(name),
  Skill: ({ name }) => text(name),
  Plan: ({ items }) => (Array.isArray(items) ? `${items.length}` : undefined),
};

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function pathOf({ path }: JsonObject, after: string): string | undefined {
  return typeof path === 'string' ? `${path}${after}` : undefined;
}

function rangeOf({ offset, limit }: JsonObject): string {
  if (typeof offset !== 'number' && typeof limit !== 'number') return '';
  const first = typeof offset === 'number' ? offset : 1;
  return typeof limit === 'number' ? `:${first}–${first + limit - 1}` : `:${first}–`;
}

function inFolder(what: string | undefined, where: JsonValue | undefined): string | undefined {
  if (what === undefined) return undefined;
  return typeof where === 'string' ? `${what} in ${where}` : what;
}

function quoted(words: string | undefined): string | undefined {
  return words === undefined ? undefined : `"${words}"`;
}

function named(name: JsonValue | undefined, words: JsonValue | undefined): string | undefined {
  if (typeof name !== 'string') return undefined;
  return typeof words === 'string' ? `${name}: ${words}` : name;
}

function fieldsOf(input: JsonObject): string {
  return Object.entries(input)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

/** What stands behind a line end is seen as well, and that it is a line of its own: in a shell, a command. */
function oneRow(words: string): string {
  const rows = words
    .slice(0, wordsMax)
    .trim()
    .split(/\s*[\n\r\u2028\u2029]\s*/u);
  return rows.map((row) => row.replaceAll(/\s+/g, ' ')).join(' ⏎ ');
}
