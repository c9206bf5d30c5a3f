/** Where a program and what belongs to it are. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, parse, resolve } from 'node:path';

/**
 * What a program of a person's own has to be able to read so that it can run: where its program and the files
 * that its arguments name are, with the packages beside them. Never a whole home or more.
 */
export function programFolders(
  {
    command = '',
    args = [],
  }: { readonly command?: string | undefined; readonly args?: readonly string[] | undefined },
  path: string,
  cwd: string,
): string[] {
  const program = command.includes('/') ? resolve(cwd, command) : onPath(command, path);
  const named = args.filter((arg) => isAbsolute(arg));
  const files = [...(program === null ? [] : [program]), ...named].flatMap(withRealPath).filter(isFile);
  return [...new Set(files.map(folderToRead).filter((folder) => !isTooWide(folder)))];
}

function onPath(command: string, path: string): string | null {
  return (
    path
      .split(delimiter)
      .map((folder) => join(folder, command))
      .find(existsSync) ?? null
  );
}

function withRealPath(file: string): string[] {
  try {
    return [file, realpathSync(file)];
  } catch {
    return [];
  }
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function folderToRead(file: string): string {
  const packages = file.indexOf('/node_modules/');
  if (packages >= 0) return realpathSync(file.slice(0, packages + '/node_modules'.length));
  const folder = realpathSync(dirname(file));
  // Python's own places of packages.
  return existsSync(join(folder, '..', 'pyvenv.cfg')) ? dirname(folder) : folder;
}

function isTooWide(folder: string): boolean {
  const home = homedir();
  return folder === parse(folder).root || folder === home || home.startsWith(`${folder}/`);
}
