/** What not every machine can do: said aloud where it is missing, never passed over in silence. */
import { spawnSync } from 'node:child_process';

export function capable(what: string, probe: () => boolean): boolean {
  const found = probe();
  if (!found) console.warn(`NOT TESTED on this machine: it has no ${what}.`);
  return found;
}

/** strace can be used on own processes, and can make their system calls fail. */
export function canInject(): boolean {
  return capable(
    'faults at a system call (strace)',
    () =>
      process.platform === 'linux' &&
      spawnSync('strace', ['-f', '-e', 'inject=fdatasync:error=EIO:when=1', '-o', '/dev/null', 'true'])
        .status === 0,
  );
}
