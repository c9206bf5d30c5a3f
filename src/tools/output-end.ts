/**
 * Whether the output of a program ends once the program has: what was written is on its way through our
 * relay, and on a busy machine that takes its time. Who holds the output decides, not the clock.
 */
import { readdir, readlink } from 'node:fs/promises';
import { errorCode } from '../scope/paths/refusal.ts';
import { monotonicMs } from '../std/clock.ts';
import { within } from '../std/within.ts';
import type { GroupMember } from './group-members.ts';

export interface OutputEnd {
  /** The output has been read to its end. */
  readonly reading: Promise<void>;
  /** Our relays that are there now. */
  readonly relays: () => Promise<readonly GroupMember[]>;
  /** Between two checks. */
  readonly checkMs: number;
}

/** A relay that gets no processor for so long is given up. */
const relayMs = 30_000;

/** False where somebody else holds it open. */
export async function outputEnds({ reading, relays, checkMs }: OutputEnd): Promise<boolean> {
  const untilMs = monotonicMs() + relayMs;
  for (let hadRelay = true; ;) {
    if (await within(reading, checkMs)) return true;
    const there = await relays();
    // What a relay that has just ended wrote is still to be read by us.
    if (there.length === 0 && !hadRelay) return false;
    hadRelay = there.length > 0;
    if (monotonicMs() > untilMs || (await isHeld(there))) return false;
  }
}

/**
 * Somebody beside the relays can write into what they read. Where that cannot be seen, as of others'
 * processes: yes.
 */
async function isHeld(relays: readonly GroupMember[]): Promise<boolean> {
  if (relays.length === 0) return false;
  const pipes = new Set<string>();
  for (const { pid } of relays) {
    const input = await linkAt(`/proc/${pid}/fd/0`);
    // Else it has not come to be the relay yet, or has just ended.
    if (input?.startsWith('pipe:') === true) pipes.add(input);
  }
  if (pipes.size === 0) return process.platform !== 'linux';
  const own = new Set(relays.map(({ pid }) => String(pid)));
  const pids = (await namesIn('/proc')).filter((name) => /^\d+$/.test(name) && !own.has(name));
  const found = await Promise.all(pids.map((pid) => holds(pid, pipes)));
  return found.includes(true);
}

async function holds(pid: string, pipes: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await namesIn(`/proc/${pid}/fd`);
  const links = await Promise.all(descriptors.map((fd) => linkAt(`/proc/${pid}/fd/${fd}`)));
  return links.some((link) => link !== null && pipes.has(link));
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(passOver)) ?? [];
}

async function linkAt(path: string): Promise<string | null> {
  return await readlink(path).catch(passOver);
}

/** It has ended meanwhile, or is another user's. */
function passOver(error: unknown): null {
  if (errorCode(error) === undefined) throw error;
  return null;
}
