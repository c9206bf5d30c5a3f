/**
 * Pods of a home that run although nothing of them is left in it: their logs were deleted under them. Nobody
 * finds those by the folders of the home; their sockets answer, until they have noticed it and ended.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Home, PodsNotListed } from '../session/home/home.ts';
import { connectAndSend } from '../transport/connect-and-send.ts';
import { allPods, type FoundPod } from './find-pod.ts';

export interface LostLog {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
}

/** Homes may share the folder of the sockets, with as many pods as they like. */
const askedMax = 200;
const answerMs = 1_000;

export async function lostLogs(home: Home): Promise<LostLog[]> {
  const known = new Set(listed(home).map(({ socket }) => socket));
  const unknown = socketsIn(home.runtime)
    .map((name) => join(home.runtime, name))
    .filter((path) => !known.has(path))
    .slice(0, askedMax);
  const found = await Promise.all(unknown.map((path) => lostAt(home, path)));
  return found.filter((one) => one !== null);
}

/** A home whose pods cannot be listed is told for itself. */
function listed(home: Home): readonly FoundPod[] {
  try {
    return allPods(home);
  } catch (error) {
    if (error instanceof PodsNotListed) return [];
    throw error;
  }
}

async function lostAt(home: Home, path: string): Promise<LostLog | null> {
  const answer = await connectAndSend(path, 'status', {}, { deadlineMs: answerMs });
  if (!answer.ok) return null;
  const { name, pid, log } = answer.result;
  const isOurs = log?.startsWith(join(home.state, 'pods', '/')) === true;
  return isOurs && !existsSync(log) ? { name, pid, log } : null;
}

function socketsIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.sock'));
  } catch {
    // Where there is no folder, nothing listens.
    return [];
  }
}

/** In a sentence. */
export function lostLogText({ name, pid, log }: LostLog): string {
  return `${name} runs (process ${pid}), and its session log ${log} was deleted with its folder`;
}

export const lostLogAdvice =
  'put the folder back from a copy, and restore the pod when it has ended; without a copy what it did and had to report is lost';
