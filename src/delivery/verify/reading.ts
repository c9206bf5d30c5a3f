/**
 * Reads the logs of a home for the oracle, live or dead, without a lock. Deepest pods first, so that each
 * child's log is read before its parent's. What cannot be read becomes a finding; what vanishes meanwhile was
 * removed, and its tombstone speaks for it.
 */
import { systemCode } from '../../std/system-code.ts';
import { isRunning } from '../../std/process-identity.ts';
import type { Entry } from '../../session/facts/entries.ts';
import {
  type Home,
  PodsNotListed,
  folderAt,
  type Tombstone,
  podFolder,
  podPlaces,
  readTombstones,
} from '../../session/home/home.ts';
import { dirname } from 'node:path';
import { hasEndedElsewhere } from '../../session/home/ended-elsewhere.ts';
import { hostOf } from '../../session/home/host-places.ts';
import { sessionIn, specIfKnown } from '../../session/home/known-spec.ts';
import { isPlaceOf } from '../../session/home/place.ts';
import { labelsOf } from '../../session/home/pod-place.ts';
import { readEntries } from '../../session/log/read-log.ts';
import { CheckpointCheck } from './checkpoints.ts';
import { lostLogs } from './lost-logs.ts';
import type { Finding } from './finding.ts';
import { LogCheck, type LogView } from './log.ts';
import { isTombstone } from './shape.ts';

export interface ReadHome {
  logs: LogView[];
  tombstones: Tombstone[];
  /** By what the pods are called here. */
  places: ReadonlyMap<string, Place>;
  /** Names. */
  unread: Set<string>;
  findings: Finding[];
  /** Instances whose parent is in the home of another machine. */
  parentsElsewhere: Set<string>;
}

export async function readHome(home: Home): Promise<ReadHome> {
  const read: ReadHome = {
    logs: [],
    tombstones: [],
    places: new Map(),
    unread: new Set(),
    findings: [],
    parentsElsewhere: new Set(),
  };
  const before = tombstonesOf(home, read, (path, why) =>
    noteUnread(read, { name: '*', path, error: new Error(why) }),
  );
  const places = await deepestFirst(home, read);
  read.places = new Map(places.map((place) => [place.name, place]));
  for (const { name, path } of places) await readLog(name, path, read);
  passOverCopies(read);
  // A child removed from here on is judged by its log, its parent may have received more since; a parent
  // removed meanwhile only has a new tombstone.
  const parents = new Set(read.logs.map((log) => log.parent?.instance));
  const known = new Set(before.map((tombstone) => tombstone.instance));
  const since = tombstonesOf(home, read).filter(
    (tombstone) => !known.has(tombstone.instance) && parents.has(tombstone.instance),
  );
  read.tombstones = [...before, ...since];
  read.findings.push(...(await lostLogs(home, read)));
  return read;
}

/** Of one log under several names, the one that is in place counts; the others are named as misplaced. */
function passOverCopies(read: ReadHome): void {
  const counted = new Map<string, LogView>();
  for (const log of read.logs) {
    if (isInPlace(read.places.get(log.name)) || !counted.has(log.instance)) counted.set(log.instance, log);
  }
  const copies = new Set(
    read.logs.filter((log) => counted.get(log.instance) !== log).map(({ name }) => name),
  );
  read.logs = read.logs.filter(({ name }) => !copies.has(name));
  read.findings = read.findings.filter(({ pod }) => !copies.has(pod));
}

function isInPlace(at: Place | undefined): boolean {
  const session = at === undefined ? null : sessionIn(at.path);
  return session !== null && at !== undefined && isPlaceOf(session, at.place);
}

interface Place {
  /** Of its folder. */
  place: string;
  /** As `labelsOf` says. */
  name: string;
  path: string;
  depth: number;
}

async function deepestFirst(home: Home, read: ReadHome): Promise<Place[]> {
  const places: Place[] = [];
  for (const [place, name] of labelsOf(home, placesOf(home, read))) {
    const path = podFolder(home, place).log;
    try {
      places.push({ place, name, path, depth: await depthOf(path) });
    } catch (error) {
      noteUnread(read, { name, path, error });
    }
  }
  return places.sort((a, b) => b.depth - a.depth);
}

function placesOf(home: Home, read: ReadHome): string[] {
  try {
    return podPlaces(home);
  } catch (error) {
    if (error instanceof PodsNotListed) noteFinding(read, '*', error.message);
    else noteUnread(read, { name: '*', path: `${home.state}/pods`, error });
    return [];
  }
}

async function depthOf(path: string): Promise<number> {
  for await (const { entry } of readEntries(path)) {
    return entry.type === 'session' && Number.isSafeInteger(entry.depth) ? entry.depth : 0;
  }
  return 0;
}

async function readLog(name: string, path: string, read: ReadHome): Promise<void> {
  const check = new LogCheck(name, path);
  const checkpoints = new CheckpointCheck(path);
  let damagedCount = 0;
  const onDamaged = (): void => {
    damagedCount += 1;
  };
  try {
    checkpoints.begin();
    for await (const { entry } of readEntries(path, { onDamaged })) {
      if (entry.type === 'session' && entry.settings['parentElsewhere'] === true)
        read.parentsElsewhere.add(entry.instance);
      check.take(entry);
      checkpoints.take(entry);
    }
  } catch (error) {
    noteUnread(read, { name, path, error });
    return;
  }
  const alive = isElsewhere(path) ?? incarnations(check.started);
  const { view, findings } = check.end({ damagedCount, alive });
  read.findings.push(...findings);
  for (const text of checkpoints.end()) read.findings.push({ rule: 'log', pod: name, text, count: 1 });
  if (view === null) read.unread.add(nameIn(name));
  else read.logs.push(view);
}

/** Of a copy: its processes are on another machine, and an end that nobody has said is none. */
function isElsewhere(path: string): boolean | null {
  const folder = folderAt(dirname(path));
  const spec = specIfKnown(folder);
  return spec === null || hostOf(spec) === null ? null : !hasEndedElsewhere(folder);
}

function incarnations(started: (Entry & { pid: number; startTime: string; bootId: string }) | null): boolean {
  return started !== null && isRunning(started);
}

function noteUnread(
  read: ReadHome,
  { name, path, error }: { name: string; path: string; error: unknown },
): void {
  const code = systemCode(error);
  // A pod that is being made, was removed, or a stray file among the folders: no log, nothing to say. Of the
  // home itself nothing else is in order.
  if (code === 'ENOENT' || (code === 'ENOTDIR' && name !== '*')) return;
  if (!(error instanceof Error)) throw error;
  const what = `${path} cannot be read (${error.message})`;
  noteFinding(read, name, `${what}: fix its permissions or the disk and verify again`);
}

/** Of a pod, however it is called here. */
function nameIn(called: string): string {
  return called.slice(called.lastIndexOf('/') + 1);
}

function noteFinding(read: ReadHome, name: string, text: string): void {
  read.unread.add(nameIn(name));
  // Tombstones are read twice.
  if (read.findings.some((finding) => finding.text === text)) return;
  read.findings.push({ rule: 'log', pod: name, text, count: 1 });
}

type OnDamaged = (path: string, why: string) => void;

function tombstonesOf(home: Home, read: ReadHome, onDamaged?: OnDamaged): Tombstone[] {
  try {
    return readTombstones(home, onDamaged).filter(isTombstone);
  } catch (error) {
    noteUnread(read, { name: '*', path: `${home.state}/removed`, error });
    return [];
  }
}
