/** The scope of a root pod: what the command line and the configuration say, as real paths. */
import type { PathScope } from '../../session/facts/entries.ts';
import { deniesOf, named, realPath, realRoot } from '../../configuration/real-paths.ts';
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
  /**
   * A role names the paths: none is none, and not the working directory. A project's lifts no deny of keys,
   * since no person has named one.
   */
  readonly byRole?: 'person' | 'project' | undefined;
}

/**
 * Without any path of the command line's the working directory may be read and written; a path to write
 * narrows writing to it, a path to read reading. A deny that is a link stands for the link and for where it
 * leads. Keys of a home are denied where no path names them. Throws `BadSetting` as `keyDenies` does, and
 * for what is really called `*`.
 */
export function rootScope(request: ScopeRequest): PathScope {
  const { cwd } = request;
  const read = request.read.map((path) => realRoot(cwd, path));
  const write = request.write.map((path) => realRoot(cwd, path));
  const { byRole } = request;
  const roots =
    byRole === undefined
      ? allowed(() => named(cwd, realPath(cwd)), read, write)
      : { read: [...read, ...write], write };
  const lifted = byRole === 'project' ? [] : [...request.read, ...request.write];
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
