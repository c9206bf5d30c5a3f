/** The disk as the planning of mounts asks it. What can not be looked at is missing: nothing is mounted that is not known. */
import { lstatSync, opendirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Disk, filesOfPatternMax, type Kind } from './sandbox-mounts.ts';

/** `held`: stand-ins of other commands, which count as missing. */
export function diskWithout(held: ReadonlySet<string>): Disk {
  return {
    kind: (path) => (held.has(path) ? 'missing' : kindOf(path)),
    real: realOrFuture,
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

function realOrFuture(path: string): string | undefined {
  const real = attempt(() => realpathSync(path));
  if (real !== undefined || path === '/') return real;
  // Something is there that leads nowhere, or may not be looked at.
  if (attempt(() => lstatSync(path)) !== undefined) return undefined;
  const above = realOrFuture(dirname(path));
  return above === undefined ? undefined : join(above, basename(path));
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

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
