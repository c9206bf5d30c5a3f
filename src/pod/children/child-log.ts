/** Reads from a child's log, without writing to it, what the child has committed for its parent. */
import { systemCode } from '../../std/system-code.ts';
import type { SentPodEvent } from '../../protocol/pod-event.ts';
import { readSentEvent, unreadEvent } from '../../protocol/read-event.ts';
import type { LogDisk } from '../../session/log/log-disk.ts';
import type { PodFolder } from '../../session/home/home.ts';
import { type BudgetFacts, applyBudget, emptyBudget } from '../../session/facts/replay-budget.ts';
import { type FactsSoFar, type Looking, factsSoFar } from '../../session/log/checkpoint-start.ts';
import { readEntries } from '../../session/log/read-log.ts';

export interface CommittedEvent {
  seq: number;
  incarnation: number;
  event: SentPodEvent;
}

export interface ChildLog {
  /** In order, without a hole: a damaged line is filled in by an event that says so. */
  events: CommittedEvent[];
  /** The newest incarnation that opened the log; 0 where there is none. */
  incarnation: number;
  lastTime: string;
  /** What it may spend, has spent and has lent. */
  budget: BudgetFacts;
}

export interface Wanted {
  instance: string;
  /** Events with a higher number. */
  above: number;
  throughIncarnation: number;
}

export interface ChildPlace extends Looking {
  readonly folder: PodFolder;
  readonly disk: LogDisk;
}

/**
 * A log that is not there holds nothing. Throws the file system's error where it cannot be read, and where it
 * is another instance's: then nothing is known and the caller tries again.
 */
export async function readChildLog(place: ChildPlace, wanted: Wanted): Promise<ChildLog> {
  const { folder, disk } = place;
  const found: ChildLog = { events: [], incarnation: 0, lastTime: '', budget: emptyBudget() };
  // What the page cache holds must be on disk before a receipt of it is.
  if (!sync(folder.log, disk)) return found;
  const take = (seq: number, incarnation: number, event: unknown): void => {
    if (seq <= wanted.above || incarnation > wanted.throughIncarnation) return;
    const next = (found.events.at(-1)?.seq ?? wanted.above) + 1;
    for (let lost = next; lost < seq; lost += 1) {
      found.events.push({ seq: lost, incarnation, event: lostEvent(lost, folder.log) });
    }
    found.events.push({ seq, incarnation, event: readSentEvent(event) ?? notUnderstood(seq, folder.log) });
  };
  const start = startOf(place, wanted);
  if (start !== null) {
    const { facts } = start;
    Object.assign(found, { incarnation: facts.incarnation, lastTime: facts.lastTime, budget: facts.budget });
    for (const [seq, { incarnation, event }] of facts.outbox.pending) take(seq, incarnation, event);
  }
  for await (const { entry } of readEntries(folder.log, { disk, from: start?.end ?? 0 })) {
    found.lastTime = entry.time;
    applyBudget(found.budget, entry);
    if (entry.type === 'session' && entry.instance !== wanted.instance) {
      throw new Error(`${folder.log} belongs to another instance`);
    }
    if (entry.type === 'started') found.incarnation = entry.incarnation;
    if (entry.type === 'podEventEmitted') take(entry.eventSeq, entry.incarnation, entry.event);
  }
  return found;
}

/**
 * A checkpoint of the child's that holds each event that is wanted of what it covers. Null where there is
 * none: an event that the child was once told of as received is not in it any more, and a parent whose log
 * was put back from a copy wants it again.
 */
function startOf({ folder, disk, ...how }: ChildPlace, { instance, above }: Wanted): FactsSoFar | null {
  const start = factsSoFar(folder.log, disk, how);
  const { session, outbox } = start.facts;
  if (session?.instance !== instance) return null;
  for (let seq = above + 1; seq <= outbox.emitted; seq += 1) if (!outbox.pending.has(seq)) return null;
  return start;
}

/**
 * Stands where the line of an event is damaged: that something was said is known, and what follows it must
 * not wait for it for ever.
 */
function lostEvent(seq: number, log: string): SentPodEvent {
  const message = `what it said here (event ${seq}) is lost: that line of ${log} is damaged; ask it again`;
  return unreadEvent(`lost-${seq}`, { category: 'damagedLog', message });
}

/** Stands for what is no event that a child may send. */
function notUnderstood(seq: number, log: string): SentPodEvent {
  const message = `what it said here (event ${seq} in ${log}) is of a kind that this version of podkin does not know; run both with one version`;
  return unreadEvent(`lost-${seq}`, { category: 'unknownEvent', message });
}

function sync(path: string, disk: LogDisk): boolean {
  try {
    const fd = disk.open(path);
    try {
      disk.fsync(fd);
    } finally {
      disk.close(fd);
    }
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
