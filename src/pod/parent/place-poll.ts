/**
 * Sees places in the file system come, go and be replaced by looking at them again and again. Not by watches:
 * each process that has ever had one keeps an inotify instance to its end, and a user has 128 of them for all
 * programs together.
 */
import { statSync } from 'node:fs';

export class PlacePoll {
  readonly #everyMs: number;
  readonly #onChange: () => void;
  #seen: string | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(everyMs: number, onChange: () => void) {
    this.#everyMs = everyMs;
    this.#onChange = onChange;
  }

  /** What is there now is not news. */
  note(paths: readonly string[]): void {
    this.#seen = identityOf(paths);
  }

  /** Tells once, when something else is there than was noted last. */
  start(paths: readonly string[]): void {
    this.stop();
    this.#timer = setInterval(() => {
      if (identityOf(paths) === this.#seen) return;
      this.stop();
      this.#onChange();
    }, this.#everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function identityOf(paths: readonly string[]): string {
  const found = paths.map((path) => {
    try {
      const { dev, ino, ctimeNs } = statSync(path, { bigint: true });
      return `${dev}:${ino}:${ctimeNs}`;
    } catch {
      return '';
    }
  });
  return found.join(' ');
}
