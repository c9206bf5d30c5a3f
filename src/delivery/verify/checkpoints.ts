/**
 * Checkpoints of one log, held against the whole of it: what each says must be what the entries up to its own
 * come to. One that does not fit the log is believed by nobody, and is `podkin doctor`'s to name.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Entry } from '../../session/facts/entries.ts';
import { type Facts, emptyFacts } from '../../session/facts/facts.ts';
import { applyEntry } from '../../session/facts/replay.ts';
import { withoutSaid } from '../../session/facts/transcript.ts';
import { type Checkpoint, checkpointPaths, judged } from '../../session/log/checkpoint-files.ts';
import { nodeDisk } from '../../session/log/log-disk.ts';

export class CheckpointCheck {
  readonly #log: string;
  readonly #facts = emptyFacts();
  readonly #wrong: string[] = [];
  /** By the entry that is its last. */
  readonly #waiting = new Map<number, { path: string; checkpoint: Checkpoint }>();

  constructor(log: string) {
    this.#log = log;
  }

  /** Before the first entry is read. Throws the file system's error. */
  begin(): void {
    const fd = nodeDisk.open(this.#log);
    try {
      for (const path of checkpointPaths(nodeDisk, this.#log)) {
        const log = { path: this.#log, fd, disk: nodeDisk };
        const found = judged(log, path, { random: () => 0, isThorough: true });
        if (typeof found !== 'string') this.#waiting.set(found.head.seq, { path, checkpoint: found });
      }
    } finally {
      nodeDisk.close(fd);
    }
  }

  take(entry: Entry): void {
    if (this.#waiting.size === 0) return;
    applyEntry(this.#facts, entry);
    const made = this.#waiting.get(entry.seq);
    if (made === undefined) return;
    this.#waiting.delete(entry.seq);
    const { state } = made.checkpoint;
    const fields = differing({ ...state.facts }, state.said, this.#facts);
    if (fields.length === 0) return;
    this.#wrong.push(
      `its checkpoint ${made.path} says otherwise than the log up to entry ${entry.seq} (${fields.join(', ')}): delete it, and restore the pod`,
    );
  }

  /** A sentence for each that says otherwise. */
  end(): readonly string[] {
    return this.#wrong;
  }
}

function differing(found: Facts, said: readonly number[], whole: Facts): string[] {
  const expected = withoutSaid(whole);
  const right: Record<string, unknown> = { ...expected.facts };
  const left: Record<string, unknown> = { ...found };
  const fields = Object.keys({ ...right, ...left }).filter(
    (field) => !isDeepStrictEqual(left[field], right[field]),
  );
  return isDeepStrictEqual([...said], expected.said) ? fields : [...fields, 'said'];
}
