/**
 * Ends what stands below a pod that could not do it itself: it was killed, or had died before. Its folder is
 * known by its parent's instance, and each is
 * asked in the name of that parent, whose link token it has.
 */
import type { ProcessIdentity } from '../../std/process-identity.ts';
import { type Home, type PodFolder, podFolder, podNames, readToken } from '../../session/home/home.ts';
import { specIfKnown } from '../../session/home/known-spec.ts';
import { readEntries } from '../../session/log/read-log.ts';
import { podSocket } from '../../session/home/pod-address.ts';
import { endLeftOfDead } from '../process/command-groups.ts';
import { stopProcess } from '../process/stop-process.ts';

/**
 * Fulfils with the names of those that lived, when they have ended; one that does not end is not waited for
 * beyond SIGKILL.
 */
export async function stopBelow(home: Home, parentInstance: string, graceMs: number): Promise<string[]> {
  const names = await Promise.all(
    podNames(home).map((name) => stopIfBelow(home, name, { parentInstance, graceMs })),
  );
  return names.flat();
}

async function stopIfBelow(
  home: Home,
  name: string,
  order: { parentInstance: string; graceMs: number },
): Promise<string[]> {
  const { parentInstance, graceMs } = order;
  const folder = podFolder(home, name);
  // A folder that cannot be read must not keep the others from being ended.
  const spec = specIfKnown(folder);
  if (spec === null || spec.parent?.instance !== parentInstance) return [];
  const stopped = await stopProcess({
    socket: podSocket(home, { name, instance: spec.instance }),
    process: await newestProcess(folder),
    graceMs,
    cascade: true,
    reason: 'stopped with the tree that it belongs to',
    from: { instance: parentInstance, token: readToken(folder) },
  });
  if (stopped.kind === 'ended' && stopped.by === 'asked') return [name];
  await endLeftOfDead(folder, spec.instance);
  const below = await stopBelow(home, spec.instance, graceMs);
  return stopped.kind === 'ended' ? [name, ...below] : below;
}

/** Null before its first life, and where its log cannot be read. */
async function newestProcess(folder: PodFolder): Promise<ProcessIdentity | null> {
  let newest: ProcessIdentity | null = null;
  try {
    for await (const { entry } of readEntries(folder.log)) if (entry.type === 'started') newest = entry;
  } catch {
    return null;
  }
  return newest;
}
