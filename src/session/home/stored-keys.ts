/**
 * Keys of providers that a person keeps with podkin (`podkin login`): a file each in the state folder, which
 * no pod may read whatever its scope. A variable of the environment counts before them.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../std/atomic-write.ts';
import { makeFolders } from '../../std/make-folders.ts';
import { readRegular } from '../../std/open-regular.ts';
import type { Home } from './places.ts';

const keyCharsMax = 4_096;
const variablePattern = /^[A-Z][A-Z0-9_]{0,62}$/;

/** Null, or what is wrong with it. Keys of all providers are one word of visible ASCII. */
export function keyProblem(key: string): string | null {
  if (key === '') return 'it is empty';
  if (key.length > keyCharsMax) return `it is longer than ${keyCharsMax} characters`;
  return /^[!-~]+$/.test(key) ? null : 'it holds spaces, line ends or other characters that no key has';
}

/** By the variables that they stand for. What cannot be read is no key. */
export function storedKeys(home: Home): Record<string, string> {
  const keys: Record<string, string> = {};
  for (const variable of namesIn(folderOf(home))) {
    const key = keyIn(join(folderOf(home), variable));
    if (key !== null) keys[variable] = key;
  }
  return keys;
}

/** Durable when it returns, and for this user alone. Throws the file system's error. */
export function storeKey(home: Home, variable: string, key: string): void {
  makeFolders(folderOf(home), 0o700);
  writeFileAtomic(join(folderOf(home), variable), `${key}\n`, 0o600);
}

/** Whether there was one. */
export function removeKey(home: Home, variable: string): boolean {
  const wasThere = namesIn(folderOf(home)).includes(variable);
  rmSync(join(folderOf(home), variable), { force: true });
  return wasThere;
}

function folderOf({ state }: Home): string {
  return join(state, 'keys');
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => variablePattern.test(name));
  } catch {
    return [];
  }
}

function keyIn(path: string): string | null {
  try {
    const key = readRegular(path, keyCharsMax + 2).trim();
    return keyProblem(key) === null ? key : null;
  } catch {
    return null;
  }
}
