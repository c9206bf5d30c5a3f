/** What is no line of a log, and what is said to be wrong with it. */
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Entry } from '../../../src/session/facts/entries.ts';
import {
  type DecodedLine,
  EntryTooLong,
  checkLine,
  decodeLine,
  encodeLines,
} from '../../../src/session/log/line.ts';

const whole = '{"seq":7,"time":"t","type":"alert"}';
const crcOf = (text: string | Buffer) => crc32(Buffer.from(text)).toString(16).padStart(8, '0');
const line = (text: string, start = 'crc') => `{"${start}":"${crcOf(text)}","entry":${text}}`;
const right = crcOf(whole);
const fault = (why: 'notJson' | 'checksum' | 'shape') => ({ ok: false, why }) as const;
const invalid = Buffer.concat([Buffer.from('{"seq":7,"time":"'), Buffer.from([0xff]), Buffer.from('"}')]);

it.each<[string, string | Buffer, DecodedLine]>([
  ['the last line of an append', line(whole), { ok: true, entry: JSON.parse(whole), last: true }],
  ['a line before it', line(whole, 'and'), { ok: true, entry: JSON.parse(whole), last: false }],
  ['nothing', '', fault('notJson')],
  ['a start alone', '{"crc":"', fault('notJson')],
  ['another start', line(whole, 'sum'), fault('shape')],
  ['no JSON', 'what is this', fault('notJson')],
  ['other JSON', '{"seq":7}', fault('shape')],
  ['an empty object', '{}', fault('shape')],
  ['another field first', line('{"sea":7,"time":"t","type":"alert","seq":7}'), fault('shape')],
  ['other JSON in bytes that are no text', invalid, fault('notJson')],
  ['another middle', `{"crc":"${right}","value":${whole}}`, fault('shape')],
  ['another middle that is no JSON', `{"crc":"${right}";"entry":${whole}}`, fault('notJson')],
  ['no end', line(whole).slice(0, -1), fault('checksum')],
  ['another end', `{"crc":"${right}","entry":${whole}]`, fault('notJson')],
  ['something behind the end', `${line(whole)} `, fault('shape')],
  ['another sum', line(whole).replace(right, '00000000'), fault('checksum')],
  ['a sum in capitals', line(whole).replace(right, right.toUpperCase()), fault('checksum')],
  ['no number first', line('{"time":"t","seq":7,"type":"alert"}'), fault('shape')],
  ['a number below one', line('{"seq":0,"time":"t","type":"alert"}'), fault('shape')],
  ['a number with a point', line('{"seq":7.5,"time":"t","type":"alert"}'), fault('shape')],
  ['a number with a letter', line('{"seq":7e1,"time":"t","type":"alert"}'), fault('shape')],
  ['a number that is too large', line('{"seq":9007199254740992,"time":"t"}'), fault('shape')],
  ['the largest number', line('{"seq":9007199254740991,"time":"t"}'), fault('shape')],
  ['a number without an end', line('{"seq":7'), fault('notJson')],
  ['text that is no JSON', line('{"seq":7,what'), fault('notJson')],
  ['no time', line('{"seq":7,"type":"alert"}'), fault('shape')],
  ['a time that is no text', line('{"seq":7,"time":1,"type":"alert"}'), fault('shape')],
  ['no type', line('{"seq":7,"time":"t"}'), fault('shape')],
  ['a type that is no text', line('{"seq":7,"time":"t","type":1}'), fault('shape')],
  ['a second number that is none', line('{"seq":7,"time":"t","type":"alert","seq":"7"}'), fault('shape')],
])('[log.line-faults] %s', (_, text, decoded) => {
  expect(decodeLine(Buffer.from(text))).toEqual(decoded);
});

it('[log.line-faults] bytes that are no text are none, also where their sum is right', () => {
  const text = Buffer.concat([
    Buffer.from('{"seq":7,"time":"'),
    Buffer.from([0xff]),
    Buffer.from('","type":"a"}'),
  ]);
  const bytes = Buffer.concat([Buffer.from(`{"crc":"${crcOf(text)}","entry":`), text, Buffer.from('}')]);
  expect(checkLine(bytes)).toEqual({ ok: true, seq: 7, last: true });
  expect(decodeLine(bytes)).toEqual(fault('notJson'));
});

it('[log.append-whole] the lines of an append are written as the reader takes them, one or many', () => {
  const entry = (seq: number): Entry => ({ seq, time: 't', type: 'stopped', incarnation: 1, reason: 'x' });
  const texts = [1, 2].map((seq) => JSON.stringify(entry(seq)));
  const two = encodeLines([entry(1), entry(2)]);
  expect(two.bytes.toString()).toBe(`${line(texts[0]!, 'and')}\n${line(texts[1]!)}\n`);
  expect(two.lines.map(String)).toEqual([`${line(texts[0]!, 'and')}\n`, `${line(texts[1]!)}\n`]);
  const one = encodeLines([entry(1)]);
  expect([one.bytes.toString(), one.lines]).toEqual([`${line(texts[0]!)}\n`, [one.bytes]]);
  expect(encodeLines([])).toEqual({ bytes: Buffer.alloc(0), lines: [] });
});

it('[log.line-faults] the refusal of a line that is too long names itself', () => {
  const error = new EntryTooLong('alert', 5);
  expect([error.name, error.entryType, error.lineBytes]).toEqual(['EntryTooLong', 'alert', 5]);
});
