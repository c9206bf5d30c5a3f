/** `podkin host start`: this machine's host process runs, and where it is to be asked is said. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startOwnCommand } from '../pod/process/own-command.ts';
import { protocolVersion } from '../protocol/limits.ts';
import { ownHostFolder, ownHostSocket } from '../session/home/host-places.ts';
import type { Home } from '../session/home/places.ts';
import { monotonicMs } from '../std/clock.ts';
import { HostSilent, withHost } from '../transport/host-client.ts';
import { version } from '../version.ts';

const withinMs = 20_000;
const pollMs = 50;

export interface RunningHost {
  readonly id: string;
  readonly socket: string;
  readonly protocol: number;
  readonly podkin: string;
}

/** Rejects with `HostSilent` where it does not answer in time, or `HostRefused`. */
export async function startHost(home: Home, environment: NodeJS.ProcessEnv): Promise<RunningHost> {
  const endAt = monotonicMs() + withinMs;
  const output = { path: join(ownHostFolder(home), 'host.log'), appends: false };
  let isStarted = false;
  for (;;) {
    try {
      return await askHost(home);
    } catch (error) {
      if (!(error instanceof HostSilent) || monotonicMs() >= endAt) throw error;
    }
    if (!isStarted) startOwnCommand(['host'], output, environment);
    isStarted = true;
    await pause(pollMs);
  }
}

export async function askHost(home: Home): Promise<RunningHost> {
  return await withHost(ownHostSocket(home), version, ({ id, socket }) =>
    Promise.resolve({ id, socket, protocol: protocolVersion, podkin: version }),
  );
}
