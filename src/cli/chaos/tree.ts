/**
 * The pods of a round as the disk shows them: who there is, whose child, what its log says, whether it runs.
 */
import { existsSync } from 'node:fs';
import { type Home, type PodFolder, type PodSpec, podFolder, podPlaces } from '../../session/home/home.ts';
import { specIfKnown } from '../../session/home/known-spec.ts';
import { podSocket } from '../../session/home/pod-address.ts';
import { isRunning, type ProcessIdentity } from '../../std/process-identity.ts';
import { ofType } from './entry-lists.ts';
import { FollowedLog } from './followed-log.ts';
import { type PodState, stateOf } from './pod-state.ts';

export class ChaosPod {
  readonly name: string;
  readonly instance: string;
  /** Undefined for the root. */
  readonly parent: string | undefined;
  readonly depth: number;
  readonly folder: PodFolder;
  readonly log: FollowedLog;
  readonly #home: Home;

  constructor(home: Home, folder: PodFolder, spec: PodSpec) {
    this.#home = home;
    this.name = spec.name;
    this.instance = spec.instance;
    this.parent = spec.parent?.instance;
    this.depth = spec.depth;
    this.folder = folder;
    this.log = new FollowedLog(this.folder.log);
  }

  get socket(): string {
    return podSocket(this.#home, this);
  }

  get state(): PodState {
    return stateOf(this.log.entries);
  }

  /** The process of its newest incarnation, and its number; undefined before the first. */
  get newest(): (ProcessIdentity & { readonly incarnation: number }) | undefined {
    return ofType(this.log.entries, 'started').at(-1);
  }

  get isAlive(): boolean {
    const { newest } = this;
    return newest !== undefined && isRunning(newest);
  }
}

/** Of the scenario's parts: a leaf, and a pod made for one task, have no children. */
export function isParent({ name }: Pick<ChaosPod, 'name'>): boolean {
  return name === 'root' || name.startsWith('kid-');
}

export class ChaosTree {
  readonly home: Home;
  readonly #pods = new Map<string, ChaosPod>();
  #everSeen = 0;

  constructor(home: Home) {
    this.home = home;
  }

  /** Those that there are now, parents before their children. */
  get pods(): ChaosPod[] {
    return [...this.#pods.values()].sort((a, b) => a.depth - b.depth || (a.name < b.name ? -1 : 1));
  }

  /** Those that there ever were. */
  get everSeen(): number {
    return this.#everSeen;
  }

  get living(): ChaosPod[] {
    return this.pods.filter((pod) => pod.isAlive);
  }

  parentOf(pod: ChaosPod): ChaosPod | undefined {
    return pod.parent === undefined ? undefined : this.#pods.get(pod.parent);
  }

  named(name: string): ChaosPod | undefined {
    return this.pods.find((pod) => pod.name === name);
  }

  /** Takes in what is new of the tree and of every log. Answers whether anything is. */
  async refresh(): Promise<boolean> {
    const before = this.#size();
    const found = new Set<string>();
    for (const place of podPlaces(this.home)) {
      const folder = podFolder(this.home, place);
      const spec = specIfKnown(folder);
      if (spec === null) continue;
      const { instance } = spec;
      found.add(instance);
      if (this.#pods.has(instance)) continue;
      this.#everSeen += 1;
      this.#pods.set(instance, new ChaosPod(this.home, folder, spec));
    }
    for (const instance of this.#pods.keys()) if (!found.has(instance)) this.#pods.delete(instance);
    await Promise.all(this.pods.map((pod) => refreshed(pod)));
    return this.#size() !== before;
  }

  /**
   * Why the tree is not at rest, as sentences; empty when it is. Only of use where nobody does anything to
   * it.
   */
  unrest(): string[] {
    return this.pods.flatMap((pod) => this.#unrestOf(pod).map((text) => `${pod.name}: ${text}`));
  }

  #unrestOf(pod: ChaosPod): string[] {
    const { state, newest } = pod;
    if (newest === undefined) return ['it was made and has never run'];
    if (state.stopped) return this.#untold(pod);
    if (!pod.isAlive) return ['it is not running'];
    const paused = state.paused ? ['it is paused'] : [];
    return [...state.open, ...paused, ...(this.#isLinked(pod) ? [] : ['it has no link to its parent'])];
  }

  /** Of one that has ended in order: its parent reads the rest in its log. */
  #untold(pod: ChaosPod): string[] {
    const parent = this.parentOf(pod);
    if (parent === undefined) return [];
    const through = ofType(parent.log.entries, 'podEventReceived').reduce(
      (most, { from, eventSeq }) => (from.instance === pod.instance ? Math.max(most, eventSeq ?? 0) : most),
      0,
    );
    return through >= pod.state.emitted
      ? []
      : [`event ${through + 1} of ${pod.state.emitted} has not reached ${parent.name}`];
  }

  #isLinked(pod: ChaosPod): boolean {
    const parent = this.parentOf(pod);
    if (parent === undefined) return true;
    const { incarnation } = pod.state;
    return ofType(parent.log.entries, 'child').some(
      (entry) =>
        entry.child.instance === pod.instance &&
        entry.state === 'linked' &&
        entry.incarnation === incarnation,
    );
  }

  #size(): number {
    return this.pods.reduce((sum, { log }) => sum + log.entries.length + 1, 0);
  }
}

/** Why children could not be made, as their parents were told. */
export function refusedSpawns({ pods }: Pick<ChaosTree, 'pods'>): string[] {
  return pods.flatMap(({ name, log }) =>
    ofType(log.entries, 'toolResult')
      .filter(({ tool, isError }) => tool === 'SpawnPod' && isError)
      .map(({ text }) => `${name} could not make a child: ${plain(text)}`),
  );
}

/** The data of a result without the fence that marks it for a model. */
function plain(text: string): string {
  return /```data\n(.*?)\n```/s.exec(text)?.[1] ?? text;
}

/** One that is being removed loses its files one after the other. */
async function refreshed({ folder, log }: ChaosPod): Promise<void> {
  try {
    await log.refresh();
  } catch (error) {
    if (existsSync(folder.log)) throw error;
  }
}

/** The same for the same process alone. */
export function keyOf({ pid, startTime }: ProcessIdentity): string {
  return `${pid} ${startTime}`;
}
