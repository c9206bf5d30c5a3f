/**
 * The events of all trees of a home as one stream, from the logs alone: at least once, of each pod in the
 * order of its log, and of two pods in the order of cause and effect.
 *
 * Invariants
 * - E1 A receipt comes behind its event, and the first of a child behind its spawn: what would come
 *   before is left for the next reading.
 * - E2 Nothing is skipped in silence: a damaged line is an event, a removed pod says how far its log came,
 *   and a log that cannot be read is an event, ahead of what is handed out without it.
 */
import { thrownText } from '../../std/thrown-text.ts';
import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Entry, EntryBody } from '../../session/facts/entries.ts';
import type { Home } from '../../session/home/home.ts';
import { removedSince } from '../../session/home/removed-list.ts';
import { type DamagedRegion, type ReadEntry, readEntries } from '../../session/log/read-log.ts';
import { systemCode } from '../../std/system-code.ts';
import { type FoundPod, podsAndUnknown, type UnknownFolder } from '../find-pod.ts';
import { type Cursor, digestOf, folded, membersOf, type Position } from './cursor.ts';

export type HomeEvent =
  | { readonly type: 'entry'; readonly pod: FoundPod; readonly entry: Entry }
  /** A line that cannot be read, by where it begins in the log. */
  | { readonly type: 'damaged'; readonly pod: FoundPod; readonly from: number; readonly to: number }
  /** What is in there is not handed out before it can be read; null: nobody knows which pod it is. */
  | {
      readonly type: 'unreadable';
      readonly pod: FoundPod | null;
      readonly folder: string;
      readonly why: string;
    }
  /** A pod was removed; null: nobody knows how far its log had come. */
  | { readonly type: 'gone'; readonly instance: string; readonly lastSeq: number | null };

const shownTypes: ReadonlySet<string> = new Set<EntryBody['type']>([
  'session',
  'started',
  'stopped',
  'turnStarted',
  'turnEnded',
  'interrupted',
  'approval',
  'child',
  'assignment',
  'podEventEmitted',
  'podEventAcked',
  'podEventReceived',
  'discarded',
  'alert',
  'hookDone',
]);

/** One log in one reading. */
interface Log {
  readonly pod: FoundPod;
  readonly size: number;
  /** It was there before the logs of those above it were measured. */
  readonly isOld: boolean;
  position: Position;
  reading: AsyncGenerator<ReadEntry> | null;
  /** Read, and not handed out yet. */
  next: ReadEntry | null;
  damaged: DamagedRegion[];
  /** Of its events to its parent, the newest that was handed out now. */
  emitted: number;
  isHeld: boolean;
  /** Why it cannot be read. */
  problem: string | null;
}

export class HomeEvents {
  readonly #home: Home;
  #cursor: Cursor;
  #pods: { stamp: bigint; list: FoundPod[]; unknown: UnknownFolder[] } | null = null;
  #logs = new Map<string, Log>();
  /** What was said to be unreadable, by folder, and why: once until that changes. */
  readonly #reported = new Map<string, string>();

  constructor(home: Home, cursor: Cursor) {
    this.#home = home;
    this.#cursor = cursor;
  }

  /** Of all that was handed out. */
  get cursor(): Cursor {
    const positions = new Map(this.#cursor.pods);
    for (const { pod, position } of this.#logs.values()) positions.set(pod.instance, position);
    return { ...this.#cursor, pods: positions };
  }

  /** What is there now and was not handed out; `take` is awaited. Rejects with what it rejects with. */
  async read(take: (event: HomeEvent) => Promise<void>): Promise<void> {
    const before = this.#list();
    for (const { place, why } of this.#pods?.unknown ?? [])
      await this.#reportUnreadable({ pod: null, folder: place, why }, take);
    await this.#reportGone(before, take);
    this.#logs = this.#measured(before);
    const byDepth = [...this.#logs.values()].toSorted((a, b) => a.pod.spec.depth - b.pod.spec.depth);
    try {
      for (const log of byDepth) await this.#drain(log, take, null);
    } finally {
      for (const { reading } of byDepth) await reading?.return(undefined);
      const all = this.cursor;
      const isQuiet = (instance: string): boolean => {
        const log = this.#logs.get(instance);
        return log !== undefined && log.position.offset === log.size;
      };
      this.#cursor = folded(all, isQuiet);
      this.#logs = new Map();
    }
  }

  #list(): FoundPod[] {
    const stamp =
      statSync(`${this.#home.state}/pods`, { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? 0n;
    // What cannot be read is looked at again: a repair changes nothing of the folder above it.
    if (this.#pods === null || this.#pods.stamp !== stamp || this.#pods.unknown.length > 0) {
      const { pods, unknown } = podsAndUnknown(this.#home);
      this.#pods = { stamp, list: pods, unknown };
    }
    return this.#pods.list;
  }

  async #reportUnreadable(
    event: Omit<Extract<HomeEvent, { type: 'unreadable' }>, 'type'>,
    take: (event: HomeEvent) => Promise<void>,
  ): Promise<void> {
    if (this.#reported.get(event.folder) === event.why) return;
    await take({ type: 'unreadable', ...event });
    this.#reported.set(event.folder, event.why);
  }

  async #reportGone(listed: readonly FoundPod[], take: (event: HomeEvent) => Promise<void>): Promise<void> {
    const { removed, end } = removedSince(this.#home, this.#cursor.removed);
    const there = new Set(listed.map(({ instance }) => instance));
    const pods = new Map(this.#cursor.pods);
    for (const { instance, lastSeq } of removed) {
      await take({ type: 'gone', instance, lastSeq });
      pods.delete(instance);
    }
    for (const instance of pods.keys()) {
      // It may be one of those that nobody can tell.
      if (there.has(instance) || (this.#pods?.unknown.length ?? 0) > 0) continue;
      await take({ type: 'gone', instance, lastSeq: null });
      pods.delete(instance);
    }
    this.#cursor = { ...this.#cursor, removed: end, pods };
  }

  /** Those above first, so that what a receipt is of is in the log of the child by then. */
  #measured(listed: readonly FoundPod[]): Map<string, Log> {
    const old = new Set(listed.filter((pod) => sizeOf(pod).size > 0).map(({ instance }) => instance));
    const measured = new Map(
      listed.toSorted((a, b) => a.spec.depth - b.spec.depth).map((pod) => [pod.instance, sizeOf(pod)]),
    );
    const sizes = new Map([...measured].map(([instance, { size }]) => [instance, size]));
    const read = this.#unchanged(sizes);
    const logs = new Map<string, Log>();
    for (const pod of listed) {
      const size = sizes.get(pod.instance) ?? 0;
      if (read.has(pod.instance)) continue;
      const position = this.#cursor.pods.get(pod.instance) ?? { seq: 0, offset: 0 };
      const isOld = old.has(pod.instance);
      const found = measured.get(pod.instance)?.problem ?? null;
      const isLost = found === null && size === 0 && position.seq > 0 && existsSync(pod.folder.path);
      const problem = isLost ? 'its log is gone' : found;
      const log = { pod, size, isOld, position, reading: null, next: null, damaged: [], emitted: 0 };
      logs.set(pod.instance, { ...log, isHeld: false, problem });
    }
    return logs;
  }

  /** In a group that is as it was; the members of all others have their own places again. */
  #unchanged(sizes: ReadonlyMap<string, number>): Set<string> {
    const same = new Set<string>();
    const groups = [...membersOf(this.#cursor, [...sizes.keys()])].filter(([{ digest }, members]) => {
      const now = members.map((instance) => ({ instance, size: sizes.get(instance) ?? 0 }));
      if (digestOf(now) !== digest) return false;
      for (const instance of members) same.add(instance);
      return true;
    });
    this.#cursor = { ...this.#cursor, groups: groups.map(([group]) => group) };
    return same;
  }

  /** `until`: the number of an event to the parent, which is all that is wanted now. */
  async #drain(log: Log, take: (event: HomeEvent) => Promise<void>, until: number | null): Promise<void> {
    if (log.isHeld || this.#isTooEarly(log)) {
      log.isHeld = true;
      return;
    }
    const isEnough = (): boolean => until !== null && log.emitted >= until;
    while (!isEnough()) {
      const read = await this.#next(log);
      if (read === null) return await this.#reportProblem(log, take);
      const { entry } = read;
      if (entry.type === 'podEventReceived' && entry.eventSeq !== null) {
        const child = this.#logs.get(entry.from.instance);
        if (child !== undefined && child !== log) await this.#drain(child, take, entry.eventSeq);
        // It is there and could not be read so far, or came to be behind the listing.
        if (child?.isHeld === true || (child === undefined && this.#isNew(entry.from.instance))) {
          log.isHeld = true;
          return;
        }
      }
      for (const { from, to } of log.damaged.splice(0))
        await take({ type: 'damaged', pod: log.pod, from, to });
      if (shownTypes.has(entry.type)) await take({ type: 'entry', pod: log.pod, entry });
      log.next = null;
      log.position = { seq: entry.seq, offset: read.end };
      if (entry.type === 'podEventEmitted') log.emitted = entry.eventSeq;
    }
  }

  /** Behind all that could be read of it. */
  async #reportProblem({ pod, problem }: Log, take: (event: HomeEvent) => Promise<void>): Promise<void> {
    const folder = basename(pod.folder.path);
    if (problem === null) this.#reported.delete(folder);
    else await this.#reportUnreadable({ pod, folder, why: problem }, take);
  }

  /** Its spawn may not have been handed out. */
  #isTooEarly({ pod, isOld, position }: Log): boolean {
    const parent = this.#logs.get(pod.spec.parent?.instance ?? '');
    return position.seq === 0 && parent !== undefined && (!isOld || parent.isHeld);
  }

  #isNew(instance: string): boolean {
    const isListed = this.#pods?.list.some((pod) => pod.instance === instance) === true;
    if (isListed) return false;
    this.#pods = null;
    return this.#list().some((pod) => pod.instance === instance);
  }

  async #next(log: Log): Promise<ReadEntry | null> {
    if (log.next !== null) return log.next;
    if (log.reading === null && log.position.offset === log.size) return null;
    log.reading ??= entriesBehind(log);
    const { value, done } = await log.reading.next();
    log.next = done === true ? null : value;
    return log.next;
  }
}

/**
 * From the place on where the log still is as it was; else all of it, without what was handed out: a repair
 * has moved the lines.
 */
async function* entriesBehind(log: Log): AsyncGenerator<ReadEntry> {
  const { pod, size, position } = log;
  const { seq, offset } = position;
  const options = { to: size, onDamaged: (region: DamagedRegion) => void log.damaged.push(region) };
  try {
    if (offset <= size) {
      let isFirst = true;
      for await (const read of readEntries(pod.folder.log, { ...options, from: offset })) {
        const follows =
          read.entry.seq === seq + 1 ||
          (read.entry.seq > seq && log.damaged.length > 0 && log.damaged[0]?.from !== offset);
        if (isFirst && offset > 0 && !follows) break;
        isFirst = false;
        yield read;
      }
      if (!isFirst || offset === 0) return;
    }
    log.damaged.length = 0;
    for await (const read of readEntries(pod.folder.log, options)) if (read.entry.seq > seq) yield read;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    // Of one that has gone the next reading says so.
    if (code !== 'ENOENT') log.problem = textOf(error);
  }
}

function sizeOf({ folder }: FoundPod): { size: number; problem: string | null } {
  try {
    return { size: statSync(folder.log, { throwIfNoEntry: false })?.size ?? 0, problem: null };
  } catch (error) {
    return { size: 0, problem: textOf(error) };
  }
}

function textOf(error: unknown): string {
  return thrownText(error);
}
