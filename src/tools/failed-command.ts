/**
 * What a failed command is told of its sandbox: which of the scope's narrowings the paths meet that its text
 * or its
 * output names, and a git directory that lies outside. The commands are not understood, only looked through
 * for
 * paths.
 */
import { basename, dirname, join, relative, resolve } from 'node:path';
import { protectionReason } from '../scope/paths/access.ts';
import { openInside } from '../scope/paths/open-inside.ts';
import { isAllowed } from '../scope/paths/path-scope.ts';
import { componentsOf, covers, rootOf } from '../scope/paths/roots.ts';
import type { PathScope } from '../session/facts/entries.ts';
import { userHome } from '../session/home/places.ts';
import { readBounded } from '../std/bounded-file.ts';
import { fromTilde } from '../std/tilde.ts';
import { accessOf } from './input-path.ts';
import type { ToolContext } from './tool.ts';

export interface FailedCommand {
  readonly command: string;
  readonly output: string;
}

const outputCharsMax = 4_000;
const wordsMax = 400;
const wordCharsMax = 500;
const foldersMax = 5;
const notesMax = 5;
/** Of a `.git` that is a file: one line. */
const gitFileBytesMax = 8 * 1024;

export async function failureNotes(failed: FailedCommand, context: ToolContext): Promise<string[]> {
  const folders = foldersOf(failed.command, context.cwd);
  const git = /\bgit\b/.test(failed.command) ? await gitOutside(folders, context) : null;
  const met = narrowingsMet(failed, { scope: context.scope, folders });
  return [...(git === null ? [] : [git]), ...met];
}

/** Pure. Each narrowing once. `folders`: where the words may begin. */
export function narrowingsMet(
  { command, output }: FailedCommand,
  { scope, folders }: { scope: PathScope; folders: readonly string[] },
): string[] {
  const tail = output.slice(-outputCharsMax);
  // What is read-only alone explains no failure that says something else.
  const mayBeWrite =
    tail.trim() === '' ||
    /read-only|permission|permitted|denied|busy|EROFS|EACCES|EPERM|EBUSY|not writ|cannot|unable/i.test(tail);
  const met = new Set<string>();
  for (const word of wordsOf(`${command}\n${tail}`)) {
    for (const folder of folders) {
      const path = resolve(folder, fromTilde(word, userHome(process.env)));
      const note = noteOf(scope, path, mayBeWrite);
      if (note !== null) met.add(note);
      if (met.size >= notesMax) return [...met];
    }
  }
  return [...met];
}

function noteOf(scope: PathScope, path: string, mayBeWrite: boolean): string | null {
  const parts = componentsOf(path) ?? [];
  const denies = (scope.deny ?? []).filter((one) => {
    const root = rootOf(one.path);
    return root !== undefined && covers(root, parts);
  });
  const hidden = denies.find(({ right }) => right === 'read');
  if (hidden !== undefined) return `${hidden.path} is denied to this pod, and hidden from its shell.`;
  if (!mayBeWrite) return null;
  const held = denies[0];
  if (held?.holder !== undefined)
    return `${held.path} is read-only here: the pod "${held.holder}" holds it for writing until it is stopped.`;
  if (held !== undefined)
    return `${held.path} is denied to this pod for writing, and read-only for its shell.`;
  const reason = protectionReason(scope, path);
  if (reason === undefined) return null;
  let top = path;
  while (protectionReason(scope, dirname(top)) !== undefined) top = dirname(top);
  const isGit = basename(top) === '.git';
  const next = isGit
    ? 'To let a pod commit, a person starts it with --write .git beside its other paths (as --write . .git); its hooks are its own then.'
    : 'A person can start a pod that is granted this very path.';
  return `${top} is always read-only for pods: ${reason}. ${next}`;
}

function wordsOf(text: string): Set<string> {
  const words = text
    .split(/[\s"'`;|&<>()=,:[\]]+/)
    .filter((word) => word !== '' && word.length <= wordCharsMax);
  return new Set(words.slice(0, wordsMax));
}

/** The working directory, and where the command goes with `cd`. */
function foldersOf(command: string, cwd: string): string[] {
  const folders = [cwd];
  for (const [, quoted, plain] of command.matchAll(/\bcd\s+(?:["']([^"']+)["']|([^\s;&|<>()"']+))/g)) {
    if (folders.length > foldersMax) break;
    const named = fromTilde(quoted ?? plain ?? '', userHome(process.env));
    folders.push(resolve(folders.at(-1) ?? cwd, named));
  }
  return folders;
}

/** In a linked worktree and in a submodule `.git` is a file that names the folder with the repository. */
async function gitOutside(folders: readonly string[], context: ToolContext): Promise<string | null> {
  for (const start of folders) {
    for (let folder = start; isAllowed(context.scope, 'read', folder); folder = dirname(folder)) {
      const file = join(folder, '.git');
      const named = await gitFolderIn(file, context);
      if (named === 'none' && folder !== '/') continue;
      if (named === 'none' || named === 'folder') break;
      const target = resolve(folder, named);
      if (isAllowed(context.scope, 'read', target)) break;
      // A worktree needs what it shares with the others as well.
      const whole = target.replace(/\/worktrees\/[^/]+$/, '');
      return `${file} is a file that leads git to ${target}, which this pod may not read: git finds no repository here, though there is one. Do not make a new one; a person can start the pod with --read ${whole} beside its other paths (as --write ${relative(context.cwd, folder) || '.'} --read ${whole}).`;
    }
  }
  return null;
}

/** What the file names; `folder` where it is none, `none` where there is nothing. */
async function gitFolderIn(file: string, context: ToolContext): Promise<string> {
  const opened = await openInside(accessOf(context), 'read', file);
  if (!opened.ok) return opened.kind === 'missing' ? 'none' : 'folder';
  try {
    if (!opened.stats.isFile()) return 'folder';
    const { text } = await readBounded(opened.handle, gitFileBytesMax);
    return /^gitdir: ([^\r\n]+)/.exec(text)?.[1]?.trim() ?? 'folder';
  } finally {
    await opened.handle.close();
  }
}
