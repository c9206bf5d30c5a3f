/** What is in a folder that need not be there. */
import { readdirSync } from 'node:fs';
import { systemCode } from './system-code.ts';

/** Throws the file system's error where it cannot be listed. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
