/**
 * What of the disk a sandboxed shell sees, and with which right: an ordered list of mounts, from the scope
 * and what caps it. Pure; the disk is asked through a `Disk`.
 *
 * Invariants:
 * M1 A path is visible only below a system directory, a root of the scope or a root of the settings; all else
 * is not there.
 * M2 A path is writable only below a write root, and never at or below a cap that is there. A cap that is
 * missing is in `missing`: whoever runs the
 *    command watches for it (`protected-watch.ts`). Nothing is ever made on the disk for a cap.
 * M3 What is hidden is hidden at every depth, whatever root lies below it; only `shown` and `own` lie above.
 * M4 Nothing above a cap can be renamed or replaced: each directory between it and its write root is a mount
 * of its own.
 * M5 What cannot be expressed exactly comes out narrower, and a note says so.
 */
import { dirname, join } from 'node:path';
import type { PathScope } from '../../session/facts/entries.ts';
import { isBelow } from '../paths/path-scope.ts';
import { foldersMax, repositoriesMax } from '../paths/protected-below.ts';
import { protectedLinksMax } from '../paths/protected-links.ts';
import { normalRoot } from '../paths/roots.ts';
import { systemPathsFor, systemSecrets } from './system-paths.ts';

export type Kind = 'directory' | 'file' | 'link' | 'special' | 'missing';

/** Questions to the disk; none throws. */
export interface Disk {
  /** Of the entry itself: a link is not followed. */
  kind(path: string): Kind;
  /** Links followed, what does not exist kept by name; undefined where that cannot be told. */
  real(path: string): string | undefined;
  /** What a link holds. */
  target(path: string): string | undefined;
  /** Names in a directory, at most `filesOfPatternMax` and one. */
  names(path: string): readonly string[];
}

export interface MountRequest {
  readonly scope: PathScope;
  /** Read-only even where the scope may write, there yet or not. */
  readonly protectedPaths: readonly string[];
  /** Write roots among these, with more in them than can be protected one by one. */
  readonly crowded?: readonly string[];
  /** Never visible: podkin's own places. */
  readonly hidden: readonly string[];
  /** Read-only, also below what is hidden: this pod's own outputs. */
  readonly shown: readonly string[];
  /** Folders to be written, also below what is hidden: a program's own. Nothing in them is protected. */
  readonly own?: readonly string[];
  /** The command runs as root, who can read every secret of the system's settings. */
  readonly isRoot?: boolean;
  /** Read-only beside the scope: a person's setting, and the running Node. */
  readonly tools: readonly string[];
}

export type Mount =
  | { readonly as: 'write' | 'read'; readonly path: string }
  /** An empty, read-only directory, or a file that cannot be opened, over what is there. */
  | { readonly as: 'emptyDirectory' | 'emptyFile'; readonly path: string }
  | { readonly as: 'link'; readonly path: string; readonly target: string };

export interface MountPlan {
  /** Parents before what lies below them. */
  readonly mounts: readonly Mount[];
  /** The write roots as they can be mounted, outermost first. */
  readonly roots: readonly string[];
  /** Caps below a write root that do not exist yet: nothing can be mounted over them. */
  readonly missing: readonly string[];
  /** Caps, and what is on the way to one, that are links below a write root: to be watched as well. */
  readonly links: readonly string[];
  /**
   * Caps and what is pinned for them, as they exist below a write root: mounts that hold only while nobody
   * moves what they are mounted on.
   */
  readonly held: readonly string[];
  /**
   * Write roots that cannot be mounted, and would lie in memory: closed, so that nobody writes there in vain.
   */
  readonly closed: readonly string[];
  /**
   * Directories in memory of which only files are mounted: read-only, so that no new one is written in vain.
   */
  readonly sealed: readonly string[];
  /** What the shell may do less than the scope, for whoever reads the answer. */
  readonly notes: readonly string[];
}

export const filesOfPatternMax = 500;

/** Made fresh by the sandbox: no root of a scope reaches into the host's, but into its shared memory. */
export const freshPlaces = ['/proc', '/dev', '/sys'] as const;

/**
 * Below a fresh place, and files like any other: the host's where a root of the scope is it, or is above or
 * below it.
 */
export const sharedMemory = '/dev/shm';

/** Fresh and writable, in memory, where no root is above: what is written there is gone after the command. */
const memoryPlaces = ['/tmp', sharedMemory] as const;

type Right = 'none' | 'read' | 'write';

/** Sets of normal paths: a question about one asks about each path above it, whatever their number. */
interface Rights {
  readonly system: ReadonlySet<string>;
  readonly read: ReadonlySet<string>;
  /** The outermost first. */
  readonly write: ReadonlySet<string>;
  /** Nothing at or below is writable. */
  readonly readOnly: Set<string>;
  readonly hidden: ReadonlySet<string>;
  readonly shown: ReadonlySet<string>;
  readonly own: ReadonlySet<string>;
}

export function planMounts(request: MountRequest, disk: Disk): MountPlan {
  const notes: string[] = [];
  const rights: Rights = {
    system: new Set(systemPathsFor(request.isRoot)),
    read: normal([
      ...usableRoots(request.scope.read, 'read', { disk, notes }),
      ...request.tools.filter((path) => disk.kind(path) !== 'missing'),
    ]),
    // The outermost first: a cap is fenced in from there.
    write: normal(usableRoots(request.scope.write, 'write', { disk, notes }).sort(byDepth)),
    readOnly: normal([...denied(request, 'write', disk), ...request.protectedPaths]),
    hidden: normal([...withReal(request.hidden, disk), ...denied(request, 'read', disk), ...systemSecrets]),
    shown: normal(request.shown.filter((path) => disk.kind(path) === 'directory')),
    own: normal((request.own ?? []).filter((path) => disk.kind(path) === 'directory')),
  };
  for (const root of (request.crowded ?? []).filter((one) => rights.write.has(one)))
    notes.push(crowdedNote(root));
  const fences = fence(rights, { request, disk, notes });
  const places = new Set([
    ...rights.system,
    ...rights.read,
    ...rights.write,
    ...rights.shown,
    ...rights.own,
    ...rights.readOnly,
    ...rights.hidden,
    ...fences.between,
  ]);
  const byPath = new Map<string, Mount>();
  const between = new Set(fences.between);
  for (const path of [...places].sort(byDepth)) {
    const mount = mountAt(path, { rights, disk, byPath, between });
    if (mount !== null) byPath.set(path, mount);
  }
  const mounts = [...byPath.values()];
  const held = mounts.map(({ path }) => path).filter((path) => outermost(rights.write, path) !== undefined);
  return {
    mounts,
    // In one that is read-only as a whole there is nothing to watch over.
    roots: [...rights.write].filter(
      (root) =>
        rightAt(rights, root) === 'write' && (root !== sharedMemory || request.scope.write.includes(root)),
    ),
    missing: fences.missing,
    links: fences.links,
    held,
    ...inVain(request, rights, mounts),
    notes: [...new Set(notes)],
  };
}

function crowdedNote(root: string): string {
  return `${root} is read-only for the shell, because more lies directly in it than can be protected one by one (${repositoriesMax} repositories, ${foldersMax} folders, ${protectedLinksMax} links in what is protected). A person can grant the part that is meant, as --write ${join(root, 'NAME')}.`;
}

/** Strictly below a place in memory, and no mount at it or above it. */
export function isInMemory(path: string, mounts: readonly Mount[]): boolean {
  const isBelowPlace = memoryPlaces.some((place) => place !== path && isBelow(place, path));
  // Devices are fresh over the whole disk too.
  const above = mounts.filter(
    (mount) => isBelow(mount.path, path) && (mount.path !== '/' || !isBelow('/dev', path)),
  );
  return isBelowPlace && above.length === 0;
}

/**
 * Granted places of which nothing, or only files, can be mounted: elsewhere writing there fails by itself.
 */
function inVain(
  { scope }: MountRequest,
  rights: Rights,
  mounts: readonly Mount[],
): Pick<MountPlan, 'closed' | 'sealed'> {
  const roots = scope.write.map(normalRoot).filter((root) => !rights.write.has(root));
  const isVain = (path: string): boolean => isInMemory(path, mounts);
  return {
    closed: roots.filter(
      (root) => !root.endsWith('/*') && isVain(root) && !mounts.some(({ path }) => isBelow(root, path)),
    ),
    sealed: roots
      .filter((root) => root.endsWith('/*'))
      .map((root) => root.slice(0, -2))
      .filter(isVain),
  };
}

/** The right at a path: own and shown before hidden before read-only before writable before readable. */
function rightAt(rights: Rights, path: string): Right {
  const way = upFrom(path);
  const isIn = (roots: ReadonlySet<string>): boolean => way.some((one) => roots.has(one));
  if (isIn(rights.own)) return 'write';
  if (isIn(rights.shown)) return 'read';
  if (isIn(rights.hidden)) return 'none';
  if (isIn(rights.write)) return isIn(rights.readOnly) ? 'read' : 'write';
  return isIn(rights.read) || isIn(rights.system) ? 'read' : 'none';
}

/** The path and all above it, the root of the disk last. */
function upFrom(path: string): string[] {
  const way = [path];
  for (let at = path; at !== '/';) way.push((at = dirname(at)));
  return way;
}

/** The outermost of the roots that is above the path, and not the path itself. */
function outermost(roots: ReadonlySet<string>, path: string): string | undefined {
  return upFrom(path).findLast((one) => one !== path && roots.has(one));
}

function normal(paths: readonly string[]): Set<string> {
  return new Set(paths.filter((path) => path.startsWith('/')).map(normalRoot));
}

interface Fences {
  /** Directories above a cap, to be pinned (M4). */
  readonly between: readonly string[];
  readonly missing: readonly string[];
  readonly links: readonly string[];
}

/**
 * Walks from each write root down to each cap below it and finds what must be pinned or closed for the cap to
 * hold, and what cannot be held.
 */
function fence(
  rights: Rights,
  { request, disk, notes }: { request: MountRequest; disk: Disk; notes: string[] },
): Fences {
  const between = new Set<string>();
  const missing = new Set<string>();
  const links = new Set<string>();
  // What another pod holds and has not made yet is that pod's to make, at any moment.
  const others = new Set(
    (request.scope.deny ?? []).filter((one) => one.holder !== undefined).map(({ path }) => normalRoot(path)),
  );
  const caps = [...rights.readOnly, ...rights.hidden].sort(byDepth);
  for (const cap of caps) {
    const root = outermost(rights.write, cap);
    if (root === undefined) continue;
    for (const step of stepsBetween(root, cap)) {
      if (rightAt(rights, dirname(step)) !== 'write') break;
      const kind = disk.kind(step);
      if (kind === 'directory' && step !== cap) {
        between.add(step);
        continue;
      }
      if (kind === 'missing') {
        if (!others.has(cap)) missing.add(cap);
      } else if (kind === 'link' && !others.has(cap)) {
        links.add(step);
      } else if (kind === 'link') {
        // A link cannot be mounted over, and whoever may write beside it may replace it.
        rights.readOnly.add(dirname(step));
        notes.push(`${dirname(step)} is read-only for the shell, because ${step} is protected and a link.`);
      } else if (step !== cap) {
        rights.readOnly.add(step);
      }
      break;
    }
  }
  return { between: [...between], missing: [...missing], links: [...links] };
}

interface Planning {
  readonly rights: Rights;
  readonly disk: Disk;
  /** What is planned so far. */
  readonly byPath: ReadonlyMap<string, Mount>;
  readonly between: ReadonlySet<string>;
}

function mountAt(path: string, { rights, disk, byPath, between }: Planning): Mount | null {
  const kind = disk.kind(path);
  if (kind === 'missing') return null;
  const nearest = upFrom(path).find((one) => byPath.has(one));
  const above = nearest === undefined ? null : (byPath.get(nearest) ?? null);
  if (kind === 'link') {
    const target = disk.target(path);
    const isSystem = rights.system.has(path) && above === null;
    return isSystem && target !== undefined ? { as: 'link', path, target } : null;
  }
  const right = rightAt(rights, path);
  if (right === 'none') {
    if (above === null || above.as === 'emptyDirectory') return null;
    // Behind a link: it is closed under its own name, and nothing can be mounted under this one.
    if ((disk.real(path) ?? path) !== path) return null;
    return { as: kind === 'directory' ? 'emptyDirectory' : 'emptyFile', path };
  }
  // Over what is fresh nothing of the host's is mounted, not even to pin it.
  if (isFresh(path)) return null;
  const pinned = right === 'write' && between.has(path);
  // What is above it in the plan is not what is above it in the sandbox.
  if (path === sharedMemory) return { as: right, path };
  return above?.as === right && !pinned ? null : { as: right, path };
}

/**
 * Roots as they can be mounted. A root that is, or goes through, a link grants nothing: the link may be
 * somebody else's work.
 */
function usableRoots(
  roots: readonly string[],
  right: 'read' | 'write',
  { disk, notes }: { disk: Disk; notes: string[] },
): string[] {
  return withSharedMemory(roots.map(normalRoot), disk).flatMap((root) => {
    if (root.endsWith('/*')) return filesIn(root.slice(0, -2) || '/', right, { disk, notes });
    if (isFresh(root)) {
      notes.push(`${root} is not in the shell: it has its own ${root.slice(0, 5)}.`);
      return [];
    }
    const real = disk.real(root);
    if (real !== root) {
      notes.push(`${root} is not in the shell, because it leads through a link${real ? ` to ${real}` : ''}.`);
      return [];
    }
    if (right === 'write' && disk.kind(root) === 'missing') {
      notes.push(`${root} cannot be written by the shell, because it does not exist yet.`);
    }
    return disk.kind(root) === 'missing' ? [] : [root];
  });
}

function isFresh(path: string): boolean {
  return freshPlaces.some((place) => isBelow(place, path)) && !isBelow(sharedMemory, path);
}

/** Devices are fresh, over a root above them too. */
function withSharedMemory(roots: readonly string[], disk: Disk): string[] {
  const isThere = disk.kind(sharedMemory) === 'directory';
  const isIn = isThere && !roots.includes(sharedMemory) && roots.some((root) => isBelow(root, sharedMemory));
  return isIn ? [...roots, sharedMemory] : [...roots];
}

/**
 * `directory/*`: a mount of the directory would let the shell into everything below it, so only the files
 * that are there are mounted.
 */
function filesIn(
  directory: string,
  right: 'read' | 'write',
  { disk, notes }: { disk: Disk; notes: string[] },
): string[] {
  const paths = disk
    .names(directory)
    .map((name) => join(directory, name))
    .filter((path) => disk.kind(path) === 'file' && disk.real(path) === path);
  const shown = paths.slice(0, filesOfPatternMax);
  const verb = right === 'write' ? 'change' : 'see';
  const most = paths.length > shown.length ? `the first ${filesOfPatternMax} ` : '';
  notes.push(`Of ${directory}/* the shell may ${verb} ${most}files that are there already, and no new ones.`);
  return shown;
}

function denied(request: MountRequest, right: 'read' | 'write', disk: Disk): string[] {
  const paths = (request.scope.deny ?? [])
    .filter((deny) => deny.right === right)
    // Of `directory/*` the whole directory: narrower.
    .map(({ path }) => normalRoot(path).replace(/\/\*$/, '') || '/');
  return withReal(paths, disk);
}

function withReal(paths: readonly string[], disk: Disk): string[] {
  return [...new Set(paths.flatMap((path) => [path, disk.real(path) ?? path]))];
}

/** The paths below `root` down to `path`, this included. */
function stepsBetween(root: string, path: string): string[] {
  const steps: string[] = [];
  for (let step = path; step !== root && step !== '/'; step = dirname(step)) steps.unshift(step);
  return steps;
}

function byDepth(a: string, b: string): number {
  const depth = (path: string) => (path === '/' ? 0 : path.split('/').length);
  return depth(a) - depth(b) || (a < b ? -1 : a > b ? 1 : 0);
}
