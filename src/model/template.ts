/** The placeholders of a scenario: `{{pod}}`, `{{lastText}}`, `{{match.N}}`. */
import type { JsonValue } from '../std/json.ts';

export interface TemplateValues {
  readonly pod: string;
  readonly lastText: string;
  /** The whole match, then its groups; a group that took no part is an empty text. */
  readonly match: readonly (string | undefined)[];
}

const placeholder = /\{\{\s*([\w.]+)\s*\}\}/g;

/**
 * Fills in every string of a value, at any depth; keys stay as they are. What is filled in is not looked at
 * again.
 */
export function fillIn<T extends JsonValue>(value: T, values: TemplateValues): T;
export function fillIn(value: JsonValue, values: TemplateValues): JsonValue {
  if (typeof value === 'string')
    return value.replaceAll(placeholder, (_, name: string) => valueOf(name, values));
  if (Array.isArray(value)) return value.map((item) => fillIn(item, values));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillIn(item, values)]));
  }
  return value;
}

/**
 * The first placeholder of a value that cannot be filled in, told as a sentence, or null. `groups`: how many
 * groups `matches` has.
 */
export function placeholderProblem(value: JsonValue, groups: number): string | null {
  if (typeof value === 'string') {
    for (const [whole, name] of value.matchAll(placeholder)) {
      const problem = nameProblem(name ?? '', groups);
      if (problem !== null) return `${whole} ${problem}`;
    }
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  for (const item of Object.values(value)) {
    const problem = placeholderProblem(item, groups);
    if (problem !== null) return problem;
  }
  return null;
}

function nameProblem(name: string, groups: number): string | null {
  if (name === 'pod' || name === 'lastText') return null;
  const group = groupOf(name);
  if (group === null) return 'is not known: use {{pod}}, {{lastText}} or {{match.1}}';
  return group <= groups ? null : `asks for a group that \`matches\` does not have: it has ${groups}`;
}

function valueOf(name: string, values: TemplateValues): string {
  if (name === 'pod') return values.pod;
  if (name === 'lastText') return values.lastText;
  return values.match[groupOf(name) ?? 0] ?? '';
}

function groupOf(name: string): number | null {
  const digits = /^match\.(\d{1,2})$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}
