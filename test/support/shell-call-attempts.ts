/** What a sandboxed shell tries by system calls that no mount and no namespace holds. */
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Attempt } from './shell-attempts.ts';
import type { RunnerAnswer } from './shell-runner.ts';
import type { ShellWorld } from './shell-world.ts';

/** One call by its number, told by its error. */
const asked = (list: string, error: string) => ({
  command: () =>
    `perl -e '$! = 0; my $f = syscall(${list}); print $f < 0 ? "refused " . ($! + 0) : "got-out"'`,
  held: (_: ShellWorld, { text }: RunnerAnswer) =>
    process.arch !== 'x64' || text.startsWith(`refused ${error}`),
});

/** Numbers of x86-64; 13 is EACCES, 1 EPERM, 38 ENOSYS. */
export const systemCalls: Attempt[] = [
  { id: 'make a socket of the file system', ...asked('41, 1, 1, 0', '13') },
  { id: 'make a vsock', ...asked('41, 40, 1, 0', '13') },
  { id: 'open with a structure (openat2)', ...asked('437, -100, my $p = "/", my $h = "\\0" x 24, 24', '38') },
  { id: 'make a ring (io_uring)', ...asked('425, 1, my $r = "\\0" x 128', '38') },
  { id: 'mount by its number', ...asked('165, my $a = "none", my $b = "/tmp", my $c = "tmpfs", 0, 0', '1') },
  { id: 'leave a set-user-id program', command: () => 'cp /bin/cat sb && chmod 4755 sb', held: noSetId },
  { id: 'leave a set-group-id program', command: () => 'cp /bin/cat sb && chmod 2755 sb', held: noSetId },
  { id: 'install a set-user-id program', command: () => 'install -m 4755 /bin/cat sb', held: noSetId },
];

function noSetId(world: ShellWorld): boolean {
  const path = join(world.path, 'w/sb');
  return !existsSync(path) || (lstatSync(path).mode & 0o6000) === 0;
}
