/**
 * The process groups that this pod's tools have started, on disk while they run: a SIGKILL of the pod leaves its commands alone with the system, and the
 * next life must be able to end them. What left its group with `setsid` is not found.
 */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { once } from '../std/once.ts';
import { type ProcessIdentity, bootId, processIdentity } from '../std/process-identity.ts';
import { signalProcess } from '../std/signal-process.ts';
import type { PodFolder } from '../session/home.ts';

const noteSchema = once(() => z.object({ pid: z.int().min(2), startTime: z.string(), bootId: z.string() }));

function groupsOf(folder: PodFolder): string {
  return join(folder.path, 'groups');
}

/** Takes note of a group by its leader; the answer forgets it. What can not be noted is not worth failing a command for. */
export function noteGroup(folder: PodFolder, leaderPid: number): () => void {
  const identity = processIdentity(leaderPid);
  if (identity === null) return () => undefined;
  const path = join(groupsOf(folder), `${leaderPid}.json`);
  try {
    mkdirSync(groupsOf(folder), { recursive: true, mode: 0o700 });
    writeFileSync(path, JSON.stringify(identity), { mode: 0o600 });
  } catch {
    return () => undefined;
  }
  return () => rmSync(path, { force: true });
}

/** Ends what an earlier life left running. Answers how many groups that were. */
export function endLeftGroups(folder: PodFolder): number {
  let ended = 0;
  for (const path of notes(folder)) {
    const note = parse(path);
    if (note !== null && endGroup(note)) ended += 1;
    rmSync(path, { force: true });
  }
  return ended;
}

function notes(folder: PodFolder): string[] {
  try {
    return readdirSync(groupsOf(folder)).map((name) => join(groupsOf(folder), name));
  } catch {
    return [];
  }
}

function parse(path: string): ProcessIdentity | null {
  try {
    const parsed = noteSchema().safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function endGroup(note: ProcessIdentity): boolean {
  if (note.bootId !== bootId()) return false;
  const now = processIdentity(note.pid);
  if (now !== null)
    return now.startTime === note.startTime && signalProcess(note, 'SIGKILL', { group: true });
  // The leader has gone and others of its group may live: while they do, no new process gets this number.
  try {
    process.kill(-note.pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}
