/** Places in which nobody means to start: without any path the scope is the whole working directory. */
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { realPath } from '../../configuration/real-paths.ts';
import { userHome } from '../../session/home/places.ts';

/** Folders of homes: what lies directly in one is somebody's home. */
const homes = new Set(['/home', '/Users']);

/** What `cwd` (a real path) is, where all below it is more than one project; else null. */
export function broadPlace(cwd: string, environment: NodeJS.ProcessEnv): string | null {
  if (cwd === '/') return 'the root of the file system';
  const own = userHome(environment);
  const home = own === null ? null : realPath(own);
  if (cwd === home || cwd === '/root' || homes.has(dirname(cwd)))
    return 'a home directory, with all its keys';
  if (homes.has(cwd) || home?.startsWith(`${cwd}/`) === true) return 'a folder that holds home directories';
  const shared = ['/tmp', '/var/tmp', '/dev/shm', environment['TMPDIR'] ?? tmpdir()].map(realPath);
  return shared.includes(cwd) ? 'a folder of temporary files' : null;
}
