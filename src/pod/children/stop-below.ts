/**
 * Ends what stands below a pod that could not do it itself: it was killed, or had died before. Its folder is
 * known by its parent's instance, and each is asked in the name of that parent, whose link token it has.
 */
import type { ProcessIdentity } from '../../std/process-identity.ts';
import type { PodFolder } from '../../session/home/home.ts';
import { hostOf } from '../../session/home/host-places.ts';
import { factsSoFar } from '../../session/log/checkpoint-start.ts';
import { readEntries } from '../../session/log/read-log.ts';
import type { Host } from '../host.ts';
import { stopProcess } from '../process/stop-process.ts';

/**
 * Fulfils with the names of those that lived, when they have ended; one that does not end is not waited for
 * beyond SIGKILL.
 */
export async function stopBelow(host: Host, parentInstance: string, graceMs: number): Promise<string[]> {
  const names = await Promise.all(
    host.home.folders().map((folder) => stopIfBelow(host, folder, { parentInstance, graceMs })),
  );
  return names.flat();
}

async function stopIfBelow(
  host: Host,
  folder: PodFolder,
  order: { parentInstance: string; graceMs: number },
): Promise<string[]> {
  const { parentInstance, graceMs } = order;
  const spec = specIfKnown(host, folder);
  if (spec === null || spec.parent?.instance !== parentInstance) return [];
  const { name, instance } = spec;
  const stopped = await stopProcess(host, {
    socket: host.home.socketOf({ instance, folder }),
    // Of a process on another machine nothing can be seen here.
    process: hostOf(spec) === null ? await newestProcess(host, folder) : null,
    graceMs,
    cascade: true,
    reason: 'stopped with the tree that it belongs to',
    from: { instance: parentInstance, token: host.home.token(folder) },
  });
  if (stopped.kind === 'ended' && stopped.by === 'asked') return [name];
  await host.processes.endLeftOfDead(folder, instance);
  const below = await stopBelow(host, instance, graceMs);
  return stopped.kind === 'ended' ? [name, ...below] : below;
}

/** Null before its first incarnation, and where its log cannot be read. */
async function newestProcess({ logs, chance }: Host, folder: PodFolder): Promise<ProcessIdentity | null> {
  try {
    const { facts, end: from } = factsSoFar(folder.log, logs, { random: () => chance.random() });
    let newest: ProcessIdentity | null = facts.started;
    for await (const { entry } of readEntries(folder.log, { disk: logs, from }))
      if (entry.type === 'started') newest = entry;
    return newest;
  } catch {
    return null;
  }
}

/** A folder that cannot be read must not keep the others from being ended. */
function specIfKnown({ home }: Host, folder: PodFolder): ReturnType<Host['home']['knownSpec']> {
  try {
    return home.knownSpec(folder);
  } catch {
    return null;
  }
}
