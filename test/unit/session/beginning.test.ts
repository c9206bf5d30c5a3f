/**
 * Which log of no line is that of a pod that never began, and which is lost; and how much an input may hold.
 */
import { describe, expect, it } from 'vitest';
import { LogBeginningLost, isBeginningLost } from '../../../src/session/log/beginning.ts';
import { inputTextBytesMax, inputTextProblem } from '../../../src/session/log/input-bound.ts';
import { encodeLine, encodeLines, logLineBytesMax } from '../../../src/session/log/line.ts';
import { session } from './log-rig.ts';
import { memoryDisk } from './memory-disk.ts';

const entry = (seq: number) => ({ seq, time: 't', ...session() });
const { line: whole } = encodeLine(entry(1));
const [first = whole, last = whole] = encodeLines([entry(1), entry(2)]).lines;
const zeros = (count: number) => '\0'.repeat(count);
const long = `{"crc":"${'x'.repeat(logLineBytesMax)}\n`;

const isLost = (parts: (string | Buffer)[], hasRun: boolean) => {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return isBeginningLost(memoryDisk(bytes).file, { hasRun });
};

describe('a log without a line that can be read', () => {
  it.each<[string, (string | Buffer)[]]>([
    ['nothing', []],
    ['the first byte of a line', [whole.subarray(0, 1)]],
    ['less than a line begins with', [whole.subarray(0, 8)]],
    ['what a line begins with', [whole.subarray(0, 9)]],
    ['a line without its end', [whole.subarray(0, -1)]],
    ['the beginning of an append of two', [first.subarray(0, 9)]],
    ['the first line of an append of two', [first]],
    ['and a piece of the second', [first, last.subarray(0, -1)]],
    ['zeros', [zeros(5_000)]],
    ['zeros that a line ends', [zeros(20), '\n']],
    ['a line with zeros where the disk got no page', [whole.subarray(0, 20), zeros(20), '\n']],
    ['a whole first line, and zeros behind it', [first, zeros(20), '\n']],
  ])('[log.beginning-torn] %s: it is torn where its pod has not begun, else lost', (_, parts) => {
    expect([isLost(parts, false), isLost(parts, true)]).toEqual([false, true]);
  });

  it.each<[string, (string | Buffer)[]]>([
    ['another byte', ['x']],
    ['a line of words', ['no line\n']],
    ['the beginning of a line in the midst of zeros', ['{"cr', zeros(20)]],
    ['a whole line that is damaged', [Buffer.from(whole).fill('x', 40, 42)]],
    ['a damaged line in front of a piece of an append', ['{"crc":"x\n', first]],
    ['a line that is too long', [long]],
    ['words behind a first line', [first, 'no line\n']],
  ])('[log.beginning-lost] %s: it is lost', (_, parts) => {
    expect([isLost(parts, false), isLost(parts, true)]).toEqual([true, true]);
  });

  it.each<[string, (string | Buffer)[]]>([
    ['alone', [whole]],
    ['behind words', ['no line\n', whole]],
    ['behind one that is too long', [long, whole]],
    ['at the end of an append', [first, last]],
    ['in front of words', [whole, 'no line\n']],
  ])('[log.beginning-lost] one line %s that ends its append is a beginning', (_, parts) => {
    expect([isLost(parts, false), isLost(parts, true)]).toEqual([false, false]);
  });

  it('[log.beginning-lost] says what was found and what can be done', () => {
    const path = '/home/pods/kid/session.jsonl';
    const advice = `nothing was changed: put it back from a copy ("head -c 400 ${path} | cat -v" shows how it begins); or "podkin rm -f kid" gives the pod up and keeps all of its folder aside. What it reported is in the log of its parent, what its children reported in theirs`;
    const { name, message, path: of, sizeBytes } = new LogBeginningLost(path, 0);
    expect([name, of, sizeBytes]).toEqual(['LogBeginningLost', path, 0]);
    expect(message).toBe(`${path} is empty, and its pod has run: the session log was emptied; ${advice}`);
    expect(new LogBeginningLost(path, 7).message).toBe(
      `${path} holds 7 bytes and no line that can be read: the session log is damaged as a whole; ${advice}`,
    );
  });
});

describe('the longest input', () => {
  it('[log.line-limit] leaves room in a line of the log for what is put around it', () => {
    expect(inputTextBytesMax).toBe(8 * 1024 * 1024 - 128 * 1024);
  });

  it.each<[string, string, number | null]>([
    ['nothing', '', null],
    ['as many letters as fit', 'x'.repeat(inputTextBytesMax - 2), null],
    ['one more', 'x'.repeat(inputTextBytesMax - 1), inputTextBytesMax + 1],
    ['as many of six bytes as fit', '\u0001'.repeat(inputTextBytesMax / 6 - 1), null],
    ['one more of them', '\u0001'.repeat(inputTextBytesMax / 6), inputTextBytesMax + 2],
  ])('[log.line-limit] %s, as JSON with its quotation marks', (_, text, bytes) => {
    expect(inputTextProblem(text)).toBe(
      bytes === null
        ? null
        : `The input has ${bytes} bytes, at most ${inputTextBytesMax} can be taken; put it into a file and name that.`,
    );
  });
});
