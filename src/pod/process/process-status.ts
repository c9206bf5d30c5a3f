/**
 * Whether an incarnation goes on whose lock could be taken here. A lock excludes within one network
 * namespace; an incarnation in another of this boot is asked at its socket, whose file answers across them.
 * Only where that cannot be asked, and its process cannot be seen either, it is unknown: then nothing may be
 * said of its death, and nobody may take its place unasked.
 */
import { existsSync } from 'node:fs';
import { type Placed, type PodAddress, podSocket, readAddress } from '../../session/home/pod-address.ts';
import type { Home } from '../../session/home/home.ts';
import { ownNamespaces } from '../../std/namespaces.ts';
import { bootId, isRunning } from '../../std/process-identity.ts';
import { probe } from '../../transport/dial.ts';

export type ProcessStatus = 'alive' | 'dead' | 'unknown';

const probeTimeoutMs = 1_000;

/**
 * Of the incarnation that has left its address; of one of an earlier build, by the socket at the place that
 * follows from its instance.
 */
export async function statusOf(home: Home, pod: Placed): Promise<ProcessStatus> {
  const address = readAddress(pod.folder, pod.instance);
  if (address !== null) {
    const status = await statusAt(address);
    if (status !== 'dead') return status;
  }
  const path = podSocket(home, pod);
  return path !== address?.socket && existsSync(path) && (await asked(path)) === 'alive' ? 'alive' : 'dead';
}

/**
 * Of an incarnation that was started outside of this network namespace, where the lock tells nothing of it;
 * `dead` where there is none such.
 */
export async function statusElsewhere({ instance, folder }: Placed): Promise<ProcessStatus> {
  const address = readAddress(folder, instance);
  if (address === null || isSame(address.namespaces.network, ownNamespaces().network)) return 'dead';
  return await statusAt(address);
}

export async function statusAt({ socket, process, namespaces }: PodAddress): Promise<ProcessStatus> {
  if (process.bootId !== bootId()) return 'dead';
  const answer = await asked(socket);
  if (answer !== 'unknown') return answer;
  const here = ownNamespaces();
  // Of this namespace the lock has decided.
  if (isSame(namespaces.network, here.network)) return 'dead';
  if (!isSame(namespaces.process, here.process)) return 'unknown';
  return isRunning(process) ? 'alive' : 'dead';
}

/** A name that is not known on one side tells no two apart. */
function isSame(theirs: string | null, ours: string | null): boolean {
  return theirs === null || ours === null || theirs === ours;
}

async function asked(socket: string): Promise<ProcessStatus> {
  try {
    const answer = await probe(socket, probeTimeoutMs);
    return answer === 'listening' ? 'alive' : answer === 'refused' ? 'dead' : 'unknown';
  } catch {
    // Not ours to enter, too long, another kind of file: it cannot be asked.
    return 'unknown';
  }
}
