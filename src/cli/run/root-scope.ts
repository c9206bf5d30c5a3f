/** The scope of a root pod: what the command line and the configuration say, as real paths. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { PathScope, ScopeDeny } from '../../session/facts/entries.ts';
import { CommandFailed, exitStatus } from '../invocation/context.ts';
import { keyDenies } from './key-denies.ts';

/** Paths as a person gave them. Relative ones are taken from `cwd`; `~/` is the home of the user. */
export interface ScopeRequest {
  /** Absolute. */
  readonly cwd: string;
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** Neither read nor written. */
  readonly deny: readonly string[];
  /** Read and not written. */
  readonly denyWrite: readonly string[];
  /** Where keys are that are denied unless they are named; absolute. */
  readonly home?: string | null;
}

/**
 * Without any path the working directory may be read and written; a path to write narrows writing to it, a
 * path to read reading. A deny that is a link
 * stands for the link and for where it leads. Keys of a home are denied where no path names them. Throws
 * `CommandFailed` as `keyDenies` does, and for what is really called `*`.
 */
export function rootScope(request: ScopeRequest): PathScope {
  const { cwd } = request;
  const read = request.read.map((path) => realRoot(cwd, path));
  const write = request.write.map((path) => realRoot(cwd, path));
  const roots = allowed(() => named(cwd, realPath(cwd)), read, write);
  const lifted = [...request.read, ...request.write];
  const keys = keyDenies({
    home: request.home ?? null,
    cwd,
    named: lifted,
    roots: [...roots.read, ...roots.write],
  });
  const own = deniesOf(cwd, request.deny, 'read');
  // A person's come first: they win whatever is named.
  const deny = [
    ...own,
    ...keys.filter((key) => !own.some(({ path }) => path === key.path)),
    ...deniesOf(cwd, request.denyWrite, 'write'),
  ];
  const scope = { read: [...new Set(roots.read)], write: [...new Set(roots.write)] };
  return deny.length === 0 ? scope : { ...scope, deny };
}

function allowed(cwd: () => string, read: string[], write: string[]): { read: string[]; write: string[] } {
  if (read.length === 0 && write.length === 0) return { read: [cwd()], write: [cwd()] };
  return { read: read.length === 0 ? [cwd(), ...write] : [...read, ...write], write };
}

/** A scope could not tell it from the pattern. */
function named(path: string, real: string): string {
  if (basename(real) !== '*') return real;
  const leads = real === path ? '' : ` leads to ${real}, which`;
  throw new CommandFailed(
    exitStatus.usage,
    `${path}${leads} is really called "*", which in a scope stands for everything directly in a folder. Rename it, or name the folder around it or what lies in it.`,
  );
}

/**
 * The path without symbolic links, as the disk spells it; what does not exist yet keeps its name below what
 * does. Takes an absolute path.
 */
export function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

/** `path/*` is about the directory: that is resolved. */
function realRoot(cwd: string, path: string): string {
  const absolute = resolve(cwd, path);
  if (basename(absolute) === '*') return join(realPath(dirname(absolute)), '*');
  return named(absolute, realPath(absolute));
}

function deniesOf(cwd: string, paths: readonly string[], right: ScopeDeny['right']): ScopeDeny[] {
  const named = paths.flatMap((path) => {
    const absolute = resolve(cwd, path);
    return [join(realPath(dirname(absolute)), basename(absolute)), realRoot(cwd, path)];
  });
  return [...new Set(named)].map((path) => ({ path, right }));
}
