/**
 * Reading and writing as an ordinary user while links are swapped: nothing outside is touched, whatever the
 * moment.
 */
import { execFile, execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import type { RaceCount } from '../support/race-driver.ts';
import { sizeOf } from '../support/size.ts';
import { tempFolder } from '../unit/tools/bench-context.ts';

const nobody = 65_534;
const raceTimeoutMs = 900_000;
const writes = sizeOf('RACE_WRITES', { short: 500, full: 2_000 });
const reads = writes * 10;

async function makeRace(): Promise<{ folder: string; driver: string }> {
  const folder = await tempFolder();
  for (const path of ['inside/sub/deep', 'outside/deep', 'outside/made/deep']) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  for (const path of ['sub/file', 'sub/deep/file', 'file'])
    writeFileSync(join(folder, 'inside', path), 'mine');
  for (const path of ['file', 'deep/file']) writeFileSync(join(folder, 'outside', path), 'SECRET');
  const driver = join(folder, 'race-driver.mjs');
  const entry = fileURLToPath(new URL('../support/race-driver.ts', import.meta.url));
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: driver,
    logLevel: 'error',
  });
  if (process.geteuid?.() === 0) execFileSync('chown', ['-R', `${nobody}:${nobody}`, folder]);
  return { folder, driver };
}

async function race(made: { folder: string; driver: string }, args: string[]): Promise<RaceCount> {
  const command = [process.execPath, made.driver, made.folder, ...args];
  const asUser = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...command];
  const [program = '', ...rest] = process.geteuid?.() === 0 ? asUser : command;
  const { stdout } = await promisify(execFile)(program, rest, { cwd: '/', timeout: raceTimeoutMs });
  return JSON.parse(stdout) as RaceCount;
}

/** With the times that making or removing a file in passing would leave. */
function standing(path: string): string[] {
  const stats = lstatSync(path, { bigint: true });
  const line = `${path} ${stats.mode} ${stats.nlink} ${stats.mtimeNs} ${stats.ctimeNs}`;
  if (!stats.isDirectory()) return [`${line} ${readFileSync(path, 'utf8')}`];
  return [
    line,
    ...readdirSync(path)
      .sort()
      .flatMap((name) => standing(join(path, name))),
  ];
}

describe('links that are swapped all the time', () => {
  it(
    `[escape.races] of ${reads} reads and ${writes} writes none reaches outside, and nothing is made there even for an instant`,
    { timeout: raceTimeoutMs },
    async () => {
      const made = await makeRace();
      const before = standing(join(made.folder, 'outside'));
      const count = await race(made, [`${reads}`, `${writes}`]);
      expect(standing(join(made.folder, 'outside'))).toEqual(before);
      expect(count.leaks).toBe(0);
      // It was a race: both happened, many times.
      expect(count.readsDone + count.readsRefused).toBe(reads);
      expect(count.writesDone + count.writesRefused).toBeGreaterThanOrEqual(writes);
      for (const some of [count.readsDone, count.readsRefused, count.writesDone, count.writesRefused]) {
        expect(some).toBeGreaterThan(20);
      }
      expect(count.swaps).toBeGreaterThan(reads);
    },
  );

  it(
    '[escape.races-elsewhere] where names cannot go through a descriptor, no byte is written outside',
    { timeout: raceTimeoutMs },
    async () => {
      const made = await makeRace();
      const count = await race(made, ['0', `${writes / 2}`, 'darwin']);
      const outside = join(made.folder, 'outside');
      const contents = readdirSync(outside, { recursive: true, encoding: 'utf8' })
        .filter((name) => lstatSync(join(outside, name)).isFile())
        .map((name) => [name, readFileSync(join(outside, name), 'utf8')]);
      expect(contents.filter(([, text]) => text !== '')).toEqual(
        expect.arrayContaining([
          ['file', 'SECRET'],
          ['deep/file', 'SECRET'],
        ]),
      );
      expect(contents.filter(([, text]) => text !== '')).toHaveLength(2);
      expect(count.writesDone).toBeGreaterThan(20);
      expect(count.writesRefused).toBeGreaterThan(20);
    },
  );
});
