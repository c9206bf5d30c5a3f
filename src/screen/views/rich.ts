/** What lays out markdown and differences, once it is there. */
import type { JsonValue } from '../../std/json.ts';
import type { Line } from '../line.ts';

/** Markdown and differences: loaded after the first frame. */
export interface Rich {
  readonly markdownLines: (text: string, columns: number) => Line[];
  readonly diffOf: (tool: string, input: JsonValue) => Diff | null;
}

export interface Diff {
  readonly added: number;
  readonly removed: number;
  lines(columns: number): Line[];
}
