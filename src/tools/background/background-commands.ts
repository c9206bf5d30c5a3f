/**
 * The commands of one pod that run in the background: started by a call that does not wait for them, held as
 * any other command is (sandbox, process group, mark, watch over protected names), and ended with the pod.
 *
 * Invariants
 * - B1 A command's name is on disk before anything of it is started, and nothing is ever started twice.
 * - B2 Its end is noted once, whoever ended it; a log that cannot be written is asked again.
 * - B3 It has the rights of the moment at which it began, and no more of them for running long.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { thrownText } from '../../std/thrown-text.ts';
import type { CommandFacts } from '../../session/facts/command-facts.ts';
import type { PathScope } from '../../session/facts/entries.ts';
import type { Entered } from '../../scope/sandbox/sandbox.ts';
import { monotonicMs } from '../../std/clock.ts';
import { failed } from '../input-path.ts';
import { type ShellRun, attemptWaitsMs, complaintOf, enter, notesOf, runShell } from '../shell-run.ts';
import type { ShellLimits } from '../shell-script.ts';
import type {
  CommandsInBackground,
  EndedInBackground as Ended,
  RunningInBackground,
  ToolAnswer,
  ToolContext,
} from '../tool.ts';
import { CommandOutput, commandFile, commandIn } from './command-output.ts';

/** What they need of their pod. */
export interface CommandsPort {
  readonly facts: CommandFacts;
  /** How many may run at once. */
  readonly max: number;
  /** Resolves with its name once that is on disk. Rejects with `StorageFailed`. */
  started(begun: { call: string; text: string; scope: PathScope }): Promise<string>;
  /** False: to be said again. */
  ended(ended: Ended): boolean;
}

interface Running extends RunningInBackground {
  readonly abort: AbortController;
  /** Who ended it; null while nobody has. */
  why: 'stopped' | 'withPod' | null;
}

const tailCharsMax = 2_000;
const noteCharsMax = 1_000;
const notesMax = 20;
/** Between two tries to note an end. */
const noteAgainMs = 2_000;

export class BackgroundCommands implements CommandsInBackground {
  readonly #port: CommandsPort;
  readonly #running = new Map<string, Running>();
  /** Where the last read of each ended. */
  readonly cursors = new Map<string, number>();
  #isClosed = false;

  constructor(port: CommandsPort) {
    this.#port = port;
  }

  get facts(): CommandFacts {
    return this.#port.facts;
  }

  running(command: string): RunningInBackground | undefined {
    return this.#running.get(command);
  }

  async start(text: string, context: ToolContext): Promise<ToolAnswer> {
    const { max } = this.#port;
    const open = [...this.#running.keys()];
    if (max === 0)
      return failed('No command may run in the background here (limits.backgroundCommands is 0).');
    if (open.length >= max)
      return failed(
        `${open.length} commands run in the background, which is as many as may (limits.backgroundCommands): ${open.join(', ')}. End one with StopCommand first.`,
      );
    if (this.#isClosed) return failed('This pod is stopping; it starts nothing any more.');
    const entered = await enter(context);
    if ('refused' in entered) return failed(entered.refused);
    let command: string;
    try {
      command = await this.#port.started({ call: context.call, text, scope: context.scopeNow() });
    } catch (error) {
      entered.place?.leave(false);
      throw error;
    }
    this.#run({ command, text, place: entered.place }, context);
    return { text: startedText(command, commandFile(context.outputDir, command)) };
  }

  /** Ends it; null where no such command runs. */
  async stop(command: string): Promise<Ended | null> {
    const running = this.#running.get(command);
    if (running === undefined) return null;
    this.#end(running, 'stopped');
    return await running.ended;
  }

  /** Nothing is started from here on. Fulfils when all have ended and that is noted, where it can be. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#running.values()];
    for (const running of all) this.#end(running, 'withPod');
    await Promise.all(all.map(({ ended }) => ended));
  }

  #end(running: Running, why: 'stopped' | 'withPod'): void {
    running.why ??= why;
    running.abort.abort(new Error('the command was ended'));
  }

  #run(begun: { command: string; text: string; place: Entered | null }, call: ToolContext): void {
    const { command } = begun;
    const abort = new AbortController();
    const output = new CommandOutput(commandFile(call.outputDir, command));
    const context: ToolContext = { ...call, signal: abort.signal, progress: () => undefined };
    const startedMs = monotonicMs();
    const waiters = new Set<() => void>();
    const onNews = (): void => {
      for (const wake of waiters) wake();
      waiters.clear();
    };
    const work = this.#worked({ ...begun, output, context, onNews });
    const ended = work.catch(notStartedBy).then(async (how) => {
      await output.end();
      const durationMs = Math.round(monotonicMs() - startedMs);
      const parts = { command, ended: how, output, durationMs, why: running.why };
      const noted = await this.#note(endOf(parts, call.shell.limits));
      this.#running.delete(command);
      onNews();
      return noted;
    });
    const news = () => new Promise<void>((resolve) => void waiters.add(resolve));
    const running: Running = { abort, output, why: null, news, ended };
    this.#running.set(command, running);
    void this.#forgetOld(call.outputDir);
  }

  /** A sandbox that failed before anything had begun is tried again; nothing is run twice by that. */
  async #worked(work: {
    text: string;
    place: Entered | null;
    output: CommandOutput;
    context: ToolContext;
    onNews: () => void;
  }): Promise<ShellRun> {
    const { text: command, output, context } = work;
    let { place } = work;
    let complaint = '';
    for (const waitMs of attemptWaitsMs) {
      if (waitMs > 0) {
        await pause(waitMs);
        if (context.signal.aborted) break;
        const again = await enter(context);
        if ('refused' in again) return { kind: 'notStarted', text: again.refused };
        ({ place } = again);
      }
      let before = '';
      const onOutput = async (piece: Buffer): Promise<void> => {
        before = (before + piece.toString('utf8')).slice(-tailCharsMax);
        await output.add(piece);
        work.onNews();
      };
      const ended = await runShell({ command, timeoutMs: null, place, onOutput }, context);
      if (ended.kind !== 'notBegun') return ended;
      complaint = complaintOf(ended, before);
    }
    return { kind: 'notStarted', text: `The sandbox could not be started, so nothing was run: ${complaint}` };
  }

  async #note(ended: Ended): Promise<Ended | null> {
    while (!this.#port.ended(ended)) {
      // At the next start it is reported as ended with the pod.
      if (this.#isClosed) return null;
      await pause(noteAgainMs, undefined, { ref: false });
    }
    return ended;
  }

  /** Of the newest that have ended the output is kept. */
  async #forgetOld(outputDir: string): Promise<void> {
    const { open, ended } = this.#port.facts;
    const names = await readdir(outputDir).catch(() => []);
    for (const name of names) {
      const command = commandIn(name);
      if (command === null || open.has(command) || ended.has(command)) continue;
      this.cursors.delete(command);
      await rm(join(outputDir, name), { force: true }).catch(() => undefined);
    }
  }
}

function notStartedBy(error: unknown): ShellRun {
  return { kind: 'notStarted', text: thrownText(error) };
}

function startedText(command: string, file: string): string {
  return `Started as "${command}" in the background. It runs on when this turn ends; you get a notice when it ends by itself. ReadOutput { "name": "${command}" } shows what it has written (it is in ${file} too), StopCommand { "name": "${command}" } ends it. It ends with this pod at the latest.`;
}

interface EndParts {
  readonly command: string;
  readonly ended: ShellRun;
  readonly output: CommandOutput;
  readonly durationMs: number;
  readonly why: 'stopped' | 'withPod' | null;
}

function endOf({ command, ended, output, durationMs, why }: EndParts, limits: ShellLimits): Ended {
  const tail = output.tail(tailCharsMax);
  const problem = output.problem === null ? [] : [`Not all of its output could be kept: ${output.problem}.`];
  const base = { command, durationMs, bytes: output.total, tail };
  if (ended.kind !== 'ended') {
    const text = ended.kind === 'notStarted' ? ended.text : 'The sandbox could not be started.';
    const how = why ?? 'notStarted';
    return { ...base, ...none, how, notes: bounded([text]), ...noticeOf(why) };
  }
  const notes = bounded([...notesOf(ended, tail, limits), ...problem]);
  const { exitCode, signal, cause } = ended.run;
  if (ended.lost !== null)
    return { ...base, ...none, how: 'lost', notes: bounded([`${ended.lost}.`, ...notes]), ...noticeOf(null) };
  const how = cause === 'exited' ? 'exited' : (why ?? 'stopped');
  return { ...base, how, exitCode, signal, notes, ...noticeOf(how === 'exited' ? null : why) };
}

const none = { exitCode: null, signal: null } as const;

/** What the model has asked for its call's result tells; the pod's end wakes nobody. */
function noticeOf(why: Running['why']): Pick<Ended, 'reads' | 'wakes'> {
  return { reads: why !== 'stopped', wakes: why === null };
}

function bounded(notes: readonly string[]): string[] {
  return notes.slice(0, notesMax).map((note) => note.slice(0, noteCharsMax).toWellFormed());
}
