/**
 * What a path of a scope may not be, whoever gives it: a person on the command line, a file of settings, a
 * model at a spawn.
 */
import { longPathProblem } from '../../std/long-path.ts';
import { tildeProblem } from '../../std/tilde.ts';

/**
 * What is wrong with a path of a scope, as the end of a sentence that begins with it; null when nothing is.
 * `home` left out: it is asked for later.
 */
export function pathProblem(path: string, home?: string | null): string | null {
  if (path.trim() === '') return 'is empty: name a file or directory';
  if (path.includes('\0')) return 'holds a NUL character';
  const long = longPathProblem(path);
  if (long !== null) return long;
  const tilde = tildeProblem(path, home === undefined ? '/' : home);
  if (tilde !== null) return tilde;
  if (namesVariable(path))
    return 'names a variable, and none is worked out here: write the path in full, or with ~/ for the home';
  const inner = path.replace(/(^|\/)\*\/*$/, '');
  if (inner.includes('*'))
    return 'is a pattern, and none are known but a last "/*": a path means all below it, "path/*" only what lies directly in it';
  return null;
}

/** `$NAME` as a whole name in the path, or `${`; `$slug.tsx` and `$RECYCLE.BIN` are names of files. */
export function namesVariable(path: string): boolean {
  return /(?:^|\/)\$[A-Z_][A-Z0-9_]*(?:\/|$)|\$\{/.test(path);
}
