/**
 * Whether a repository that was made while a command ran may stay where it is: nothing in it makes git run or
 * read anything beyond the repository. Reads settings by a list of keys that may be there, not of those that
 * may not. Links are followed nowhere.
 */
import { lstatSync, readFileSync, readdirSync, type Dirent } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { thrownText } from '../../std/thrown-text.ts';
import { gitSettings } from '../paths/git-config-text.ts';
import { isBelow } from '../paths/path-scope.ts';

const entriesMax = 20_000;
const objectsMax = 1_000_000;
const configBytesMax = 256 * 1024;

/** Keys as git compares them: section and name in lower case, `*` for a part that is free. */
const harmlessKeys = new Set([
  'core.repositoryformatversion',
  'core.filemode',
  'core.bare',
  'core.logallrefupdates',
  'core.ignorecase',
  'core.precomposeunicode',
  'core.symlinks',
  'core.autocrlf',
  'core.eol',
  'core.safecrlf',
  'core.quotepath',
  'core.abbrev',
  'extensions.objectformat',
  'init.defaultbranch',
  'user.name',
  'user.email',
  'remote.*.url',
  'remote.*.fetch',
  'remote.*.tagopt',
  'branch.*.remote',
  'branch.*.merge',
  'branch.*.rebase',
  'submodule.*.url',
  'submodule.*.active',
  'submodule.active',
  'pull.rebase',
  'pull.ff',
  'push.default',
  'push.autosetupremote',
  'fetch.prune',
  'color.ui',
]);

/**
 * Why it must not stay, the end of a sentence; null where it may. `git` is the path of a `.git`. `isRunning`:
 * git may be at work in it, so its objects, which come in parts, are not judged yet.
 */
export function gitProblem(git: string, { isRunning = false } = {}): string | null {
  try {
    if (!lstatSync(git).isDirectory()) return 'it is not a directory, and leads git to settings elsewhere';
    const left = { entries: entriesMax, objects: objectsMax };
    return problemIn(git, { top: git, left, isRefs: false, isRunning });
  } catch (error) {
    return `it cannot be read (${thrownText(error)})`;
  }
}

interface Walk {
  readonly top: string;
  readonly left: { entries: number; objects: number };
  /** Below the references of a repository: branches may have any name. */
  readonly isRefs: boolean;
  readonly isRunning: boolean;
}

function problemIn(folder: string, walk: Walk): string | null {
  const entries = readdirSync(folder, { withFileTypes: true });
  walk.left.entries -= entries.length;
  if (walk.left.entries < 0) return 'it is too large to be looked through';
  const names = new Set(entries.map(({ name }) => name.toLowerCase()));
  const isRepository = names.has('head') && names.has('objects');
  if (isRepository && folder !== walk.top && !isBelow(join(walk.top, 'modules'), folder))
    return `it holds another repository (${folder.slice(walk.top.length + 1)})`;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const isRefs =
      walk.isRefs || ((isRepository || folder === walk.top) && /^(?:refs|logs)$/.test(entry.name));
    const found =
      problemOf(entry, path, walk) ?? (entry.isDirectory() ? below(path, { ...walk, isRefs }) : null);
    if (found !== null) return found;
  }
  return null;
}

function below(path: string, walk: Walk): string | null {
  const shown = path.slice(walk.top.length + 1);
  const isObjects = basename(path).toLowerCase() === 'objects' && !walk.isRefs;
  if (!isObjects) return problemIn(path, walk);
  return walk.isRunning ? null : problemInObjects(path, shown, walk);
}

/**
 * Objects are many and are told by their names. What is not in here itself would be packed and sent by a
 * person's git as if it were the repository's own.
 */
function problemInObjects(path: string, shown: string, { left }: Walk): string | null {
  for (const folder of readdirSync(path, { withFileTypes: true })) {
    const name = `${shown}/${folder.name}`;
    if (!/^(?:[0-9a-f]{2}|info|pack)$/.test(folder.name)) return `${name} is none of git's`;
    if (!folder.isDirectory()) return `${name} is not a directory`;
    const odd = oddObject(join(path, folder.name), left);
    if (odd !== null) return `${name}/${odd}`;
  }
  return null;
}

/** Folders of lists of what is in here, as git writes them in parts. */
const listFolders = new Set(['commit-graphs', 'multi-pack-index.d']);

function oddObject(folder: string, left: Walk['left']): string | null {
  const entries = readdirSync(folder, { withFileTypes: true });
  left.objects -= entries.length;
  if (left.objects < 0) return `${entries[0]?.name ?? ''} and what follows is too much to be looked through`;
  for (const entry of entries) {
    if (entry.name.toLowerCase() === 'alternates') return `${entry.name} leads git to objects elsewhere`;
    if (entry.isFile()) continue;
    if (!entry.isDirectory() || !listFolders.has(entry.name)) return `${entry.name} is no file`;
    const odd = oddObject(join(folder, entry.name), left);
    if (odd !== null) return `${entry.name}/${odd}`;
  }
  return null;
}

function problemOf(entry: Dirent, path: string, { top, isRefs }: Walk): string | null {
  const name = entry.name.toLowerCase();
  const shown = path.slice(top.length + 1);
  if (entry.isSymbolicLink()) return `${shown} is a link`;
  if (name === 'commondir' || name === 'gitdir') return `${shown} leads git to settings elsewhere`;
  if (isRefs) return null;
  // Whoever has another name for it writes the settings through that name.
  if (entry.isFile() && lstatSync(path).nlink > 1) return `${shown} has another name elsewhere (a hard link)`;
  if (name === 'hooks') return hookIn(entry, path, shown);
  if (name !== 'config' && name !== 'config.worktree') return null;
  if (!entry.isFile() || lstatSync(path).size > configBytesMax) return `${shown} is no settings file`;
  const odd = oddSetting(readFileSync(path, 'utf8'), { git: top, file: path });
  return odd === null ? null : `${shown} holds ${odd}`;
}

function hookIn(entry: Dirent, path: string, shown: string): string | null {
  if (!entry.isDirectory()) return `${shown} is not a directory`;
  // Also one that is not executable: a file system without that bit calls every file so.
  const active = readdirSync(path).find((one) => !one.endsWith('.sample'));
  return active === undefined ? null : `${shown}/${active} is a hook`;
}

/**
 * The first thing in a settings file that is not known to be harmless, null where there is none. What cannot
 * be parsed is odd.
 */
function oddSetting(text: string, place: { git: string; file: string }): string | null {
  let section: string | null = null;
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const head = /^\[([A-Za-z][A-Za-z0-9-]*)(?:[ \t]+"((?:[^"\\\0]|\\["\\])*)")?\]$/.exec(line);
    if (head !== null) {
      section = head[2] === undefined ? (head[1] ?? '').toLowerCase() : `${(head[1] ?? '').toLowerCase()}.*`;
      continue;
    }
    const setting = /^([A-Za-z][A-Za-z0-9-]*)(?:[ \t]*=[ \t]*(.*))?$/.exec(line);
    if (section === null || setting === null || line.endsWith('\\')) return 'a line that is not understood';
    const key = `${section}.${(setting[1] ?? '').toLowerCase()}`;
    if (!isHarmless(key, setting[2] ?? '', place)) return key;
  }
  return null;
}

function isHarmless(key: string, value: string, { git, file }: { git: string; file: string }): boolean {
  // A submodule's own repository says where its files are.
  if (key === 'core.worktree') {
    const modules = join(git, 'modules');
    const folder = resolve(file, '..');
    if (!isBelow(modules, folder) || isAbsolute(value) || /["'\\#;]/.test(value)) return false;
    const tree = resolve(folder, value);
    return isBelow(resolve(git, '..'), tree) && !isBelow(git, tree);
  }
  // `ext::command` runs it, and what begins with a dash is an option.
  if (key.endsWith('.url')) return harmlessKeys.has(key) && isPlainUrl(value);
  return harmlessKeys.has(key);
}

/** As git reads it: quotes and escapes within it count. */
function isPlainUrl(text: string): boolean {
  const { settings, isWhole } = gitSettings(`[remote "x"]\nurl = ${text}`);
  const urls = settings.flatMap(({ values }) => values);
  return isWhole && urls.every((url) => !url.includes('::') && !url.startsWith('-'));
}
