/**
 * What a provider said went wrong, in its own words, from whatever it said it in: JSON of any shape, a page,
 * a line, nothing. Pure.
 */
import { jsonIn } from '../std/json.ts';

const levelsMax = 8;
const pageCharsMax = 16 * 1024;

/** In the order in which they say the most. */
const fields = [
  'message',
  'error',
  'errors',
  'detail',
  'details',
  'msg',
  'error_message',
  'error_description',
  'description',
  'reason',
  'title',
  'response',
];

/** Of a body as it came; empty where it says nothing. */
export function wordsOfBody(body: string): string {
  const text = body.slice(0, pageCharsMax).trim();
  if (/^[[{"]/.test(text)) {
    const value = jsonIn(body);
    if (value !== undefined) return wordsOf(value);
  }
  return /^<|<html\b/i.test(text) ? wordsOfPage(text) : text;
}

/** Of a value of any shape: the value itself, as JSON, where nothing in it is known to be words. */
export function wordsOf(value: unknown): string {
  return words(value, 0) || (hasContent(value) ? JSON.stringify(value) : '');
}

function words(value: unknown, level: number): string {
  if (level > levelsMax || value === null || value === undefined) return '';
  // Gateways wrap what they were told, JSON in JSON.
  if (typeof value === 'string') return /^\s*[[{]/.test(value) ? nested(value, level) : value.trim();
  if (Array.isArray(value)) return distinct(value.slice(0, 3).map((item) => words(item, level + 1)));
  if (typeof value !== 'object') return '';
  const given = new Map<string, unknown>(Object.entries(value));
  const [first, ...others] = fields.flatMap((field) => {
    const said = words(given.get(field), level + 1);
    return said === '' ? [] : [said];
  });
  const metadata = given.get('metadata');
  const raw =
    typeof metadata === 'object' && metadata !== null && 'raw' in metadata
      ? words(metadata.raw, level + 1)
      : '';
  return distinct([first ?? '', first === undefined ? '' : (others[0] ?? ''), raw]);
}

function nested(text: string, level: number): string {
  const value = jsonIn(text);
  return value === undefined ? text.trim() : words(value, level + 1) || text.trim();
}

function distinct(said: string[]): string {
  const kept = said.filter(
    (one, index) => one !== '' && !said.slice(0, index).some((before) => before.includes(one)),
  );
  return kept.join(': ');
}

function hasContent(value: unknown): boolean {
  return typeof value === 'object' && value !== null
    ? Object.keys(value).length > 0
    : value !== '' && value !== null && value !== undefined;
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  nbsp: ' ',
};

/** A page without its markup. */
function wordsOfPage(page: string): string {
  return page
    .replaceAll(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/gi, ' ')
    .replaceAll(/<!--[\s\S]*?-->|<[^>]*>?/g, ' ')
    .replaceAll(/&(\w+|#39);/g, (whole, name: string) => entities[name] ?? whole)
    .replaceAll(/\s+/g, ' ')
    .trim();
}
