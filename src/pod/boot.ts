/**
 * A pod's process from its folder to its end: lock, log, `started` on disk, socket, and only then the first word to whoever waits. Nothing here imports
 * a provider SDK: that comes with the first request.
 */
import { removeAbandoned, standInLeases } from '../scope/stand-ins.ts';
import { writeSync, closeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { monotonicMs } from '../std/clock.ts';
import { ownIdentity } from '../std/process-identity.ts';
import { parseRules } from '../scope/permission-rules.ts';
import { type AppendLog, StorageFailed } from '../session/append-log.ts';
import type { EntryBody } from '../session/entries.ts';
import { type Facts, emptyFacts } from '../session/facts.ts';
import { type Home, type PodFolder, type PodSpec, folderAt, readSpec } from '../session/home.ts';
import { ownHome } from '../session/own-home.ts';
import { type HeldLock, takeLock } from '../session/lock.ts';
import type { Holder } from '../session/lock-holder.ts';
import { createLog, openLog } from '../session/open-log.ts';
import { applyEntry } from '../session/replay.ts';
import { permissionSettings } from '../session/permissions.ts';
import { limitsOf } from '../session/settings.ts';
import { socketPath } from '../transport/address.ts';
import { type PodServer, listen } from '../transport/server.ts';
import { version } from '../version.ts';
import { assemble } from './assemble.ts';
import { endLeftGroups } from './command-groups.ts';
import { type ReadyMessage, readyDescriptor, readyVariable } from './start-process.ts';
import { onShutdown } from './inputs.ts';
import { boot, hasBegun, settlePast, watchdog } from './state.ts';
import { removeHalfMade, undoSpawn } from './undo-spawn.ts';
import { Pod, type PodPermissions } from './pod.ts';

/** The pod can not start; `code` is for the starter's program, the message for its person. */
class CanNotStart extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'CanNotStart';
    this.code = code;
  }
}

/** How long a start waits for the lock, by what its holder says of itself. A loan ends by itself; one that says nothing is a process that is busy or stopped. */
const lockWaitMs = { life: 2_000, silent: 15_000, loan: 60_000 };

export interface PodRun {
  /** Called once, when the pod listens and has said so. */
  readonly onListening?: () => void;
}

/** Fulfils when the pod has ended, with the exit status of its process. */
export async function runPod(folderPath: string, { onListening }: PodRun = {}): Promise<number> {
  let opened: OpenedPod;
  try {
    opened = await openPod(folderAt(folderPath), ownHome(process.env));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}\n`);
    say({ kind: 'failed', code, message });
    return 1;
  }
  return await live(opened, onListening);
}

interface OpenedPod {
  pod: Pod;
  lock: HeldLock;
  /** Fulfils when this life stands in the log on disk: nobody is to find its socket before. */
  begun: Promise<void>;
}

async function openPod(folder: PodFolder, home: Home): Promise<OpenedPod> {
  const spec = readSpec(folder);
  if (spec === null) throw new CanNotStart('unknownPod', `There is no pod in ${folder.path}.`);
  if (join(home.state, 'pods') !== dirname(folder.path)) {
    throw new CanNotStart('wrongHome', `${folder.path} is not in the home that PODKIN_HOME names.`);
  }
  const permissions = permissionsOf(spec);
  const lock = await lockOf(spec, folder);
  const facts = emptyFacts();
  const log = await logOf({ spec, folder, lock, facts });
  const pod = new Pod({ home, folder, log, facts, limits: limitsOf(spec.settings), permissions });
  const { pid, startTime, bootId } = ownIdentity();
  const incarnation = facts.incarnation + 1;
  const started: EntryBody = { type: 'started', incarnation, pid, startTime, bootId, podkin: version };
  endLeftGroups(folder);
  pod.commit(facts.session === null ? [{ type: 'session', ...spec }, started] : [started]);
  const begun = pod.durable();
  // Whoever waits for it hears of its failure; until somebody does, it is nobody's defect.
  begun.catch(() => undefined);
  return { pod, lock, begun };
}

/** A parent that is taking in what a dead child left holds the child's lock until it has, however slow its disk is; another life keeps it. */
async function lockOf(spec: PodSpec, folder: PodFolder): Promise<HeldLock> {
  const startedAt = monotonicMs();
  for (;;) {
    const lock = await takeLock({ instance: spec.instance, folder: folder.path });
    if (lock.taken) return lock;
    const { holder } = lock;
    const kind = holder === undefined ? 'silent' : (holder.purpose ?? 'life');
    if (monotonicMs() - startedAt >= lockWaitMs[kind]) throw notFree(basename(folder.path), holder);
    await wait(20);
  }
}

function notFree(name: string, holder: Holder | undefined): CanNotStart {
  if (holder?.purpose !== 'loan') {
    const who = holder === undefined ? '' : ` (process ${holder.pid})`;
    return new CanNotStart('alreadyRunning', `The pod "${name}" is running already${who}.`);
  }
  const text = `Process ${holder.pid} has held the lock of "${name}" for ${lockWaitMs.loan / 1_000} s to take in what its last life left; look at that process ("podkin doctor"), then restore it again.`;
  return new CanNotStart('lockLent', text);
}

async function logOf(parts: {
  spec: PodSpec;
  folder: PodFolder;
  lock: HeldLock;
  facts: Facts;
}): Promise<AppendLog> {
  const { spec, folder, lock, facts } = parts;
  const options = { path: folder.log, lock, instance: spec.instance, onFatal: endOnFatal };
  try {
    return createLog(options);
  } catch (error) {
    if (!(error instanceof Error && 'errno' in error && error.errno === 'EEXIST')) throw error;
  }
  const opened = await openLog(options);
  for await (const entry of opened.entries()) applyEntry(facts, entry);
  const { torn, damaged } = opened.report;
  if (torn !== null || damaged.length > 0) {
    const text = `The log was mended at opening: ${damaged.length} damaged line(s) set aside, ${torn?.bytes ?? 0} torn bytes cut and kept beside it.`;
    process.stderr.write(`${text}\n`);
    opened.log.append([{ type: 'alert', level: 'warning', code: 'logMended', text }]);
  }
  return opened.log;
}

/** The disk is failing: ending loudly is the only honest thing; recovery is `restore`, which reads what is really there. */
function endOnFatal(error: Error): void {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
  setImmediate(() => {
    throw error;
  });
}

/** A pod whose rules can not be read does not run: a rule that is lost would be a right that nobody gave. */
function permissionsOf(spec: PodSpec): PodPermissions {
  try {
    const { headless, ...texts } = permissionSettings(spec.settings);
    return { rules: parseRules(texts), headless };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CanNotStart('badRules', `The pod "${spec.name}" can not start: ${why}.`);
  }
}

/** From a pod that is open to its end. */
async function live({ pod, lock, begun }: OpenedPod, onListening?: () => void): Promise<number> {
  const parts = assemble(pod);
  // Before anybody can speak to this pod: the results of the interrupted calls name the spawns that are undone next.
  pod.input((core) => settlePast(core));
  await undoUnbegun(pod);
  const claimed = pod.claims.sync().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
  let server: PodServer;
  try {
    server = await listen({
      path: socketPath(pod.home.runtime, pod.session.instance),
      after: begun,
      handlers: parts.handlers,
      onAcceptError: (error) => process.stderr.write(`accepting failed: ${error.message}\n`),
      onDefect: (error) => process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`),
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}\n`);
    say({ kind: 'failed', code: error instanceof StorageFailed ? 'failed' : 'canNotListen', message });
    return 1;
  }
  await claimed;
  const ended = parts.ended;
  catchSignals(pod);
  say({ kind: 'ready', pid: process.pid, incarnation: pod.facts.incarnation, socket: server.path });
  onListening?.();
  removeStandIns(pod);
  parts.parentLink?.start();
  pod.input((core) => boot(core));
  const sweeper = setInterval(() => sweep(pod, server, parts.children), pod.core.limits.sweepMs);
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

/** What a killed pod's shell has left is no reason not to live. */
function removeStandIns(pod: Pod): void {
  try {
    removeAbandoned(standInLeases(pod.home));
  } catch (error) {
    process.stderr.write(`stand-ins of the dead stay for now: ${String(error)}\n`);
  }
}

function sweep(pod: Pod, server: PodServer, children: { sweep(): void }): void {
  children.sweep();
  pod.claims.sweep();
  pod.input((core) => watchdog(core));
  server.ensurePresent().catch((error: unknown) => {
    process.stderr.write(`the socket could not be put back: ${String(error)}\n`);
  });
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
