/** What was set aside of a person's folder, for that person: what is said about it, and whether anything still lies there. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SetAside } from './protected-watch.ts';

/** In a pod's outputs. */
export const setAsideName = 'set-aside';

export function setAsideFolder(outputs: string): string {
  return join(outputs, setAsideName);
}

/** True until a person has put everything back or removed it. */
export function hasSetAside(outputs: string): boolean {
  const folder = setAsideFolder(outputs);
  if (!existsSync(folder)) return false;
  try {
    return readdirSync(folder).some((name) => readdirSync(join(folder, name)).length > 0);
  } catch {
    return true;
  }
}

export function setAsideText({ path, to, reason }: SetAside): string {
  return [
    `${path} was set aside. If it is yours, put it back: mv -n ${quoted(to)} ${quoted(path)}`,
    `It came to be while a shell command ran there, and nobody can tell who made it: ${reason ?? 'something would obey a file of that name unasked'}.`,
  ].join('\n');
}

/** For a POSIX shell. */
function quoted(path: string): string {
  return /^[\w/.@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
