/**
 * What was set aside of a person's folder, for that person: what is said about it, and whether anything still
 * lies there.
 */
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SetAside } from './watch-report.ts';

const leftOutShown = 5;

/** In a pod's outputs. */
const setAsideName = 'set-aside';

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

/**
 * Moves it out of a pod's folder, which is to go. Answers with where it is then, null where there is nothing.
 */
export function keepSetAside(outputs: string, keptIn: string): string | null {
  if (!hasSetAside(outputs)) return null;
  mkdirSync(dirname(keptIn), { recursive: true, mode: 0o700 });
  renameSync(setAsideFolder(outputs), keptIn);
  return keptIn;
}

export function setAsideText({ path, to, reason, leftOut, isOwn }: SetAside): string {
  const left =
    leftOut.length === 0
      ? []
      : [
          `Removed, because pipes, sockets and devices hold nothing that could be kept: ${leftOut.slice(0, leftOutShown).join(', ')}${leftOut.length > leftOutShown ? ` and ${leftOut.length - leftOutShown} more` : ''}.`,
        ];
  if (leftOut[0] === basename(path)) return `${path} came to be while a shell command ran there. ${left[0]}`;
  return [
    `${path} was set aside. If it is yours, put it back: mv -n ${quoted(to)} ${quoted(path)}`,
    isOwn === true
      ? `It is a repository that the pod has made, and while a command of it ran this came to be there: ${reason}. Look at it before git does.`
      : `It came to be while a shell command ran there, and nobody can tell who made it: ${reason ?? 'something would obey a file of that name unasked'}.`,
    ...left,
  ].join('\n');
}

export function setAsideMoreText(count: number, folder: string): string {
  return `${count} more protected names were set aside, each by its path in the folder where it lay: ${quoted(folder)}. Whichever is yours, put it back from there.`;
}

/** What could not be moved to the outputs. `now`: what it is called, null where nothing helped. */
export function staysText(path: string, now: string | null, reason: string): string {
  const where =
    now === null
      ? `${path} is still there. Do not open or use the folder that it lies in before you have looked at it and removed it`
      : `It is called ${now} now, where nothing obeys it, and nobody may open it. Look at it, then remove it or give it its name again`;
  return `${path} came to be while a shell command ran there, and could not be set aside: ${reason}. ${where}.`;
}

/** For a POSIX shell. What a screen would not show as it is, is written by its number. */
function quoted(path: string): string {
  if (/\p{C}/u.test(path)) return `$'${path.replaceAll(/[\\']/g, '\\$&').replaceAll(/\p{C}/gu, byBytes)}'`;
  return /^[\w/.@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

function byBytes(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}
