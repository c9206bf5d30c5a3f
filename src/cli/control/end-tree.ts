/**
 * Ends a tree of pods so that none is left: asks from the root down, waits for the exits, then insists, and
 * never touches a process that is not the pod's own.
 */
import { monotonicMs } from '../../std/clock.ts';
import { systemCode } from '../../std/system-code.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedEntry } from '../../session/facts/entries.ts';
import { type Home, podFolder, podNames, type PodFolder } from '../../session/home/home.ts';
import { specIfKnown } from '../../session/home/known-spec.ts';
import { probeLock } from '../../session/lock/lock.ts';
import { readEntries } from '../../session/log/read-log.ts';
import { isRunning, type ProcessIdentity } from '../../std/process-identity.ts';
import { signalProcess } from '../../std/signal-process.ts';
import { podSocket } from '../../session/home/pod-address.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';

interface TreeMember {
  readonly name: string;
  readonly instance: string;
  readonly parent: string | null;
  readonly depth: number;
  readonly folder: PodFolder;
}

/** The pods of a tree as their folders tell, the root first. One that vanishes meanwhile is left out. */
function treeMembers(home: Home, rootInstance: string): TreeMember[] {
  const members: TreeMember[] = [];
  for (const name of podNames(home)) {
    const folder = podFolder(home, name);
    // A neighbour whose file nobody can read belongs to no tree that is known.
    const spec = specIfKnown(folder);
    if (spec === null || spec.root.instance !== rootInstance) continue;
    const { instance, depth } = spec;
    members.push({ name, instance, depth, parent: spec.parent?.instance ?? null, folder });
  }
  return members.sort((a, b) => a.depth - b.depth);
}

/** The process of the newest incarnation; null before the first. */
async function lastProcess(folder: PodFolder): Promise<ProcessIdentity | null> {
  let last: StartedEntry | null = null;
  try {
    for await (const { entry } of readEntries(folder.log)) if (entry.type === 'started') last = entry;
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOENT') throw error;
  }
  return last;
}

export interface EndTreeOptions {
  readonly home: Home;
  readonly rootInstance: string;
  readonly reason: string;
  /** How long the tree may take to end by itself; then SIGTERM, and after `termMs` SIGKILL. */
  readonly graceMs: number;
  readonly termMs: number;
  /** Aborted: no more asking, SIGKILL at once. */
  readonly hurry: AbortSignal;
}

const pollMs = 50;
/** SIGKILL cannot be refused; longer than this only an uninterruptible system call takes. */
const killDeadlineMs = 5_000;
const requestTimeoutMs = 3_000;

/**
 * Answers the names of the pods that had to be signalled. Afterwards no process of the tree is left; throws
 * where the system does not let us end one.
 */
export async function endTree(options: EndTreeOptions): Promise<string[]> {
  const tree = new EndingTree(options.home, options.rootInstance);
  const { hurry } = options;
  const asked = new Set<string>();
  const ask = (running: readonly TreeMember[]) => requestEnd(options, running, asked);
  if (await gone(tree, { withinMs: options.graceMs, hurry, each: ask })) return [];
  const signalled = new Set<string>();
  if (!hurry.aborted) {
    await tree.signal('SIGTERM', signalled);
    if (await gone(tree, { withinMs: options.termMs, hurry })) return [...signalled];
  }
  // The end of a parent may let a start under way come through; so look again until nothing is left.
  const deadlineAt = monotonicMs() + killDeadlineMs;
  while (monotonicMs() < deadlineAt) {
    await tree.signal('SIGKILL', signalled);
    if ((await tree.running()).length === 0) return [...signalled];
    await sleep(pollMs);
  }
  const left = (await tree.running()).map((member) => member.name).join(', ');
  throw new Error(`these pods did not end: ${left}; check with: podkin ps --tree`);
}

/**
 * Who is left of a tree. Logs are read once a pod, and only after its lock has come free: a log may be long.
 */
class EndingTree {
  readonly #home: Home;
  readonly #rootInstance: string;
  #members: TreeMember[] | null = null;
  readonly #lastProcess = new Map<string, ProcessIdentity | null>();

  constructor(home: Home, rootInstance: string) {
    this.#home = home;
    this.#rootInstance = rootInstance;
  }

  async running(): Promise<TreeMember[]> {
    const known = this.#members === null ? [] : await this.#runningOf(this.#members);
    if (known.length > 0) return known;
    // One may have been born since; only a fresh look says that there is none.
    this.#members = treeMembers(this.#home, this.#rootInstance);
    return await this.#runningOf(this.#members);
  }

  async signal(signal: NodeJS.Signals, signalled: Set<string>): Promise<void> {
    this.#members = null;
    for (const member of await this.running()) {
      const process = await lastProcess(member.folder);
      if (process !== null && signalProcess(process, signal, { group: true })) signalled.add(member.name);
    }
  }

  async #runningOf(members: readonly TreeMember[]): Promise<TreeMember[]> {
    const flags = await Promise.all(members.map((member) => this.#runs(member)));
    return members.filter((_, index) => flags[index]);
  }

  /** Its lock is held, or its process has not gone yet. */
  async #runs({ instance, folder }: TreeMember): Promise<boolean> {
    const lock = await probeLock({ instance, folder: folder.path }).catch(() => 'free');
    if (lock === 'held') {
      this.#lastProcess.delete(instance);
      return true;
    }
    const process = this.#lastProcess.get(instance) ?? (await lastProcess(folder));
    this.#lastProcess.set(instance, process);
    return process !== null && isRunning(process);
  }
}

interface Waiting {
  readonly withinMs: number;
  readonly hurry: AbortSignal;
  readonly each?: (running: readonly TreeMember[]) => Promise<void>;
}

/**
 * Looks until none runs (true), the time is up or it became urgent (false). Nothing tells of the end of a
 * process that is not our child.
 */
async function gone(tree: EndingTree, waiting: Waiting): Promise<boolean> {
  const deadlineAt = monotonicMs() + waiting.withinMs;
  for (;;) {
    const left = await tree.running();
    if (left.length === 0) return true;
    if (waiting.hurry.aborted || monotonicMs() >= deadlineAt) return false;
    await waiting.each?.(left);
    await sleep(pollMs);
  }
}

/** Asks, once each, the pods that no running parent will ask: the root, and those whose parent has died. */
async function requestEnd(
  options: EndTreeOptions,
  running: readonly TreeMember[],
  asked: Set<string>,
): Promise<void> {
  const heads = running.filter(
    ({ instance, parent }) => !asked.has(instance) && !running.some((other) => other.instance === parent),
  );
  await Promise.all(
    heads.map(async ({ name, instance }) => {
      const path = podSocket(options.home, { name, instance });
      const params = { cascade: true, reason: options.reason };
      const sent = await connectAndSend(path, 'shutdown', params, { deadlineMs: requestTimeoutMs });
      // One that could not be reached may still be starting; one that answered has understood, whatever it
      // said.
      if (sent.ok || sent.delivered === 'refused') asked.add(instance);
    }),
  );
}
