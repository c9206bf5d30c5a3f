/**
 * Another user can make the name that our sockets' folder would have among the temporary files, and in a
 * sticky folder we cannot take it away. Pods then listen in a folder that nobody else can name first; their
 * address files say where.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { wireLimits } from '../../protocol/limits.ts';
import { socketName } from '../../protocol/socket-name.ts';
import { writeFileAtomic } from '../../std/atomic-write.ts';
import { makeFolders } from '../../std/make-folders.ts';
import { type Home, isOthers, temporaryRuntime } from './places.ts';

/** The same home where the shared name is free or ours, or is not used. */
export function withOwnRuntime(home: Home): Home {
  const shared = temporaryRuntime();
  if (home.runtime !== shared && home.spareRuntime !== shared) return home;
  if (!isOthers(shared)) return home;
  const own = ownRuntime(home.state);
  const place = home.runtime === shared ? { runtime: own } : { spareRuntime: own };
  return { ...home, ...place, othersRuntime: shared };
}

const anyInstance = '00000000-0000-7000-8000-000000000000';

/**
 * In the state folder, which is ours alone, where a socket's path fits; else a name by chance among the
 * temporary files.
 */
function ownRuntime(state: string): string {
  const near = join(state, 'run');
  // Of any pod: all are equally long.
  const bytes = Buffer.byteLength(join(near, socketName(anyInstance)));
  if (bytes <= wireLimits.socketPathBytesMax) return near;
  const note = join(state, 'runtime-folder');
  const known = remembered(note);
  if (known !== null) return known;
  const fresh = `${temporaryRuntime()}-${randomBytes(8).toString('hex')}`;
  try {
    makeFolders(state, 0o700);
    writeFileAtomic(note, `${fresh}\n`, 0o600);
    return fresh;
  } catch {
    // It would be another one at every look. This one is told as too long to whoever needs it.
    return near;
  }
}

/**
 * Null where it is not known, is not of this folder of temporary files, or has become another user's since.
 */
function remembered(note: string): string | null {
  try {
    const path = readFileSync(note, 'utf8').trim();
    const isHere = dirname(path) === tmpdir() && path.startsWith(`${temporaryRuntime()}-`);
    return isHere && !isOthers(path) ? path : null;
  } catch {
    return null;
  }
}
