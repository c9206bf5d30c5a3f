/**
 * Watches, while a command runs, over what mounts cannot hold: protected names that were missing when it
 * began, which are set aside as soon as they are there, and mounts that somebody outside has moved away.
 * Linux alone.
 *
 * W1 What was there when the earliest of the running commands began is never moved. Nothing is deleted.
 * W2 A `.git` is judged when everything inside has ended, and stays if nothing in it leads git anywhere; of
 *    a command without a time limit also while it runs, once it has stood for a moment.
 * W3 Names are taken through the descriptor of the root as it was when the command began: what is swapped in
 * above them is not touched.
 * W4 When everything inside has ended, nothing stays under a protected name, however much there is and
 * whatever rights it has: what cannot be moved to the outputs gets another name in its own folder, is closed,
 * and is told as what it is.
 * W5 A `.git` that the pod has made is judged at each end, and set aside too where it leads git anywhere by
 *    then: it did not when the command began.
 */
import { randomBytes } from 'node:crypto';
import {
  type BigIntStats,
  type FSWatcher,
  closeSync,
  constants,
  openSync,
  readdirSync,
  readlinkSync,
  watch,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { monotonicMs } from '../../std/clock.ts';
import { thrownText } from '../../std/thrown-text.ts';
import { below, shownName } from '../paths/byte-path.ts';
import { systemCode } from '../../std/system-code.ts';
import { gitProblem } from './git-judgement.ts';
import { LiveGit } from './live-git.ts';
import { type Moved, renameInPlace } from './move-aside.ts';
import { movedTo } from './moved-to.ts';
import { withOwnerRights } from '../paths/owner-rights.ts';
import { isBelow } from '../paths/path-scope.ts';
import { isProtectedName, protectedNames } from '../paths/protected-paths.ts';
import { eachNestedGit } from './nested-git.ts';
import { pathsByName } from './paths-by-name.ts';
import type { RunningCommand } from './running-commands.ts';
import { isThere, linkAt, statsOf } from './stats-of.ts';
import type { WatchReport } from './watch-report.ts';

const isListed = new Set(protectedNames);

/** What the notification of the system does not tell, or tells too late. */
const checkEveryMs = 250;
/** A command that makes more is ended, and what is moved beyond is told in one piece. */
const setAsideMax = 200;

export interface Watched {
  /** Write roots, outermost first. */
  readonly roots: readonly string[];
  /** All write roots: a `.git` in or below which one lies was granted, and is not judged. */
  readonly granted: readonly string[];
  /** Of them, the pod's own repositories. */
  readonly judged: readonly string[];
  readonly missing: readonly string[];
  /** Mounts below a root, with what they were mounted on. */
  readonly held: ReadonlyMap<string, Pick<BigIntStats, 'dev' | 'ino'>>;
  /** Protected names that are links, with what they hold: nothing can be mounted on them. */
  readonly links: ReadonlyMap<string, string>;
  /** `.git` of folders directly in each root, as they were found. */
  readonly nested: ReadonlyMap<string, readonly string[]>;
  /** Where things are set aside, made on demand. */
  readonly folder: string;
}

export class ProtectedWatch {
  readonly #watched: Watched;
  readonly #running: RunningCommand;
  readonly #roots: Root[] = [];
  readonly #watchers: FSWatcher[] = [];
  readonly #moved: Moved[] = [];
  readonly #live = new LiveGit();
  #timer: NodeJS.Timeout | null = null;
  #report: WatchReport | null = null;
  #count = 0;
  /** Where what is beyond `setAsideMax` goes. */
  #rest: string | null = null;
  #untold = 0;
  #isLost = false;
  #isEnding = false;

  /** Throws the file system's error where a root cannot be opened. */
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
    const { missing, held, links } = this.#watched;
    for (const root of this.#roots) {
      try {
        const names = pathsByName(root.path, [...missing, ...links.keys(), ...held.keys()]);
        const watcher = watch(`/proc/self/fd/${root.fd}`, { persistent: false }, (_, name) => {
          if (name === null || names.has(name)) this.#check(names.get(name ?? ''));
          else this.#checkOdd(root, Buffer.from(name));
        });
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // No more watches for this user: the timer alone looks.
      }
    }
    this.#timer = setInterval(() => {
      this.#check();
      if (report.isLasting) this.#live.whenDue(monotonicMs, (atMs) => this.#judgeLive(atMs));
    }, checkEveryMs);
    this.#timer.unref();
    this.#check();
  }

  /** When everything inside has ended. Nothing is moved of a command that never began. */
  end(hasRun: boolean): void {
    try {
      if (hasRun && this.#report !== null) {
        this.#isEnding = true;
        const roots = this.#roots.map(({ fd }) => `/proc/self/fd/${fd}`);
        withOwnerRights(roots, () => this.#checkLast());
        if (this.#rest !== null) this.#report.setAsideMore(this.#untold, this.#rest);
      }
      for (const moved of this.#moved) moved.finish();
    } finally {
      this.#close();
      this.#running.end();
    }
  }

  /** All that is there, however much: nobody inside makes more. */
  #checkLast(): void {
    this.#check();
    for (const root of this.#roots) {
      const through = `/proc/self/fd/${root.fd}`;
      this.#tried(root.path, () => {
        for (const name of readdirSync(through, 'buffer')) this.#checkOdd(root, name);
      });
    }
    const { missing, judged } = this.#watched;
    for (const path of [...missing.filter(isGit), ...judged]) this.#tried(path, () => this.#judge(path));
    for (const root of this.#roots) this.#tried(root.path, () => this.#judgeNested(root));
  }

  /** What hinders one must not hinder the others. */
  #tried(path: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      this.#lose(path, `it cannot be looked through (${thrownText(error)})`);
    }
  }

  #judge(path: string): void {
    const place = this.#placeOf(path);
    if (place === null || !isThere(place.through)) return;
    const problem = place.path === path ? gitProblem(place.through) : 'it leads through a link';
    this.#judged(place, problem);
  }

  /** What could not be looked through is at the end. */
  #judgeLive(atMs: number): void {
    const act = (path: string, through: string): void => {
      const problem = this.#live.problem(path, through, atMs);
      if (problem !== null) this.#setAside({ path, through }, problem);
    };
    const { missing, judged } = this.#watched;
    for (const path of [...missing.filter(isGit), ...judged]) {
      const place = this.#placeOf(path);
      if (place?.path === path && isThere(place.through)) act(path, place.through);
    }
    for (const root of this.#roots) {
      try {
        this.#eachNew(root, act, false);
      } catch (error) {
        if (systemCode(error) === undefined) throw error;
      }
    }
  }

  #judged(place: Place, problem: string | null): void {
    if (problem !== null) this.#setAside(place, problem);
    else if (!this.#running.wasThere(place.path) || this.#isOwn(place.path)) this.#report?.clean(place.path);
  }

  #isOwn(path: string): boolean {
    return this.#watched.judged.includes(path);
  }

  #judgeNested(root: Root): void {
    this.#eachNew(root, (path, through) => this.#judged({ path, through }, gitProblem(through)), true);
  }

  /** `.git` of folders directly in a root that were not there. */
  #eachNew(root: Root, act: (path: string, through: string) => void, opens: boolean): void {
    const { granted, nested } = this.#watched;
    const before = new Set(nested.get(root.path));
    const isNew = (path: string) => !before.has(path) && !granted.some((one) => isBelow(path, one));
    const each = (path: string, through: string) => (isNew(path) ? act(path, through) : undefined);
    eachNestedGit(root.path, `/proc/self/fd/${root.fd}`, each, opens);
  }

  #close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
    for (const { fd } of this.#roots.splice(0)) closeSync(fd);
  }

  /** `only`: a change of one name, which a program may make a thousand times a second. */
  #check(only?: ReadonlySet<string>): void {
    const isDue = (path: string): boolean => only?.has(path) !== false;
    for (const path of this.#watched.missing) {
      if (isGit(path) || !isDue(path)) continue;
      withOwnerRights(this.#isEnding ? this.#wayTo(path) : [], () => {
        const place = this.#placeOf(path);
        if (place !== null && isThere(place.through)) this.#setAside(place, null);
      });
    }
    for (const [path, target] of this.#watched.links) {
      if (isDue(path))
        withOwnerRights(this.#isEnding ? this.#wayTo(path) : [], () => this.#checkLink(path, target));
    }
    for (const [path, mountedOn] of this.#watched.held) {
      if (this.#isLost) return;
      if (!isDue(path)) continue;
      const place = this.#placeOf(path);
      const now = place?.path === path ? statsOf(place.through) : undefined;
      if (now?.ino !== mountedOn.ino || now.dev !== mountedOn.dev)
        this.#lose(path, 'it was moved, removed or saved anew by somebody else, which takes a mount with it');
    }
  }

  /** A link that holds the same is the same. */
  #checkLink(path: string, target: string): void {
    const place = this.#placeOf(path);
    if (place?.path === path && linkAt(place.through) === target) return;
    if (place !== null && isThere(place.through))
      this.#setAside(place, 'it took the place of a protected link');
    this.#lose(
      path,
      `the link there, to ${Buffer.from(target, 'latin1').toString()}, was moved, removed or replaced`,
    );
  }

  /** Names that no list of paths can hold: known by their ending, or spelt otherwise. */
  #checkOdd(root: Root, name: Buffer): void {
    const { granted, held, links, missing } = this.#watched;
    const shown = shownName(name);
    const path = join(root.path, shown);
    if (isListed.has(shown) || !isProtectedName(shown)) return;
    if (
      held.has(path) ||
      links.has(path) ||
      missing.includes(path) ||
      granted.some((one) => isBelow(path, one))
    )
      return;
    const through = below(`/proc/self/fd/${root.fd}`, name);
    if (isThere(through)) this.#setAside({ path, through }, null);
  }

  #setAside(place: Place, reason: string | null): void {
    if (!this.#isEnding && this.#count >= setAsideMax) return;
    const { path } = place;
    const isOwn = this.#isOwn(path);
    if (!isOwn && this.#running.wasThere(path)) return;
    const to = this.#placeFor(path);
    try {
      const moved = movedTo(place.through, to);
      if (moved === null) return;
      this.#moved.push(moved);
      this.#count += 1;
      if (this.#rest !== null && isBelow(this.#rest, to)) this.#untold += 1;
      else this.#report?.setAside({ path, to, reason, leftOut: moved.leftOut, ...(isOwn && { isOwn }) });
    } catch (error) {
      // What was moved before that is told all the same.
      if (isThere(to))
        this.#report?.setAside({ path, to, reason: 'a part of it could not be moved', leftOut: [] });
      return this.#leave(place, thrownText(error));
    }
    if (this.#count >= setAsideMax) this.#lose(path, `something made such names ${setAsideMax} times`);
  }

  /** A folder of its own for each of the first, one for all others. */
  #placeFor(path: string): string {
    const { folder } = this.#watched;
    const own = () => join(folder, randomBytes(6).toString('hex'));
    if (this.#count < setAsideMax) return join(own(), basename(path));
    this.#rest ??= own();
    const root = this.#roots.findLast((one) => one.path !== path && isBelow(one.path, path));
    const to = join(this.#rest, relative(root?.path ?? '/', path));
    return isThere(to) ? join(own(), basename(path)) : to;
  }

  /** What cannot be moved: nothing obeys it by another name. */
  #leave({ path, through }: Place, why: string): void {
    let now: string | null = null;
    let reason = why;
    try {
      now = join(dirname(path), renameInPlace(through));
    } catch (error) {
      if (!isThere(through)) return;
      reason = `${why}; ${thrownText(error)}`;
    }
    this.#report?.stays(path, now, reason);
    this.#lose(path, `it cannot be set aside (${reason})`);
  }

  #lose(path: string, reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#report?.lost(path, reason);
  }

  /**
   * Folders between its root and a path, the outer first; each is looked at when the one above it is open.
   */
  *#wayTo(path: string): Generator<string> {
    const root = this.#roots.findLast((one) => one.path !== path && isBelow(one.path, path));
    if (root === undefined) return;
    let through = `/proc/self/fd/${root.fd}`;
    for (const name of relative(root.path, dirname(path)).split('/')) {
      through = join(through, name);
      if (name === '' || statsOf(through)?.isDirectory() !== true) return;
      yield through;
    }
  }

  /**
   * Where a path is found through its root's descriptor. Of a link on the way, which was not there before,
   * the link itself; null where the way ends.
   */
  #placeOf(path: string): (Place & { readonly through: string }) | null {
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

interface Root {
  readonly path: string;
  readonly fd: number;
}

interface Place {
  readonly through: string | Buffer;
  readonly path: string;
}

function isGit(path: string): boolean {
  return basename(path) === '.git';
}
