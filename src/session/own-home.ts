/**
 * A home is obeyed (its configuration names programs) and believed (its logs say what has happened): so it has to be this user's alone. Looks only; nothing
 * is changed, since opening it up may have been somebody's purpose.
 */
import { lstatSync, statSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../std/system-code.ts';
import { type Home, homeOf } from './places.ts';

export class UnsafeHome extends Error {
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
  return home;
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
    `can be written by others (mode ${mode}): look at what is there, then chmod go-w ${path}`,
  );
}

/** A group with the number of its user is that user's alone on the systems that set it up so, and there a new folder may be open to it. */
function othersMayWrite({ mode, uid, gid }: Stats): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== uid);
}

function statsOf(path: string, look: (path: string) => Stats): Stats | undefined {
  try {
    return look(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
