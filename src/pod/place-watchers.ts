/** Watches of places in the file system that come, go and are replaced; a missing watch costs only time, since whoever waits also looks by itself. */
import { type FSWatcher, statSync, watch } from 'node:fs';

interface Watched {
  readonly watcher: FSWatcher;
  /** Which file it is on: a path may lead to another one by now. */
  readonly on: string;
}

export class PlaceWatchers {
  readonly #onChange: () => void;
  readonly #watched = new Map<string, Watched>();

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** From now on the watch of that name is on what is at `path`, and tells of `file` in it, or of all where that is null. */
  watch(name: string, path: string, file: string | null): void {
    const on = identityOf(path);
    const before = this.#watched.get(name);
    if (before !== undefined && before.on === on) return;
    before?.watcher.close();
    this.#watched.delete(name);
    if (on === null) return;
    try {
      const watcher = watch(path, { persistent: false }, (_, changed) => {
        if (file === null || changed === file) this.#onChange();
      });
      watcher.on('error', () => watcher.close());
      this.#watched.set(name, { watcher, on });
    } catch {
      // It has gone meanwhile, or the system has no watch left.
    }
  }

  close(): void {
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }
}

/** Null where there is nothing. */
function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${path} ${dev}:${ino}`;
  } catch {
    return null;
  }
}
