/**
 * A process that ignores SIGTERM: whoever has to end it before its own end is kept in the state `stopping`
 * for as long as a test wants.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ProcessIdentity, processIdentity } from '../../src/std/process-identity.ts';
import type { TestHome } from './rig.ts';

export interface StubbornProcess {
  identity: ProcessIdentity;
  /** SIGKILL; fulfils when it is gone. Harmless twice. */
  end(): Promise<void>;
}

/** Leader of a group of its own; ended with the home at the latest. */
export async function stubbornProcess(home: TestHome): Promise<StubbornProcess> {
  // The word on stdout says that the trap stands.
  const started = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 60; done'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(started, 'exit');
  const pid = started.pid ?? -1;
  const end = async () => {
    if (started.exitCode === null && started.signalCode === null) process.kill(-pid, 'SIGKILL');
    await exited;
  };
  home.beforeClose(end);
  await once(started.stdout, 'data');
  const identity = processIdentity(pid);
  if (identity === null) throw new Error('the stubborn process has ended by itself');
  return { identity, end };
}
