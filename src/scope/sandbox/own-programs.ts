/**
 * The programs that podkin runs outside of any sandbox: Node, its own package, ripgrep, the sandbox itself.
 * They are found once a process and never on the PATH, which may name folders that a pod writes in; and no
 * pod changes them, whatever its scope: what it put there would run with all rights of the user.
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpPlaces } from '../paths/carry-over.ts';
import { isProgram } from '../../std/is-program.ts';

/** Where ripgrep is, or a sentence on why it is not to be had. */
export type Ripgrep =
  | {
      readonly path: string;
      /** As `PODKIN_RG` names it; null for one that podkin has found. */
      readonly chosenAs: string | null;
    }
  | { readonly problem: string };

export interface OwnPrograms {
  readonly ripgrep: Ripgrep;
  /** Absolute; with all that is below them. Not written by pods. */
  readonly closed: readonly string[];
}

/** Of a system or its package managers: what lies there is trusted as the system is. */
const systemPlaces = [
  '/usr/bin/rg',
  '/bin/rg',
  '/usr/local/bin/rg',
  '/opt/homebrew/bin/rg',
  '/run/current-system/sw/bin/rg',
] as const;

/** Fixed places: a program of that name elsewhere on the path may be anybody's. */
export const bwrapPlaces = [
  '/usr/bin/bwrap',
  '/bin/bwrap',
  '/usr/local/bin/bwrap',
  '/run/wrappers/bin/bwrap',
  '/run/current-system/sw/bin/bwrap',
] as const;

const othersWrite = 0o002;
const sticky = 0o1000;

let found: OwnPrograms | undefined;

/** Of this process; looked for at the first call. */
export function ownPrograms(): OwnPrograms {
  found ??= findPrograms(process.env);
  return found;
}

export function findPrograms(env: NodeJS.ProcessEnv): OwnPrograms {
  const chosen = env['PODKIN_RG'] ?? '';
  const ripgrep = findRipgrep(chosen);
  const places = [
    packageRoot(fileURLToPath(import.meta.url)),
    dirname(process.execPath),
    'path' in ripgrep ? ripgrep.path : '',
    // Also while nothing is there, and where a link stands: it is what the next pod will look at.
    isAbsolute(chosen) ? chosen : '',
    ...systemPlaces,
    ...bwrapPlaces,
    ...cpPlaces,
  ].filter((place) => place !== '' && place !== '/');
  return { ripgrep, closed: [...new Set(places.flatMap((place) => [place, realOf(place)]))] };
}

/** With the sandbox's program that a person's settings name; null for none. */
export function programsWith(programs: OwnPrograms, program: string | null): OwnPrograms {
  if (program === null || !isAbsolute(program)) return programs;
  return { ...programs, closed: [...new Set([...programs.closed, program, realOf(program)])] };
}

/** `PODKIN_RG`, else the one of the package, else one in a fixed place of the system. */
function findRipgrep(chosen: string): Ripgrep {
  if (chosen !== '') {
    const problem = problemOf(chosen);
    return problem === null
      ? { path: realOf(chosen), chosenAs: chosen }
      : { problem: `${problem} Correct or unset it.` };
  }
  const path = [packaged(), ...systemPlaces].find((place) => place !== undefined && isProgram(place));
  if (path !== undefined) return { path: realOf(path), chosenAs: null };
  return {
    problem: `ripgrep was not found, neither in podkin's package nor as ${systemPlaces.slice(0, 3).join(', ')}. Install it there, or set PODKIN_RG to its path.`,
  };
}

/** Of a person's choice: it has to be theirs or root's, and nobody else's to change. */
function problemOf(chosen: string): string | null {
  if (!isAbsolute(chosen) || !isProgram(chosen)) {
    return `PODKIN_RG is ${chosen}, which is not the absolute path of a program.`;
  }
  const real = realOf(chosen);
  const { uid, mode } = statSync(real);
  if (uid !== 0 && uid !== process.getuid?.())
    return `PODKIN_RG is ${chosen}, which belongs to another user.`;
  if ((mode & othersWrite) !== 0) return `PODKIN_RG is ${chosen}, which every user may change.`;
  for (let folder = dirname(real); ; folder = dirname(folder)) {
    const bits = statSync(folder).mode;
    if ((bits & othersWrite) !== 0 && (bits & sticky) === 0) {
      return `PODKIN_RG is ${chosen}, and every user may put another file in its place, because ${folder} is open to all.`;
    }
    if (folder === '/') return null;
  }
}

/** The binary that npm put beside podkin. Found as its package finds it, without running anything of it. */
function packaged(): string | undefined {
  // A pod that only begins to listen does without that module.
  const { createRequire } = process.getBuiltinModule('node:module');
  try {
    const beside = createRequire(import.meta.url).resolve('@vscode/ripgrep');
    return createRequire(beside).resolve(`@vscode/ripgrep-${process.platform}-${process.arch}/bin/rg`);
  } catch {
    // Left out at the installation, or there is none for this platform.
    return undefined;
  }
}

/** The nearest folder above `file` with a package.json; its own folder where there is none. */
function packageRoot(file: string): string {
  for (let folder = dirname(file); folder !== '/'; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
  return dirname(file);
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
