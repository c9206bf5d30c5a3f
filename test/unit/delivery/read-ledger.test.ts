/** A ledger that leaves out what its log's checkpoint knows to be about no event. */
import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createLedger } from '../../../src/delivery/ledger.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { emptyFacts } from '../../../src/session/facts/facts.ts';
import { applyEntry } from '../../../src/session/facts/replay.ts';
import { writeCheckpoint } from '../../../src/session/log/checkpoint-files.ts';
import { checkpointOf } from '../../../src/session/log/checkpoint-start.ts';
import { nodeDisk } from '../../../src/session/log/log-disk.ts';
import { type EventReading, readEvents } from '../../../src/session/log/read-events.ts';
import { readEntries } from '../../../src/session/log/read-log.ts';
import {
  above,
  acked,
  begun,
  completed,
  ended,
  finished,
  input,
  itemOf,
  kid,
  received,
  result,
  said,
  sent,
  session,
  shutDown,
  started,
} from '../machine-rig.ts';
import { dice, newLog, place } from '../session/log-rig.ts';

async function wholeLedger(path: string) {
  const ledger = createLedger();
  for await (const { entry } of readEntries(path)) ledger.take(entry);
  return ledger.rows();
}

async function readLedger(path: string, reading?: EventReading) {
  const ledger = createLedger();
  for await (const entry of readEvents(path, ledger, reading)) ledger.take(entry);
  return ledger.rows();
}

/** A disk that counts what is read of it. */
function counting() {
  const disk = {
    ...nodeDisk,
    bytes: 0,
    read(...[fd, bytes, length, position]: Parameters<typeof nodeDisk.read>) {
      const count = nodeDisk.read(fd, bytes, length, position);
      disk.bytes += count;
      return count;
    },
  };
  return disk;
}

type Step = (lastSeq: number) => EntryBody[];

/** Turns of a pod that sends, receives, reads, is paused and fails, most of them long and about no event. */
function turns(rolled: (below: number) => number): Step[] {
  const steps: Step[] = [];
  const add = (...bodies: EntryBody[]) => void steps.push(() => bodies);
  const unread: number[] = [];
  let [inSeq, outSeq] = [0, 0];
  for (let n = 0; n < 40; n += 1) {
    const turn = `t${n}`;
    const isQuiet = rolled(3) > 0;
    if (!isQuiet && rolled(2) === 0) {
      unread.push((inSeq += 1));
      add(received(inSeq, rolled(4) === 0 ? shutDown() : finished(), { wakes: rolled(2) === 0 }));
    }
    if (rolled(9) === 0) add(input(rolled(2) === 0 ? 'pause' : 'resume'));
    if (rolled(12) === 0)
      add({ type: 'alert', level: 'error', code: 'badToken', text: 'no', refusal: 'badToken' });
    if (!isQuiet && rolled(3) === 0 && outSeq > 0) add(acked(1 + rolled(outSeq)));
    add(begun(turn));
    if (!isQuiet && rolled(2) === 0) for (const seq of unread.splice(0)) add(itemOf(turn, seq, finished()));
    for (let step = rolled(150); step > 0; step -= 1) add(said(turn, 'x'.repeat(300 + rolled(300))));
    if (!isQuiet && rolled(4) === 0) {
      const stop = { instance: kid.instance, incarnation: 1 };
      add(result(turn, 'c', { tool: 'StopPod', stopped: stop }));
    }
    if (rolled(4) > 0) steps.push((lastSeq) => [completed(turn, lastSeq)]);
    const outcomes = ['finished', 'errored', 'cancelled', 'paused'] as const;
    const end = ended(turn, outcomes[rolled(4)]);
    if (isQuiet) add(end);
    else add(end, sent((outSeq += 1), finished()));
  }
  return steps;
}

async function played(steps: readonly Step[], share: number): Promise<string> {
  const at = await place();
  const log = newLog(at);
  const facts = emptyFacts();
  const add = (bodies: EntryBody[]) => {
    for (const entry of log.append(bodies).entries) applyEntry(facts, entry);
  };
  add([session({ parent: above }), started(1)]);
  const keptAt = Math.floor(steps.length * share);
  for (const [i, step] of steps.entries()) {
    if (i === keptAt) {
      await log.whenDurable();
      const now = log.now()!;
      await writeCheckpoint({ disk: nodeDisk, log: at.path }, now.seq, checkpointOf(now, facts));
    }
    add(step(log.lastSeq));
  }
  await log.close();
  return at.path;
}

it('[ledger.skips] the rows of a log are those of all its entries, wherever its checkpoint is', async () => {
  let skipped = 0;
  for (let seed = 1; seed <= 24; seed += 1) {
    const path = await played(turns(dice(seed)), [0.2, 0.5, 0.8, 0.999][seed % 4]!);
    const disk = counting();
    expect(await readLedger(path, { disk, random: () => 0 }), `seed ${seed}`).toEqual(
      await wholeLedger(path),
    );
    // To judge its checkpoint every piece of so short a log is read once.
    skipped += 2 * statSync(path).size - disk.bytes > 128 * 1024 ? 1 : 0;
  }
  expect(skipped).toBeGreaterThan(12);
});

it('[ledger.skips] a turn that failed before what was left out holds up nothing', async () => {
  const long = (turn: string) => Array.from({ length: 700 }, () => said(turn, 'x'.repeat(300)));
  const first = [received(1, finished()), begun('t1'), itemOf('t1', 1, finished()), completed('t1', 99)];
  const last = [received(2, finished()), itemOf('t2', 2, finished())];
  const bodies: EntryBody[] = [...first, ended('t1', 'errored'), ...long('t1'), begun('t2')];
  bodies.push(...long('t2'), ...last, ...long('t2'));
  const path = await played(
    bodies.map((body) => () => [body]),
    0.999,
  );
  const { inbound } = await readLedger(path);
  expect(inbound).toEqual((await wholeLedger(path)).inbound);
  expect(inbound.map(({ state, reason }) => [state, reason])).toEqual([
    ['seen', null],
    ['consumed', null],
  ]);
});
