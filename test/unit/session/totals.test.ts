/**
 * What a pod leaves in its last entry for those who list pods: the same as its whole log says, and not
 * believed where anything is unusual.
 */
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/session/facts/entries.ts';
import { emptyFacts } from '../../../src/session/facts/facts.ts';
import { encodeLines } from '../../../src/session/log/line.ts';
import { applyEntry } from '../../../src/session/facts/replay.ts';
import { closingTotals, readTotals, stoppedEntry, totalsOf } from '../../../src/session/log/totals.ts';
import { logHome } from '../../support/log-builder.ts';
import { tempFolder } from './log-rig.ts';

/** The entries of a child that worked, reported and has a child of its own, without its last one. */
function past(): Entry[] {
  const home = logHome();
  const root = home.pod('root');
  const kid = home.pod('kid', root);
  kid.link(home.pod('leaf', kid));
  kid.input('run');
  kid.beginTurn();
  kid.step();
  kid.endTurn();
  kid.emit();
  return kid.entries;
}

function ended(entries: readonly Entry[]): Entry[] {
  const facts = emptyFacts();
  for (const entry of entries) applyEntry(facts, entry);
  const last = entries.at(-1);
  return [...entries, { seq: (last?.seq ?? 0) + 1, time: last?.time ?? '', ...stoppedEntry(facts, 'asked') }];
}

function written(entries: readonly Entry[]): string {
  const path = join(tempFolder(), 'session.jsonl');
  writeFileSync(path, '');
  for (const entry of entries) appendFileSync(path, encodeLines([entry]).bytes);
  return path;
}

function folded(entries: readonly Entry[]): unknown {
  const facts = emptyFacts();
  for (const entry of entries) applyEntry(facts, entry);
  return totalsOf(facts);
}

describe('the totals of a log', () => {
  it('[log.totals] stand in the last entry of a pod that ended in order, and are what its log comes to', () => {
    const entries = ended(past());
    expect(closingTotals(written(entries))).toEqual(folded(entries));
    expect(folded(entries)).toMatchObject({ stopped: true, children: ['leaf'], pendingOut: [1], turns: 1 });
  });

  it.each<[string, (entries: Entry[]) => Entry[]]>([
    ['a pod that has died', (entries) => entries.slice(0, -1)],
    ['one that was started again', (entries) => [...entries, started(entries, 2)]],
    ['an earlier version', (entries) => without(entries)],
    ['a longer list than the tail holds', (entries) => crowded(entries)],
  ])('[log.totals] of %s are folded', async (_, change) => {
    const entries = change(ended(past()));
    const path = written(entries);
    expect(closingTotals(path)).toBeNull();
    expect(await readTotals(path)).toEqual(folded(entries));
  });

  it('[cli.ps-in] count what was sent and is unread, and not that a command in the background is over', () => {
    const facts = emptyFacts();
    for (const entry of past()) applyEntry(facts, entry);
    const before = totalsOf(facts).pendingIn;
    const item = { entrySeq: 90, wakes: false, hops: 0, receivedAt: '', deathsAt: [] };
    const ended = { command: 'c1', how: 'withPod', exitCode: null, signal: null, durationMs: null } as const;
    const content = { kind: 'command', text: 'npm start', ...ended, bytes: 0, tail: '', notes: [] } as const;
    facts.notifyBuffer.push({ ...item, content });
    expect(totalsOf(facts).pendingIn).toBe(before);
    const notice = { kind: 'notice', submission: 's', from: { kind: 'person' }, text: 'hello' } as const;
    facts.notifyBuffer.push({ ...item, entrySeq: 91, content: notice });
    expect(totalsOf(facts).pendingIn).toBe(before + 1);
  });

  it('[log.totals] are not believed at any cut or flip of the last line', async () => {
    const entries = ended(past());
    const path = written(entries);
    const whole = readFileSync(path);
    const lastFrom = whole.lastIndexOf(0x0a, -2) + 1;
    for (let at = lastFrom; at < whole.length; at += 1) {
      writeFileSync(path, whole);
      truncateSync(path, at);
      if (at > lastFrom) expect([at, closingTotals(path)]).toEqual([at, null]);
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 1;
      writeFileSync(path, flipped);
      expect([at, closingTotals(path)]).toEqual([at, null]);
    }
    truncateSync(path, lastFrom);
    expect(await readTotals(path)).toEqual(folded(entries.slice(0, -1)));
  });

  it('[log.totals] of a log that is not there are those of a pod that never began', async () => {
    expect(await readTotals(join(tempFolder(), 'none'))).toEqual(folded([]));
  });
});

function started(entries: readonly Entry[], incarnation: number): Entry {
  const first = entries.find((entry) => entry.type === 'started');
  if (first?.type !== 'started') throw new Error('the log has no start');
  return { ...first, incarnation, seq: entries.length + 1 };
}

function without(entries: readonly Entry[]): Entry[] {
  return entries.map((entry) => {
    if (entry.type !== 'stopped') return entry;
    const { totals: _, ...rest } = entry;
    return rest;
  });
}

function crowded(entries: readonly Entry[]): Entry[] {
  const reason = 'x'.repeat(5_000);
  return entries.map((entry) => (entry.type === 'stopped' ? { ...entry, reason } : entry));
}
