/** The program of a pod, for whoever is not podkin's command: it lies beside the library. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NoProgram } from '../client/errors.ts';

/** Throws `NoProgram`. */
export function ownProgram(environment: NodeJS.ProcessEnv): string {
  const command = environment['PODKIN_COMMAND'];
  const here = dirname(fileURLToPath(import.meta.url));
  const folders = command === undefined || command === '' ? [here, dirname(here)] : [dirname(command)];
  const found = folders.map((folder) => join(folder, 'pod.cjs')).find((path) => existsSync(path));
  if (found !== undefined) return found;
  if (command !== undefined && command !== '') return command;
  throw new NoProgram(here);
}
