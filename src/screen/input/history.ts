/**
 * What was sent from a directory, newest last: a file of the person's own in the state, 0600.
 *
 * Invariants
 * - H1 Several screens write it at once, and none takes away what another has kept.
 * - H2 A reader finds the old file or the new one, whole.
 * - H3 A text that begins with a space is not kept, nor one that was sent right before.
 * - H4 No failure of it is one of the screen: then the history is that of this screen alone.
 */
import { join } from 'node:path';
import { awaitLock } from '../../session/lock/await-lock.ts';
import { createFolder } from '../../session/log/open-log.ts';
import type { Home } from '../../session/home/places.ts';
import { writeFileAtomic } from '../../std/atomic-write.ts';
import { readRegular } from '../../std/open-regular.ts';
import { sha256Hex } from '../../std/sha256.ts';

export const entriesMax = 1_000;
/** A longer text is not kept: it was pasted, and is somewhere. */
const charsMax = 20_000;
/** Of the file: 1,000 of the longest would be too much to read at each start. */
const bytesMax = 2_000_000;
const lockWaitMs = 2_000;

export interface HistoryPlace {
  readonly home: Pick<Home, 'state'>;
  /** The directory, as its real path. */
  readonly cwd: string;
}

export class History {
  readonly #place: HistoryPlace | null;
  #entries: string[];
  /** One write after the other. */
  #written: Promise<void> = Promise.resolve();

  /** Null: nothing is kept beyond this screen (`history = false`). */
  constructor(place: HistoryPlace | null) {
    this.#place = place;
    this.#entries = place === null ? [] : read(fileOf(place));
  }

  /** Oldest first. */
  get entries(): readonly string[] {
    return this.#entries;
  }

  add(text: string): void {
    if (!isKept(text) || this.#entries.at(-1) === text) return;
    this.#entries = bounded([...this.#entries, text]);
    const place = this.#place;
    if (place !== null) this.#written = this.#written.then(() => keep(place, text)).catch(() => undefined);
  }

  /** Fulfils when all that was added is on disk, or could not be. */
  async written(): Promise<void> {
    await this.#written;
  }
}

function isKept(text: string): boolean {
  return text.trim() !== '' && !text.startsWith(' ') && text.length <= charsMax;
}

function folderOf({ home }: HistoryPlace): string {
  return join(home.state, 'typed');
}

/** By a number of the directory's name: whoever lists the folder learns no paths. */
export function fileOf(place: HistoryPlace): string {
  return join(folderOf(place), `${sha256Hex(place.cwd).slice(0, 32)}.jsonl`);
}

/** What is no line of ours is passed over. */
function read(path: string): string[] {
  try {
    return bounded(
      readRegular(path, 2 * bytesMax)
        .split('\n')
        .flatMap(entryOf),
    );
  } catch {
    return [];
  }
}

function entryOf(line: string): string[] {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'string' && isKept(entry) ? [entry] : [];
  } catch {
    return [];
  }
}

/** The newest. */
function bounded(entries: readonly string[]): string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const entry of entries.toReversed()) {
    bytes += Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (kept.length === entriesMax || bytes > bytesMax) break;
    kept.push(entry);
  }
  return kept.reverse();
}

/** H1, H2: what others have kept meanwhile is read again, in its turn. */
async function keep(place: HistoryPlace, text: string): Promise<void> {
  const folder = folderOf(place);
  createFolder(folder);
  const lock = await awaitLock({ instance: 'typed', folder, purpose: 'loan' }, lockWaitMs);
  if (!lock.taken) return;
  try {
    const path = fileOf(place);
    const entries = bounded([...read(path), text]);
    writeFileAtomic(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), 0o600);
  } finally {
    await lock.release();
  }
}

/** The places of texts that have the words, the newest first; case does not count. */
export function foundIn(entries: readonly string[], words: string): readonly number[] {
  const wanted = words.toLowerCase();
  const seen = new Set<string>();
  return entries.flatMap((_, at) => {
    const place = entries.length - 1 - at;
    const entry = entries[place] ?? '';
    if (seen.has(entry) || !entry.toLowerCase().includes(wanted)) return [];
    seen.add(entry);
    return [place];
  });
}
