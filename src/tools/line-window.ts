/**
 * Picks a range of lines out of a stream of bytes. Holds the lines it was asked for and nothing else, however
 * long the file or its lines are.
 */
import { isCut, lineCharsMax, shownLine } from './file-content.ts';

/**
 * Bytes kept of one line: enough for every character that is shown (UTF-8 needs at most 4 for each UTF-16
 * unit) and one more.
 */
const lineBytesKept = (lineCharsMax + 1) * 4;

export interface LineWindow {
  add(piece: Buffer): void;
  /** To be called once, after the last piece. */
  end(): WindowResult;
}

export interface WindowResult {
  /** As shown, from line `offset` on. */
  readonly lines: readonly string[];
  /** Numbers of those that are longer than what is shown of them. */
  readonly cut: readonly number[];
  /** Lines of the whole file; a last one without a newline counts. */
  readonly total: number;
}

/**
 * `offset`: 1-based number of the first line wanted. `limit`: lines. `charsMax`: the answer stops before the
 * line that would pass it, but has at least one.
 */
export function lineWindow(wanted: { offset: number; limit: number; charsMax: number }): LineWindow {
  const lines: string[] = [];
  const cut: number[] = [];
  let chars = 0;
  let full = false;
  /** Number of the line under way, how many of its bytes came by, and those that are kept. */
  let number = 1;
  let bytes = 0;
  let kept: Buffer[] = [];
  let keptBytes = 0;

  const inWindow = (): boolean => !full && number >= wanted.offset && lines.length < wanted.limit;

  const take = (part: Buffer): void => {
    bytes += part.length;
    if (!inWindow() || keptBytes >= lineBytesKept) return;
    const copy = Buffer.from(part.subarray(0, lineBytesKept - keptBytes));
    kept.push(copy);
    keptBytes += copy.length;
  };

  const closeLine = (): void => {
    if (inWindow()) {
      const text = new TextDecoder('utf-8', { ignoreBOM: number !== 1 }).decode(Buffer.concat(kept));
      const line = shownLine(text, bytes);
      full = lines.length > 0 && chars + line.length > wanted.charsMax;
      if (!full) {
        lines.push(line);
        if (isCut(text)) cut.push(number);
        chars += line.length;
      }
    }
    number += 1;
    bytes = 0;
    kept = [];
    keptBytes = 0;
  };

  return {
    add(piece) {
      let from = 0;
      for (let at = piece.indexOf(0x0a); at !== -1; at = piece.indexOf(0x0a, from)) {
        take(piece.subarray(from, at));
        closeLine();
        from = at + 1;
      }
      if (from < piece.length) take(piece.subarray(from));
    },
    end() {
      if (bytes > 0) closeLine();
      return { lines, cut, total: number - 1 };
    },
  };
}
