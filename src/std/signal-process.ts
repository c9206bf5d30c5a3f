/**
 * Signals to a process that is known by pid, start time and boot: never to another one that has its pid now.
 */
import { type ProcessIdentity, isRunning } from './process-identity.ts';

/**
 * `group`: to the group that the process leads (pods lead groups of their own; one started by other means
 * gets the signal alone). False where it is gone. Throws the system's error where the signal is not allowed.
 */
export function signalProcess(
  target: ProcessIdentity,
  signal: NodeJS.Signals,
  options: { group: boolean },
): boolean {
  if (target.pid <= 1 || !isRunning(target)) return false;
  return (options.group && sent(-target.pid, signal)) || (isRunning(target) && sent(target.pid, signal));
}

function sent(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
