/**
 * Checkpoints in the simulation: how often pods write them, what becomes of them while nobody looks, and what
 * each that still fits comes to.
 */
import { applyEntry, replay } from '../../src/session/facts/replay.ts';
import { checkpointPaths, judged, readSaid } from '../../src/session/log/checkpoint-files.ts';
import { putSaid } from '../../src/session/facts/transcript.ts';
import { type LogDisk, nodeDisk } from '../../src/session/log/log-disk.ts';
import { basename, dirname } from 'node:path';
import { differences } from './deep-equal.ts';
import { SimFile, systemError } from './files.ts';
import { type SimPod, entriesOf } from './pods.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

export class Checkpoints {
  /** Bytes of a log between two; many times as long as a history's logs where there are none. */
  readonly everyBytes: number;
  readonly random: Random;
  readonly #world: World;
  /** Copies of what there once was, of any pod. */
  readonly #old: Buffer[] = [];

  constructor(world: World, random: Random) {
    this.#world = world;
    this.random = random;
    this.everyBytes = random.pick([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 2_000, 10_000]);
  }

  of({ folder }: SimPod): SimFile[] {
    const stem = `${folder.log}.checkpoint-`;
    return [...this.#world.files].flatMap(([path, file]) => (path.startsWith(stem) ? [file] : []));
  }

  /** While no process of the pod lives. */
  spoil(pod: SimPod): void {
    const { random } = this;
    for (const file of this.of(pod)) {
      if (this.#old.length < 20 && random.chance(0.5)) this.#old.push(Buffer.from(file.whole()));
      if (!random.chance(0.3)) continue;
      const how = random.pick(['lost', 'torn', 'changed', 'mixedUp', 'misnamed'] as const);
      this.#world.hit(`checkpoint.${how}`);
      this.#world.files.delete(file.path);
      if (how === 'lost') continue;
      const bytes =
        how === 'mixedUp' && this.#old.length > 0
          ? Buffer.from(random.pick(this.#old))
          : Buffer.from(file.whole());
      if (how === 'changed' && bytes.length > 0) bytes[random.int(bytes.length)]! ^= 1 << random.int(8);
      const end = how === 'torn' ? random.int(bytes.length + 1) : bytes.length;
      const other = `${pod.folder.log}.checkpoint-${1 + random.int(400)}`;
      const spoilt = new SimFile(how === 'misnamed' ? other : file.path);
      spoilt.write(bytes.subarray(0, end), 0);
      this.#world.files.set(spoilt.path, spoilt);
    }
  }

  losePower(pod: SimPod): void {
    for (const file of this.of(pod)) {
      if (!file.losePower(this.random).stays) this.#world.files.delete(file.path);
    }
  }

  /** Of a removed pod; now and then they are in the way of the next one of its name. */
  drop(pod: SimPod): void {
    for (const { path } of this.of(pod)) if (this.random.chance(0.7)) this.#world.files.delete(path);
  }

  /** Each that fits, with what the log says behind it, comes to what the whole log comes to. */
  check(pod: SimPod, when: string): void {
    if (this.of(pod).length === 0) return;
    const log = this.#world.files.get(pod.folder.log);
    const read = entriesOf(log);
    if (log === undefined || read.damaged > 0) return;
    const disk = frozenDisk(this.#world, pod);
    const whole = replay(read.entries);
    const { entries } = read;
    const { length } = entries;
    for (const path of checkpointPaths(disk, pod.folder.log)) {
      const file = { path: pod.folder.log, fd: disk.open(pod.folder.log), disk };
      const found = judged(file, path, { instance: pod.spec.instance, random: () => this.random.next() });
      this.#world.hit(`checkpoint.${typeof found === 'string' ? found : 'fits'}`);
      if (typeof found === 'string') continue;
      void readSaid(file, found).then((said) => {
        const { facts } = found.state;
        putSaid(facts, said ?? []);
        for (const entry of entries.slice(0, length))
          if (entry.seq > found.head.seq) applyEntry(facts, entry);
        const wrong = said === null ? ['what was said'] : differences(facts, whole);
        if (wrong.length > 0)
          this.#world.watch.violation(
            'replay',
            pod,
            `checkpoint ${found.head.seq} ${when}: ${wrong.slice(0, 3).join(', ')}`,
          );
      });
    }
  }
}

/** The files of a pod as they are now. */
function frozenDisk(world: World, pod: SimPod): LogDisk {
  const files = new Map(
    [...world.files].flatMap(([path, file]) =>
      path.startsWith(pod.folder.log) ? [[path, Buffer.from(file.whole())] as const] : [],
    ),
  );
  const paths = [...files.keys()];
  return {
    ...nodeDisk,
    kindOf: () => 'file',
    open(path) {
      if (!files.has(path)) throw systemError('ENOENT');
      return paths.indexOf(path);
    },
    close: () => undefined,
    size: (fd) => files.get(paths[fd]!)!.length,
    read: (fd, bytes, length, position) => files.get(paths[fd]!)!.copy(bytes, 0, position, position + length),
    names: (folder) => paths.filter((path) => dirname(path) === folder).map((path) => basename(path)),
    nextTurn: () => Promise.resolve(),
  };
}
