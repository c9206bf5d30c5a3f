/**
 * A home is obeyed (its configuration names programs) and believed (its logs say what has happened): so it
 * has to be this user's alone. Looks only; nothing is changed, since opening it up may have been somebody's
 * purpose.
 */
import { lstatSync, readFileSync, readlinkSync, statSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { systemCode } from '../../std/system-code.ts';
import { type Home, homeOf } from './places.ts';
import { withOwnRuntime } from './own-runtime.ts';
import { PodkinError } from '../../std/podkin-error.ts';

export class UnsafeHome extends PodkinError {
  constructor(path: string, why: string) {
    super(`${path} ${why}`);
    this.name = 'UnsafeHome';
  }
}

/** Folders of the state: what lies in them is believed by its name alone. */
const believed = ['pods', 'removed', 'trusted'];

/** Throws `UnsafeHome` with the sentence of what to do, or `NoHome`. */
export function ownHome(environment: NodeJS.ProcessEnv): Home {
  const home = homeOf(environment);
  const uid = process.getuid?.();
  if (uid === undefined) return home;
  const inside = believed.map((name) => join(home.state, name));
  for (const path of [home.config, join(home.config, 'config.toml'), home.state, ...inside]) {
    check(path, uid, false);
  }
  // Whoever may write there could put another folder in the place of ours.
  for (const path of [dirname(home.config), dirname(home.state)]) check(path, uid, true);
  const steps = new Set([home.config, home.state].flatMap(stepsTo));
  for (const path of steps) checkStep(path, uid);
  return withOwnRuntime(home);
}

const linksMax = 40;

/** Every folder and link that is passed on the way from `/`, as far as there is one. */
function stepsTo(path: string): string[] {
  const steps = ['/'];
  const names = path.split('/');
  let at = '/';
  let links = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const next = join(at, name);
    const stats = statsOf(next, (one) => lstatSync(one));
    if (stats === undefined) break;
    steps.push(next);
    if (!stats.isSymbolicLink()) {
      at = next;
      continue;
    }
    links += 1;
    if (links > linksMax) break;
    const target = readlinkSync(next);
    if (isAbsolute(target)) at = '/';
    names.unshift(...target.split('/'));
  }
  return steps;
}

/** Whoever owns a folder far above, or may rename in it, could put another one in the place of the next. */
function checkStep(path: string, uid: number): void {
  const stats = statsOf(path, (one) => lstatSync(one));
  if (stats === undefined) return;
  const next = 'podkin obeys only a home that nobody else can replace; set PODKIN_HOME to one';
  if (stats.uid !== uid && stats.uid !== 0 && isMapped(stats.uid)) {
    throw new UnsafeHome(
      path,
      `is on the way to the home and belongs to another user (${stats.uid}): ${next}`,
    );
  }
  if (!stats.isDirectory() || (stats.mode & 0o1000) !== 0 || !othersMayWrite(stats)) return;
  const mode = (stats.mode & 0o7777).toString(8);
  throw new UnsafeHome(
    path,
    `is on the way to the home and can be written by others (mode ${mode}): ${next}, or chmod go-w ${path}`,
  );
}

/**
 * In a container of a user, what belongs to the system outside is shown under a number that stands for nobody
 * within.
 */
function isMapped(uid: number): boolean {
  try {
    const lines = readFileSync('/proc/self/uid_map', 'latin1').trim().split('\n');
    return lines.some((line) => {
      const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return uid >= first && uid < first + count;
    });
  } catch {
    return true;
  }
}

/** `isAbove`: in a shared folder (sticky) others may add names, and not take ours away. */
function check(path: string, uid: number, isAbove: boolean): void {
  const named = statsOf(path, (one) => lstatSync(one));
  const led = statsOf(path, (one) => statSync(one));
  for (const stats of [named, led]) {
    if (stats !== undefined && stats.uid !== uid && stats.uid !== 0) {
      const next = 'podkin obeys only a home of your own; set PODKIN_HOME to one';
      throw new UnsafeHome(path, `belongs to another user (${stats.uid}): ${next}`);
    }
  }
  if (led === undefined || (isAbove && (led.mode & 0o1000) !== 0) || !othersMayWrite(led)) return;
  const mode = (led.mode & 0o7777).toString(8);
  throw new UnsafeHome(
    path,
    `can be written by others (mode ${mode}): check what is there, then chmod go-w ${path}`,
  );
}

/**
 * A group with the number of its user is that user's alone on the systems that set it up so, and there a new
 * folder may be open to it.
 */
function othersMayWrite({ mode, uid, gid }: Stats): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== uid);
}

function statsOf(path: string, read: (path: string) => Stats): Stats | undefined {
  try {
    return read(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
