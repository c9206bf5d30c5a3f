/**
 * The process of an agent, at the head of a group of its own, spoken to over its input and output. Its end is
 * in order: its input is closed, then it is asked, then it is killed with all of its group and all that
 * carries its mark.
 */
import type { Readable, Writable } from 'node:stream';
import { deferred } from '../std/deferred.ts';
import { systemCode } from '../std/system-code.ts';
import { within } from '../std/within.ts';
import { guardedExec, guardScript } from '../scope/sandbox/start-guard.ts';
import { markVariable } from '../tools/marked-processes.ts';
import { type GroupControl, type GroupProgram, type GroupRun, runGroup } from '../tools/process-group.ts';
import { plainText } from './messages.ts';
import { thrownText } from '../std/thrown-text.ts';

/** Once its input is closed, before it is sent a signal. */
const closingMs = 2_000;
/** Of what it complains about, the last of. */
const errorsCharsMax = 4_000;

export interface EngineProcess {
  readonly input: Writable;
  /** Its output, from here on: the next piece comes once this has settled. Once. */
  read(onPiece: (piece: Buffer) => Promise<void>): void;
  /** Fulfils when nothing of it is left, with how it ended: what follows its name. Never rejects. */
  readonly ended: Promise<string>;
  /** The last that it said on its error output, for people: may hold several lines. */
  errors(): string;
  /** Fulfils when nothing of it is left. */
  end(): Promise<void>;
}

/** A program outside of any sandbox: what it starts is found again by `mark`. */
export function bareProgram(given: {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All that it is given. */
  readonly env: NodeJS.ProcessEnv;
  readonly mark: string;
}): GroupProgram {
  const { command, args, cwd, env, mark } = given;
  return {
    file: '/bin/sh',
    args: ['-c', `${guardScript}\n${guardedExec}`, 'sh', command, ...args],
    cwd,
    env: { ...env, [markVariable]: mark },
    mark,
    apart: true,
  };
}

/**
 * Runs an agent to its end, and fulfils with how it ended: what follows its name. Must call `onStreams` once
 * it runs, and end everything of it when the signal aborts.
 */
export type EngineRun = (
  control: Pick<GroupControl, 'signal' | 'onOutput'> & Required<Pick<GroupControl, 'onStreams'>>,
) => Promise<string>;

/**
 * `apart` must be set in the program. `onStarted`: told the group's leader, and its answer called when
 * nothing is left. Rejects with an `Error` that says why it could not be started: what follows its name.
 */
export async function startEngine(
  program: GroupProgram,
  onStarted: (leaderPid: number) => () => void,
): Promise<EngineProcess> {
  return await talkTo(async (control) =>
    endText(await runGroup(program, { ...control, timeoutMs: null, onStarted, isOwn: () => false })),
  );
}

/** Rejects with an `Error` that says why it could not be started: what follows its name. */
export async function talkTo(runEngine: EngineRun): Promise<EngineProcess> {
  const stop = new AbortController();
  const started = deferred<Writable>();
  const reader = deferred<(piece: Buffer) => Promise<void>>();
  let errors = '';
  const run = runEngine({
    signal: stop.signal,
    onStreams: (streams) => {
      keepErrors(streams.errors, (text) => (errors = (errors + text).slice(-errorsCharsMax)));
      streams.input.on('error', () => undefined);
      started.resolve(streams.input);
    },
    onOutput: async (piece) => await (await reader.promise)(piece),
  });
  const ended = run.catch((error: unknown) => `could not be started: ${reasonOf(error)}`);
  void ended.then((how) => {
    started.reject(new Error(how));
    // Nobody may ever read it.
    reader.resolve(() => Promise.resolve());
  });
  const input = await started.promise;
  return {
    input,
    read: (onPiece) => reader.resolve(onPiece),
    ended,
    errors: () => plainText(errors.trim(), errorsCharsMax),
    async end() {
      // Unread output must not hold up its end.
      reader.resolve(() => Promise.resolve());
      input.end();
      if (!(await within(ended, closingMs))) stop.abort();
      await ended;
    },
  };
}

function endText({ exitCode, signal, hasBegun, differing, stuck }: GroupRun): string {
  if (!hasBegun)
    return differing === null
      ? 'could not be started in its sandbox'
      : `could not be started: ${differing} is another thing now`;
  const left = stuck.length === 0 ? '' : ` and left ${stuck.length} processes that cannot be ended`;
  return signal === null ? `ended with exit code ${exitCode}${left}` : `was ended by ${signal}${left}`;
}

function reasonOf(error: unknown): string {
  const code = systemCode(error);
  return code ?? thrownText(error);
}

function keepErrors(stream: Readable, add: (text: string) => void): void {
  stream.setEncoding('utf8').on('data', (text: string) => add(text));
  stream.on('error', () => undefined);
}
