/** Logs with checkpoints beside them, made through the writer itself, and openings of them. */
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { type Facts, emptyFacts } from '../../../src/session/facts/facts.ts';
import { applyEntry } from '../../../src/session/facts/replay.ts';
import type { AppendLog } from '../../../src/session/log/append-log.ts';
import { writeCheckpoint } from '../../../src/session/log/checkpoint-files.ts';
import { checkpointOf } from '../../../src/session/log/checkpoint-start.ts';
import { type LogDisk, nodeDisk } from '../../../src/session/log/log-disk.ts';
import { type Place, alert, newLog, opened, place, session } from './log-rig.ts';

const from = { kind: 'person' } as const;
export const run = (n: number): EntryBody[] => [
  { type: 'inputReceived', kind: 'run', submission: `s${n}`, wake: true, from, text: `do ${n}`, hops: 0 },
  { type: 'turnStarted', turn: `t${n}`, kind: 'run', submissions: [`s${n}`], hops: 0, cause: 'person' },
  { type: 'userMessage', turn: `t${n}`, submission: `s${n}`, from, text: `do ${n}` },
];
export const words = (n: number, text = `done ${n}`): EntryBody[] => [
  { type: 'assistantMessage', turn: `t${n}`, step: 1, model: 'm', parts: [{ type: 'text', text }] },
  { type: 'toolCall', turn: `t${n}`, step: 1, call: `c${n}`, tool: 'Read', input: { $map: [['a', 1]] } },
];

export interface Kept {
  readonly at: Place;
  readonly log: AppendLog;
  readonly facts: Facts;
  add(bodies: EntryBody[]): void;
  /** Writes a checkpoint of what is there, and answers its path. */
  keep(): Promise<string>;
}

export async function kept(instance?: string): Promise<Kept> {
  const at = await place();
  const log = newLog(at);
  const facts = emptyFacts();
  const add = (bodies: EntryBody[]): void => {
    for (const entry of log.append(bodies).entries) applyEntry(facts, entry);
  };
  add([session(instance === undefined ? {} : { instance })]);
  return {
    at,
    log,
    facts,
    add,
    keep: async () => {
      await log.whenDurable();
      const now = log.now()!;
      await writeCheckpoint({ disk: nodeDisk, log: at.path }, now.seq, checkpointOf(now, facts));
      return `${at.path}.checkpoint-${now.seq}`;
    },
  };
}

/** Opened as a pod opens it: the facts, and the numbers of the entries that were folded. */
export async function begun(
  at: Place,
  disk: LogDisk = nodeDisk,
): Promise<{ facts: Facts; folded: number[] }> {
  const open = await opened(at, { disk, checkpoints: () => 0.5 });
  const facts = open.facts ?? emptyFacts();
  const folded: number[] = [];
  for await (const entry of open.entries()) {
    applyEntry(facts, entry);
    folded.push(entry.seq);
  }
  await open.log.close();
  return { facts, folded };
}

export async function wholeOf(at: Place): Promise<Facts> {
  const open = await opened(at);
  const facts = emptyFacts();
  for await (const entry of open.entries()) applyEntry(facts, entry);
  await open.log.close();
  return facts;
}

export const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

/** Twelve entries, a checkpoint behind the sixth and one behind the eleventh. */
export async function two(): Promise<Kept & { older: string; newer: string }> {
  const made = await kept();
  made.add(run(1));
  made.add(words(1));
  const older = await made.keep();
  made.add(run(2));
  made.add(words(2));
  const newer = await made.keep();
  made.add([alert('behind')]);
  await made.log.close();
  return { ...made, older, newer };
}
