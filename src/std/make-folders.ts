/**
 * A folder with the folders above it. Not `mkdir` with `recursive`: that never returns where the system says
 * of a new folder that its parent is missing although the parent is there, as Linux does below /proc.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Answers the topmost folder that was made (each gets `mode`), null where all were there. Throws what the
 * system says, `EEXIST` where a file is in the way.
 */
export function makeFolders(path: string, mode: number): string | null {
  const missing: string[] = [];
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.push(folder);
  for (const folder of missing.toReversed()) makeOne(folder, mode);
  if (!statSync(path).isDirectory()) mkdirSync(path);
  return missing.at(-1) ?? null;
}

/** Two processes may begin in the same empty home. */
function makeOne(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}
