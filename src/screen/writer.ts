/**
 * From frames to bytes. Pure but for what it remembers of the terminal.
 */
import type { Frame, Line, Place, Size, Style } from './line.ts';
import { widthOf } from './text.ts';

const esc = '\u001B[';
const [syncOn, syncOff] = [`${esc}?2026h`, `${esc}?2026l`];

function sgr(style: Style): string {
  const codes = [
    ...(style.bold === true ? [1] : []),
    ...(style.dim === true ? [2] : []),
    ...(style.underline === true ? [4] : []),
    ...(style.inverse === true ? [7] : []),
    ...(style.color === undefined ? [] : [30 + style.color]),
  ];
  return codes.length === 0 ? '' : `${esc}${codes.join(';')}m`;
}

function bytesOf(line: Line): string {
  return line
    .map(({ text, style = {} }) => {
      const begin = sgr(style);
      return begin === '' ? text : `${begin}${text}${esc}0m`;
    })
    .join('');
}

export function paneWriter() {
  let before: string[] | null = null;
  let caretBefore = '';
  return {
    frame(frame: Frame, size: Size, how?: 'take'): string {
      const rows = frame.lines.map(bytesOf);
      let out = '';
      if (before === null) out += `${esc}?1049h`;
      if (before === null || how === 'take') {
        out += `${esc}H${esc}2J`;
        before = [];
      }
      for (let row = 0; row < size.rows; row += 1) {
        const [old, now] = [before[row] ?? '', rows[row] ?? ''];
        if (old !== now) out += `${esc}${row + 1};1H${now}${esc}K`;
      }
      before = rows;
      const caret =
        frame.caret === null
          ? `${esc}?25l`
          : `${esc}${frame.caret.row + 1};${frame.caret.column + 1}H${esc}?25h`;
      if (out === '' && caret === caretBefore) return '';
      caretBefore = caret;
      return `${syncOn}${esc}?25l${out}${caret}${syncOff}`;
    },
    leave(last: readonly Line[]): string {
      const out = before === null ? '' : `${esc}?25h${esc}?1049l`;
      before = null;
      return out + last.map((line) => `${bytesOf(line)}\r\n`).join('');
    },
  };
}

/**
 * Rows are erased one by one: what erases a whole screen from its first cell is kept as scrollback by tmux. A
 * terminal that becomes narrower breaks the rows that stand on it anew: the way up to the first of them is
 * counted by the width that it has now.
 */
export function inlineWriter() {
  let shown: string[] = [];
  let widths: number[] = [];
  let caret: Place = { row: 0, column: 0 };
  let before = '';
  const toTop = (columns: number): string => {
    const above = widths.slice(0, caret.row).reduce((sum, width) => sum + rowsOf(width, columns), 0);
    const up = above + Math.floor(caret.column / columns);
    return `\r${up > 0 ? `${esc}${up}A` : ''}`;
  };
  return {
    print(lines: readonly Line[], live: Frame, { columns }: Size): string {
      const rows = live.lines.map(bytesOf);
      const now = `${columns} ${JSON.stringify(live.caret)}`;
      const isSame = rows.length === shown.length && rows.every((row, at) => row === shown[at]);
      if (lines.length === 0 && isSame && now === before) return '';
      const above = [...lines.map(bytesOf), ...rows.slice(0, -1)];
      const written = above.map((row) => `${esc}K${row}\r\n`).join('') + esc + '0J' + (rows.at(-1) ?? '');
      const last = rows.length - 1;
      const place = live.caret ?? { row: last, column: 0 };
      const up = last - place.row;
      const back = `\r${up > 0 ? `${esc}${up}A` : ''}${place.column > 0 ? `${esc}${place.column}C` : ''}`;
      const cursor = live.caret === null ? '' : `${esc}?25h`;
      const out = `${syncOn}${esc}?25l${toTop(columns)}${written}${back}${cursor}${syncOff}`;
      shown = rows;
      widths = live.lines.map((line) => line.reduce((sum, { text }) => sum + widthOf(text), 0));
      caret = { row: Math.max(0, place.row), column: place.column };
      before = now;
      return out;
    },
    leave(last: readonly Line[], { columns }: Size): string {
      const lines = last.map((line) => `${esc}K${bytesOf(line)}\r\n`).join('');
      const rest = last.length > 0 || shown.length < 2 ? `${esc}0J` : `${esc}K${esc}1B${esc}0J${esc}1A`;
      const out = `${toTop(columns)}${esc}?25h${lines}${rest}`;
      [shown, widths, caret, before] = [[], [], { row: 0, column: 0 }, ''];
      return out;
    },
  };
}

function rowsOf(width: number, columns: number): number {
  return Math.max(1, Math.ceil(width / columns));
}
