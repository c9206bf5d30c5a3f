/**
 * The log of one pod as it grows: every look reads only what is new. It reads files alone, so it works the
 * same for the living and the dead. Also for the campaign of the tests.
 */
import { existsSync, statSync } from 'node:fs';
import type { Entry } from '../../session/facts/entries.ts';
import { readEntries } from '../../session/log/read-log.ts';

export class FollowedLog {
  readonly path: string;
  /** What was read, oldest first. */
  readonly entries: Entry[] = [];
  #end: number;
  #reading: Promise<void> | null = null;

  /** `from`: offset of a line's beginning; what stands before it is not looked at. */
  constructor(path: string, from = 0) {
    this.path = path;
    this.#end = from;
  }

  /** Takes in what is new. Calls at the same time share one reading. */
  async refresh(): Promise<readonly Entry[]> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
    return this.entries;
  }

  async #read(): Promise<void> {
    // Most looks find nothing new, and are to cost no more than this.
    if (!existsSync(this.path) || statSync(this.path).size <= this.#end) return;
    for await (const { entry, end } of readEntries(this.path, { from: this.#end })) {
      this.entries.push(entry);
      this.#end = end;
    }
  }
}
