/**
 * The repository that a folder is in, read from `.git` by podkin itself: no git command, no link followed,
 * and nothing believed that does not have the form that git gives it.
 */
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isOurs } from '../std/bounded-file.ts';
import { withoutHidden } from '../std/characters.ts';
import { type ProjectReader, readProjectFile } from './project-file.ts';

export interface Repository {
  /** A real path. */
  readonly root: string;
  /** Null where the files do not say it. */
  readonly head: Head | null;
  /** Where git keeps it: of a worktree or a submodule the `.git` of the repository that it belongs to. */
  readonly store: string;
}

export type Head =
  | { readonly kind: 'branch'; readonly name: string }
  /** On no branch. */
  | { readonly kind: 'commit'; readonly id: string };

/** Null where the folder is in none. Never rejects for what it finds. */
export async function readRepository(reader: ProjectReader, cwd: string): Promise<Repository | null> {
  const start = await realpath(cwd).catch(() => null);
  for (let folder = start; folder !== null; folder = folder === dirname(folder) ? null : dirname(folder)) {
    const found = await lstat(join(folder, '.git')).catch(() => null);
    if (found === null || !isOurs(found.uid)) continue;
    const place = found.isDirectory() ? join(folder, '.git') : await linkedPlace(reader, folder);
    const head = place === null ? null : await readHead(reader, place);
    return { root: folder, head, store: storeOf(place ?? join(folder, '.git')) };
  }
  return null;
}

/** Of a worktree or a submodule, whose `.git` is a file. */
async function linkedPlace(reader: ProjectReader, folder: string): Promise<string | null> {
  const text = await readPlain(reader, folder, '.git');
  const [, named] = /^gitdir: ([^\0\n]+)\n?$/.exec(text ?? '') ?? [];
  if (named === undefined) return null;
  const place = resolve(folder, named);
  return (await realpath(place).catch(() => null)) === place ? place : null;
}

function storeOf(place: string): string {
  return /^(.*\/\.git)\/(?:worktrees|modules)\/./.exec(place)?.[1] ?? place;
}

const branchCharsMax = 200;
/** What git takes for no name of a branch. */
const noBranch = /[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|(?:^|\/)\.|\.lock(?:\/|$)|^\/|[/.]$/;

async function readHead(reader: ProjectReader, place: string): Promise<Head | null> {
  const text = (await readPlain(reader, place, 'HEAD'))?.trimEnd() ?? '';
  if (/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(text)) return { kind: 'commit', id: text };
  const [, name] = /^ref: refs\/heads\/(.+)$/.exec(text) ?? [];
  if (name === undefined || name.length > branchCharsMax || noBranch.test(name)) return null;
  return withoutHidden(name) === name ? { kind: 'branch', name } : null;
}

/** A small regular file that is no link; null for anything else. */
async function readPlain(reader: ProjectReader, folder: string, name: string): Promise<string | null> {
  const path = join(folder, name);
  if ((await realpath(path).catch(() => null)) !== path) return null;
  const found = await readProjectFile(reader, folder, name);
  return found.kind === 'text' && !found.isCut && found.encoding === 'utf-8' ? found.text : null;
}
