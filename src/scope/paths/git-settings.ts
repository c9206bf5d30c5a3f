/**
 * What git's settings say of hooks, read as plain text with what they include: bounded in depth, number and
 * size. Git is never run. Conditions of `includeIf` count as met: one folder too many is no harm.
 */
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { userHome } from '../../session/home/places.ts';
import { systemCode } from '../../std/system-code.ts';
import { type GitSetting, gitSettings } from './git-config-text.ts';

/** As large as no settings file is. */
const settingsBytesMax = 256 * 1024;
/** As git's own. */
const depthMax = 10;
const filesMax = 64;

export interface HookSettings {
  /** Of `core.hooksPath`: absolute, or relative to wherever git runs. */
  readonly values: readonly string[];
  /** Files that are included, there or not. */
  readonly included: readonly string[];
  /** False where something could not be read or understood. */
  readonly isKnown: boolean;
}

/**
 * Of these files and all that they include. Those of `mayBeLinks` are a person's own, which dotfiles make
 * links; of the others a link is not followed.
 */
export function hookSettings(
  files: readonly string[],
  { mayBeLinks }: { mayBeLinks: boolean },
): HookSettings {
  const values: string[] = [];
  const seen = new Set<string>();
  let isKnown = true;
  const read = (file: string, depth: number, text: string | undefined | null): void => {
    if (text === undefined) return;
    const found = text === null ? null : hookLines(text);
    if (found === null || !found.isKnown) isKnown = false;
    for (const value of (found?.values ?? []).flatMap(alsoOptional)) {
      const path = withHome(value);
      if (path === null) isKnown = false;
      // Of an empty one git makes the root of all.
      else values.push(path === '' ? '/' : path);
    }
    for (const value of (found?.includes ?? []).flatMap(alsoOptional)) {
      const path = withHome(value);
      if (path === null || depth >= depthMax) isKnown = false;
      else for (const from of new Set([file, realOf(file)])) visit(walked(dirname(from), path), depth + 1);
    }
  };
  const visit = (file: string, depth: number): void => {
    if (seen.has(file)) return;
    if (seen.size >= filesMax) isKnown = false;
    else {
      seen.add(file);
      read(file, depth, plainText(realOf(file), settingsBytesMax));
    }
  };
  for (const file of files) read(file, 0, plainText(mayBeLinks ? realOf(file) : file, settingsBytesMax));
  return { values, included: [...seen], isKnown };
}

/** Of this user as a whole, and of this machine. */
export function userSettings(): HookSettings {
  const home = userHome(process.env);
  const config = process.env['XDG_CONFIG_HOME'];
  const files = [
    ...(home === null ? [] : [join(home, '.gitconfig'), join(home, '.config/git/config')]),
    ...(config?.startsWith('/') === true ? [join(config, 'git/config')] : []),
    '/etc/gitconfig',
    '/usr/local/etc/gitconfig',
    '/opt/homebrew/etc/gitconfig',
  ];
  return hookSettings(files, { mayBeLinks: true });
}

/** Null for what stands for a place that is not known here. */
function withHome(value: string): string | null {
  if (value.startsWith('%(prefix)/') || /^~[^/]/.test(value)) return null;
  if (!value.startsWith('~')) return value;
  const home = userHome(process.env);
  return home === null ? null : `${home}${value.slice(1)}`;
}

/** Git 2.52 and newer take it for a mark, older ones for a part of the path. */
function alsoOptional(value: string): string[] {
  const mark = ':(optional)';
  return value.startsWith(mark) ? [value, value.slice(mark.length)] : [value];
}

/**
 * Every value of the key, and every path of a section that includes; behind a head of a section that cannot
 * be read, both. Pure.
 */
export function hookLines(text: string): { values: string[]; includes: string[]; isKnown: boolean } {
  const { settings, isWhole } = gitSettings(text);
  const valuesOf = (name: string, isMeant: (one: GitSetting) => boolean): string[] =>
    settings
      .filter((one) => one.name === name && (one.section === null || isMeant(one)))
      .flatMap((one) => one.values);
  return {
    values: valuesOf('hookspath', (one) => one.section === 'core' && one.subsection === null),
    includes: valuesOf('path', isInclude).filter((path) => path !== ''),
    // What is no text of ours names a place that is not known.
    isKnown: isWhole && !text.includes('\uFFFD'),
  };
}

function isInclude({ section, subsection }: GitSetting): boolean {
  return section === 'include' ? subsection === null : section === 'includeif';
}

/** As the system goes it: `..` behind a link leads above where that leads. What is not there is no link. */
export function walked(from: string, path: string): string {
  let at = path.startsWith('/') ? '/' : from;
  for (const part of path.split('/').filter((one) => one !== '' && one !== '.'))
    at = part === '..' ? dirname(realOf(at)) : join(at, part);
  return at;
}

/** Undefined where there is none; null where it is no plain file, too large, or may not be read. */
export function plainText(path: string, bytesMax: number): string | undefined | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : null;
  }
  try {
    if (!fstatSync(fd).isFile()) return null;
    const bytes = Buffer.alloc(bytesMax + 1);
    const read = readSync(fd, bytes, 0, bytes.length, 0);
    return read > bytesMax ? null : bytes.toString('utf8', 0, read);
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

export function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
