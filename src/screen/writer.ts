/**
 * From frames to bytes. Pure but for what it remembers of the terminal.
 */
import type { Frame, Line, Size, Style } from './line.ts';

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

export function inlineWriter() {
  let shown: string[] = [];
  let caretRow = 0;
  let caretBefore = '';
  const toTop = (): string => `\r${caretRow > 0 ? `${esc}${caretRow}A` : ''}`;
  return {
    print(lines: readonly Line[], live: Frame, _size: Size): string {
      const rows = live.lines.map(bytesOf);
      const caret = JSON.stringify(live.caret);
      const isSame = rows.length === shown.length && rows.every((row, at) => row === shown[at]);
      if (lines.length === 0 && isSame && caret === caretBefore) return '';
      let out = `${syncOn}${esc}?25l${toTop()}${esc}0J`;
      for (const line of lines) out += `${bytesOf(line)}\r\n`;
      out += rows.join('\r\n');
      const last = rows.length - 1;
      const place = live.caret ?? { row: last, column: 0 };
      const up = last - place.row;
      out += `\r${up > 0 ? `${esc}${up}A` : ''}${place.column > 0 ? `${esc}${place.column}C` : ''}`;
      if (live.caret !== null) out += `${esc}?25h`;
      shown = rows;
      caretRow = Math.max(0, place.row);
      caretBefore = caret;
      return `${out}${syncOff}`;
    },
    leave(last: readonly Line[]): string {
      const out = `${toTop()}${esc}0J${esc}?25h${last.map((line) => `${bytesOf(line)}\r\n`).join('')}`;
      shown = [];
      caretRow = 0;
      caretBefore = '';
      return out;
    },
  };
}
