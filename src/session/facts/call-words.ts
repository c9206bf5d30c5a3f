/** The words by which a person knows a call again. Pure. */
import type { JsonValue } from '../../std/json.ts';

/** In this order. */
const shownFields = ['name', 'path', 'pattern', 'command', 'task', 'message'];

/** As the model wrote them: whoever shows them makes them harmless. */
export function callWords(input: JsonValue): string[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return [];
  const words = shownFields.flatMap((field) => {
    const value = input[field];
    return typeof value === 'string' && value !== '' ? [value] : [];
  });
  return words.slice(0, 2);
}

const charsMax = 200;

/** `Bash npm test`, in one line, bounded. */
export function callText({ tool, input }: { readonly tool: string; readonly input: JsonValue }): string {
  // No more of a long input is looked at.
  const words = callWords(input).map((word) => word.slice(0, charsMax).trim().replaceAll(/\s+/g, ' '));
  return [tool, words.join(': ')].join(' ').trim().slice(0, charsMax).toWellFormed();
}
