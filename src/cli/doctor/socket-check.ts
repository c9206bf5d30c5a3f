/** Whether pods of this home can have their sockets where they belong, and what lies there without a pod. */
import { accessSync, constants, lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { thrownText } from '../../std/thrown-text.ts';
import { runtimeVariable } from '../../session/home/places.ts';
import { systemCode } from '../../std/system-code.ts';
import { checkAbove, ensureRuntimeDir, socketPath } from '../../transport/address.ts';
import { probe } from '../../transport/dial.ts';
import { SocketPathTooLong } from '../../transport/failures.ts';
import type { CommandContext } from '../invocation/context.ts';
import type { SeenPod } from '../../client/pod-view.ts';
import { type Finding, namesIn, ok } from './finding.ts';

const nobody = '00000000-0000-7000-8000-000000000000';

export function socketFolder(context: CommandContext): Finding {
  const { runtime, spareRuntime, othersRuntime } = context.home;
  const found = ownSocketFolder(context);
  // Only a spare one is another: nobody needs it at this moment.
  const isUnused = othersRuntime === undefined || spareRuntime !== undefined;
  if (isUnused || found.level === 'failure') return found;
  const text = `another user has made ${othersRuntime}: sockets are in ${runtime} instead, and pods run as always`;
  const fix = 'set XDG_RUNTIME_DIR to a folder of your own, or have root remove that name';
  return { ...found, level: 'warning', text, fix };
}

function ownSocketFolder({ home, environment }: CommandContext): Finding {
  const check = 'socket folder';
  try {
    // Of any pod: all are equally long.
    socketPath(home.runtime, nobody);
    if (!isThere(home.runtime)) {
      checkAbove(home.runtime);
      const problem = makingProblem(home.runtime);
      if (problem === null) return ok(check, `${home.runtime} is made when it is needed`);
      const fix = `set ${runtimeVariable(environment)} to a folder of your own, or unset it`;
      return { check, level: 'failure', text: `${home.runtime} cannot be made: ${problem}`, fix };
    }
    ensureRuntimeDir(home.runtime);
    const problem = makingProblem(join(home.runtime, nobody));
    if (problem === null) return ok(check, home.runtime);
    const fix = `make it writable for you, or set ${runtimeVariable(environment)} to a folder of your own`;
    return { check, level: 'failure', text: `${home.runtime} cannot be written: ${problem}`, fix };
  } catch (error) {
    const text = thrownText(error);
    return { check, level: 'failure', text, fix: socketFolderFix(error) };
  }
}

/** A link that leads to nothing is something too. */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Why nothing could be made there, by the nearest one above that is there; null where it could. */
function makingProblem(path: string): string | null {
  const above = dirname(path);
  try {
    accessSync(above, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    const code = systemCode(error) ?? String(error);
    return code === 'ENOENT' && above !== path ? makingProblem(above) : `${code} at ${above}`;
  }
}

export async function staleSockets({ home }: CommandContext, seen: readonly SeenPod[]): Promise<Finding[]> {
  const live = new Set(seen.filter((one) => one.probed.kind !== 'ended').map((one) => one.pod.socket));
  const unknown = namesIn(home.runtime)
    .filter((name) => name.endsWith('.sock'))
    .map((name) => join(home.runtime, name))
    .filter((path) => !live.has(path));
  const stale: Finding[] = [];
  for (const path of unknown) {
    // Homes may share this folder: what answers is a pod of another one.
    const found = await probe(path, socketAnswerMs).catch(() => null);
    if (found !== 'refused') continue;
    stale.push({
      check: 'stale socket',
      level: 'warning',
      text: `${path}: its pod is not running`,
      fix: `harmless, replaced when the pod starts; or: rm ${path}`,
    });
  }
  return stale;
}

const socketAnswerMs = 1_000;

function socketFolderFix(error: unknown): string {
  return error instanceof SocketPathTooLong
    ? 'set XDG_RUNTIME_DIR (without it TMPDIR) or PODKIN_HOME to a shorter path: until then no pod can start'
    : 'fix its owner or permissions, or set PODKIN_HOME';
}
