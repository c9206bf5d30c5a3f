/**
 * The courier of a host: a process of its own that keeps the way there open, one a home and host. Whoever
 * needs the host and finds nobody there starts it; a lock lets one of them stay.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hostPlaces } from '../../session/home/host-places.ts';
import type { Home } from '../../session/home/places.ts';
import { probeLock } from '../../session/lock/lock.ts';
import { nodeFlags } from '../process/start-process.ts';

const outputBytesMax = 1024 * 1024;

/** For its lock, which is named after an instance. */
export function courierId(name: string): string {
  const digits = createHash('sha256').update(`courier ${name}`).digest('hex');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

export async function isCourierThere(home: Home, name: string): Promise<boolean> {
  const { folder } = hostPlaces(home, name);
  if (!existsSync(folder)) return false;
  return (await probeLock({ instance: courierId(name), folder }).catch(() => 'free')) === 'held';
}

/** Throws what starting a process throws. */
export function startCourier(home: Home, name: string): void {
  const { folder } = hostPlaces(home, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const output = join(folder, 'courier.log');
  const isLong = (statSync(output, { throwIfNoEntry: false })?.size ?? 0) > outputBytesMax;
  const fd = openSync(output, isLong ? 'w' : 'a', 0o600);
  try {
    const courier = spawn(process.execPath, [...nodeFlags(), commandFile(), 'host', 'carry', name], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', fd, fd],
    });
    courier.on('error', () => undefined);
    courier.unref();
  } finally {
    closeSync(fd);
  }
}

/** A pod's own program lies beside the command. */
function commandFile(): string {
  const own = process.env['PODKIN_COMMAND'] ?? process.argv[1] ?? '';
  try {
    const command = join(dirname(realpathSync(own)), 'main.js');
    return existsSync(command) ? command : own;
  } catch {
    return own;
  }
}

/**
 * Why the host cannot be reached, as the courier last said it since then; empty where it has said
 * nothing.
 */
export function troubleSince(home: Home, name: string, sinceMs: number): string {
  const { trouble } = hostPlaces(home, name);
  try {
    return statSync(trouble).mtimeMs >= sinceMs ? readFileSync(trouble, 'utf8').trim() : '';
  } catch {
    return '';
  }
}
