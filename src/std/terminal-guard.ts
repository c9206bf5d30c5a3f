/**
 * Modes that a command has set on its terminal outlive it: they are put back on each way out that a process
 * can notice (SIGKILL is none). Whoever catches a signal ends in order, by itself; a signal that nobody
 * catches ends the process as it would have without this.
 */
const endings = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGABRT',
  'SIGALRM',
  'SIGUSR2',
  'SIGVTALRM',
  'SIGXCPU',
] as const;

/** Calls `giveBack` where the process ends before `release`, which is what this answers. */
export function guardTerminal(giveBack: () => void): () => void {
  const tryGiveBack = (): void => {
    try {
      giveBack();
    } catch {
      // The terminal is gone, and with it its modes.
    }
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return;
    tryGiveBack();
    release();
    process.kill(process.pid, signal);
  };
  const release = (): void => {
    process.off('exit', tryGiveBack);
    process.off('uncaughtExceptionMonitor', tryGiveBack);
    for (const signal of endings) process.off(signal, onSignal);
  };
  process.on('exit', tryGiveBack);
  // Before Node writes of it: that is to be read.
  process.on('uncaughtExceptionMonitor', tryGiveBack);
  for (const signal of endings) process.on(signal, onSignal);
  return release;
}
