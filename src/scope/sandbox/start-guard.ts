/**
 * What ends a sandbox that is still being started when its starter dies. Bubblewrap asks the kernel to end it
 * with its parent only after it has forked, and what it forked then waits on an event that nobody else can
 * signal: a death in between leaves that process for ever. So a guard in the same process group waits for the
 * end of a pipe that the starter alone holds, and ends the group. It leaves when the kernel would end all.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Duplex } from 'node:stream';

/** Its pipe in the shell that starts the sandbox. */
export const guardIndex = 7;

/**
 * For a POSIX shell at the head of a group of its own, before anything else. It keeps no other descriptor
 * open, and lets no politely meant signal end it before the rest.
 */
export const guardScript = `{ trap "" HUP INT TERM; read -r go <&${guardIndex} || kill -s KILL 0; } </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- &`;

/** The sandbox itself, in place of the shell: the guard's pipe is not for it. */
export const guardedExec = `exec "$@" ${guardIndex}>&-`;

/** The guard leaves and lets the group live. */
export function dismissGuard(child: ChildProcess): void {
  pipeOf(child)
    ?.on('error', () => undefined)
    .write('\n');
}

/** Where the guard is still there it ends the group. Fulfils when it has gone, or the time is over. */
export async function endGuard(child: ChildProcess, timeMs: number): Promise<void> {
  const pipe = pipeOf(child);
  if (pipe === null || pipe.destroyed) return;
  const gone = once(pipe.on('error', () => undefined).resume(), 'close').catch(() => undefined);
  pipe.end();
  await Promise.race([gone, pause(timeMs, undefined, { ref: false })]);
  pipe.destroy();
}

function pipeOf(child: ChildProcess): Duplex | null {
  const stream = [...child.stdio][guardIndex];
  return stream instanceof Duplex ? stream : null;
}
