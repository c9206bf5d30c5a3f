/**
 * As it ends, Node puts the modes of its terminals back, and aborts where such a terminal is gone
 * (nodejs/node#51519): so what was a terminal and is none any more is let go before.
 */
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

/** As of a process that SIGHUP has ended. */
export const terminalGoneStatus = 129;

export function letGoneTerminalsGo(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  if (terminals.length === 0) return;
  process.on('exit', (status) => {
    const gone = terminals.filter((one) => !isatty(one));
    // Whatever failed of that first: a write, a read, or what waited for one.
    if (gone.length > 0 && status === 1) process.exitCode = terminalGoneStatus;
    for (const fd of gone) replace(fd);
  });
}

/** By what is never a terminal, under the same number: the lowest that is free. */
function replace(fd: number): void {
  try {
    closeSync(fd);
    openSync('/dev/null', 'r+');
  } catch {
    // It was closed already: Node passes over it then.
  }
}
