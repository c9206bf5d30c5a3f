/**
 * Puts what was written through a handle on the disk. By its number: under Yarn's Plug'n'Play a `FileHandle`
 * knows no `sync`.
 */
import { fsync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';

const sync = promisify(fsync);

export async function syncFile(handle: FileHandle): Promise<void> {
  await sync(handle.fd);
}
