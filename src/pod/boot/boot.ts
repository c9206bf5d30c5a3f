/**
 * A pod's process from its folder to its end: locks, socket, log, `started` on disk, answers, and only then
 * the first word to whoever waits. Nothing here imports a provider SDK: that comes with the first request.
 */
import { thrownText } from '../../std/thrown-text.ts';
import { StorageFailed } from '../../session/log/storage-failed.ts';
import { folderAt } from '../../session/home/home.ts';
import type { PodServer } from '../../transport/server.ts';
import { type Assembled, assemble } from './assemble.ts';
import { cancelStoppedTurn, onShutdown } from '../machine/inputs.ts';
import { logInPlace } from './lost-log.ts';
import { type OpenedPod, addressAt, openPod } from './open-pod.ts';
import type { SetAtStart } from '../../session/settings/wanted.ts';
import type { OwnedBy } from '../../protocol/own-tools.ts';
import type { Restrictions } from '../../session/facts/entries.ts';
import type { Host } from '../host.ts';
import type { Pod } from '../pod.ts';
import { boot, hasBegun, recoverPreviousRun, watchdog } from '../machine/state.ts';
import { removeHalfMade, undoSpawn } from '../children/undo-spawn.ts';

export interface PodRun {
  /** Called once, when the pod listens and has said so. */
  readonly onListening?: () => void;
  /** Its log is open; nobody can speak to it yet. */
  readonly onOpened?: (pod: Pod) => void;
  readonly restrictions?: Restrictions | undefined;
  readonly set?: SetAtStart | undefined;
  /** Of this incarnation, in the place of what the tree was begun with. */
  readonly headless?: boolean | undefined;
  /** The turn that its last end has cut ends here. */
  readonly cancelsTurn?: boolean;
  /** The program that the tree belongs to. */
  readonly owner?: OwnedBy | undefined;
}

/** Fulfils when the pod has ended, with the exit status of its process. */
export async function runPodOn(
  host: Host,
  folderPath: string,
  { onListening, onOpened, restrictions, set, headless, cancelsTurn = false, owner }: PodRun = {},
): Promise<number> {
  let opened: OpenedPod;
  try {
    const takeOver = host.self.takesOver();
    opened = await openPod(folderAt(folderPath), host, { takeOver, restrictions, set, headless });
  } catch (error) {
    return notStarted(host, error);
  }
  onOpened?.(opened.pod);
  return await live(opened, { onListening, cancelsTurn, owner });
}

function notStarted({ self }: Pick<Host, 'self'>, error: unknown): number {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  const message = thrownText(error);
  self.complain(message);
  self.say({ kind: 'failed', code, message });
  return 1;
}

/** From a pod that is open to its end. */
async function live(
  opened: OpenedPod,
  { onListening, ...begins }: Begins & { onListening: (() => void) | undefined },
): Promise<number> {
  const { pod, lock, socket } = opened;
  const { host } = pod;
  let parts: Prepared;
  try {
    parts = await prepared(opened, begins);
  } catch (error) {
    if (error instanceof StorageFailed) notStarted(host, error);
    await socket.release();
    await lock.release();
    if (error instanceof StorageFailed) return 1;
    throw error;
  }
  const server = socket.answer({
    handlers: parts.handlers,
    onDefect: (error) =>
      host.self.complain(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  });
  await parts.claimed;
  const ended = parts.ended;
  host.self.onSignal((signal) => pod.input((core) => onShutdown(core, 'signal', signal)));
  const { pid } = host.self.identity();
  host.self.say({ kind: 'ready', pid, incarnation: pod.facts.incarnation, socket: server.path });
  onListening?.();
  parts.owner.begin();
  removeLeftovers(pod);
  parts.hooks.start();
  parts.parentLink?.start();
  pod.input((core) => boot(core));
  const present = keeper(pod, server);
  const endSweeps = host.clock.every(pod.core.limits.sweepMs, () => sweep(pod, present, parts));
  parts.children.sweep();
  await ended;
  endSweeps();
  pod.clearTimers();
  parts.observers.close();
  parts.children.close();
  await server.close();
  await pod.checkpoints.last();
  await pod.log.close().catch(() => undefined);
  await lock.release();
  return 0;
}

interface Begins extends Pick<PodRun, 'owner'> {
  readonly cancelsTurn: boolean;
}

interface Prepared extends Assembled {
  claimed: Promise<unknown>;
}

/** All that comes before the first answer; fulfils when this incarnation stands on disk. */
async function prepared({ pod, begun }: OpenedPod, { cancelsTurn, owner }: Begins): Promise<Prepared> {
  const parts = assemble(pod, owner);
  // Before anybody can speak to this pod: the results of the interrupted calls name the spawns that are
  // undone next.
  pod.input((core) => recoverPreviousRun(core));
  if (cancelsTurn) pod.input((core) => cancelStoppedTurn(core, 'person'));
  await undoUnbegun(pod);
  const claimed = pod.claims.sync().catch((error: unknown) => pod.host.self.complain(String(error)));
  await begun;
  return { ...parts, claimed };
}

/** What a killed pod's shell has left is no reason not to live. */
function removeLeftovers(pod: Pod): void {
  try {
    pod.host.home.removeLeftovers();
  } catch (error) {
    pod.host.self.complain(`stand-ins of the dead stay for now: ${String(error)}`);
  }
}

function sweep(
  pod: Pod,
  keepPresent: () => Promise<void>,
  { children, mailbox }: Pick<Assembled, 'children' | 'mailbox'>,
): void {
  // First of all: what follows makes again what is missing, and would do it where the home no longer is.
  if (!logInPlace(pod)) return;
  children.sweep();
  pod.claims.sweep();
  pod.input((core) => watchdog(core));
  if (pod.facts.mailbox !== null) mailbox.sweep();
  keepPresent().catch((error: unknown) => {
    pod.host.self.complain(`the socket could not be put back: ${String(error)}`);
  });
}

/**
 * A folder of sockets that has gone (a logout, a tidied /tmp) is made again, or another one is taken: then
 * whoever asks has to be told, as soon as that can be written.
 */
function keeper(pod: Pod, server: PodServer): () => Promise<void> {
  let written = server.path;
  return async () => {
    await server.ensurePresent();
    const { path } = server;
    if (path === written) return;
    pod.host.home.addresses.rewrite(pod.folder, addressAt(pod.host, path, pod.session.instance));
    written = path;
  };
}

/** A spawn that had not come to its first run when the last process ended (delivery §6). */
async function undoUnbegun(pod: Pod): Promise<void> {
  for (const child of pod.facts.children.values()) {
    if (hasBegun(pod.facts, child.instance)) continue;
    const ref = { name: child.name, instance: child.instance };
    await undoSpawn(pod, ref, 'the parent ended before the first run');
  }
  // A first incarnation has made none.
  if (pod.facts.incarnation > 1) await removeHalfMade(pod);
}
