import { crc32 } from 'node:zlib';
import { assert, integer, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/session/facts/entries.ts';
import {
  decodeLine,
  encodeLine,
  encodeLines,
  entryFromByte,
  entryTailBytes,
  EntryTooLong,
  logLineBytesMax,
} from '../../../src/session/log/line.ts';
import { wireLimits } from '../../../src/protocol/limits.ts';

const entry = (text: string, seq = 1): Entry => ({
  seq,
  time: '2026-01-01T00:00:00.000Z',
  type: 'alert',
  level: 'warning',
  code: 'test',
  text,
});
const withoutNewline = (line: Buffer): Buffer => line.subarray(0, -1);
const lineOf = (text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text);
  const crc = crc32(bytes).toString(16).padStart(8, '0');
  return Buffer.concat([Buffer.from(`{"crc":"${crc}","entry":`), bytes, Buffer.from('}')]);
};

describe('a line of the log', () => {
  it('[log.line-roundtrip] any text comes back, the line is JSON, and the entry is found at fixed bytes', () => {
    assert(
      property(string({ unit: 'binary' }), integer({ min: 1, max: 2 ** 40 }), (text, seq) => {
        const written = entry(text, seq);
        const { line, entryText } = encodeLine(written);
        expect(line.indexOf(0x0a)).toBe(line.length - 1);
        expect(JSON.parse(line.toString())).toEqual({
          crc: expect.stringMatching(/^[0-9a-f]{8}$/),
          entry: written,
        });
        expect(line.subarray(entryFromByte, line.length - entryTailBytes)).toEqual(entryText);
        expect(JSON.parse(entryText.toString())).toEqual(written);
        expect(decodeLine(withoutNewline(line))).toEqual({ ok: true, entry: written, last: true });
      }),
      { numRuns: 300 },
    );
  });

  it('[log.line-roundtrip] unknown types and fields are kept', () => {
    const text = '{"seq":7,"time":"t","type":"fromTheFuture","deep":{"x":[1]}}';
    expect(decodeLine(lineOf(text))).toEqual({ ok: true, last: true, entry: JSON.parse(text) });
  });

  it('[log.append-whole] only the last line of an append ends it', () => {
    const { bytes, lines } = encodeLines([entry('a', 1), entry('b', 2), entry('c', 3)]);
    expect(Buffer.concat(lines)).toEqual(bytes);
    const last = lines.map((line) => {
      const decoded = decodeLine(withoutNewline(line));
      return decoded.ok && decoded.last;
    });
    expect(last).toEqual([false, false, true]);
  });

  it('[log.line-faults] says what is wrong with a line', () => {
    const good = withoutNewline(encodeLine(entry('x')).line);
    const flipped = Buffer.from(good);
    flipped[40]! ^= 1;
    const upper = Buffer.from(
      lineOf('{"seq":1,"time":"1","type":"a"}')
        .toString()
        .replace(/(?<="crc":").{8}/, (crc) => crc.toUpperCase()),
    );
    expect(upper.toString()).toMatch(/"crc":"[^"]*[A-F]/);
    expect(decodeLine(flipped)).toEqual({ ok: false, why: 'checksum' });
    expect(decodeLine(upper)).toEqual({ ok: false, why: 'checksum' });
    expect(decodeLine(Buffer.alloc(50))).toEqual({ ok: false, why: 'notJson' });
    expect(decodeLine(Buffer.from(''))).toEqual({ ok: false, why: 'notJson' });
    expect(decodeLine(Buffer.from('{"entry":{}}'))).toEqual({ ok: false, why: 'shape' });
    expect(decodeLine(lineOf('{"seq":1,"time":"t"'))).toEqual({ ok: false, why: 'notJson' });
    expect(decodeLine(lineOf('{"seq":1,"type":"alert"}'))).toEqual({ ok: false, why: 'shape' });
    expect(decodeLine(lineOf('{"seq":0,"time":"t","type":"a"}'))).toEqual({ ok: false, why: 'shape' });
    expect(decodeLine(lineOf('{"seq":1.5,"time":"t","type":"a"}'))).toEqual({ ok: false, why: 'shape' });
    expect(decodeLine(lineOf('[1]'))).toEqual({ ok: false, why: 'shape' });
    const notUtf8 = Buffer.concat([
      Buffer.from('{"seq":1,"time":"'),
      Buffer.from([0xff]),
      Buffer.from('","type":"a"}'),
    ]);
    expect(decodeLine(lineOf(notUtf8))).toEqual({ ok: false, why: 'notJson' });
  });

  it('[log.line-limit] an entry that would not fit is refused by name and size', () => {
    const room = logLineBytesMax - encodeLine(entry('')).line.length;
    expect(encodeLine(entry('x'.repeat(room))).line.length).toBe(logLineBytesMax);
    expect(() => encodeLine(entry('x'.repeat(room + 1)))).toThrow(EntryTooLong);
    expect(() => encodeLine(entry('x'.repeat(room + 1)))).toThrow(/alert entry needs \d+ bytes/);
    expect(logLineBytesMax).toBeLessThan(wireLimits.lineBytesMax);
  });
});
