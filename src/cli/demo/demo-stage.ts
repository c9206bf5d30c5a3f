/**
 * Where the demo's story is shown: what the pods do becomes lines as it happens, and a step waits for what it
 * is about.
 */
import type { Entry } from '../../session/facts/entries.ts';
import { monotonicMs } from '../../std/clock.ts';
import { type Deferred, deferred } from '../../std/deferred.ts';
import type { CommandContext } from '../invocation/context.ts';
import type { Root } from '../../library/roots/create-root.ts';
import { lineOf } from '../format/live-lines.ts';
import type { PodTally } from '../../client/pod-tally.ts';
import { paint } from '../format/table.ts';
import { TreeWatch } from '../../client/tree-watch.ts';
import { PodkinError } from '../../std/podkin-error.ts';

/** Something that the story is about did not happen in time. */
class DemoStuck extends PodkinError {
  constructor(what: string, waitedMs: number) {
    super(`it did not happen within ${waitedMs / 1_000} s that ${what}`);
    this.name = 'DemoStuck';
  }
}

/** Nobody wants the story to go on. */
class DemoCut extends PodkinError {
  constructor() {
    super('the demo was cut short');
    this.name = 'DemoCut';
  }
}

const waitMs = 15_000;

export class DemoStage {
  readonly context: CommandContext;
  readonly root: Root;
  readonly watch: TreeWatch;
  /** Fulfils when the story is to end where it is: from then on nothing of it begins. */
  readonly cut: Deferred<void> = deferred();
  #isCut = false;
  readonly #entries = new Map<string, Entry[]>();
  readonly #startedAtMs = monotonicMs();
  #moved: Deferred<void> = deferred();

  constructor(context: CommandContext, root: Root) {
    this.context = context;
    this.root = root;
    this.watch = new TreeWatch({
      home: context.home,
      deltas: false,
      onEvent: (pod, event) => {
        if (event.type === 'entry') this.#take(pod.tally.name, event.entry);
      },
    });
    void this.cut.promise.then(() => {
      this.#isCut = true;
      this.#wake();
    });
  }

  /** What a pod has committed so far, as far as it was seen. */
  entries(name: string): readonly Entry[] {
    return this.#entries.get(name) ?? [];
  }

  tally(name: string): PodTally | null {
    return this.watch.pods.find((pod) => pod.tally.name === name)?.tally ?? null;
  }

  isGone(name: string): boolean {
    return this.watch.pods.find((pod) => pod.tally.name === name)?.state === 'gone';
  }

  /** `what` completes "it did not happen that …". Throws `DemoStuck`. */
  async until(what: string, holds: () => boolean): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, waitMs);
    try {
      while (!this.#isCut && !holds()) {
        if (late) throw new DemoStuck(what, waitMs);
        await Promise.race([this.#moved.promise, this.watch.changed()]);
      }
    } finally {
      clearTimeout(timer);
    }
    this.#goOn();
  }

  /** Throws when it was cut. */
  title(text: string): void {
    this.#goOn();
    this.context.stdout.styled(`\n${paint(text, 'bold', this.context.color)}\n`);
  }

  line(who: string, text: string): void {
    const at = `${((monotonicMs() - this.#startedAtMs) / 1_000).toFixed(1).padStart(5)} s`;
    this.context.stdout.styled(`${paint(`${at}  ${who.padEnd(6)}│`, 'dim', this.context.color)} ${text}\n`);
  }

  #take(name: string, entry: Entry): void {
    const known = this.#entries.get(name) ?? [];
    known.push(entry);
    this.#entries.set(name, known);
    const line = lineOf(entry);
    if (line !== null) this.line(name, line);
    this.#wake();
  }

  #goOn(): void {
    if (this.#isCut) throw new DemoCut();
  }

  #wake(): void {
    const moved = this.#moved;
    this.#moved = deferred();
    moved.resolve();
  }
}
