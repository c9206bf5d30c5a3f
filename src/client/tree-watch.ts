/**
 * A root and everything below it, watched while it works: subscribes to each pod that its parent's log names,
 * keeps a tally of each, and knows when nothing is outstanding. What a connection could not carry because its
 * pod had ended is read from the log on disk.
 */
import { systemCode } from '../std/system-code.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildEntry, Entry } from '../session/facts/entries.ts';
import type { StatusResult } from '../protocol/status-result.ts';
import { type Home, readSpec } from '../session/home/home.ts';
import { offsetBehind } from '../session/log/checkpoint-start.ts';
import { readEntries } from '../session/log/read-log.ts';
import { type Deferred, deferred } from '../std/deferred.ts';
import { isRunning, type ProcessIdentity } from '../std/process-identity.ts';
import { folderOf, socketInTree, type TreePlace } from '../session/home/pod-place.ts';
import type { Client } from '../transport/client.ts';
import { type LiveEvent, openPodStream, type PodStream } from './pod-stream.ts';
import { newTally, type PodTally, tallyEntry } from './pod-tally.ts';
import { type RefusedEvents, treeState } from './settled-tree.ts';

export interface WatchedPod {
  readonly tally: PodTally;
  /** 0 for the root. */
  readonly depth: number;
  state: 'connecting' | 'live' | 'gone';
  stream: PodStream | null;
  /** As its parent recorded it; the pod's own log is asked where this is missing. */
  process: ProcessIdentity | null;
  /** Entries at or below it are its past, which nobody asked for; 0 where all is news. */
  readonly knownThrough: number;
}

/** Whether it has a part in what the run came to: one with a past may only be started with its tree. */
export function hasPart({ depth, knownThrough, tally }: WatchedPod): boolean {
  if (depth === 0 || knownThrough === 0) return depth === 0 || tally.lastSeq > 0;
  return tally.lastSeq > knownThrough && (tally.hasInput || tally.turnOpen || tally.turns > 0);
}

/** A pod that has a past before it is watched. */
export interface KnownPod {
  readonly name: string;
  readonly instance: string;
  /** 0 for the root. */
  readonly depth: number;
  /** Its log's last entry. */
  readonly lastSeq: number;
}

export interface TreeWatchOptions {
  readonly home: Home;
  readonly deltas: boolean;
  /** What they said before is neither counted nor handed over. */
  readonly known?: readonly KnownPod[];
  /** In each pod's own order; of different pods as they come. Must not throw. */
  readonly onEvent: (pod: WatchedPod, event: LiveEvent) => void;
}

export type TreeStatus =
  /** `status`: the root's, where it was asked for this. */
  | { readonly kind: 'working'; readonly status?: StatusResult | undefined }
  | { readonly kind: 'settled' }
  /** The root may not begin what it has to do. */
  | { readonly kind: 'overBudget' }
  /** Events of a pod below are refused for good, and nothing else goes on. */
  | { readonly kind: 'refused'; readonly refused: RefusedEvents }
  /** The root's process has ended. */
  | { readonly kind: 'rootGone' };

const redialMs = 100;

export class TreeWatch {
  readonly #options: TreeWatchOptions;
  readonly #pods = new Map<string, WatchedPod>();
  #changed: Deferred<void> = deferred();
  #closing = false;
  readonly #following = new Set<Promise<void>>();

  constructor(options: TreeWatchOptions) {
    this.#options = options;
  }

  /** In the order in which they were found; the root first. */
  get pods(): readonly WatchedPod[] {
    return [...this.#pods.values()];
  }

  /** Subscribes to the root, which must listen. Throws as `openPodStream` does. */
  async start(name: string, instance: string): Promise<Client> {
    const root = this.#add({ name, instance, depth: 0, process: null });
    const stream = await this.#open(root);
    this.#follow(root, stream);
    for (const pod of this.#options.known ?? []) {
      if (!this.#pods.has(pod.instance)) this.#follow(this.#add({ ...pod, process: null }), null);
    }
    return stream.client;
  }

  /**
   * A pod that had ended was started again by somebody who is not its parent: watched on from where it was
   * left.
   */
  rejoin(instance: string): void {
    const pod = this.#pods.get(instance);
    if (pod === undefined || pod.state !== 'gone' || this.#closing) return;
    pod.state = 'connecting';
    this.#follow(pod, null);
  }

  /** Fulfils with the next event that may change the tree's status. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** The tree's status at this moment; costs nothing while the root is seen to work. */
  async status(): Promise<TreeStatus> {
    const root = this.pods[0];
    if (root === undefined || root.state === 'gone') return { kind: 'rootGone' };
    if (root.tally.turnOpen || root.state !== 'live') return { kind: 'working' };
    const state = await treeState(this.#tree, root.tally);
    if (state.kind === 'settled' || state.kind === 'overBudget') return { kind: state.kind };
    if (state.kind === 'refused') return state;
    // Its process decides whether the root has ended, not a socket that does not answer.
    return { kind: 'working', ...(state.kind === 'working' && { status: state.status }) };
  }

  /**
   * Hands over what the logs on disk hold beyond what was seen. For the time when no process writes them any
   * more.
   */
  async catchUp(): Promise<void> {
    // The map's own iterator: it also comes to those that are met on the way.
    for (const pod of this.#pods.values()) await this.#readRest(pod);
  }

  /** Ends the watching; the pods go on. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const pod of this.#pods.values()) pod.stream?.close();
    await Promise.all(this.#following);
  }

  #add(found: {
    name: string;
    instance: string;
    depth: number;
    process: ProcessIdentity | null;
  }): WatchedPod {
    const { name, instance, depth, process } = found;
    const known = this.#options.known?.find((one) => one.instance === instance);
    const knownThrough = known?.lastSeq ?? 0;
    const pod: WatchedPod = {
      tally: { ...newTally(name, instance), lastSeq: knownThrough },
      knownThrough,
      depth,
      state: 'connecting',
      stream: null,
      process,
    };
    this.#pods.set(instance, pod);
    return pod;
  }

  get #tree(): TreePlace {
    return { home: this.#options.home, root: this.pods[0]?.tally.instance ?? '' };
  }

  async #open(pod: WatchedPod): Promise<PodStream> {
    const { instance, lastSeq } = pod.tally;
    const stream = await openPodStream({
      path: socketInTree(this.#tree, pod.tally),
      instance,
      since: lastSeq,
      deltas: this.#options.deltas && pod.depth === 0,
      onEvent: (event) => this.#take(pod, event),
    });
    pod.stream = stream;
    pod.state = 'live';
    return stream;
  }

  #follow(pod: WatchedPod, opened: PodStream | null): void {
    const following = this.#stay(pod, opened).finally(() => this.#following.delete(following));
    this.#following.add(following);
  }

  /** Watches the pod until its process has ended: a connection that breaks while it lives is made again. */
  async #stay(pod: WatchedPod, opened: PodStream | null): Promise<void> {
    let stream = opened;
    while (!this.#closing) {
      // Which way dialling failed matters less than whether the process lives.
      stream ??= await this.#open(pod).catch(() => null);
      // `close` came while it was being opened, and could not know it.
      if (this.#closing) stream?.close();
      if (stream !== null) {
        await stream.closed;
        pod.stream = null;
        pod.state = 'connecting';
        stream = null;
        if (this.#closing) return;
      }
      await this.#readRest(pod);
      if (!processRuns(pod)) break;
      await sleep(redialMs);
    }
    if (this.#closing) return;
    // It may have written its last lines between the reading and its end.
    await this.#readRest(pod);
    pod.state = 'gone';
    this.#wake();
  }

  async #readRest(pod: WatchedPod): Promise<void> {
    const { home, root } = this.#tree;
    const folder = folderOf(home, pod.tally, root);
    try {
      // The name may be another pod's by now.
      if (readSpec(folder)?.instance !== pod.tally.instance) return;
      const from = offsetBehind(folder.log, pod.tally.lastSeq);
      for await (const { entry } of readEntries(folder.log, { from }))
        this.#take(pod, { type: 'entry', entry });
    } catch (error) {
      const code = systemCode(error);
      if (code !== 'ENOENT') throw error;
    }
  }

  #take(pod: WatchedPod, event: LiveEvent): void {
    if (event.type === 'entry') {
      if (event.entry.seq <= pod.tally.lastSeq) return;
      tallyEntry(pod.tally, event.entry);
      if (event.entry.type === 'child') this.#meet(pod, event.entry);
    }
    this.#options.onEvent(pod, event);
    const moves = event.type === 'entry' ? event.entry.type === 'turnEnded' : event.type === 'status';
    if (moves) this.#wake();
  }

  #meet(parent: WatchedPod, entry: Entry<ChildEntry>): void {
    if (entry.state !== 'started' && entry.state !== 'linked') return;
    const { name, instance } = entry.child;
    const known = this.#pods.get(instance);
    const { pid, startTime, bootId } = entry;
    const process =
      pid === undefined || startTime === undefined || bootId === undefined
        ? null
        : { pid, startTime, bootId };
    if (known === undefined) {
      const met = this.#add({ name, instance, depth: parent.depth + 1, process });
      if (!this.#closing) this.#follow(met, null);
      return;
    }
    if (process !== null) known.process = process;
    this.rejoin(instance);
  }

  #wake(): void {
    const changed = this.#changed;
    this.#changed = deferred();
    changed.resolve();
  }
}

/** Either of the two may be the newer one. */
function processRuns(pod: WatchedPod): boolean {
  return [pod.process, pod.tally.started].some((identity) => identity !== null && isRunning(identity));
}
