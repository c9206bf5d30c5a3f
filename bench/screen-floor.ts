/**
 * What a screen cannot do without: one subscription with deltas, and nothing else (`subscribe`), or the same
 * text put on the terminal by hand, at most thirty times a second, only what is new, the region anew when it
 * has scrolled (`hand`). Arguments: socket, which of the two, columns, rows.
 */
import { createConnection } from 'node:net';
import { lineReader } from './lines.ts';

const [path = '', which = 'subscribe', ...size] = process.argv.slice(2);
const [columns = 100, rows = 30] = size.map(Number);
/** The transcript of a screen of three regions. */
const [left, width, height] = [42, columns - 42, rows - 4];
const frameMs = 33;
const [begin, end] = ['\u001B[?2026h', '\u001B[?2026l'];

const lines: string[] = [''];
let shown = { rows: 1, chars: 0 };
let timer: NodeJS.Timeout | undefined;

process.stdout.write(which === 'hand' ? '\u001B[?1049h\u001B[2J' : 'ready');
process.stdin.setRawMode?.(true);
process.stdin.resume();
const socket = createConnection(path);
socket.write('{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"last":0}}\n');
socket.on('close', () => process.exit(0));
socket.on(
  'data',
  lineReader((all) => {
    for (const line of all) {
      const { params } = JSON.parse(line) as { params?: { type: string; text?: string } };
      if (params?.type === 'textDelta') add(params.text ?? '');
    }
  }),
);

function add(text: string): void {
  for (const word of text.split(/(?<=[ \n])/)) {
    const last = lines.length - 1;
    if (word.endsWith('\n')) lines[last] = (lines[last] ?? '') + word.trimEnd();
    if (word.endsWith('\n')) lines.push('');
    else if ((lines[last] ?? '').length + word.trimEnd().length > width) lines.push(word);
    else lines[last] = (lines[last] ?? '') + word;
  }
  if (which === 'hand') timer ??= setTimeout(draw, frameMs);
}

function draw(): void {
  timer = undefined;
  const from = Math.max(0, lines.length - height);
  const moved = lines.length > shown.rows && lines.length > height;
  let bytes = begin;
  if (moved)
    for (let row = from; row < lines.length; row += 1) bytes += `${at(row - from, 0)}${lines[row]}\u001B[K`;
  else
    for (let row = shown.rows - 1; row < lines.length; row += 1) {
      const chars = row === shown.rows - 1 ? shown.chars : 0;
      bytes += at(row - from, chars) + (lines[row] ?? '').slice(chars);
    }
  shown = { rows: lines.length, chars: (lines.at(-1) ?? '').length };
  process.stdout.write(`${bytes}${at(rows - 2, 2)}${end}`);
}

function at(row: number, column: number): string {
  return `\u001B[${row + 1};${left + column + 1}H`;
}
