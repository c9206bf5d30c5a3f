/**
 * From argv to a program: a pod's process, or the command line, taken in with V8's code cache
 * (`std/program.ts`); only the version is said right here. Sets
 * the exit status and ends the process, as only `pod-process.ts` does beside it.
 */
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as command from './command.ts';
import { codeFolder, homeOf } from './session/home/places.ts';
import { letGoneTerminalsGo, terminalGoneStatus } from './std/gone-terminal.ts';
import { loadProgram } from './std/program.ts';
import { version } from './version.ts';

type Command = typeof command;

/** Both programs and their bodies lie here. */
const folder = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
/** Until the command line is there, nobody has anything to end. */
let reportBrokenPipe: Command['reportBrokenPipe'] = () => false;

async function main(argv: readonly string[]): Promise<number | null> {
  const [first, second] = argv;
  if (first === '__pod' && second !== undefined) {
    // Ends this process itself.
    require(join(folder, 'pod.cjs'));
    return null;
  }
  if (argv.length === 1 && (first === '--version' || first === '-V')) {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  return await commandLine(argv);
}

async function commandLine(argv: readonly string[]): Promise<number> {
  const file = join(folder, 'command-body.cjs');
  const state = stateFolder();
  // A relative specifier begins at this file, which lies beside the body.
  const importModule = (specifier: string): Promise<unknown> => import(specifier);
  const { exports, keep } = loadProgram<Command>(file, codeFolder(state), { require, importModule });
  if (exports.runCommand === undefined || exports.reportBrokenPipe === undefined) {
    throw new Error(`${file} is not podkin's command line: install podkin again`);
  }
  reportBrokenPipe = exports.reportBrokenPipe;
  const status = await exports.runCommand(argv);
  if (isOwn(state)) await keep();
  return status;
}

/**
 * Where nothing says where a home would be, the commands that need one say so; no cache lies in a folder
 * without a name.
 */
function stateFolder(): string {
  try {
    return homeOf(process.env).state;
  } catch {
    return '/nonexistent';
  }
}

/** Who only looks around has no home yet and gets none by it, and nobody leaves a file in another user's. */
function isOwn(home: string): boolean {
  try {
    return statSync(home).uid === process.getuid?.();
  } catch {
    return false;
  }
}

/** Also in `cli/invocation/interruption.ts`, which is not loaded for what needs no command line. */
const stalledReaderMs = 1_000;

/** The status of a command whose output did not all arrive. */
let lostStatus: number | null = null;

// Nobody reads any more (EIO: the terminal is gone), or there is no room for it. A command that has a tree to
// end is told and ends it first; for the others
// there is nothing left to do, and `podkin logs x | head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  const isTerminalGone = error.code === 'EIO' && process.stdout.isTTY;
  const isReaderGone = error.code === 'EPIPE' || error.code === 'EIO';
  if (!isReaderGone && lostStatus === null) {
    process.stderr.write(
      `podkin: the output cannot be written (${error.code ?? error.message}): make room, or send it elsewhere\n`,
    );
  }
  lostStatus ??= isTerminalGone ? terminalGoneStatus : isReaderGone ? 141 : 1;
  // It may have ended already, with what only now turns out not to have arrived.
  if (process.exitCode === 0) process.exitCode = lostStatus;
  if (reportBrokenPipe()) return;
  process.exit(isTerminalGone ? terminalGoneStatus : error.code === 'EPIPE' ? 0 : 1);
});
process.stderr.on('error', () => undefined);
letGoneTerminalsGo();

try {
  const status = await main(process.argv.slice(2));
  // Set, not exited with: output that waits for a slow reader would be cut off.
  if (status !== null)
    process.exitCode = lostStatus !== null && (status === 0 || status === 141) ? lostStatus : status;
  // Ended by a signal (129 …): then only for a moment, since a reader that has stopped reading may never go
  // on.
  if (status !== null && status > 128) setTimeout(() => process.exit(), stalledReaderMs).unref();
} catch (error) {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const isStarved = cause instanceof Error && 'code' in cause && cause.code === 'EMFILE';
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    isStarved
      ? `podkin: ${cause.message}: raise the limit on open files ("ulimit -n"), then try again\n`
      : `podkin: ${text}\nThis is a defect of podkin: please report it with these lines.\n`,
  );
  process.exitCode = 1;
}
