/**
 * The copy of a log that lies on another machine: its bytes as they are there, so that all that reads logs
 * reads it. A copy that is not how that log begins is made anew beside it, and takes its place when it is
 * whole.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { PodThere } from '../../protocol/host-methods.ts';
import type { PodFolder } from '../../session/home/home.ts';
import { sumBefore } from '../../session/log/log-pieces.ts';
import { type HostCalls, HostRefused } from '../../transport/host-client.ts';

/** Made when it is asked for: a pod begins to listen without a hash. */
const emptySum = (): string => createHash('sha256').digest('hex');
/** More than any session has; a host that never ends is no reason to fill this disk. */
const bytesMax = 8 * 1024 ** 3;

/**
 * Until it holds what was there when this began. Rejects with `HostSilent`, `HostRefused` or the file
 * system's error; what has come by then stays, and the next time goes on behind it.
 */
export async function copyLog(host: HostCalls, pod: PodThere, folder: PodFolder): Promise<void> {
  const anew = `${folder.log}.anew`;
  rmSync(anew, { force: true });
  let path = folder.log;
  let wanted: number | null = null;
  for (;;) {
    const { from, sum } = heldIn(path);
    const { reset, piece, size } = await host.call('log', { ...pod, from, sum });
    wanted ??= size;
    if (size > bytesMax) throw new HostRefused(`its log is longer than ${bytesMax} bytes`);
    if (reset && path === anew) throw new HostRefused('its log changes while it is read');
    if (reset) path = anew;
    const bytes = Buffer.from(piece, 'base64');
    append(path, bytes);
    if ((reset ? 0 : from) + bytes.length >= wanted || bytes.length === 0) break;
  }
  if (path === anew && existsSync(anew)) renameSync(anew, folder.log);
}

/** No file is made by looking: an empty one would be a log that was emptied. */
function heldIn(path: string): { from: number; sum: string } {
  if (!existsSync(path)) return { from: 0, sum: emptySum() };
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    return { from: size, sum: sumBefore(fd, size) };
  } finally {
    closeSync(fd);
  }
}

function append(path: string, bytes: Buffer): void {
  if (bytes.length === 0) return;
  const fd = openSync(path, 'a', 0o600);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
  } finally {
    closeSync(fd);
  }
}
