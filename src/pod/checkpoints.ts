/**
 * When a pod writes a checkpoint of its log: every few megabytes, after a compaction, and at its end in
 * order. Facts and log are the same between two inputs, so what is written is taken in one turn of the loop;
 * the file comes later, behind the log's own sync. What fails here is nobody's loss: the log is the only
 * truth.
 */
import { checkpointOf, worthBytes } from '../session/log/checkpoint-start.ts';
import { writeCheckpoint } from '../session/log/checkpoint-files.ts';
import type { AppendLog } from '../session/log/append-log.ts';
import type { Facts } from '../session/facts/facts.ts';
import type { Host } from './host.ts';

/** Whose log it is. */
export interface Checkpointed {
  readonly host: Host;
  readonly log: AppendLog;
  readonly facts: Facts;
  crash(point: string): void;
}

/**
 * What it takes on a disk. The same state is some bytes longer or shorter each time that it is written: when
 * the next one is due must not hang on that.
 */
const blockBytes = 4_096;

/**
 * So many times the last checkpoint's own bytes are logged before the next: large facts are not written for
 * ever.
 */
const ownBytesFactor = 4;

export class Checkpoints {
  readonly #pod: Checkpointed;
  /** Of the log, in the last one that was begun. */
  #covered: number;
  #ownBytes = 0;
  #writing: Promise<void> | null = null;
  #isDue = false;

  /** `covered`: what the checkpoint holds with which the log was opened. */
  constructor(pod: Checkpointed, covered: number) {
    this.#pod = pod;
    this.#covered = covered;
  }

  /** After each commit. */
  noteCommit(): void {
    const { checkpointBytes } = this.#pod.host.self;
    const wanted = Math.max(checkpointBytes, ownBytesFactor * this.#ownBytes);
    if (this.#pod.log.size - this.#covered >= wanted) this.writeSoon();
  }

  /** In a turn of the loop of its own: whoever commits does not wait for it. */
  writeSoon(): void {
    if (this.#isDue || this.#writing !== null) return;
    this.#isDue = true;
    this.#pod.host.clock.soon(() => {
      this.#isDue = false;
      if (this.#writing === null) void this.#write();
    });
  }

  /**
   * The pod has ended in order: its next start reads nothing else. Fulfils when that is done, or has failed.
   */
  async last(): Promise<void> {
    await this.#writing;
    const { log, facts, host } = this.#pod;
    const least = Math.min(worthBytes, host.self.checkpointBytes);
    if (facts.stopped && log.size > this.#covered && log.size >= least) await this.#write();
  }

  #write(): Promise<void> {
    const writing = this.#begun().catch(() => undefined);
    this.#writing = writing.then(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #begun(): Promise<void> {
    const { log, facts, host } = this.#pod;
    const now = log.now();
    if (now === null || facts.session === null) return;
    const bytes = checkpointOf(now, facts);
    this.#covered = now.size;
    this.#ownBytes = Math.ceil(bytes.length / blockBytes) * blockBytes;
    await log.whenDurable(now.size);
    // Another pod's folder may be under that path by now.
    if (log.whereabouts() !== 'inPlace') return;
    await writeCheckpoint({ disk: host.logs, log: log.path }, now.seq, bytes);
    this.#pod.crash('checkpoint.written');
  }
}
