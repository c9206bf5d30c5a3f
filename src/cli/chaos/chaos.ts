/**
 * `podkin chaos`: a trial of the promise, offline and apart from everything of the person's. Trees of real
 * pods on a scripted model are killed, frozen and cut off at random points; then they are left in peace, and
 * their logs are judged. Nothing of it is left, whatever ends it; the home stays only where something was
 * found, or a person wishes to look.
 */
import { rmSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PodkinError } from '../../std/podkin-error.ts';
import { CommandFailed, type CommandContext, exitStatus, jsonText, screenOf } from '../invocation/context.ts';
import { catchSignals, type InterruptionSignal, interruptionStatus } from '../invocation/interruption.ts';
import { endAllBelow } from './end-all.ts';
import {
  type ChaosFigures,
  faultsText,
  figuresLine,
  figuresOf,
  findingsOf,
  isTried,
  type RoundFigures,
} from './figures.ts';
import { type Guard, startGuard } from './guard.ts';
import {
  type ChaosFolder,
  makeChaosFolder,
  noRoomIn,
  removeChaosFolder,
  type RoundPlace,
  roundPlace,
} from './place.ts';
import { type PlayedRound, type Progress, playRound } from './round.ts';

export interface ChaosOptions {
  readonly minutes: string | undefined;
  readonly seed: string | undefined;
  readonly json: boolean;
  readonly keep: boolean;
}

/** A longer trial is several trees, one after another: logs and histories stay small. */
const roundMs = 120_000;
const settleMs = 10_000;
const minutesMax = 7 * 24 * 60;
const seedMax = 2 ** 32 - 1;

interface TrialRequest {
  readonly durationMs: number;
  readonly seed: number;
  readonly keep: boolean;
}

/** Answers 0 when nothing was found, 1 with the findings, above 128 after a signal. */
export async function chaosCommand(context: CommandContext, options: ChaosOptions): Promise<number> {
  const request = { durationMs: durationOf(options.minutes), seed: seedOf(options.seed), keep: options.keep };
  // Whatever the caller's is: what is made here, by pods too, its owner has to read and to remove.
  process.umask(0o077);
  const interruption = catchSignals();
  const stop = new AbortController();
  // Every thaw and start that is to come listens to it.
  setMaxListeners(0, stop.signal);
  let signal: InterruptionSignal | undefined;
  void interruption.first.then((first) => {
    signal = first;
    stop.abort(new Interrupted());
  });
  const trial = new Trial(context, request, stop.signal);
  try {
    const status = await trial.play().then(
      (rounds) => (figuresOf(request.seed, rounds).findings.length > 0 ? exitStatus.failed : exitStatus.done),
      (error: unknown) => statusOf(error, signal),
    );
    return await conclude(context, trial, { options, request, status });
  } catch (error) {
    const room = noRoomIn(trial.folder);
    await trial.end(options.keep);
    if (options.keep) context.stderr.write(`The folder is kept: ${trial.folder.path}\n`);
    if (room === undefined) throw error;
    throw new CommandFailed(exitStatus.failed, `the trial could not begin: ${room}; ${roomAdvice}`);
  } finally {
    interruption.release();
  }
}

const roomAdvice = 'free some space there, or set TMPDIR to another folder, then try again';

/** Of an interruption; throws any other error. */
function statusOf(error: unknown, signal: InterruptionSignal | undefined): number {
  if (!(error instanceof Interrupted) || signal === undefined) throw error;
  return interruptionStatus[signal];
}

/** Ends everything and says what came of it. `status`: of the trial as far as it was played. */
async function conclude(
  context: CommandContext,
  trial: Trial,
  { options, request, status }: { options: ChaosOptions; request: TrialRequest; status: number },
): Promise<number> {
  const figures = figuresOf(request.seed, trial.soFar());
  const isFound = figures.findings.length > 0;
  const isKept = options.keep || isFound;
  const room = isFound ? noRoomIn(trial.folder) : undefined;
  await trial.end(isKept);
  report(context, figures, { options, request, kept: isKept ? trial.places : [] });
  if (room !== undefined) {
    context.stderr.write(`Now ${room}, which may be why; ${roomAdvice}.\n`);
  }
  if (isFound || isTried(figures) || status !== exitStatus.done) return status;
  const seconds = Math.round(figures.durationMs / 100) / 10;
  context.stderr.write(
    `podkin: nothing was tried: no kill, freeze or cut fell into ${seconds} s; give it more with --minutes\n`,
  );
  return exitStatus.failed;
}

/** A person, or whoever read the output, wants no more of it. */
class Interrupted extends PodkinError {
  constructor() {
    super('the trial was interrupted');
    this.name = 'Interrupted';
  }
}

class Trial {
  readonly #context: CommandContext;
  readonly #request: TrialRequest;
  readonly #signal: AbortSignal;
  readonly #folder: ChaosFolder;
  #guard: Guard | undefined;
  readonly #line: ProgressLine;
  /** Of the rounds whose homes are still there. */
  readonly #places: RoundPlace[] = [];
  readonly #over: RoundFigures[] = [];
  #current: PlayedRound | undefined;
  /** Fulfils when nothing is done any more. */
  #playing: Promise<void> = Promise.resolve();

  constructor(context: CommandContext, request: TrialRequest, signal: AbortSignal) {
    this.#context = context;
    this.#request = request;
    this.#signal = signal;
    this.#folder = makeChaosFolder();
    this.#line = new ProgressLine(context, request);
  }

  get folder(): ChaosFolder {
    return this.#folder;
  }

  get places(): readonly RoundPlace[] {
    return this.#places;
  }

  /** Those that are over, and the one that is being played. */
  soFar(): RoundFigures[] {
    return [...this.#over, ...(this.#current === undefined ? [] : [this.#current.soFar()])];
  }

  /** Ends with the first round that finds something; rejects with the signal's reason at once. */
  async play(): Promise<readonly RoundFigures[]> {
    const { environment } = roundPlace(this.#folder, 0, this.#context.environment);
    const { keep } = this.#request;
    this.#guard = await startGuard(this.#folder, { environment, keep, signal: this.#signal });
    const played = this.#playRounds();
    this.#playing = played.then(
      () => undefined,
      () => undefined,
    );
    return await Promise.race([played, rejected(this.#signal)]);
  }

  async #playRounds(): Promise<readonly RoundFigures[]> {
    const count = roundCount(this.#request);
    for (let number = 1; number <= count; number += 1) {
      const place = roundPlace(this.#folder, number, this.#context.environment);
      this.#places.push(place);
      const round = await this.#playRound(place, { number, count });
      this.#current = undefined;
      this.#over.push(round);
      if (findingsOf(round).length > 0) break;
      // What was judged and found good is of no use to a next round; the last one may be wished for.
      if (number < count) rmSync(this.#places.pop()?.path ?? '', { recursive: true, force: true });
    }
    return this.#over;
  }

  async #playRound(
    place: RoundPlace,
    { number, count }: { number: number; count: number },
  ): Promise<RoundFigures> {
    this.#current = playRound({
      place,
      // The first round has the seed itself: a finding names the seed that plays its round first.
      seed: (this.#request.seed + number - 1) % (seedMax + 1),
      durationMs: roundDuration(this.#request),
      signal: this.#signal,
      onProgress: (progress) => this.#line.show(progress, { number, count }),
    });
    return await this.#current.figures;
  }

  /** No process is left, and no file unless it is to be kept. */
  async end(isKept: boolean): Promise<void> {
    this.#line.clear();
    // What waits for a pod hears of its end, and begins nothing more.
    await endAllBelow(this.#folder.path);
    await Promise.race([this.#playing, wait(settleMs, undefined, { ref: false })]);
    const left = await endAllBelow(this.#folder.path);
    for (const text of left) this.#context.stderr.write(`${text}\n`);
    // First: where it fails, the guard does it when this process is gone.
    if (!isKept) removeChaosFolder(this.#folder);
    await this.#guard?.release();
  }
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** One line of the terminal, written over; nothing elsewhere. */
class ProgressLine {
  readonly #context: CommandContext;
  readonly #request: TrialRequest;
  #shown = '';

  constructor(context: CommandContext, request: TrialRequest) {
    this.#context = context;
    this.#request = request;
  }

  show(progress: Progress, { number, count }: { number: number; count: number }): void {
    const { stderr } = this.#context;
    if (!stderr.isTerminal) return;
    const round = count === 1 ? '' : `round ${number} of ${count}, `;
    const text = `chaos, seed ${this.#request.seed}: ${round}${progressText(progress, roundDuration(this.#request))}`;
    const line = text.slice(0, screenOf(this.#context).columns - 1);
    if (line === this.#shown) return;
    this.#shown = line;
    stderr.styled(`\r\u001b[K${line}`);
  }

  clear(): void {
    if (this.#shown !== '') this.#context.stderr.styled('\r\u001b[K');
    this.#shown = '';
  }
}

function progressText(progress: Progress, durationMs: number): string {
  const { phase, elapsedMs } = progress;
  if (phase === 'start') return 'the tree starts';
  const faults = faultsText(progress);
  if (phase === 'quiet') return `${faults}; everything comes to rest`;
  if (phase === 'check') return `${faults}; the tree ends, its logs are checked`;
  const seconds = (ms: number) => Math.floor(ms / 1_000);
  return `${seconds(elapsedMs)} of ${seconds(durationMs)} s, ${faults}`;
}

interface FigureLines {
  readonly options: ChaosOptions;
  readonly request: TrialRequest;
  readonly kept: readonly RoundPlace[];
}

function report(
  { stdout, stderr }: CommandContext,
  figures: ChaosFigures,
  { options, request, kept }: FigureLines,
): void {
  const homes = kept.map(({ environment }) => environment['PODKIN_HOME'] ?? '');
  if (options.json) stdout.write(jsonText({ ...figures, home: homes[0] ?? null }));
  else stdout.write(`${figuresLine(figures)}\n`);
  for (const { text } of options.json ? [] : figures.findings) stdout.write(`  ${text}\n`);
  const [found] = figures.findings;
  if (found !== undefined) {
    const minutes = roundDuration(request) / 60_000;
    stderr.write(
      `To play it again: podkin chaos --seed ${found.seed} --minutes ${Number(minutes.toFixed(3))}\n`,
    );
  }
  for (const [index, home] of homes.entries()) {
    const folder = dirname(kept[index]?.path ?? '');
    stderr.write(`The home is kept. Look: PODKIN_HOME=${home} podkin verify\nRemove it: rm -r ${folder}\n`);
  }
}

function roundCount({ durationMs }: TrialRequest): number {
  return Math.ceil(durationMs / roundMs);
}

function roundDuration(request: TrialRequest): number {
  return request.durationMs / roundCount(request);
}

function durationOf(text: string | undefined): number {
  const minutes = text === undefined ? 1 : Number(text);
  if (/^(\d+\.?\d*|\.\d+)$/.test(text ?? '1') && minutes > 0 && minutes <= minutesMax) {
    return minutes * 60_000;
  }
  throw new CommandFailed(
    exitStatus.usage,
    `--minutes: "${text}" is not a number of minutes above 0 and up to ${minutesMax}`,
  );
}

function seedOf(text: string | undefined): number {
  if (text === undefined) return randomInt(seedMax + 1);
  const seed = Number(text);
  if (/^\d{1,10}$/.test(text) && seed <= seedMax) return seed;
  throw new CommandFailed(exitStatus.usage, `--seed: "${text}" is not a whole number from 0 to ${seedMax}`);
}
