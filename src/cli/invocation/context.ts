/** What a command is given instead of the process: where to write, the environment, the home. Commands answer with an exit status and never exit. */
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type Home, homeOf } from '../../session/home.ts';

/** The exit statuses of every command. */
export const exitStatus = {
  done: 0,
  failed: 1,
  usage: 2,
  noSuchPod: 3,
  denied: 4,
  limit: 5,
  timedOut: 124,
} as const;

export interface Output {
  write(text: string): void;
  /** Fulfils when what was written has left this process; for whoever writes much. */
  drained(): Promise<void>;
}

export interface CommandContext {
  /** Data. */
  readonly stdout: Output;
  /** Everything else. */
  readonly stderr: Output;
  readonly stdin: Readable;
  /** With an absolute `PODKIN_HOME`: pods run in another directory and inherit it. */
  readonly environment: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly home: Home;
  /** stdout is a terminal. */
  readonly isTerminal: boolean;
  /** Colours are wanted on stdout. */
  readonly color: boolean;
}

/** The parts of `process` that a context is made of. */
export interface ProcessParts {
  readonly stdout: Writable & { isTTY?: boolean };
  readonly stderr: Writable;
  readonly stdin: Readable;
  readonly env: NodeJS.ProcessEnv;
  cwd(): string;
}

export function contextOf(parts: ProcessParts): CommandContext {
  const cwd = parts.cwd();
  const own = parts.env['PODKIN_HOME'];
  const environment =
    own === undefined || own === '' ? parts.env : { ...parts.env, PODKIN_HOME: resolve(cwd, own) };
  const isTerminal = parts.stdout.isTTY === true;
  const plain = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return {
    stdout: outputTo(parts.stdout),
    stderr: outputTo(parts.stderr),
    stdin: parts.stdin,
    environment,
    cwd,
    home: homeOf(environment),
    isTerminal,
    color: isTerminal && !plain,
  };
}

/** Somebody can type: stdin is a terminal. */
export function hasKeyboard({ stdin }: Pick<CommandContext, 'stdin'>): boolean {
  return 'isTTY' in stdin && stdin.isTTY === true;
}

function outputTo(stream: Writable): Output {
  return {
    write(text) {
      stream.write(text);
    },
    async drained() {
      if (!stream.writableNeedDrain || stream.destroyed || stream.errored !== null) return;
      // A reader that has gone is dealt with in `main.ts`; there is nothing to wait for any more.
      await once(stream, 'drain').catch(() => undefined);
    },
  };
}

/** An expected end of a command: one sentence that says what to do next, and the exit status. */
export class CommandFailed extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'CommandFailed';
    this.status = status;
  }
}

/** One line of JSON. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
