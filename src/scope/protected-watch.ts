/**
 * Watches, while a command runs, over what mounts can not hold: protected names that were missing when it began, which are set aside as soon as they
 * are there, and mounts that somebody outside has moved away. Linux alone.
 *
 * W1 What was there when the earliest of the running commands began is never moved. Nothing is deleted.
 * W2 A `.git` is judged once, when everything inside has ended, and stays if nothing in it leads git anywhere.
 * W3 Names are taken through the descriptor of the root as it was when the command began: what is swapped in above them is not touched.
 */
import { randomBytes } from 'node:crypto';
import {
  type BigIntStats,
  type FSWatcher,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  watch,
} from 'node:fs';
import { basename, join } from 'node:path';
import { systemCode } from '../std/system-code.ts';
import { gitMistake } from './git-judgement.ts';
import { type Moved, moveAside } from './move-aside.ts';
import { isBelow } from './path-scope.ts';
import { isProtectedName, protectedNames } from './protected-paths.ts';
import type { RunningCommand } from './running-commands.ts';

const isListed = new Set(protectedNames);

/** Folders directly in a root whose `.git` is looked for; of a root with more of them none is judged. */
const nestedMax = 1_000;
/** What the notification of the system does not tell, or tells too late. */
const lookEveryMs = 250;
/** A command that makes more is ended. */
const setAsideMax = 200;

export interface SetAside {
  readonly path: string;
  readonly to: string;
  /** Why, where more is known than that it is protected. */
  readonly reason: string | null;
}

export interface WatchReport {
  setAside(one: SetAside): void;
  /** The protection of this path is gone, or can not be kept up; the command is to be ended. `reason` is the end of a sentence. */
  lost(path: string, reason: string): void;
}

export interface Watched {
  /** Write roots, outermost first. */
  readonly roots: readonly string[];
  /** All write roots: a `.git` in or below which one lies was granted, and is not judged. */
  readonly granted: readonly string[];
  readonly missing: readonly string[];
  /** Mounts below a root, with what they were mounted on. */
  readonly held: ReadonlyMap<string, Pick<BigIntStats, 'dev' | 'ino'>>;
  /** `.git` of folders directly in each root, as they were found; null where there were too many to be looked at. */
  readonly nested: ReadonlyMap<string, readonly string[] | null>;
  /** Where things are set aside, made on demand. */
  readonly folder: string;
}

export class ProtectedWatch {
  readonly #watched: Watched;
  readonly #running: RunningCommand;
  readonly #roots: { path: string; fd: number }[] = [];
  readonly #watchers: FSWatcher[] = [];
  readonly #moved: Moved[] = [];
  #timer: NodeJS.Timeout | null = null;
  #report: WatchReport | null = null;
  #count = 0;
  #isLost = false;

  /** Throws the file system's error where a root can not be opened. */
  constructor(watched: Watched, running: RunningCommand) {
    this.#watched = watched;
    this.#running = running;
    try {
      for (const path of watched.roots) this.#open(path);
    } catch (error) {
      this.#close();
      running.end();
      throw error;
    }
  }

  #open(path: string): void {
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    this.#roots.push({ path, fd });
    if (readlinkSync(`/proc/self/fd/${fd}`) !== path) {
      throw Object.assign(new Error(`${path} was moved just now`), { code: 'ESTALE' });
    }
  }

  start(report: WatchReport): void {
    this.#report = report;
    for (const root of this.#roots) {
      try {
        const names = this.#namesIn(root.path);
        const watcher = watch(`/proc/self/fd/${root.fd}`, { persistent: false }, (_, name) => {
          if (name === null || names.has(name)) this.#look();
          else this.#lookAtOdd(root.path, name);
        });
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // No more watches for this user: the timer alone looks.
      }
    }
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
    this.#timer.unref();
    this.#look();
  }

  /** When everything inside has ended. Nothing is moved of a command that never began. */
  end(hasRun: boolean): void {
    try {
      if (hasRun && this.#report !== null) {
        this.#look();
        for (const { path, fd } of this.#roots) {
          for (const name of readdirSync(`/proc/self/fd/${fd}`)) this.#lookAtOdd(path, name);
        }
        for (const path of [...this.#watched.missing.filter(isGit), ...this.#newNested()]) this.#judge(path);
      }
      for (const moved of this.#moved) moved.finish();
    } finally {
      this.#close();
      this.#running.end();
    }
  }

  #judge(path: string): void {
    const place = this.#placeOf(path);
    if (place === null || !isThere(place.through)) return;
    const mistake = place.path === path ? gitMistake(place.through) : 'it leads through a link';
    if (mistake !== null) this.#setAside(place, mistake);
  }

  #close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
    for (const { fd } of this.#roots.splice(0)) closeSync(fd);
  }

  /** What in a root is looked at or lies above it. */
  #namesIn(root: string): ReadonlySet<string> {
    const { missing, held } = this.#watched;
    const below = [...missing, ...held.keys()].filter((path) => isBelow(root, path));
    return new Set(below.map((path) => path.slice(root === '/' ? 1 : root.length + 1).split('/')[0] ?? ''));
  }

  #look(): void {
    for (const path of this.#watched.missing) {
      if (isGit(path)) continue;
      const place = this.#placeOf(path);
      if (place !== null && isThere(place.through)) this.#setAside(place, null);
    }
    for (const [path, mountedOn] of this.#watched.held) {
      if (this.#isLost) return;
      const place = this.#placeOf(path);
      const now = place?.path === path ? statsOf(place.through) : undefined;
      if (now?.ino !== mountedOn.ino || now.dev !== mountedOn.dev)
        this.#lose(path, 'it was moved, removed or saved anew by somebody else, which takes a mount with it');
    }
  }

  /** Names that no list of paths can hold: known by their ending, or spelt otherwise. */
  #lookAtOdd(root: string, name: string): void {
    const { granted, held, missing } = this.#watched;
    const path = join(root, name);
    if (isListed.has(name) || !isProtectedName(name)) return;
    if (held.has(path) || missing.includes(path) || granted.some((one) => isBelow(path, one))) return;
    const place = this.#placeOf(path);
    if (place !== null && isThere(place.through)) this.#setAside(place, null);
  }

  #setAside(place: Place, reason: string | null): void {
    if (this.#isLost && this.#count >= setAsideMax) return;
    const { path } = place;
    if (this.#running.wasThere(path)) return;
    const folder = join(this.#watched.folder, randomBytes(6).toString('hex'));
    const to = join(folder, basename(path));
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.#moved.push(moveAside(place.through, to));
    } catch (error) {
      // Somebody else's command was faster.
      if (systemCode(error) === 'ENOENT' && !isThere(place.through)) return;
      // What was moved before that is told all the same.
      if (isThere(to)) this.#report?.setAside({ path, to, reason: 'a part of it could not be moved' });
      return this.#lose(
        path,
        `it can not be set aside (${error instanceof Error ? error.message : String(error)})`,
      );
    }
    this.#count += 1;
    this.#report?.setAside({ path, to, reason });
    if (this.#count >= setAsideMax) this.#lose(path, `something made such names ${setAsideMax} times`);
  }

  #lose(path: string, reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#report?.lost(path, reason);
  }

  /** `.git` of folders directly in a root that were not there. */
  #newNested(): string[] {
    return this.#roots.flatMap(({ path, fd }) => {
      const before = this.#watched.nested.get(path) ?? null;
      if (before === null) return [];
      const { granted } = this.#watched;
      return (nestedGit(path, `/proc/self/fd/${fd}`) ?? []).filter(
        (one) => !before.includes(one) && !granted.some((root) => isBelow(one, root)),
      );
    });
  }

  /** Where a path is found through its root's descriptor. Of a link on the way, which was not there before, the link itself; null where the way ends. */
  #placeOf(path: string): Place | null {
    const root = this.#roots.findLast((one) => one.path !== path && isBelow(one.path, path));
    if (root === undefined) return null;
    const names = path.slice(root.path === '/' ? 1 : root.path.length + 1).split('/');
    let through = `/proc/self/fd/${root.fd}`;
    for (const [at, name] of names.entries()) {
      through = join(through, name);
      if (at === names.length - 1) break;
      const stats = statsOf(through);
      if (stats === undefined) return null;
      if (!stats.isDirectory()) return { through, path: join(root.path, ...names.slice(0, at + 1)) };
    }
    return { through, path };
  }
}

interface Place {
  readonly through: string;
  readonly path: string;
}

/** `.git` of folders directly in `root`, which is read by the name `through`; null where there are too many to be looked at. */
export function nestedGit(root: string, through: string): string[] | null {
  const folders = readdirSync(through, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (folders.length > nestedMax) return null;
  return folders
    .filter(({ name }) => name !== '.git' && isThere(join(through, name, '.git')))
    .map(({ name }) => join(root, name, '.git'));
}

function isGit(path: string): boolean {
  return basename(path) === '.git';
}

function isThere(path: string): boolean {
  return statsOf(path) !== undefined;
}

/** Of the entry itself. What can not be looked at is not there. */
export function statsOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
