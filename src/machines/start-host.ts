/** `podkin host start`: this machine's host process runs, and where it is to be asked is said. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { nodeFlags } from '../pod/process/start-process.ts';
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
  let isStarted = false;
  for (;;) {
    try {
      return await askHost(home);
    } catch (error) {
      if (!(error instanceof HostSilent) || monotonicMs() >= endAt) throw error;
    }
    if (!isStarted) start(home, environment);
    isStarted = true;
    await pause(pollMs);
  }
}

export async function askHost(home: Home): Promise<RunningHost> {
  return await withHost(ownHostSocket(home), version, ({ id, socket }) =>
    Promise.resolve({ id, socket, protocol: protocolVersion, podkin: version }),
  );
}

function start(home: Home, environment: NodeJS.ProcessEnv): void {
  const folder = ownHostFolder(home);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const output = openSync(join(folder, 'host.log'), 'w', 0o600);
  try {
    const command = environment['PODKIN_COMMAND'] ?? process.argv[1] ?? '';
    const host = spawn(process.execPath, [...nodeFlags(), command, 'host'], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', output, output],
      env: environment,
    });
    host.on('error', () => undefined);
    host.unref();
  } finally {
    closeSync(output);
  }
}
