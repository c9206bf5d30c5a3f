/** Runs ripgrep: where its binary is, and its output as records. Glob and Grep stand on it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/** The part of its complaints that is kept, in characters. */
const stderrCharsMax = 4000;

/** Asked of every run: no configuration of the user's, hidden files too, `.gitignore` also outside of a repository. */
export const ripgrepBasics = ['--no-config', '--color=never', '--hidden', '--no-require-git'] as const;

/** A directory's path (found paths then begin with `./`), or the descriptor of an open file, which is searched from its beginning. */
export type RipgrepPlace = { readonly directory: string } | { readonly file: number };

export interface RipgrepRequest {
  /** Without the place. */
  readonly args: readonly string[];
  readonly place: RipgrepPlace;
  /** What ends a record: `nul` with `--null` lists, else `line`. */
  readonly recordEnd: 'nul' | 'line';
  readonly signal: AbortSignal;
  /** Called with each record in order; false means enough, and ripgrep is ended. Must not throw. */
  readonly onRecord: (record: string) => boolean;
}

export interface RipgrepOutcome {
  /** 0: something was found, 1: nothing, 2: something went wrong; null when it was ended by us. */
  readonly exitCode: number | null;
  readonly stderr: string;
}

/** Why ripgrep could not be run, with what to do about it. */
export class RipgrepMissing extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RipgrepMissing';
  }
}

/** Absolute path of ripgrep: `PODKIN_RG`, else `rg` on the PATH, else the one of the package. Throws `RipgrepMissing`. */
export async function locateRipgrep(env: NodeJS.ProcessEnv): Promise<string> {
  const chosen = env['PODKIN_RG'];
  if (chosen !== undefined && chosen !== '') {
    if (isAbsolute(chosen) && (await isProgram(chosen))) return chosen;
    throw new RipgrepMissing(
      `PODKIN_RG is ${chosen}, which is not the absolute path of a program. Correct or unset it.`,
    );
  }
  for (const folder of (env['PATH'] ?? '').split(':')) {
    // A relative entry would find a program in whatever folder the pod works in.
    if (isAbsolute(folder) && (await isProgram(join(folder, 'rg')))) return join(folder, 'rg');
  }
  try {
    const { rgPath } = await import('@vscode/ripgrep');
    if (await isProgram(rgPath)) return rgPath;
  } catch {
    // The package throws on a platform that it has no binary for: the same as not being there.
  }
  throw new RipgrepMissing(
    'ripgrep was not found. Install it (`rg` on the PATH), or set PODKIN_RG to its path.',
  );
}

/** Runs it to its end. Throws `RipgrepMissing`, and the signal's reason when aborted. */
export async function runRipgrep(request: RipgrepRequest): Promise<RipgrepOutcome> {
  const program = await locateRipgrep(process.env);
  request.signal.throwIfAborted();
  const child = start(program, request);
  const ended = exitOf(child, program);
  let stderr = '';
  const { stdout, stderr: errors } = child;
  if (stdout === null || errors === null) throw new Error('ripgrep was started without pipes');
  errors.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(0, stderrCharsMax);
  });
  const stop = (): void => {
    child.kill('SIGKILL');
    stdout.destroy();
  };
  request.signal.addEventListener('abort', stop, { once: true });
  splitRecords(stdout, request, stop);
  try {
    const exitCode = await ended;
    request.signal.throwIfAborted();
    return { exitCode, stderr: stderr.trim() };
  } finally {
    request.signal.removeEventListener('abort', stop);
  }
}

function start(program: string, { args, place }: RipgrepRequest): ChildProcess {
  // The child inherits the descriptor up to its exec, so a working directory named by it is the one that was opened.
  return 'directory' in place
    ? spawn(program, [...args, './'], { cwd: place.directory, env: {}, stdio: ['ignore', 'pipe', 'pipe'] })
    : spawn(program, [...args, '-'], { cwd: '/', env: {}, stdio: [place.file, 'pipe', 'pipe'] });
}

function splitRecords(stdout: NodeJS.ReadableStream, request: RipgrepRequest, stop: () => void): void {
  const end = request.recordEnd === 'nul' ? '\0' : '\n';
  let rest = '';
  let enough = false;
  stdout.setEncoding('utf8');
  stdout.on('data', (text: string) => {
    const records = (rest + text).split(end);
    rest = records.pop() ?? '';
    for (const record of records) {
      enough ||= !request.onRecord(record);
      if (enough) return stop();
    }
  });
}

function exitOf(child: ChildProcess, program: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        new RipgrepMissing(
          `${program} could not be started (${error.message}). Set PODKIN_RG to another one.`,
        ),
      );
    });
    child.once('close', (code) => resolve(code));
  });
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
