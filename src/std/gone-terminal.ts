/**
 * As it ends, Node puts the modes of its terminals back, and aborts where such a terminal is gone
 * (nodejs/node#51519): so what was a terminal and is none any more is let go before.
 */
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

export function letGoneTerminalsGo(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  if (terminals.length === 0) return;
  process.on('exit', () => {
    for (const fd of terminals.filter((one) => !isatty(one))) replace(fd);
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
