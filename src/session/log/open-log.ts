/**
 * Opening a session log for writing. Order matters: the caller holds the pod's lock; the torn tail is kept
 * aside and cut; the file and its folder are synced; and only then does anybody see what was read. What was
 * read before a sync may be in the page cache alone, and acting on it (an answer, a receipt) would outlive a
 * loss of power that the log does not.
 */
import { dirname, resolve } from 'node:path';
import { syncFolder } from '../../std/atomic-write.ts';
import type { Clock } from '../../std/clock.ts';
import { makeFolders } from '../../std/make-folders.ts';
import { AppendLog } from './append-log.ts';
import { schemaVersion } from '../facts/entries.ts';
import type { Entry, SessionEntry } from '../facts/entries.ts';
import { isBeginningLost, LogBeginningLost } from './beginning.ts';
import type { Facts } from '../facts/facts.ts';
import { decodeLine } from './line.ts';
import { type LogDisk, nodeDisk } from './log-disk.ts';
import type { HeldLock } from '../lock/lock.ts';
import { type CheckpointStart, checkpointStart } from './checkpoint-start.ts';
import { type Judging, removeCheckpoints } from './checkpoint-files.ts';
import { LogMeasure } from './log-measure.ts';
import { readEntries } from './read-log.ts';
import type { DamagedRegion, LogFile, Region } from './read-log.ts';
import { copyDamaged, cutTornTail, surveyLog, surveyOfNothing } from './repair.ts';
import type { OpenFile, SeqBreak } from './repair.ts';
import { errnoOf, StorageFailed } from './storage-failed.ts';
import { PodkinError } from '../../std/podkin-error.ts';

/** The log was written by a newer podkin whose entries this one would misread. Nothing was changed. */
export class LogTooNew extends PodkinError {
  readonly path: string;
  readonly found: number;
  readonly known: number;

  constructor(path: string, found: number) {
    super(
      `${path} has schema ${found}, this podkin reads up to ${schemaVersion}: use a podkin at least as new as the one that wrote it`,
    );
    this.name = 'LogTooNew';
    this.path = path;
    this.found = found;
    this.known = schemaVersion;
  }
}

/**
 * The log belongs to another instance than the one asked for: a copied or a mistaken folder. Nothing was
 * changed.
 */
export class LogOfAnotherPod extends PodkinError {
  readonly path: string;
  readonly found: string;
  readonly wanted: string;

  constructor(path: string, ids: { name: string; found: string; wanted: string }) {
    super(
      `${path} is the log of the pod "${ids.name}" (instance ${ids.found}), not of instance ${ids.wanted}: put each log back into the folder of its own pod; nothing was changed`,
    );
    this.name = 'LogOfAnotherPod';
    this.path = path;
    this.found = ids.found;
    this.wanted = ids.wanted;
  }
}

export interface OpenLogOptions {
  readonly path: string;
  /** Of the folder that the log is in. It stays the caller's: `AppendLog.close` does not release it. */
  readonly lock: HeldLock;
  /** When given, the log must be this instance's, or that of a pod that never began. */
  readonly instance?: string;
  /** The pod is known to have begun (`beginning.ts`). */
  readonly hasRun?: boolean;
  readonly clock?: Clock;
  readonly disk?: LogDisk;
  /** See `AppendLogOptions`. */
  readonly onFatal?: (error: StorageFailed) => void;
  /** Begins with the newest checkpoint that fits, which this judges; without it, at the beginning. */
  readonly checkpoints?: Judging['random'] | undefined;
}

export interface OpenReport {
  readonly entries: number;
  /** Null when the first entry is not one of type `session`: the log's beginning is lost. */
  readonly session: Entry<SessionEntry> | null;
  /** What was cut off the end, and where it is kept. */
  readonly torn: { readonly offset: number; readonly bytes: number; readonly file: string } | null;
  /** What is passed over in the middle; `file` is null when there was no room for the copy. */
  readonly damaged: readonly (DamagedRegion & { readonly file: string | null })[];
  readonly seqBreaks: readonly SeqBreak[];
}

export interface OpenedLog {
  readonly log: AppendLog;
  readonly report: OpenReport;
  /** What the entries before `entries` come to; null where those begin at the beginning. Given once. */
  readonly facts: Facts | null;
  /** Bytes before `entries`. */
  readonly covered: number;
  /** The entries found at opening, read from the file as they are asked for. May be called again. */
  entries(): AsyncGenerator<Entry>;
}

/**
 * Makes a pod's folder, 0700, with the folders above it where they are missing; durable. Harmless when it
 * exists. Throws `StorageFailed`.
 */
export function createFolder(path: string): void {
  try {
    const first = makeFolders(path, 0o700);
    if (first === null) return;
    // Each new name stands in the folder above it.
    for (let made = resolve(path); made.length >= first.length; made = dirname(made))
      syncFolder(dirname(made));
  } catch (cause) {
    throw new StorageFailed({
      path,
      doing: 'making the folder',
      advice: 'check that the path is free and that you may write there',
      fatal: true,
      cause,
    });
  }
}

/**
 * Makes a new, empty log (0600) whose name is durable; what is in it is so from the first sync of an append
 * on. Throws `StorageFailed`, with errno `EEXIST` when there is a log already.
 */
export function createLog(options: OpenLogOptions): AppendLog {
  mustHoldLock(options);
  const disk = options.disk ?? nodeDisk;
  const fd = openFile(disk, options.path, {
    flags: 'wx+',
    advice: 'a pod that exists is restored, not created anew',
  });
  try {
    disk.syncFolder(dirname(options.path));
  } catch (cause) {
    disk.close(fd);
    throw syncFailed(options.path, cause);
  }
  const survey = surveyOfNothing();
  const measure = new LogMeasure(survey);
  return new AppendLog({ ...options, fd, size: 0, lastSeq: 0, index: survey.index, damaged: [], measure });
}

/**
 * Opens a log that exists: repairs it, makes it durable, and answers with the writer, what was found, and the
 * entries. Throws `StorageFailed` (errno `ENOENT`: there is no such log), `LogTooNew`, `LogOfAnotherPod`,
 * `LogBeginningLost`.
 */
export async function openLog(options: OpenLogOptions): Promise<OpenedLog> {
  const { path, disk = nodeDisk } = options;
  mustHoldLock(options);
  const fd = openFile(disk, path, {
    flags: 'r+',
    advice: 'check the name of the pod and the rights of the file',
  });
  try {
    const file = { path, fd, disk };
    const start = await startOf(file, options);
    const { committed: from, damaged: knownDamage } = start?.known ?? surveyOfNothing();
    const knownDamaged = knownDamage.length;
    const survey = await surveyLog(file, start?.known);
    const session = survey.firstEntry === null ? null : sessionAt(file, survey.firstEntry);
    // Looked at first: a log that is refused is not touched.
    if (session !== null) mustBeOurs(options, session);
    else if (survey.entries === 0) mustBeUnbegun(options, file, survey.size);
    const isDamaged = survey.damaged.length > knownDamaged;
    if (isDamaged || survey.committed < survey.size) removeCheckpoints(disk, path);
    const damaged = survey.damaged.map((region) => ({ ...region, file: copyDamaged(file, region) }));
    const tail = { from: survey.committed, to: survey.size };
    const torn =
      tail.from === tail.to
        ? null
        : { offset: tail.from, bytes: tail.to - tail.from, file: cutTornTail(file, tail) };
    disk.fsync(fd);
    disk.syncFolder(dirname(path));
    const { entries, seqBreaks, lastSeq, index, committed } = survey;
    const measure = new LogMeasure(survey);
    const place = { size: committed, lastSeq, index, damaged: survey.damaged, measure };
    return {
      log: new AppendLog({ ...options, ...place, fd }),
      report: { entries, session, torn, damaged, seqBreaks },
      facts: start?.facts ?? null,
      covered: from,
      entries: () => entriesUpTo(path, { from, to: committed, disk }),
    };
  } catch (cause) {
    disk.close(fd);
    throw errnoOf(cause) === null || cause instanceof StorageFailed ? cause : syncFailed(path, cause);
  }
}

/** What is in the checkpoint is not read again. Null: all of it is to be read. */
async function startOf(file: OpenFile, options: OpenLogOptions): Promise<CheckpointStart | null> {
  const { checkpoints: random, instance } = options;
  return random === undefined ? null : await checkpointStart(file, { instance, random });
}

async function* entriesUpTo(
  path: string,
  options: { from: number; to: number; disk: LogDisk },
): AsyncGenerator<Entry> {
  for await (const { entry } of readEntries(path, options)) yield entry;
}

/** A log without its lock is a mistake of the program, not of a person. */
function mustHoldLock(options: OpenLogOptions): void {
  const { path, lock, disk = nodeDisk } = options;
  if (!lock.held) throw new Error(`the lock for ${path} has been released: take it before the log is opened`);
  if (realFolder(dirname(path), disk) !== lock.folder) {
    throw new Error(
      `the lock is that of ${lock.folder}, the log is ${path}: take the lock of the log's own folder`,
    );
  }
}

function realFolder(folder: string, disk: LogDisk): string {
  try {
    return disk.realPath(folder);
  } catch (cause) {
    throw new StorageFailed({
      path: folder,
      doing: 'looking for',
      advice: 'make the folder first',
      fatal: true,
      cause,
    });
  }
}

function openFile(disk: LogDisk, path: string, how: { flags: 'r+' | 'wx+'; advice: string }): number {
  try {
    const fd = disk.openForWriting(path, how.flags);
    if (disk.isFile(fd)) return fd;
    disk.close(fd);
  } catch (cause) {
    throw new StorageFailed({ path, doing: 'opening', advice: how.advice, fatal: true, cause });
  }
  throw new StorageFailed({
    path,
    doing: 'opening',
    advice: how.advice,
    fatal: true,
    cause: 'it is not a file',
  });
}

function syncFailed(path: string, cause: unknown): StorageFailed {
  const advice = 'nothing was read from it; check the disk, then restore the pod again';
  return new StorageFailed({ path, doing: 'reading or syncing', advice, fatal: true, cause });
}

function sessionAt({ disk, fd }: LogFile, line: Region): Entry<SessionEntry> | null {
  const bytes = Buffer.allocUnsafe(line.to - line.from - 1);
  disk.read(fd, bytes, bytes.length, line.from);
  const decoded = decodeLine(bytes);
  return decoded.ok && decoded.entry.type === 'session' ? decoded.entry : null;
}

function mustBeOurs(options: OpenLogOptions, session: SessionEntry): void {
  const { path, instance: wanted } = options;
  if (session.schema > schemaVersion) throw new LogTooNew(path, session.schema);
  if (wanted !== undefined && session.instance !== wanted) {
    throw new LogOfAnotherPod(path, { name: session.name, found: session.instance, wanted });
  }
}

function mustBeUnbegun(options: OpenLogOptions, file: LogFile, size: number): void {
  const { path, instance, hasRun = false } = options;
  if (instance !== undefined && isBeginningLost(file, { hasRun })) throw new LogBeginningLost(path, size);
}
