/** Runs ripgrep and gives its output as records. Glob and Grep stand on it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { OwnPrograms } from '../scope/sandbox/own-programs.ts';
import { nothingAdded } from '../std/nothing-added.ts';
import { isAllowed } from '../scope/paths/path-scope.ts';
import type { PathScope } from '../session/facts/entries.ts';
import { PodkinError } from '../std/podkin-error.ts';

/** The part of its complaints that is kept, in characters. */
const stderrCharsMax = 4000;

/**
 * Asked of every run: no configuration of the user's, hidden files too. Files that say what to ignore count
 * up to the repository's root, as for git; without a repository those in the folder that is searched.
 * `folder` is real and absolute.
 */
export function ripgrepBasics(folder: string): string[] {
  const root = repositoryOf(folder);
  return [
    '--no-config',
    '--color=never',
    '--hidden',
    // Ripgrep sees where a repository ends only where it asks for one.
    ...(root === null ? ['--no-require-git'] : []),
    ...(root === null || root === folder ? ['--no-ignore-parent'] : []),
  ];
}

/** The nearest folder with a `.git`, from `folder` up. */
function repositoryOf(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (at === dirname(at)) return null;
  }
}

/**
 * A directory's path (found paths then begin with `./`), or the descriptor of an open file, which is searched
 * from its beginning.
 */
export type RipgrepPlace = { readonly directory: string } | { readonly file: number };

/** Which ripgrep, and what the pod that searches may write. */
export interface SearchRights {
  readonly programs: OwnPrograms;
  readonly scope: PathScope;
}

export interface RipgrepRequest {
  /** Without the place. */
  readonly args: readonly string[];
  readonly place: RipgrepPlace;
  readonly rights: SearchRights;
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
export class RipgrepMissing extends PodkinError {
  constructor(message: string) {
    super(message);
    this.name = 'RipgrepMissing';
  }
}

/**
 * Throws `RipgrepMissing`, also for a person's choice that this pod could change: it would be a way for the
 * pod to run what it likes.
 */
function programFor({ programs, scope }: SearchRights): string {
  const { ripgrep } = programs;
  if ('problem' in ripgrep) throw new RipgrepMissing(ripgrep.problem);
  const { path, chosenAs } = ripgrep;
  if (chosenAs !== null && [path, chosenAs].some((one) => isAllowed(scope, 'write', one))) {
    throw new RipgrepMissing(
      `PODKIN_RG is ${chosenAs}, which lies where this pod may write, so it is not run. A person has to unset it, or to put the program elsewhere.`,
    );
  }
  return path;
}

/** Runs it to its end. Throws `RipgrepMissing`, and the signal's reason when aborted. */
export async function runRipgrep(request: RipgrepRequest): Promise<RipgrepOutcome> {
  const program = programFor(request.rights);
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
  // The child inherits the descriptor up to its exec, so a working directory named by it is the one that was
  // opened.
  const env = nothingAdded;
  return 'directory' in place
    ? spawn(program, [...args, './'], { cwd: place.directory, env, stdio: ['ignore', 'pipe', 'pipe'] })
    : spawn(program, [...args, '-'], { cwd: '/', env, stdio: [place.file, 'pipe', 'pipe'] });
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
          `${program} could not be started (${error.message}). A person can set PODKIN_RG to another one.`,
        ),
      );
    });
    child.once('close', (code) => resolve(code));
  });
}
