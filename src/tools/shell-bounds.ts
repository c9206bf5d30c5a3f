/** Which bound a failed command seems to have met, from how it ended and what it wrote. Pure. */
import type { GroupRun } from './process-group.ts';
import type { ShellLimits } from './shell-script.ts';

/** A shell passes on the end of what it started as 128 and the signal's number. */
const exits = { fileTooLong: 128 + 25, processorTime: 128 + 24 } as const;

/**
 * One sentence a bound, with the setting that moves it. Of the last two only the words are known, so they are
 * put as a possibility.
 */
export function boundsMet(
  run: Pick<GroupRun, 'exitCode' | 'signal'>,
  output: string,
  limits: ShellLimits,
): string[] {
  const ended = (signal: NodeJS.Signals, exitCode: number) =>
    run.signal === signal || run.exitCode === exitCode;
  const tail = output.slice(-4_000);
  const met: string[] = [];
  if (ended('SIGXFSZ', exits.fileTooLong) || /File size limit exceeded|File too large/.test(tail)) {
    met.push(`A file may have at most ${limits.shellFileBytes} bytes here (limits.shellFileBytes).`);
  }
  if (ended('SIGXCPU', exits.processorTime) || /CPU time limit exceeded/i.test(tail)) {
    met.push(
      `A process may use at most ${limits.shellCpuSeconds} s of a processor here (limits.shellCpuSeconds).`,
    );
  }
  if (/fork: |Resource temporarily unavailable|EAGAIN/.test(tail)) {
    met.push(
      `If no process could be started: a command may have ${limits.shellProcesses} at once here (limits.shellProcesses).`,
    );
  }
  if (
    /EACCES|Permission denied/.test(tail) &&
    /socket|connect|listen|\.sock\b|AF_UNIX|tmux|agent/i.test(tail)
  ) {
    met.push(
      'If a socket was refused: in the sandbox there are none of the file system (AF_UNIX), unless a person allows it with --sandbox-unix-sockets or [sandbox] unixSockets = true in their own config.toml.',
    );
  }
  if (/EPERM|Operation not permitted/.test(tail) && /mode|permission|chmod|install/i.test(tail)) {
    met.push('If a mode was refused: set-user-id and set-group-id bits cannot be set in the sandbox.');
  }
  if (/Cannot allocate memory|out of memory|bad_alloc|MemoryError|ENOMEM/i.test(tail)) {
    met.push(
      `If memory ran out: a process may have ${limits.shellMemoryBytes} bytes of its own here (limits.shellMemoryBytes).`,
    );
  }
  return met;
}
