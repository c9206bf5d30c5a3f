/**
 * What a pod has written is the same from memory, from its log, and from a log with a checkpoint of a dead
 * one.
 */
import { expect, it } from 'vitest';
import { outputOf, outputOfLog } from '../../../src/pod/output-from-log.ts';
import { type Output, readHeldOutput } from '../../../src/pod/machine/read-output.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { emptyFacts } from '../../../src/session/facts/facts.ts';
import { applyEntry } from '../../../src/session/facts/replay.ts';
import { forgetSaidThrough } from '../../../src/session/facts/transcript.ts';
import { writeCheckpoint } from '../../../src/session/log/checkpoint-files.ts';
import { checkpointOf } from '../../../src/session/log/checkpoint-start.ts';
import { nodeDisk } from '../../../src/session/log/log-disk.ts';
import { newLog, place, session } from '../session/log-rig.ts';

const usage = { inputTokens: 1, outputTokens: 1, cost: 0 };
const turn = (n: number): EntryBody[] => [
  { type: 'turnStarted', turn: `t${n}`, kind: 'run', submissions: [`s${n}`], hops: 0, cause: 'person' },
  { type: 'userMessage', turn: `t${n}`, submission: `s${n}`, from: { kind: 'person' }, text: 'do' },
  {
    type: 'assistantMessage',
    turn: `t${n}`,
    step: 1,
    model: 'm',
    parts: [{ type: 'text', text: `${n}: ${'x'.repeat(200)}` }],
  },
  {
    type: 'turnEnded',
    turn: `t${n}`,
    outcome: 'finished',
    settled: true,
    outstanding: [],
    usage,
    durationMs: 1,
  },
];

it('[checkpoint.said] memory, log and checkpoint answer every cursor with the same text and the same next cursor', async () => {
  const at = await place();
  const log = newLog(at);
  const facts = emptyFacts();
  const add = (bodies: EntryBody[]): void => {
    for (const entry of log.append(bodies).entries) applyEntry(facts, entry);
  };
  add([session()]);
  for (let n = 1; n <= 300; n += 1) add(turn(n));
  await log.whenDurable();
  const now = log.now()!;
  await writeCheckpoint({ disk: nodeDisk, log: at.path }, now.seq, checkpointOf(now, facts));
  for (let n = 301; n <= 320; n += 1) add(turn(n));

  const readings: { since: string | undefined; maxChars: number; held: Output }[] = [];
  for (const maxChars of [50, 1_000, 20_000, 1_000_000]) {
    let since: string | undefined;
    for (;;) {
      const held: Output = readHeldOutput(facts, since, maxChars)!;
      readings.push({ since, maxChars, held });
      if (!held.truncated || readings.length % 40 === 0) break;
      since = held.cursor;
    }
  }
  forgetSaidThrough(facts, facts.lastSeq);
  for (const { since, maxChars, held } of readings) {
    expect(await outputOf({ facts, log, disk: nodeDisk }, { since, maxChars })).toEqual(held);
    expect(await outputOfLog(at.path, nodeDisk, { since, maxChars })).toEqual(held);
  }
  expect(readings.at(-1)?.held).toMatchObject({ truncated: false, coversTurn: 't320' });
});
