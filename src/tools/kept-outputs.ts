/** What a pod keeps of its commands' long outputs is bounded in sum: the oldest go first. */
import { readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../scope/paths/refusal.ts';

/** Bytes of all long outputs of one pod together. */
const keptBytesMax = 512 * 1024 * 1024;

/** Only outputs are named so; what else lies in the folder is not ours to remove. */
const outputSuffix = '.output.txt';

export function outputFileName(name: string): string {
  return `${name}${outputSuffix}`;
}

/**
 * Removes the oldest outputs beside `newest` until all fit in `bytesMax`. Never rejects for what the file
 * system refuses: a bound is no reason to fail a command.
 */
export async function removeOldOutputs(newest: string, bytesMax: number = keptBytesMax): Promise<void> {
  const files = await outputsIn(dirname(newest));
  const older = files.filter(({ path }) => path !== newest).toSorted((a, b) => a.mtimeMs - b.mtimeMs);
  let bytes = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of older) {
    if (bytes <= bytesMax) return;
    await unlink(path).catch(ignoreSystemError);
    bytes -= size;
  }
}

/** For who asks for an output that is not there. */
export function removedOutputHint(path: string, outputDir: string): string {
  if (dirname(path) !== outputDir || !path.endsWith(outputSuffix)) return '';
  return ` It may have been removed: of a pod's long outputs the newest ${keptBytesMax / 1024 / 1024} MiB are kept. Run the command again for what is needed of it.`;
}

async function outputsIn(folder: string): Promise<{ path: string; size: number; mtimeMs: number }[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names
    .filter((name) => name.endsWith(outputSuffix))
    .map(async (name) => {
      const path = join(folder, name);
      const stats = await stat(path).catch(() => null);
      return stats === null ? [] : [{ path, size: stats.size, mtimeMs: stats.mtimeMs }];
    });
  return (await Promise.all(files)).flat();
}

function ignoreSystemError(error: unknown): void {
  if (errorCode(error) === undefined) throw error;
}
