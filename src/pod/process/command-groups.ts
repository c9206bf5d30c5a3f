/**
 * What this pod's commands leave running when nobody ends it at their end, because the pod was killed: on
 * disk stand the process groups while they run, and whether anything was started outside of a sandbox, where
 * it may have left its group. The next incarnation ends it, or whoever stops or removes the pod.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { once } from '../../std/once.ts';
import { type ProcessIdentity, bootId, processIdentity } from '../../std/process-identity.ts';
import { signalProcess } from '../../std/signal-process.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import type { PodFolder } from '../../session/home/home.ts';
import { takeLock } from '../../session/lock/lock.ts';
import { type GroupMember, quotedCommand } from '../../tools/group-members.ts';
import { commandMark, endMarked } from '../../tools/marked-processes.ts';
import { relayName } from '../../tools/shell-script.ts';

const noteSchema = once(() => z.object({ pid: z.int().min(2), startTime: z.string(), bootId: z.string() }));

/** There from the first command outside of a sandbox until what such commands left was looked for. */
const outsideNote = 'outside';
const killMs = 2_000;
const namesShown = 10;

function groupsOf(folder: PodFolder): string {
  return join(folder.path, 'groups');
}

/**
 * Takes note of a group by its leader; the answer forgets it. What cannot be noted is not worth failing a
 * command for.
 */
export function noteGroup(folder: PodFolder, leaderPid: number): () => void {
  const identity = processIdentity(leaderPid);
  if (identity === null) return () => undefined;
  const name = `${leaderPid}.json`;
  if (!note(folder, name, JSON.stringify(identity))) return () => undefined;
  return () => rmSync(join(groupsOf(folder), name), { force: true });
}

/** Before a command begins outside of any sandbox. */
export function noteOutside(folder: PodFolder): void {
  if (!existsSync(join(groupsOf(folder), outsideNote))) note(folder, outsideNote, '');
}

function note(folder: PodFolder, name: string, text: string): boolean {
  try {
    mkdirSync(groupsOf(folder), { recursive: true, mode: 0o700 });
    writeFileSync(join(groupsOf(folder), name), text, { mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends what commands have left running, and answers with a sentence on what was outside of a sandbox; null
 * where there was nothing. For whoever holds the pod's lock: nothing of an incarnation that goes on may be
 * ended. With a grace it is asked first.
 */
export async function endLeft(folder: PodFolder, instance: string, graceMs = 0): Promise<string | null> {
  const names = notes(folder);
  const isOutside = names.includes(outsideNote);
  const ended = isOutside ? await endMarked(commandMark(instance, ''), { graceMs, killMs }) : [];
  for (const name of names) {
    const path = join(groupsOf(folder), name);
    const leader = name === outsideNote ? null : parse(path);
    if (leader !== null) endGroup(leader);
    rmSync(path, { force: true });
  }
  const named = ended.filter(({ command }) => !command.startsWith(relayName));
  return named.length === 0 ? null : leftText(named);
}

/** As `endLeft`, of a pod that does not run; null also where it runs again. */
export async function endLeftOfDead(folder: PodFolder, instance: string): Promise<string | null> {
  if (notes(folder).length === 0) return null;
  try {
    const lock = await takeLock({ instance, folder: folder.path, purpose: 'loan' });
    if (!lock.taken) return null;
    try {
      return await endLeft(folder, instance);
    } finally {
      await lock.release();
    }
  } catch {
    // Its next incarnation ends it.
    return null;
  }
}

export function leftAlert(text: string): EntryBody {
  return { type: 'alert', level: 'warning', code: 'processesLeft', text };
}

function leftText(ended: readonly GroupMember[]): string {
  const more = ended.length > namesShown ? ` and ${ended.length - namesShown} more` : '';
  const names = ended.slice(0, namesShown).map(({ pid, command }) => `${pid} (${quotedCommand(command)})`);
  return `Ended what its commands had left running: ${names.join(', ')}${more}.`;
}

function notes(folder: PodFolder): string[] {
  try {
    return readdirSync(groupsOf(folder));
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

function endGroup(leader: ProcessIdentity): void {
  if (leader.bootId !== bootId()) return;
  const now = processIdentity(leader.pid);
  if (now !== null) {
    if (now.startTime === leader.startTime) signalProcess(leader, 'SIGKILL', { group: true });
    return;
  }
  // The leader has gone and others of its group may live: while they do, no new process gets this number.
  try {
    process.kill(-leader.pid, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}
