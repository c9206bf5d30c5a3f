/** The program of a pod, for whoever is not podkin's command: it lies beside the library. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PodkinError } from '../std/podkin-error.ts';

/** The library was taken out of its package (a bundler), and what it starts stayed behind. */
export class NoProgram extends PodkinError {
  constructor(folder: string) {
    super(
      `pod.cjs is not beside podkin's library in ${folder}: leave podkin out of the bundle, or name the command with PODKIN_COMMAND`,
    );
    this.name = 'NoProgram';
  }
}

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
