/**
 * What git's settings say of hooks, read as plain text with what they include: bounded in depth, number and
 * size. Git is never run. Conditions of `includeIf` count as met: one folder too many is no harm.
 */
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { userHome } from '../../session/home/places.ts';
import { systemCode } from '../../std/system-code.ts';

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
    for (const value of found?.values ?? []) {
      const path = withHome(value);
      if (path === null) isKnown = false;
      else values.push(path);
    }
    for (const value of found?.includes ?? []) {
      const path = withHome(value);
      if (path === null || depth >= depthMax) isKnown = false;
      else for (const from of new Set([file, realOf(file)])) visit(resolve(dirname(from), path), depth + 1);
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
  if (value.startsWith('%') || /^~[^/]/.test(value) || value === '~') return null;
  if (!value.startsWith('~/')) return value;
  const home = userHome(process.env);
  return home === null ? null : join(home, value.slice(2));
}

/**
 * Every value of the key, whatever section it stands in (one too many is no harm), and every path of a
 * section that includes. Pure.
 */
export function hookLines(text: string): { values: string[]; includes: string[]; isKnown: boolean } {
  const values: string[] = [];
  const includes: string[] = [];
  let isKnown = true;
  let isIncluding = false;
  for (const line of text.replaceAll(/\\\r?\n/g, '').split('\n')) {
    const value = /(?:^|[\]\s\uFEFF])hookspath[ \t]*=[ \t]*(.*)$/i.exec(line.trimEnd())?.[1];
    if (value !== undefined && valueOf(value) !== '') values.push(valueOf(value));
    let rest = line.replace(/^[\s\uFEFF]+/, '').trimEnd();
    while (rest.startsWith('[')) {
      const head = /^\[[ \t]*([A-Za-z0-9-]+)(?:\.[^\]"]*)?(?:[ \t]*"(?:[^"\\]|\\.)*")?[ \t]*\][ \t]*/.exec(
        rest,
      );
      if (head === null) isKnown = false;
      isIncluding = /^include(?:if)?$/i.test(head?.[1] ?? 'include');
      rest = head === null ? '' : rest.slice(head[0].length);
    }
    const path = isIncluding ? /^path[ \t]*=[ \t]*(.*)$/i.exec(rest)?.[1] : undefined;
    if (path !== undefined && valueOf(path) !== '') includes.push(valueOf(path));
  }
  return { values, includes, isKnown };
}

/** Without quotes, escapes and what is a comment. */
function valueOf(text: string): string {
  let value = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '"') isQuoted = !isQuoted;
    else if (char === '\\') value += text[(at += 1)] ?? '';
    else if (!isQuoted && (char === '#' || char === ';')) break;
    else value += char;
  }
  return value.trim();
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
