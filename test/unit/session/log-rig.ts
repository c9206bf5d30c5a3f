/**
 * What the tests of the session log share: folders and locks that go away by themselves, bodies to append,
 * processes that run a piece of our source.
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { expect, onTestFinished } from 'vitest';
import { createLog, openLog } from '../../../src/session/log/open-log.ts';
import type { OpenedLog, OpenLogOptions } from '../../../src/session/log/open-log.ts';
import type { AppendLog } from '../../../src/session/log/append-log.ts';
import type { EntryBody, SessionEntry } from '../../../src/session/facts/entries.ts';
import { takeLock } from '../../../src/session/lock/lock.ts';
import type { HeldLock } from '../../../src/session/lock/lock.ts';
import { readEntries } from '../../../src/session/log/read-log.ts';
import type { DamagedRegion } from '../../../src/session/log/read-log.ts';

/** A folder of the test's own, removed at its end. */
export function tempFolder(above: string = tmpdir()): string {
  const folder = mkdtempSync(join(above, 'podkin-session-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * The same where a sync costs nothing, if there is such a place: for tests that open a log thousands of
 * times.
 */
export function memoryFolder(): string {
  return tempFolder(existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
}

export const canMountTmpfs = mountWorks();

function mountWorks(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'podkin-session-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'none', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}

/** A disk of 16 KiB; gone at the test's end. */
export function tinyDisk(): string {
  const folder = tempFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'none', folder]);
  onTestFinished(() => void execFileSync('umount', [folder]));
  return folder;
}

export interface Place {
  readonly path: string;
  readonly folder: string;
  readonly lock: HeldLock;
}

/** A folder with its lock taken, and the path of a log in it. */
export async function place(folder: string = tempFolder()): Promise<Place> {
  const lock = await takeLock({ instance: folder, folder });
  if (!lock.taken) throw new Error('the lock of a new folder is taken');
  onTestFinished(() => lock.release());
  return { path: join(folder, 'session.jsonl'), folder, lock };
}

export type LogOptions = Omit<OpenLogOptions, 'path' | 'lock'>;

/** A new log whose file number does not outlive the test. */
export function newLog(at: Place, options: LogOptions = {}): AppendLog {
  const log = createLog({ ...options, path: at.path, lock: at.lock });
  onTestFinished(() => log.close().catch(() => {}));
  return log;
}

export async function opened(at: Place, options: LogOptions = {}): Promise<OpenedLog> {
  const open = await openLog({ ...options, path: at.path, lock: at.lock });
  onTestFinished(() => open.log.close().catch(() => {}));
  return open;
}

export const alert = (text: string): EntryBody => ({ type: 'alert', level: 'warning', code: 'test', text });

export const session = (fields: Partial<SessionEntry> = {}): SessionEntry => ({
  type: 'session',
  schema: 1,
  podkin: '0.0.0',
  name: 'pod',
  instance: '0190a1b2-0000-7000-8000-000000000001',
  parent: null,
  root: { name: 'pod', instance: '0190a1b2-0000-7000-8000-000000000001' },
  depth: 0,
  cwd: '/',
  model: 'scripted/one',
  instructions: null,
  permissionMode: 'ask',
  scope: { read: [], write: [] },
  settings: {},
  ...fields,
});

/** An original to be damaged: its bytes, and for each line where it stands and whether it ends its append. */
export interface Sample {
  readonly bytes: Buffer;
  readonly lines: readonly { seq: number; from: number; to: number; last: boolean }[];
}

/**
 * A log of nine entries in five appends, one of them of three and one of two lines; the texts are not all
 * ASCII.
 */
export async function sampleLog(): Promise<Sample> {
  const at = await place();
  const log = newLog(at);
  const appends = [
    [session()],
    [alert('zwölf Boxkämpfer 🥊'), alert('b'), alert('c\n"d"')],
    [alert('')],
    [alert('e'), alert('f')],
    [alert('g')],
    [alert('last')],
  ].map((bodies) => log.append(bodies));
  const lines = appends.flatMap(({ entries, lines, from }) => {
    let offset = from;
    return entries.map((entry, i) => {
      const line = {
        seq: entry.seq,
        from: offset,
        to: offset + lines[i]!.length,
        last: i === entries.length - 1,
      };
      offset = line.to;
      return line;
    });
  });
  await log.close();
  return { bytes: readFileSync(at.path), lines };
}

/** The seqs that a reader gets, and the damage that it is told of. */
export async function readSeqs(path: string): Promise<{ seqs: number[]; damaged: DamagedRegion[] }> {
  const damaged: DamagedRegion[] = [];
  const seqs: number[] = [];
  for await (const { entry } of readEntries(path, { onDamaged: (region) => damaged.push(region) })) {
    seqs.push(entry.seq);
  }
  return { seqs, damaged };
}

export async function seqsOf(open: OpenedLog): Promise<number[]> {
  const seqs: number[] = [];
  for await (const entry of open.entries()) seqs.push(entry.seq);
  return seqs;
}

/** Numbers in [0, below), the same ones in every run. */
export function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export function errno(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/**
 * A module of ours, bundled so that a plain Node process can import it. Answers the path of a script with
 * `body`, in which it is called `ours`.
 */
export function script(folder: string, source: string, body: string): string {
  const url = new URL(`../../../src/${source}`, import.meta.url);
  const name = source.replaceAll('/', '-');
  const outfile = join(folder, `${name}.mjs`);
  buildSync({ entryPoints: [fileURLToPath(url)], bundle: true, platform: 'node', format: 'esm', outfile });
  const path = join(folder, `run-${name}.mjs`);
  writeFileSync(path, `import * as ours from './${name}.mjs';\n${body}`);
  return path;
}

export interface Run {
  readonly child: ChildProcess;
  /** The next line of its output; rejects when it ends before. */
  line(): Promise<string>;
  kill(): Promise<void>;
}

/** Starts a script; killed at the test's end if it still runs. */
export function start(path: string, args: readonly string[] = [], flags: readonly string[] = []): Run {
  const child = spawn(process.execPath, [...flags, path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = linesOf(child);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  return {
    child,
    kill,
    line: async () => {
      const next = await lines.next();
      if (next.done) throw new Error('the process has ended');
      return next.value;
    },
  };
}

async function* linesOf(child: ChildProcess): AsyncGenerator<string, undefined> {
  let rest = '';
  for await (const part of child.stdout!) {
    const lines = (rest + String(part)).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  return undefined;
}

export async function failure(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    () => ({ ok: true as const }),
    (error: unknown) => ({ ok: false as const, error }),
  );
  expect(outcome.ok, 'it was to fail').toBe(false);
  return outcome.ok ? undefined : outcome.error;
}
