/**
 * Which commands of this home run at this moment, and which protected names each of them found when it began:
 * a note on disk for each. What one command set aside might be what another one found in its place; so the
 * earliest command that still runs decides.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import type { PodRef } from '../../session/facts/entries.ts';
import type { Home } from '../../session/home/home.ts';
import { once } from '../../std/once.ts';
import { isRunning, ownIdentity } from '../../std/process-identity.ts';
import type { Claim } from '../ownership/claims.ts';
import { contested } from '../paths/narrow.ts';
import { linkAt } from './stats-of.ts';

const noteSchema = once(() =>
  z.object({
    pid: z.int(),
    startTime: z.string(),
    bootId: z.string(),
    /** Nanoseconds on the machine's monotonic clock, which all of its processes share. */
    begun: z.string().regex(/^\d+$/),
    roots: z.array(z.string()),
    existing: z.array(z.string()),
    missing: z.array(z.string()),
    /** Earlier builds name none. */
    writer: z
      .object({
        pod: z.object({ name: z.string(), instance: z.string() }),
        write: z.array(z.string()),
        deny: z.array(z.string()),
      })
      .optional(),
    /** Absent in the notes of older builds. */
    links: z.array(z.tuple([z.string(), z.string()])).default([]),
  }),
);
type Note = z.output<ReturnType<typeof noteSchema>>;

/** What a command found when it began. */
export interface Found {
  /** The write roots: a `.git` of a folder directly in one counts as missing unless it is in `existing`. */
  readonly roots: readonly string[];
  readonly existing: readonly string[];
  readonly missing: readonly string[];
  /** Protected names that were links, with what they held: what is something else now was not there. */
  readonly links: readonly (readonly [path: string, target: string])[];
  readonly writer: Writer;
}

/** Whose command it is, and where it may write as long as it runs, whatever others claim meanwhile. */
export interface Writer {
  readonly pod: PodRef;
  readonly write: readonly string[];
  /** What is denied inside of these. */
  readonly deny: readonly string[];
}

export interface RunningCommand {
  /**
   * Of the earliest command that runs and watches this path: whether it was there when that command began.
   */
  wasThere(path: string): boolean;
  /** True where another command has this write root. */
  isShared(root: string): boolean;
  end(): void;
}

/** Where the pods of a home note them. */
export function commandNotes(home: Pick<Home, 'state'>): string {
  return join(home.state, 'commands');
}

/**
 * Throws the file system's error where it cannot be noted: then nobody else would know of it, and the
 * command must not start.
 */
export function noteCommand(folder: string, found: Found): RunningCommand {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${randomUUID()}.json`);
  const begun = String(process.hrtime.bigint());
  writeFileSync(file, JSON.stringify({ ...ownIdentity(), begun, ...found }), { mode: 0o600 });
  return {
    wasThere(path) {
      const earliest = living(folder).find((note) => watches(note, path));
      return earliest !== undefined && (earliest.existing.includes(path) || isSameLink(earliest, path));
    },
    isShared: (root) => living(folder, file).some((note) => note.roots.includes(root)),
    end: () => rmSync(file, { force: true }),
  };
}

/**
 * Pods other than the claim's own and those above it whose commands run and may write where it claims: a
 * command keeps what it had when it began.
 */
export function writersIn(folder: string, claim: Claim): PodRef[] {
  const own = new Set([claim.owner.instance, ...claim.above]);
  const writers = living(folder).flatMap(({ writer }) => (writer === undefined ? [] : [writer]));
  return writers
    .filter(({ pod }) => !own.has(pod.instance))
    .filter(({ write, deny }) => {
      const denied = deny.map((path) => ({ path, right: 'write' as const }));
      return contested(claim, { write, deny: denied }) !== null;
    })
    .map(({ pod }) => pod);
}

/**
 * Paths that the earliest running command which watches them found missing: for a command that begins now
 * they are missing too.
 */
export function missingForOthers(folder: string): ReadonlySet<string> {
  const decided = new Map<string, boolean>();
  for (const note of living(folder)) {
    const { existing, missing, links } = note;
    for (const path of existing) if (!decided.has(path)) decided.set(path, true);
    for (const [path] of links) if (!decided.has(path)) decided.set(path, isSameLink(note, path));
    for (const path of missing) if (!decided.has(path)) decided.set(path, false);
  }
  return new Set([...decided].filter(([, wasThere]) => !wasThere).map(([path]) => path));
}

function isSameLink({ links }: Note, path: string): boolean {
  return links.some(([link, target]) => link === path && linkAt(path) === target);
}

function watches({ roots, existing, missing, links }: Note, path: string): boolean {
  if (existing.includes(path) || missing.includes(path) || links.some(([link]) => link === path)) return true;
  return basename(path) === '.git' && roots.includes(dirname(dirname(path)));
}

/** The earliest first. Notes of processes that are gone are removed. */
function living(folder: string, except?: string): Note[] {
  const notes: Note[] = [];
  for (const name of namesIn(folder)) {
    const file = join(folder, name);
    if (file === except) continue;
    const note = readNote(file);
    if (note === null) continue;
    if (isRunning(note)) notes.push(note);
    else rmSync(file, { force: true });
  }
  return notes.sort((a, b) => (BigInt(a.begun) < BigInt(b.begun) ? -1 : 1));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Null for one that is just being written or has ended meanwhile. */
function readNote(file: string): Note | null {
  try {
    return noteSchema().parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
