/**
 * What a command is given instead of the process: where to write, the environment, the home. Commands answer
 * with an exit status and never exit.
 */
import { PodkinError } from '../../std/podkin-error.ts';
import { once as onceEmitted } from 'node:events';
import { isAbsolute, resolve } from 'node:path';
import { fromTilde } from '../../std/tilde.ts';
import type { Readable, Writable } from 'node:stream';
import { ownHome } from '../../session/home/own-home.ts';
import type { Home } from '../../session/home/places.ts';
import { withStoredKeys } from '../../configuration/own-environment.ts';
import { once } from '../../std/once.ts';
import { systemCode } from '../../std/system-code.ts';
import { printable, steering } from '../format/printable.ts';

/** The exit statuses of every command. */
export const exitStatus = {
  done: 0,
  failed: 1,
  usage: 2,
  noSuchPod: 3,
  denied: 4,
  limit: 5,
  /** This id of a request was used for something else. */
  conflict: 6,
  timedOut: 124,
} as const;

export interface Output {
  write(text: string): void;
  /** Fulfils when what was written has left this process; for whoever writes much. */
  drained(): Promise<void>;
}

/** Where people read. */
export interface TextOutput extends Output {
  /** Text with colours of ours, in which every foreign word has been made harmless. */
  styled(text: string): void;
}

export interface ErrorOutput extends TextOutput {
  readonly isTerminal: boolean;
}

export interface CommandContext {
  /** Data: to a pipe as it is, to a terminal without what would steer it. */
  readonly stdout: TextOutput;
  /**
   * Everything else. Whatever is said there, paths and keys of files that somebody else made included, steers
   * no terminal.
   */
  readonly stderr: ErrorOutput;
  readonly stdin: Readable;
  /** With the keys that are kept here (`podkin login`), where it sets none. */
  readonly environment: NodeJS.ProcessEnv;
  /** As it was given. */
  readonly ownEnvironment: NodeJS.ProcessEnv;
  /** Throws `CommandFailed` where it is gone. */
  readonly cwd: string;
  /** Throws `NoHome` or `UnsafeHome`. */
  readonly home: Home;
  /** stdout is a terminal. */
  readonly isTerminal: boolean;
  /** Colours are wanted on stdout. */
  readonly color: boolean;
  /** Of the terminal that is written to, as it is at this moment; undefined where there is none. */
  readonly screen: () => { readonly columns: number | undefined; readonly rows: number | undefined };
}

type TerminalOutput = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** The parts of `process` that a context is made of. */
export interface ProcessParts {
  readonly stdout: TerminalOutput;
  readonly stderr: TerminalOutput;
  readonly stdin: Readable;
  readonly env: NodeJS.ProcessEnv;
  cwd(): string;
}

export function contextOf(parts: ProcessParts): CommandContext {
  const ownEnvironment = parts.env;
  const environment = once(() => withStoredKeys(ownEnvironment));
  const isTerminal = parts.stdout.isTTY === true;
  const plain = (ownEnvironment['NO_COLOR'] ?? '') !== '' || ownEnvironment['TERM'] === 'dumb';
  return {
    stdout: dataOutputTo(parts.stdout),
    stderr: errorOutputTo(parts.stderr),
    stdin: parts.stdin,
    ownEnvironment,
    get environment() {
      return environment();
    },
    // Asked for when they are needed: most commands can do without the one or the other.
    get cwd() {
      return cwdOf(parts);
    },
    get home() {
      return ownHome(ownEnvironment);
    },
    isTerminal,
    color: isTerminal && !plain,
    screen: () => {
      const { columns, rows } = isTerminal ? parts.stdout : parts.stderr;
      return { columns, rows };
    },
  };
}

function cwdOf(parts: ProcessParts): string {
  try {
    return parts.cwd();
  } catch (error) {
    const why = `the working directory is gone or cannot be entered (${systemCode(error) ?? 'unknown error'})`;
    throw new CommandFailed(exitStatus.usage, `${why}: change to another one, or name absolute paths`);
  }
}

/** Null where it is gone. */
export function cwdIfThere(context: Pick<CommandContext, 'cwd'>): string | null {
  try {
    return context.cwd;
  } catch {
    return null;
  }
}

/** What a person named, from the working directory, which must be there only for a relative path. */
export function fromCwd(context: Pick<CommandContext, 'cwd'>, path: string): string {
  const meant = fromTilde(path, process.env['HOME'] ?? null);
  return isAbsolute(meant) ? resolve(meant) : resolve(context.cwd, meant);
}

/** Narrow enough for most, where it is not known. */
export function screenOf({ screen }: Pick<CommandContext, 'screen'>): { columns: number; rows: number } {
  const { columns = 80, rows = 24 } = screen();
  // A terminal that does not know says 0.
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

function dataOutputTo(stream: ProcessParts['stdout']): TextOutput {
  const output = outputTo(stream);
  return {
    write: (text) => output.write(stream.isTTY === true ? printable(text) : text),
    styled: (text) => output.write(text),
    drained: () => output.drained(),
  };
}

function errorOutputTo(stream: ProcessParts['stderr']): ErrorOutput {
  const output = outputTo(stream);
  return {
    write: (text) => output.write(printable(text)),
    styled: (text) => output.write(text),
    drained: () => output.drained(),
    isTerminal: stream.isTTY === true,
  };
}

function outputTo(stream: Writable): Output {
  return {
    write(text) {
      stream.write(text);
    },
    async drained() {
      if (!stream.writableNeedDrain || stream.destroyed || stream.errored !== null) return;
      // A reader that has gone is dealt with in `main.ts`; there is nothing to wait for any more.
      await onceEmitted(stream, 'drain').catch(() => undefined);
    },
  };
}

/**
 * An expected end of a command: one sentence that says what to do next, and the exit status. Where there are
 * several things to be said, `sentence` is above them, a line each; the message has all of it.
 */
export class CommandFailed extends PodkinError {
  readonly status: number;
  readonly sentence: string;
  readonly lines: readonly string[];

  constructor(status: number, sentence: string, lines: readonly string[] = []) {
    super(lines.length === 0 ? sentence : `${sentence}: ${lines.join('; ')}`);
    this.name = 'CommandFailed';
    this.status = status;
    this.sentence = sentence;
    this.lines = lines;
  }
}

/** One line of JSON. */
export function jsonLine(value: unknown): string {
  return `${harmless(JSON.stringify(value))}\n`;
}

/** A list or an object, for programs and for people. */
export function jsonText(value: unknown): string {
  return `${harmless(JSON.stringify(value, null, 2))}\n`;
}

/**
 * The same value in JSON: what would steer a terminal stands in it as its number. Only texts can hold such
 * characters.
 */
function harmless(json: string): string {
  return json.replaceAll(steering, (character) =>
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
