/** What a call changes of a file, as lines. Pure. */
import { isJsonObject, type JsonValue } from '../std/json.ts';
import type { Line } from './line.ts';
import { cleanLines, fit, widthOf } from './text.ts';

interface Difference {
  readonly added: number;
  readonly removed: number;
  lines(columns: number): Line[];
}

export function diffOf(tool: string, input: JsonValue): Difference | null {
  if (!isJsonObject(input)) return null;
  const [before, after] =
    tool === 'Edit'
      ? [
          input['old_string'] ?? input['oldText'] ?? input['old'],
          input['new_string'] ?? input['newText'] ?? input['new'],
        ]
      : tool === 'Write'
        ? ['', input['content']]
        : [null, null];
  if (typeof before !== 'string' || typeof after !== 'string') return null;
  const removed = before === '' ? [] : cleanLines(before);
  const added = after === '' ? [] : cleanLines(after);
  let same = 0;
  while (same < Math.min(removed.length, added.length) && removed[same] === added[same]) same += 1;
  let end = 0;
  while (end < Math.min(removed.length, added.length) - same && removed.at(-1 - end) === added.at(-1 - end))
    end += 1;
  const gone = removed.slice(same, removed.length - end);
  const come = added.slice(same, added.length - end);
  return {
    added: come.length,
    removed: gone.length,
    lines: (columns) =>
      [
        ...gone.map((text) => ({ text: `- ${text}`, style: { color: 1 as const } })),
        ...come.map((text) => ({ text: `+ ${text}`, style: { color: 2 as const } })),
      ].map((one) => (widthOf(one.text) <= columns ? [one] : fit([one], columns))),
  };
}
