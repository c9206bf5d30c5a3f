/**
 * Sees places in the file system come, go and be replaced by asking for them again and again. Not by watches:
 * each process that has ever had one keeps an inotify instance to its end, and a user has 128 of them for all
 * programs together.
 */
import type { End, Host } from '../host.ts';

export class PlacePoll {
  readonly #host: Host;
  readonly #everyMs: number;
  readonly #onChange: () => void;
  #seen: string | null = null;
  #end: End = () => undefined;

  constructor(host: Host, everyMs: number, onChange: () => void) {
    this.#host = host;
    this.#everyMs = everyMs;
    this.#onChange = onChange;
  }

  /** What is there now is not news. */
  note(paths: readonly string[]): void {
    this.#seen = this.#host.home.identityOf(paths);
  }

  /** Calls back once, when something else is there than was noted last. */
  start(paths: readonly string[]): void {
    this.stop();
    this.#end = this.#host.clock.every(this.#everyMs, () => {
      if (this.#host.home.identityOf(paths) === this.#seen) return;
      this.stop();
      this.#onChange();
    });
  }

  stop(): void {
    this.#end();
  }
}
