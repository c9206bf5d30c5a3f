/**
 * `podkin events`: what pods do from now on, one JSON object a line, each with its pod's name. Absent:
 * streamed text; what is committed comes as entries.
 */
import { watch } from 'node:fs';
import { join } from 'node:path';
import { tailEntries } from '../../session/log/read-log.ts';
import { createFolder } from '../../session/log/open-log.ts';
import { ensureRuntimeDir } from '../../transport/address.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus, jsonLine } from '../invocation/context.ts';
import { NoAnswer, PodNotRunning, PodOutOfReach } from '../../client/errors.ts';
import { allPods, findPod, type FoundPod } from '../../client/find-pod.ts';
import { probePod } from '../../client/pod-probe.ts';
import { openPodStream, type PodStream } from '../../client/pod-stream.ts';

interface Watched {
  seq: number;
  stream: PodStream | null;
}

/** With a name until that pod ends; without one until it is interrupted, and pods that appear are joined. */
export async function eventsCommand(context: CommandContext, name: string | null): Promise<number> {
  if (name !== null) {
    const pod = findPod(context.home, name);
    const watched: Watched = { seq: await newestSeq(pod), stream: null };
    if (!(await joinPod(context, pod, watched))) throw await whyNot(pod);
    await watched.stream?.closed;
    return exitStatus.done;
  }
  return everyPod(context);
}

async function whyNot(pod: FoundPod): Promise<Error> {
  const probed = await probePod(pod);
  if (probed.kind === 'ended') return new PodNotRunning(pod.label);
  if (probed.kind === 'silent' && probed.elsewhere) return new PodOutOfReach(pod.label);
  return new NoAnswer(pod.label, 'no connection to its socket came about', 'no');
}

async function newestSeq(pod: FoundPod): Promise<number> {
  const newest = await tailEntries(pod.folder.log, 1).catch(() => []);
  return newest[0]?.entry.seq ?? 0;
}

/** False where it does not listen. */
async function joinPod(context: CommandContext, pod: FoundPod, watched: Watched): Promise<boolean> {
  try {
    watched.stream = await openPodStream({
      path: pod.socket,
      instance: pod.instance,
      since: watched.seq,
      deltas: false,
      onEvent: (event) => {
        // Of this connection, and nothing that the pod does.
        if (event.type === 'live') return;
        if (event.type === 'entry') watched.seq = event.entry.seq;
        context.stdout.write(jsonLine({ pod: pod.name, path: pod.path, instance: pod.instance, ...event }));
      },
    });
    return true;
  } catch {
    return false;
  }
}

/** A socket may appear a moment before it listens; what is missed is found at this pace. */
const pollMs = 1_000;

async function everyPod(context: CommandContext): Promise<number> {
  const { home } = context;
  const folder = join(home.state, 'pods');
  createFolder(folder);
  ensureRuntimeDir(home.runtime);
  const known = new Map<string, Watched>();
  for (const pod of allPods(home)) known.set(pod.instance, { seq: await newestSeq(pod), stream: null });
  let checking = false;
  const check = async (): Promise<void> => {
    if (checking) return;
    checking = true;
    try {
      for (const pod of allPods(home)) {
        // A pod that was not there at the start is shown from its first entry on.
        const watched = known.get(pod.instance) ?? { seq: 0, stream: null };
        known.set(pod.instance, watched);
        if (watched.stream !== null) continue;
        if (!(await joinPod(context, pod, watched))) continue;
        void (watched.stream as PodStream | null)?.closed.then(() => (watched.stream = null));
      }
    } finally {
      checking = false;
    }
  };
  const watchers = [folder, home.runtime].map((path) => watch(path, () => void check()));
  // Both folders may be removed below us: then only the timer looks.
  for (const watcher of watchers) watcher.on('error', () => watcher.close());
  setInterval(() => void check(), pollMs);
  await check();
  // Ends with the process: a signal, or a reader that has gone.
  return new Promise<never>(() => undefined);
}
