/**
 * Draws the screen when it is time to: holds the one timer of the loop, for the next frame and the next tick
 * of a clock. An idle screen has none.
 *
 * Invariants
 * - S1 A frame is made only when `Pace` says so; between frames changes are only noted.
 * - S5 Clocks are read when one of them shows something else, and when the tree is another: while a pod only
 *   speaks, all views are asked with the same time.
 * - S4 On a slow terminal a key's frame shows the tree and the pod as they were: new output waits its time.
 */
import { monotonicMs } from '../../std/clock.ts';
import type { Line } from '../line.ts';
import type { PodModel, TreeModel } from '../model/shape.ts';
import type { ScreenTerminal } from '../ports.ts';
import { Laid } from '../views/laid.ts';
import type { Rich } from '../views/rich.ts';
import type { View } from '../views/view.ts';
import { writerOptions } from '../writer.ts';
import { nextTickInMs } from './clocks.ts';
import { Drawer, type Drawn, type FrameOrder } from './drawer.ts';
import { intervalsMs, Pace } from './pace.ts';

export type ViewNow = Omit<View, 'rich' | 'laid' | 'nowMs'>;

export interface PainterParts {
  readonly terminal: ScreenTerminal;
  readonly environment: NodeJS.ProcessEnv;
  readonly view: () => ViewNow;
  /** Other pods whose entries are to be printed. */
  readonly others: () => readonly PodModel[];
  /** A frame has been made and written. */
  readonly onDrawn: (drawn: Drawn) => void;
}

export class Painter {
  readonly #parts: PainterParts;
  readonly #pace: Pace;
  readonly #drawer: Drawer;
  readonly #laid = new Laid();
  #rich: Rich | null = null;
  #isEnriching = false;
  #extra: Line[] = [];
  #isTaken = true;
  #timer: NodeJS.Timeout | undefined;
  /** When it goes off; null: it is not set. */
  #timerAtMs: number | null = null;
  #clock: Clock = { tree: null, fromMs: 0, untilMs: 0 };
  #isClosed = false;
  #shown: { tree: TreeModel; pod: PodModel | null; nowMs: number } | null = null;

  constructor(parts: PainterParts) {
    this.#parts = parts;
    this.#drawer = new Drawer(writerOptions(parts.environment));
    this.#pace = new Pace(parts.terminal.isSlow ? intervalsMs.slow : intervalsMs.usual);
  }

  /** `state`: a key that did more than type: what it leads to is shown whole. */
  want(what: 'key' | 'state' | 'output'): void {
    if (what === 'state') this.#shown = null;
    const isNew = this.#pace.want(what === 'output' ? 'output' : 'key');
    // While a pod speaks each delta comes here: the timer stands since the first.
    if (isNew || what === 'state') this.#schedule();
  }

  /** Above the live region, once. */
  print(lines: readonly Line[]): void {
    this.#extra.push(...lines);
    this.want('output');
  }

  /** What is on the terminal is not known. */
  take(): void {
    this.#isTaken = true;
    this.want('state');
  }

  /** Somebody else gets the terminal: what leaves it in order. The next frame takes it again. */
  givenBack(): string {
    if (this.#isClosed) return '';
    this.#isTaken = true;
    return this.#drawer.giveBack(this.#parts.terminal.size);
  }

  skip(instance: string, through: number): void {
    this.#drawer.feed.skip(instance, through);
  }

  /** What was written before has left. */
  drained(): void {
    this.#schedule();
  }

  /** Leaves the screen with those lines; nothing is drawn any more. */
  close(last: readonly Line[]): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#parts.terminal.write(this.#drawer.leave(last, this.#order(this.#view())));
  }

  #schedule(): void {
    if (this.#isClosed) return;
    const { isDrained } = this.#parts.terminal;
    const nowMs = monotonicMs();
    const dueInMs = this.#pace.dueInMs(nowMs, { isDrained });
    const tickInMs = isDrained && this.#shown !== null ? this.#tickInMs() : null;
    // A frame that is due has the clocks too.
    const inMs = dueInMs ?? tickInMs;
    if (inMs === null) return;
    // One that goes off too early sets it again; each delta would move it.
    if (this.#timerAtMs !== null && this.#timerAtMs <= nowMs + inMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = nowMs + inMs;
    // What keeps the process alive is the terminal, not a clock.
    this.#timer = setTimeout(() => this.#tick(), Math.ceil(inMs)).unref();
  }

  #tick(): void {
    this.#timerAtMs = null;
    if (this.#shown !== null && this.#tickInMs() === 0) this.#pace.want('output');
    const nowMs = monotonicMs();
    if (this.#pace.dueInMs(nowMs, this.#parts.terminal) === 0) this.#draw(nowMs);
    this.#schedule();
  }

  /** Until a clock shows something else; null: there is none. */
  #tickInMs(): number | null {
    const { untilMs, fromMs } = this.#clock;
    const nowMs = Date.now();
    // The machine's clock may have been set back.
    if (nowMs < fromMs) return 0;
    return Number.isFinite(untilMs) ? Math.max(0, untilMs - nowMs) : null;
  }

  /** S5 */
  #clockMs(tree: TreeModel): number {
    const nowMs = Date.now();
    const { tree: before, fromMs, untilMs } = this.#clock;
    const staysMs = Math.min(untilMs, fromMs + othersMs);
    if (before === tree && nowMs >= fromMs && nowMs < staysMs) return fromMs;
    const inMs = tickIn(tree, nowMs);
    this.#clock = { tree, fromMs: nowMs, untilMs: inMs === null ? Number.POSITIVE_INFINITY : nowMs + inMs };
    return nowMs;
  }

  #draw(atMs: number): void {
    const { terminal, onDrawn } = this.#parts;
    const withOutput = this.#shown === null || this.#pace.mayShowOutput(atMs);
    const now = this.#view();
    const view = withOutput ? now : { ...now, ...this.#shown };
    if (withOutput) this.#shown = { tree: view.tree, pod: view.pod, nowMs: view.nowMs };
    const order = { ...this.#order(view), prints: withOutput };
    const drawn = this.#drawer.frame(order);
    this.#isTaken = false;
    if (drawn.hasPrinted) this.#extra = [];
    this.#pace.drawn(atMs, { withOutput });
    if (drawn.bytes !== '') terminal.write(drawn.bytes);
    onDrawn(drawn);
    if (!this.#isEnriching) void this.#enrich();
  }

  #view(): View {
    const now = this.#parts.view();
    return { ...now, rich: this.#rich, laid: this.#laid, nowMs: this.#clockMs(now.tree) };
  }

  #order(view: View): FrameOrder {
    return {
      view,
      size: this.#parts.terminal.size,
      isTaken: this.#isTaken,
      prints: true,
      others: this.#parts.others(),
      extra: this.#extra,
    };
  }

  /** Behind the first frame: nobody waits for them. */
  async #enrich(): Promise<void> {
    this.#isEnriching = true;
    const [{ markdownLines }, { diffOf }] = await Promise.all([
      import('../markdown.ts'),
      import('../diff.ts'),
    ]);
    this.#rich = { markdownLines, diffOf };
    this.want('output');
  }
}

interface Clock {
  readonly tree: TreeModel | null;
  /** Between these all clocks of that tree show the same. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Clocks that nobody waits for are no later than that, where anything is drawn. */
const othersMs = 1_000;

/** When the next clock of what is shown ticks; null where there is none. */
function tickIn({ rows, questions }: TreeModel, nowMs: number): number | null {
  const since = rows.flatMap(({ activity }) => (activity === null ? [] : [Date.parse(activity.since)]));
  const asked = questions.map(({ openedAtMs }) => openedAtMs);
  return nextTickInMs([...since, ...asked], nowMs);
}
