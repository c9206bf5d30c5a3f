/** Whether the clone that a pod worked in may go with the pod: it may where nothing in it is its alone. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createSandbox } from '../scope/sandbox/sandbox.ts';
import type { Home, PodSpec } from '../session/home/home.ts';
import { ownPlaces } from '../session/home/places.ts';
import { demandsOf } from '../session/settings/demands.ts';
import { limitsOf, sandboxSettingsOf } from '../session/settings/settings.ts';
import { type Worktree, cloneOf } from '../session/settings/worktree.ts';
import { readRegular } from '../std/open-regular.ts';
import { copiedWord } from '../std/shell-word.ts';
import type { GitPlace } from '../tools/worktree/git-run.ts';
import { type Unsaved, type UnsavedWork, removeHolder, unsavedIn } from '../tools/worktree/worktree.ts';
import { isOurs } from './node-worktrees.ts';

export type KeptClone =
  /** There is none. */
  | { readonly kind: 'none' }
  /** All of it is in the repository. Rejects with the file system's error. */
  | { readonly kind: 'spare'; remove(): Promise<void> }
  /** Only files that a `.gitignore` covers are nowhere else: it goes where a person insists. */
  | { readonly kind: 'ignored'; readonly text: string; remove(): Promise<void> }
  /** A sentence's end: where it is, what it holds, and how that is taken. */
  | { readonly kind: 'kept'; readonly text: string };

/** Whose clone it is, or was. */
export type CloneOwner = Pick<PodSpec, 'name' | 'instance' | 'settings'>;

/** `outputs`: the pod's folder for them. `goesWith`: pods that are removed before it. */
export async function judgeClone(
  home: Home,
  { owner, outputs }: { owner: CloneOwner; outputs: string },
  { goesWith = [] }: { goesWith?: readonly CloneOwner[] } = {},
): Promise<KeptClone> {
  const { worktree } = demandsOf(owner.settings);
  if (worktree === null || !existsSync(worktree.holder) || !(await isOurs(home, worktree)))
    return { kind: 'none' };
  const unsaved = await unsavedIn(worktree, placeFor(home, owner, outputs));
  if (unsaved.kind === 'gone') return { kind: 'none' };
  const clone = cloneOf(worktree);
  const isRest = unsaved.kind === 'some' && unsaved.commits + unsaved.uncommitted + unsaved.own === 0;
  const text = unsaved.kind === 'nothing' ? '' : `its clone ${clone} ${holds(unsaved, worktree)}`;
  if (unsaved.kind !== 'nothing' && !isRest) return { kind: 'kept', text };
  const gone = new Set(goesWith.map(({ settings }) => basename(demandsOf(settings).worktree?.holder ?? '')));
  const needs = clonesOf(worktree).filter((name) => !gone.has(name));
  if (needs.length > 0) {
    return {
      kind: 'kept',
      text: `its clone ${clone} holds commits that other clones need (${needs.join(', ')})`,
    };
  }
  const remove = async (): Promise<void> => await removeHolder(worktree);
  return isRest ? { kind: 'ignored', text, remove } : { kind: 'spare', remove };
}

function placeFor(home: Home, { name, instance, settings }: CloneOwner, outputs: string): GitPlace {
  const limits = limitsOf(settings);
  const hidden = ownPlaces(home).flatMap(({ path }) => (existsSync(path) ? [path] : []));
  return {
    sandbox: createSandbox({
      settings: { ...sandboxSettingsOf(settings), network: false, unixSockets: false },
      hidden,
      state: home.state,
      tmpBytes: limits.shellTmpBytes,
    }),
    limits,
    pod: { name, instance },
    outputs,
    signal: new AbortController().signal,
    noteGroup: () => () => undefined,
  };
}

function holds(unsaved: Exclude<Unsaved, { kind: 'nothing' | 'gone' }>, worktree: Worktree): string {
  if (unsaved.kind !== 'some') return `could not be looked through (${unsaved.text.replaceAll('\n', ' ')})`;
  const { commits, uncommitted, own, ignored, some } = unsaved;
  const what = [
    ...(commits > 0 ? [`${commits} commit(s)`] : []),
    ...(uncommitted > 0 ? [`${uncommitted} uncommitted change(s)`] : []),
    ...(own > 0 ? [`${own} repository(s) of its own`] : []),
    ...(ignored > 0 ? [`${ignored} ignored file(s) (${some})`] : []),
  ];
  const taken = commits > 0 ? ` (in ${worktree.source}: ${fetchLine(unsaved, worktree)})` : '';
  return `holds what is nowhere else: ${what.join(', ')}${taken}`;
}

/**
 * By their ids: no branch may name them, and the child's own holds none of them where it has been brought
 * back. Each gets a branch, since what is fetched without one is soon thrown away.
 */
function fetchLine({ ends, tips }: UnsavedWork, worktree: Worktree): string {
  const line = `git fetch ${copiedWord(cloneOf(worktree))}`;
  const each = ends.map((id) => `${id}:refs/heads/${worktree.branch}-${id.slice(0, idChars)}`).join(' ');
  return tips > ends.length ? `${line} ${each}, then this command again for the rest` : `${line} ${each}`;
}

const idChars = 8;

const alternatesBytesMax = 64 * 1024;

/** Clones of this clone: without its objects they would be broken. */
function clonesOf({ holder }: Worktree): string[] {
  const above = dirname(holder);
  return readdirSync(above).filter((name) => {
    if (name === basename(holder) || name.startsWith('.')) return false;
    const list = join(above, name, 'repo', '.git', 'objects', 'info', 'alternates');
    try {
      return readRegular(list, alternatesBytesMax).includes(`${holder}/`);
    } catch {
      // None, or gone meanwhile; what is no list of git's leads git nowhere.
      return false;
    }
  });
}
