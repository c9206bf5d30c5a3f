/**
 * Whether a run may begin where it was started: without any path its scope is the whole working directory,
 * and some of those nobody means.
 */
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { userHome } from '../../session/home/places.ts';
import { askYesNo, canAsk } from '../invocation/ask-person.ts';
import { CommandFailed, type CommandContext, exitStatus } from '../invocation/context.ts';
import { realPath } from '../../configuration/real-paths.ts';

/** Folders of homes: what lies directly in one is somebody's home. */
const homes = new Set(['/home', '/Users']);

/** What `cwd` (a real path) is, where all below it is more than one project; else null. */
function broadPlace(cwd: string, environment: NodeJS.ProcessEnv): string | null {
  if (cwd === '/') return 'the root of the file system';
  const own = userHome(environment);
  const home = own === null ? null : realPath(own);
  if (cwd === home || cwd === '/root' || homes.has(dirname(cwd)))
    return 'a home directory, with all its keys';
  if (homes.has(cwd) || home?.startsWith(`${cwd}/`) === true) return 'a folder that holds home directories';
  const shared = ['/tmp', '/var/tmp', '/dev/shm', environment['TMPDIR'] ?? tmpdir()].map(realPath);
  return shared.includes(cwd) ? 'a folder of temporary files' : null;
}

/** Asks on a terminal. Rejects with `CommandFailed` (usage) for a no, and where nobody can be asked. */
export async function checkStartingPlace(
  context: CommandContext,
  cwd: string,
  options: { mayAsk: boolean },
): Promise<void> {
  const what = broadPlace(cwd, context.environment);
  if (what === null) return;
  const next = 'change to the folder of the work, or say what may be touched with --read, --write or --cwd';
  const asked = options.mayAsk && canAsk(context);
  const question = `${cwd} is ${what}. Agents started here may read and change everything below it.\nStart here all the same?\n`;
  if (asked && (await askYesNo(context, question)) === true) return;
  throw new CommandFailed(exitStatus.usage, `${cwd} is ${what}: ${next}`);
}
