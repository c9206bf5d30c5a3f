/**
 * The processes inside a sandbox, seen from outside: the first of them is known by what the sandbox writes on
 * a descriptor, and when it has ended,
 * the kernel has ended all others. It takes no signal but SIGKILL; the rest of its group does.
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Readable, Writable } from 'node:stream';
import * as z from 'zod';
import { monotonicMs } from '../std/clock.ts';
import { deferred } from '../std/deferred.ts';
import { once } from '../std/once.ts';
import { type ProcessIdentity, isRunning, processIdentity } from '../std/process-identity.ts';
import { signalProcess } from '../std/signal-process.ts';
import { dismissGuard, endGuard } from '../scope/sandbox/start-guard.ts';
import type { GroupMember } from './group-members.ts';
import { begunWord, goWord, readyWord } from './shell-script.ts';

/** Written by the sandbox, before the command begins. */
const infoSchema = once(() => z.looseObject({ 'child-pid': z.int().min(2) }));
const infoIndex = 3;
const reportIndex = 4;
const blockIndex = 5;
const filterIndex = 6;
const infoCharsMax = 4_000;
/** More than a shell has to say of as many processes as it may have; what is past it is not read. */
const reportCharsMax = 64_000;

export interface InsideProcesses {
  /**
   * Lets the sandbox be made as soon as it shows what was planned, and its shell begin as soon as the death
   * of this process would end it; answers the path that is another thing, of which nothing is let go.
   */
  release(differs: (firstPid: number) => string | null): Promise<string | null>;
  /** Asks with SIGTERM and fulfils when the sandbox has ended or the time is over. */
  askToEnd(exited: Promise<unknown>, timeMs: number): Promise<void>;
  /** Fulfils when nothing is left inside or the time is over, with what was reported as left behind. */
  ended(timeMs: number): Promise<string[]>;
  /** After `ended`: whether the shell inside had begun. */
  hasBegun(): boolean;
  /** After `ended`: what is still there. */
  stuck(): GroupMember[];
}

export function openInside(child: ChildProcess): InsideProcesses {
  let first: ProcessIdentity | null = null;
  let begun = false;
  const reported = firstIn(child.stdio[infoIndex]).then((found) => {
    first = found;
  });
  const waits = deferred<void>();
  const report = textOf(child.stdio[reportIndex], (text) => {
    if (text.startsWith(`${readyWord}\0`)) waits.resolve();
  }).finally(() => waits.resolve());
  const firstIsRunning = (): boolean => first !== null && isRunning(first);
  return {
    async release(differs) {
      await reported;
      if (first === null) return null;
      const { pid } = first;
      // No event tells that a root is in place.
      for (let stepMs = 1; hasNotExited(child); stepMs = Math.min(stepMs * 2, 20)) {
        const found = differs(pid);
        if (found === '') await letGo(child, pid, waits.promise);
        if (found !== null) return found === '' ? null : found;
        await pause(stepMs);
      }
      return null;
    },
    async askToEnd(exited, timeMs) {
      await Promise.race([reported, exited.catch(() => undefined), later(timeMs)]);
      if (first === null) return;
      signalProcess(first, 'SIGTERM', { group: true });
      await Promise.race([exited.catch(() => undefined), later(timeMs)]);
    },
    async ended(timeMs) {
      await Promise.race([reported, later(timeMs)]);
      const endMs = monotonicMs() + timeMs;
      // No event tells of the end of a process that is not our child.
      for (let stepMs = 1; firstIsRunning() && monotonicMs() < endMs; stepMs = Math.min(stepMs * 2, 50)) {
        await pause(stepMs);
      }
      const text = await Promise.race([report, later(timeMs).then(() => '')]);
      await endGuard(child, timeMs);
      for (const index of [infoIndex, reportIndex, blockIndex, filterIndex])
        [...child.stdio][index]?.destroy();
      const [, word, ...left] = wholeWords(text);
      begun = word === begunWord;
      return left;
    },
    hasBegun: () => begun,
    stuck: () => (first !== null && firstIsRunning() ? [{ pid: first.pid, command: 'the sandbox' }] : []),
  };
}

/** As soon as it is told: the sandbox may hold the descriptor open for as long as it is held up itself. */
async function firstIn(stream: unknown): Promise<ProcessIdentity | null> {
  if (!(stream instanceof Readable)) return null;
  let text = '';
  try {
    stream.setEncoding('utf8');
    for await (const piece of stream) {
      text += String(piece);
      const identity = identityIn(text);
      if (identity !== null || text.length > infoCharsMax) return identity;
    }
  } catch {
    // Closed by us.
  }
  return null;
}

function identityIn(text: string): ProcessIdentity | null {
  try {
    return processIdentity(infoSchema().parse(JSON.parse(text))['child-pid']);
  } catch {
    // Not the whole yet; or what is inside ended at once.
    return null;
  }
}

/**
 * The byte lets the sandbox go on, the word its shell: should this process die, the byte's descriptor only
 * ends, and the shell hears nothing. When the shell is there, the first process inside has forked it; then it
 * asks the kernel to end it with the sandbox's starter, and next it sleeps.
 */
async function letGo(child: ChildProcess, firstPid: number, waits: Promise<void>): Promise<void> {
  write(child, blockIndex, '1');
  await waits;
  for (let stepMs = 1; hasNotExited(child) && !sleeps(firstPid); stepMs = Math.min(stepMs * 2, 20)) {
    await pause(stepMs);
  }
  dismissGuard(child);
  write(child, reportIndex, `${goWord}\n`);
}

function write(child: ChildProcess, index: number, text: string): void {
  const stream = [...child.stdio][index];
  if (stream instanceof Writable) stream.on('error', () => undefined).write(text);
}

function sleeps(pid: number): boolean {
  try {
    return /^State:\s*S/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function hasNotExited(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** Each is closed by NUL: what is not is no word of the shell's. */
function wholeWords(text: string): string[] {
  return text
    .split('\0')
    .slice(0, -1)
    .filter((word) => word !== '');
}

/**
 * Everything up to the end, or to the bound, past which nothing is read; never rejects. Whoever is inside may
 * have written it.
 */
async function textOf(stream: unknown, onText: (text: string) => void): Promise<string> {
  if (!(stream instanceof Readable)) return '';
  let text = '';
  try {
    stream.setEncoding('utf8');
    for await (const piece of stream) {
      text += String(piece);
      onText(text);
      // The end of this loop closes the descriptor.
      if (text.length >= reportCharsMax) break;
    }
  } catch {
    // Closed by us.
  }
  return text.slice(0, reportCharsMax);
}

/** Holds no process up. */
function later(timeMs: number): Promise<void> {
  return pause(timeMs, undefined, { ref: false });
}
