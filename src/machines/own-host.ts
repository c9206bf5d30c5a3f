/** What identifies a host: a random id in its state, never a boot, a pid or a name. */
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ownHostFolder } from '../session/home/host-places.ts';
import type { Home } from '../session/home/places.ts';
import { writeFileAtomic } from '../std/atomic-write.ts';
import { systemCode } from '../std/system-code.ts';

const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Made at the first asking. Throws the file system's error. */
export function ownHostId(home: Home): string {
  const path = join(ownHostFolder(home), 'id');
  try {
    const id = readFileSync(path, 'utf8').trim();
    if (idPattern.test(id)) return id;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  const id = randomUUID();
  writeFileAtomic(path, `${id}\n`, 0o600);
  return id;
}
