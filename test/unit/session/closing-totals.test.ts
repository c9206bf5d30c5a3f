/** The totals of a last entry are believed only where each field is what podkin writes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type LogDisk, nodeDisk } from '../../../src/session/log/log-disk.ts';
import { encodeLines } from '../../../src/session/log/line.ts';
import { closingTotals, totalsOf } from '../../../src/session/log/totals.ts';
import {
  type Line,
  entriesOf,
  factsOf,
  finished,
  itemOf,
  linked,
  kid,
  received,
  begun,
  sent,
  stopped,
  timeOf,
} from '../machine-rig.ts';
import { tempFolder } from './log-rig.ts';

const start = { pid: 1, startTime: '1', bootId: 'b', time: timeOf(2) };
const whole = {
  incarnation: 1,
  stopped: true,
  started: start,
  children: ['kid'],
  pendingIn: 0,
  pendingOut: [1, 2],
  turns: 3,
  tokens: 10,
  cost: 0.5,
};

const share = { bound: 5, spent: 1, reserved: 0, held: 3, lent: 1, cap: null };

/** A log that ends with these totals. */
function logWith(totals: unknown, more: object[] = []): string {
  const path = join(tempFolder(), 'session.jsonl');
  const lines = [...entriesOf([]), { ...stopped(1), totals }, ...more];
  const text = lines.map((body, index) => {
    const line = { seq: index + 1, time: timeOf(index + 1), ...body };
    return encodeLines([line as unknown as ReturnType<typeof entriesOf>[number]]).bytes;
  });
  writeFileSync(path, Buffer.concat(text));
  return path;
}

it.each<[string, object]>([
  ['all as it is written', {}],
  ['a price that is not known', { cost: null }],
  ['nothing that waits', { pendingOut: [], children: [] }],
  ['no bound', { budget: null }],
  ['a bound', { budget: { usd: share, tokens: null } }],
])('[log.totals] believed: %s', (_, fields) => {
  expect(closingTotals(logWith({ ...whole, ...fields }))).toEqual({ ...whole, ...fields });
});

it.each<[string, object]>([
  ['an incarnation below zero', { incarnation: -1 }],
  ['a part of a turn', { turns: 1.5 }],
  ['tokens as text', { tokens: '10' }],
  ['what waits as text', { pendingIn: '0' }],
  ['a pod that did not stop', { stopped: false }],
  ['no start', { started: null }],
  ['a start without a number', { started: { ...start, pid: '1' } }],
  ['a start by process 0', { started: { ...start, pid: 0 } }],
  ['a start whose time is none', { started: { ...start, time: 5 } }],
  ['a start with more', { started: { ...start, more: 1 } }],
  ['a child that is no name', { children: [1] }],
  ['children that are no list', { children: 'kid' }],
  ['events that are no list', { pendingOut: '1' }],
  ['an event below one', { pendingOut: [1, 0] }],
  ['a price as text', { cost: '1' }],
  ['a field more', { more: 1 }],
  ['a budget that is none', { budget: 1 }],
  ['a budget without its units', { budget: { usd: share } }],
  ['a share with a field more', { budget: { usd: { ...share, more: 1 }, tokens: null } }],
  ['a bound as text', { budget: { usd: { ...share, bound: '5' }, tokens: null } }],
  ['an amount that is none', { budget: { usd: { ...share, held: null }, tokens: null } }],
])('[log.totals] not believed: %s', (_, fields) => {
  expect(closingTotals(logWith({ ...whole, ...fields }))).toBeNull();
});

it('[log.totals] none: without totals, behind another entry, in one line alone, without a log', () => {
  expect(closingTotals(logWith(undefined))).toBeNull();
  expect(closingTotals(logWith(whole, [{ type: 'alert', totals: whole }]))).toBeNull();
  const path = join(tempFolder(), 'session.jsonl');
  expect(closingTotals(path)).toBeNull();
  const entry = { seq: 1, time: timeOf(1), ...stopped(1), totals: whole };
  writeFileSync(path, encodeLines([entry]).bytes);
  expect(closingTotals(path)).toBeNull();
  // The line of an append that has no end.
  writeFileSync(path, Buffer.concat(encodeLines([entry, entry, entry]).lines.slice(0, 2)));
  expect(closingTotals(path)).toBeNull();
});

it('[log.totals] what cannot be read is an error, and a file that shrinks meanwhile says nothing; the file is closed', () => {
  const path = logWith(whole);
  const closed: number[] = [];
  const disk = (fields: Partial<LogDisk>): LogDisk => ({
    ...nodeDisk,
    close: (fd) => (closed.push(fd), nodeDisk.close(fd)),
    ...fields,
  });
  expect(closingTotals(path, disk({ read: () => 5 }))).toBeNull();
  const denied = Object.assign(new Error('denied'), { code: 'EACCES' });
  const fails = () => {
    throw denied;
  };
  expect(() => closingTotals(path, disk({ open: fails }))).toThrow(denied);
  expect(closed.length).toBe(1);
  expect(() => closingTotals(path, disk({ size: fails }))).toThrow(denied);
  expect(closed.length).toBe(2);
});

it('[log.totals] what waits is counted both before and behind its item', () => {
  const lines: Line[] = [
    linked(kid),
    received(1, finished()),
    received(2, finished()),
    begun('t1'),
    itemOf('t1', 1, finished()),
    sent(1, finished()),
  ];
  expect(totalsOf(factsOf(lines))).toMatchObject({ pendingIn: 2, pendingOut: [1], children: ['kid'] });
});
