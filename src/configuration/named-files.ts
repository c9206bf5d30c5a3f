/** Which files of a project the words of a command name, as far as that can be seen. */
import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isBelow } from '../scope/paths/path-scope.ts';

/** What stands between names in a text that a shell or a program takes apart. */
const between = /[\s;|&()<>{}"'`$,:=]+/;
/** Of one word; what goes beyond is not looked at. */
const partsMax = 200;

/** A word that is more than a name: a script, a list. */
export function isText(word: string): boolean {
  return /[\s;|&<>`$]/.test(word);
}

/** A word and what can be a name inside it: behind `=`, glued to a short option, in a list, in a script. */
export function partsOf(word: string): string[] {
  const parts = word.split(between, partsMax).flatMap((part) => [part, part.replace(/^-[A-Za-z]/, '')]);
  return [...new Set([word, word.slice(word.indexOf('=') + 1), ...parts])].filter((part) => part !== '');
}

/** Real paths of regular files inside of the folder. */
export function filesNamedIn(folder: string, words: readonly string[]): string[] {
  return [...new Set(words.flatMap(partsOf).flatMap((part) => fileInside(folder, part) ?? []))];
}

/** Its real path, where it is a regular file inside of the project. */
export function fileInside(folder: string, word: string): string | null {
  try {
    const place = realpathSync(resolve(folder, word));
    return isBelow(folder, place) && statSync(place).isFile() ? place : null;
  } catch {
    return null;
  }
}
