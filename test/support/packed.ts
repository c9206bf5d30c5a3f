/** The package as people get it: built and packed in a copy of the checkout. */
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const packageFolder = fileURLToPath(new URL('../..', import.meta.url));
const left = new Set(['node_modules', 'dist', '.git', '.cache', 'coverage']);

/** A checkout at `place`, with the packages that are installed here. */
export function copyCheckout(place: string): void {
  cpSync(packageFolder, place, { recursive: true, filter: (path) => !left.has(basename(path)) });
  symlinkSync(join(packageFolder, 'node_modules'), join(place, 'node_modules'));
}

/** The archive, in a new folder. */
export function pack(checkout: string, folder: string, umask = '022'): string {
  const script = `umask ${umask} && npm pack --silent --pack-destination "$1"`;
  execFileSync('/bin/sh', ['-c', `mkdir "$1" && ${script}`, 'sh', folder], { cwd: checkout, stdio: 'pipe' });
  return join(folder, readdirSync(folder)[0] ?? '');
}
