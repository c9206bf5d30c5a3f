/**
 * A program in one file, as the build makes it, taken in with V8's code cache: what was compiled once is not
 * compiled at the next start. Its imports and its `require` are those of whoever takes it in, because code
 * that comes out of a cache has lost the way to Node's loader.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { cacheFileName, readCodeCache, writeCodeCache } from './code-cache.ts';

/** What a program asks its loader for. Both look from the program's folder. */
export interface ProgramLoader {
  readonly require: NodeJS.Require;
  readonly importModule: (specifier: string) => Promise<unknown>;
}

export interface Program<E> {
  /** Whether it is all there is for the caller to see. */
  readonly exports: Partial<E>;
  /**
   * Writes its cache where there was none to use; functions that have run by now are in it. Called again it
   * puts one with all that has run since in the place of its own. Never rejects.
   */
  readonly keep: () => Promise<void>;
}

/** Throws what is wrong with the file or in its top level. */
export function loadProgram<E>(file: string, cacheFolder: string, loader: ProgramLoader): Program<E> {
  const bytes = readProgram(file);
  const name = cacheFileName(basename(file, '-body.cjs'), bytes);
  const cachedData = readCodeCache(join(cacheFolder, name));
  // One function, and all of it ASCII: the build sees to that.
  const script = new Script(bytes.toString('latin1'), { filename: file, cachedData });
  const module: { exports: Partial<E> } = { exports: {} };
  const { require, importModule } = loader;
  script.runInThisContext()(module.exports, require, module, file, dirname(file), importModule);
  const isUsed = cachedData !== undefined && script.cachedDataRejected !== true;
  let isOurs: boolean | null = null;
  const keep = async () => {
    if (!isUsed && isOurs !== false) isOurs = await keepCache(script, { folder: cacheFolder, name, isOurs });
  };
  return { exports: module.exports, keep };
}

function readProgram(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`${file} cannot be read: install podkin again`, { cause: error });
  }
}

/**
 * In nobody's way: a folder that cannot be written only means that the next start takes longer. `isOurs`:
 * what it answered before, whether the cache that was there then was this process's.
 */
async function keepCache(
  script: Script,
  { folder, name, isOurs }: { folder: string; name: string; isOurs: boolean | null },
): Promise<boolean> {
  try {
    const isThere = readCodeCache(join(folder, name)) !== undefined;
    // Another process that started at the same time may have been quicker.
    if (isThere && isOurs === null && script.cachedDataRejected !== true) return false;
    // Its home may have been removed meanwhile.
    if (!isThere && isOurs === true) return false;
    await writeCodeCache(folder, name, script.createCachedData());
    return true;
  } catch {
    // Said nowhere: nothing is lost by it.
    return false;
  }
}
