/** Whether the clone that a pod worked in may go with the pod: it may where nothing in it is its alone. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createSandbox } from '../scope/sandbox/sandbox.ts';
import type { Home, PodFolder, PodSpec } from '../session/home/home.ts';
import { ownPlaces } from '../session/home/places.ts';
import { demandsOf } from '../session/settings/demands.ts';
import { limitsOf, sandboxSettingsOf } from '../session/settings/settings.ts';
import { type Worktree, cloneOf } from '../session/settings/worktree.ts';
import { readRegular } from '../std/open-regular.ts';
import type { GitPlace } from '../tools/worktree/git-run.ts';
import { type Unsaved, removeHolder, unsavedIn } from '../tools/worktree/worktree.ts';
import { isOurs } from './node-worktrees.ts';

export type KeptClone =
  /** There is none. */
  | { readonly kind: 'none' }
  /** All of it is in the repository. Rejects with the file system's error. */
  | { readonly kind: 'spare'; remove(): Promise<void> }
  /** A sentence's end: where it is, what it holds, and how that is taken. */
  | { readonly kind: 'kept'; readonly text: string };

/** `goesWith`: pods that are removed before it. */
export async function judgeClone(
  home: Home,
  { spec, folder }: { spec: PodSpec; folder: PodFolder },
  { goesWith = [] }: { goesWith?: readonly PodSpec[] } = {},
): Promise<KeptClone> {
  const { worktree } = demandsOf(spec.settings);
  if (worktree === null || !existsSync(worktree.holder) || !(await isOurs(home, worktree)))
    return { kind: 'none' };
  const unsaved = await unsavedIn(worktree, placeFor(home, { spec, folder }));
  if (unsaved.kind === 'gone') return { kind: 'none' };
  const clone = cloneOf(worktree);
  if (unsaved.kind !== 'nothing')
    return { kind: 'kept', text: `its clone ${clone} ${holds(unsaved, worktree)}` };
  const gone = new Set(goesWith.map(({ settings }) => basename(demandsOf(settings).worktree?.holder ?? '')));
  const needs = clonesOf(worktree).filter((name) => !gone.has(name));
  if (needs.length > 0) {
    const text = `its clone ${clone} holds commits that other clones need (${needs.join(', ')})`;
    return { kind: 'kept', text };
  }
  return { kind: 'spare', remove: async () => await removeHolder(worktree) };
}

function placeFor(home: Home, { spec, folder }: { spec: PodSpec; folder: PodFolder }): GitPlace {
  const { name, instance, settings } = spec;
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
    outputs: folder.outputs,
    signal: new AbortController().signal,
    noteGroup: () => () => undefined,
  };
}

function holds(unsaved: Exclude<Unsaved, { kind: 'nothing' | 'gone' }>, worktree: Worktree): string {
  if (unsaved.kind !== 'some') return `could not be looked through (${unsaved.text})`;
  const { commits, uncommitted, own } = unsaved;
  const what = [
    ...(commits > 0 ? [`${commits} commit(s)`] : []),
    ...(uncommitted > 0 ? [`${uncommitted} uncommitted change(s)`] : []),
    ...(own > 0 ? [`${own} repository(s) of its own`] : []),
  ];
  const taken =
    commits > 0 ? ` (in ${worktree.source}: git fetch ${cloneOf(worktree)} ${worktree.branch})` : '';
  return `holds what is nowhere else: ${what.join(', ')}${taken}`;
}

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
