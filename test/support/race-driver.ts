/**
 * The race for opening and writing inside a scope, as a program of its own, so that it can run as an ordinary
 * user: this process reads and writes while a second one swaps directories and files for links that lead
 * outside. `node race-driver FOLDER READS WRITES` answers with one line of JSON.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Access } from '../../src/scope/paths/access.ts';
import { openInside } from '../../src/scope/paths/open-inside.ts';
import { replaceInside } from '../../src/scope/paths/replace-inside.ts';

export interface RaceCount {
  /** Contents from outside that were read. */
  leaks: number;
  readsDone: number;
  readsRefused: number;
  writesDone: number;
  writesRefused: number;
  swaps: number;
}

/** As a step's parallel reads. */
const atOnce = 16;
/** Of writes done, and of writes refused, so that it was a race. */
const enough = 20;
/** Nor for ever: as many times the writes that were asked for. */
const mostTimes = 50;

const [, , folder = '', second = '0', third = '0', platform] = process.argv;
// The way without descriptors in names can be raced on Linux too.
if (platform !== undefined) Object.defineProperty(process, 'platform', { value: platform });
if (second === 'swap') swapForever();
else process.stdout.write(`${JSON.stringify(await race(Number(second), Number(third)))}\n`);

async function race(reads: number, writes: number): Promise<RaceCount> {
  const inside = join(folder, 'inside');
  const home = { config: '/no-home/config', state: '/no-home/state', runtime: '/no-home/run' };
  const access = { scope: { read: [], write: [inside] }, home, outputs: '/no-home/outputs', programs: [] };
  const swapper = fork(fileURLToPath(import.meta.url), [folder, 'swap']);
  await once(swapper, 'message');
  const count: RaceCount = {
    leaks: 0,
    readsDone: 0,
    readsRefused: 0,
    writesDone: 0,
    writesRefused: 0,
    swaps: 0,
  };
  const places = ['sub/file', 'file', 'sub/deep/file', 'sub/../sub/file'];
  for (let n = 0; n < reads; n += atOnce) {
    await Promise.all(
      Array.from({ length: Math.min(atOnce, reads - n) }, (_, k) =>
        readOnce(access, join(inside, places[(n + k) % places.length] ?? ''), count),
      ),
    );
  }
  const targets = ['sub/new', 'file', 'sub/made/deep/new', 'sub/file'];
  // On a slow machine nearly all are refused: more of them until enough of both have happened.
  for (let n = 0; n < writes || (!isEnough(count) && n < writes * mostTimes); n += 1) {
    await writeOnce(access, join(inside, targets[n % targets.length] ?? ''), count);
  }
  const told = once(swapper, 'message');
  swapper.send('end');
  const [swaps] = await told;
  count.swaps = Number(swaps);
  await once(swapper, 'exit');
  return count;
}

function isEnough({ writesDone, writesRefused }: RaceCount): boolean {
  return writesDone > enough && writesRefused > enough;
}

async function readOnce(access: Access, path: string, count: RaceCount): Promise<void> {
  const opened = await openInside(access, 'read', path);
  if (!opened.ok) {
    count.readsRefused += 1;
    return;
  }
  try {
    const text = await opened.handle.readFile('utf8');
    if (text.includes('SECRET')) count.leaks += 1;
    count.readsDone += 1;
  } finally {
    await opened.handle.close();
  }
}

/** As Write does it: look, then replace. */
async function writeOnce(access: Access, path: string, count: RaceCount): Promise<void> {
  const opened = await openInside(access, 'write', path);
  if (!opened.ok && opened.kind !== 'missing') {
    count.writesRefused += 1;
    return;
  }
  if (opened.ok) await opened.handle.close();
  const written = await replaceInside(
    access,
    path,
    Buffer.from('written'),
    opened.ok ? opened.stats : 'absent',
  );
  if (written.ok) count.writesDone += 1;
  else count.writesRefused += 1;
}

/** A directory and a file are now themselves, now links to their likes outside. */
function swapForever(): void {
  const at = (...parts: string[]) => join(folder, ...parts);
  let swaps = 0;
  process.once('message', () => {
    process.send?.(swaps);
    process.disconnect();
  });
  process.send?.('begun');
  const round = (): void => {
    if (!process.connected) return;
    for (let n = 0; n < 50; n += 1) {
      swapOnce(at('inside', 'sub'), at('inside', 'was'), at('outside'));
      swapOnce(at('inside', 'file'), at('inside', 'file-was'), at('outside', 'file'));
      swaps += 2;
    }
    setImmediate(round);
  };
  round();
}

function swapOnce(path: string, aside: string, target: string): void {
  tried(() => renameSync(path, aside));
  tried(() => symlinkSync(target, path));
  tried(() => unlinkSync(path));
  if (tried(() => renameSync(aside, path))) return;
  // A write has made something new in the meantime.
  tried(() => rmSync(path, { recursive: true, force: true }));
  tried(() => renameSync(aside, path));
}

/** The other process is at work in the same place: any step may find things otherwise. */
function tried(step: () => void): boolean {
  try {
    step();
    return true;
  } catch {
    return false;
  }
}
