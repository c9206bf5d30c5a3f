/**
 * A pod's process from its folder to its end: locks, socket, log, `started` on disk, answers, and only then
 * the first word to whoever waits. Nothing here imports
 * a provider SDK: that comes with the first request.
 */
import { closeSync, writeSync } from 'node:fs';
import { removeAbandoned, standInLeases } from '../../scope/sandbox/leftovers.ts';
import { StorageFailed } from '../../session/log/append-log.ts';
import { folderAt } from '../../session/home/home.ts';
import { ownHome } from '../../session/home/own-home.ts';
import { rewriteAddress } from '../../session/home/pod-address.ts';
import type { PodServer } from '../../transport/server.ts';
import { type Assembled, assemble } from './assemble.ts';
import { onShutdown } from '../machine/inputs.ts';
import { logInPlace } from './lost-log.ts';
import { type OpenedPod, addressAt, openPod } from './open-pod.ts';
import type { Pod } from '../pod.ts';
import {
  type ReadyMessage,
  readyDescriptor,
  readyVariable,
  takeOverVariable,
} from '../process/start-process.ts';
import { boot, hasBegun, recoverPreviousRun, watchdog } from '../machine/state.ts';
import { removeHalfMade, undoSpawn } from '../children/undo-spawn.ts';

export interface PodRun {
  /** Called once, when the pod listens and has said so. */
  readonly onListening?: () => void;
}

/** Fulfils when the pod has ended, with the exit status of its process. */
export async function runPod(folderPath: string, { onListening }: PodRun = {}): Promise<number> {
  let opened: OpenedPod;
  try {
    opened = await openPod(folderAt(folderPath), ownHome(process.env), { takeOver: takesOver() });
  } catch (error) {
    return notStarted(error);
  }
  return await live(opened, onListening);
}

function notStarted(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\n`);
  say({ kind: 'failed', code, message });
  return 1;
}

/** From a pod that is open to its end. */
async function live(opened: OpenedPod, onListening?: () => void): Promise<number> {
  const { pod, lock, socket } = opened;
  let parts: Prepared;
  try {
    parts = await prepared(opened);
  } catch (error) {
    if (error instanceof StorageFailed) notStarted(error);
    await socket.release();
    await lock.release();
    if (error instanceof StorageFailed) return 1;
    throw error;
  }
  const server = socket.answer({
    handlers: parts.handlers,
    onDefect: (error) => process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`),
  });
  await parts.claimed;
  const ended = parts.ended;
  catchSignals(pod);
  say({ kind: 'ready', pid: process.pid, incarnation: pod.facts.incarnation, socket: server.path });
  onListening?.();
  removeStandIns(pod);
  parts.parentLink?.start();
  pod.input((core) => boot(core));
  const present = keeper(pod, server);
  const sweeper = setInterval(() => sweep(pod, present, parts.children), pod.core.limits.sweepMs);
  parts.children.sweep();
  await ended;
  clearInterval(sweeper);
  pod.clearTimers();
  parts.observers.close();
  parts.children.close();
  await server.close();
  await pod.log.close().catch(() => undefined);
  await lock.release();
  return 0;
}

interface Prepared extends Assembled {
  claimed: Promise<unknown>;
}

/** All that comes before the first answer; fulfils when this life stands on disk. */
async function prepared({ pod, begun }: OpenedPod): Promise<Prepared> {
  const parts = assemble(pod);
  // Before anybody can speak to this pod: the results of the interrupted calls name the spawns that are
  // undone next.
  pod.input((core) => recoverPreviousRun(core));
  await undoUnbegun(pod);
  const claimed = pod.claims.sync().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
  await begun;
  return { ...parts, claimed };
}

/** What a killed pod's shell has left is no reason not to live. */
function removeStandIns(pod: Pod): void {
  try {
    removeAbandoned(standInLeases(pod.home));
  } catch (error) {
    process.stderr.write(`stand-ins of the dead stay for now: ${String(error)}\n`);
  }
}

function sweep(pod: Pod, keepPresent: () => Promise<void>, children: { sweep(): void }): void {
  // First of all: what follows makes again what is missing, and would do it where the home no longer is.
  if (!logInPlace(pod)) return;
  children.sweep();
  pod.claims.sweep();
  pod.input((core) => watchdog(core));
  keepPresent().catch((error: unknown) => {
    process.stderr.write(`the socket could not be put back: ${String(error)}\n`);
  });
}

/**
 * A folder of sockets that has gone (a logout, a tidied /tmp) is made again, or another one is taken: then
 * whoever asks has to be told, as soon as that can be written.
 */
function keeper(pod: Pod, server: PodServer): () => Promise<void> {
  let told = server.path;
  return async () => {
    await server.ensurePresent();
    const { path } = server;
    if (path === told) return;
    rewriteAddress(pod.folder, addressAt(path, pod.session.instance));
    told = path;
  };
}

/** Set for this one start, by a person. */
function takesOver(): boolean {
  const asked = process.env[takeOverVariable] !== undefined;
  delete process.env[takeOverVariable];
  return asked;
}

/** A spawn that had not come to its first run when the last process ended (delivery §6). */
async function undoUnbegun(pod: Pod): Promise<void> {
  for (const child of pod.facts.children.values()) {
    if (hasBegun(pod.facts, child.instance)) continue;
    const ref = { name: child.name, instance: child.instance };
    await undoSpawn(pod, ref, 'the parent ended before the first run');
  }
  // A first life has made none.
  if (pod.facts.incarnation > 1) await removeHalfMade(pod);
}

function catchSignals(pod: Pod): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => pod.input((core) => onShutdown(core, 'signal', signal)));
  }
}

/** The one line on the starter's descriptor. Nobody may be reading it any more. */
function say(message: ReadyMessage): void {
  if (process.env[readyVariable] === undefined) return;
  delete process.env[readyVariable];
  try {
    writeSync(readyDescriptor, `${JSON.stringify(message)}\n`);
    closeSync(readyDescriptor);
  } catch {
    // The starter is gone; the pod lives on.
  }
}
