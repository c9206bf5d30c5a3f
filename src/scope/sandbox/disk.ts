/**
 * The disk as the planning of mounts asks it. What cannot be looked at is missing: nothing is mounted that is
 * not known.
 */
import { lstatSync, mkdirSync, opendirSync, readlinkSync, realpathSync, rmdirSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { realOrFutureNow } from '../paths/real-path.ts';
import { type Disk, filesOfPatternMax, type Kind } from './mounts.ts';

/** `held`: stand-ins of other commands, which count as missing. */
export function diskWithout(held: ReadonlySet<string>): Disk {
  return {
    kind: (path) => (held.has(path) ? 'missing' : kindOf(path)),
    real: realOrFutureNow,
    target: (path) => attempt(() => readlinkSync(path)),
    names: (path) => attempt(() => firstNames(path)) ?? [],
  };
}

function kindOf(path: string): Kind {
  const stats = attempt(() => lstatSync(path));
  if (stats === undefined) return 'missing';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isFile() ? 'file' : 'special';
}

function firstNames(path: string): string[] {
  const names: string[] = [];
  const directory = opendirSync(path);
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      names.push(entry.name);
      if (names.length > filesOfPatternMax) break;
    }
  } finally {
    directory.closeSync();
  }
  return names.sort();
}

export function isDirectory(path: string): boolean {
  return attempt(() => statSync(path))?.isDirectory() === true;
}

/**
 * Makes the directories among these roots that do not exist yet: a mount needs a place. A name with a dot may
 * be meant as a file and is left alone. Answers what was made, the deepest first.
 */
export function makeMissing(roots: readonly string[]): string[] {
  return roots.flatMap((root) => {
    const isMeant = !root.endsWith('/*') && !basename(root).includes('.');
    if (!isMeant || kindOf(root) !== 'missing' || realOrFutureNow(root) !== root) return [];
    const first = attempt(() => mkdirSync(root, { recursive: true }));
    if (first === undefined) return [];
    const made: string[] = [];
    for (let path = root; path.length >= first.length; path = dirname(path)) made.push(path);
    return made;
  });
}

/** In their order; what is not empty, or gone, stays as it is. */
export function removeEmpty(paths: readonly string[]): void {
  for (const path of paths) attempt(() => rmdirSync(path));
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * Where the file with the network's names really is: often below /run or /mnt, which is not there inside.
 * None where it is missing, or in its place.
 */
export function resolverFiles(named = '/etc/resolv.conf'): string[] {
  const real = attempt(() => realpathSync(named));
  return real === undefined || real === named || kindOf(real) !== 'file' ? [] : [real];
}
