/** Who gets to see what: the table of the design, row by row. */
import { expect, it } from 'vitest';
import { type Row, rowOf } from '../../../src/delivery/visibility.ts';
import type { PodEvent } from '../../../src/protocol/pod-event.ts';
import { newChild } from '../../../src/session/facts/new-child.ts';
import { died, errored, finished, kid, scopeReport, shutDown, unreachable } from '../machine-rig.ts';

const readsAndWakes: Row = { reads: true, wakes: true };
const silent: Row = { reads: false, wakes: false };

interface Case {
  event: PodEvent;
  row: Row;
  /** This pod ends its own tree. */
  asked?: boolean;
  closes?: boolean;
  /** The incarnation that the event speaks of, and the newest one whose end a StopPod result told. */
  incarnation?: number;
  stopReported?: number;
}

const table: Record<string, Case> = {
  'finished and settled': { event: finished(), row: readsAndWakes },
  'finished, not settled': { event: finished({ settled: false }), row: silent },
  'a limit': { event: finished({ outcome: 'limitReached' }), row: readsAndWakes },
  'a limit, not settled': {
    event: finished({ outcome: 'limitReached', settled: false }),
    row: readsAndWakes,
  },
  cancelled: { event: finished({ outcome: 'cancelled' }), row: readsAndWakes },
  'cancelled, not settled': { event: finished({ outcome: 'cancelled', settled: false }), row: readsAndWakes },
  paused: { event: finished({ outcome: 'paused', settled: false }), row: readsAndWakes },
  'an end of a turn, of a child that is being stopped': {
    event: finished(),
    asked: true,
    row: readsAndWakes,
  },
  'an error': { event: errored(), row: readsAndWakes },
  'an error, not settled': { event: errored({ settled: false }), row: readsAndWakes },
  'an error, of a child that is being stopped': { event: errored(), asked: true, row: readsAndWakes },
  'out of reach, of a child that is being stopped': { event: unreachable, asked: true, row: readsAndWakes },
  'out of reach': { event: unreachable, row: readsAndWakes },
  'a death': { event: died(), row: readsAndWakes },
  'a death that a later incarnation has followed': { event: died({ restored: true }), row: silent },
  'a death while this pod stops': { event: died(), asked: true, row: silent },
  'a death with work in hand while this pod stops': {
    event: died(),
    asked: true,
    closes: true,
    row: readsAndWakes,
  },
  'a death that a later incarnation has followed, while this pod stops': {
    event: died({ restored: true }),
    asked: true,
    row: silent,
  },
  'a death of the incarnation that StopPod told': { event: died(), stopReported: 1, row: silent },
  'a death of an earlier incarnation than StopPod told': { event: died(), stopReported: 2, row: silent },
  'a death of a later incarnation than StopPod told': {
    event: died(),
    incarnation: 2,
    stopReported: 1,
    row: readsAndWakes,
  },
  'an orderly end': { event: shutDown(), row: readsAndWakes },
  'an orderly end while this pod stops': { event: shutDown(), asked: true, row: silent },
  'an orderly end with work in hand while this pod stops': {
    event: shutDown(),
    asked: true,
    closes: true,
    row: readsAndWakes,
  },
  'an orderly end of the incarnation that StopPod told': { event: shutDown(), stopReported: 1, row: silent },
  'an orderly end of the incarnation that StopPod told, with work in hand': {
    event: shutDown(),
    stopReported: 1,
    asked: true,
    closes: true,
    row: silent,
  },
  'an orderly end of a later incarnation than StopPod told': {
    event: shutDown(),
    incarnation: 2,
    stopReported: 1,
    row: readsAndWakes,
  },
  'a scope handed on': { event: scopeReport(kid, 1), row: silent },
};

it.each(Object.entries(table))(
  '[visibility.table] %s',
  (_, { event, row, asked = false, closes = false, incarnation = 1, stopReported = 0 }) => {
    const child = { ...newChild(kid.name, kid.instance), incarnation, stopReported };
    expect(rowOf(event, child, { incarnation, asked, closes })).toEqual(row);
  },
);
