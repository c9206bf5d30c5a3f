/**
 * A child that works in a clone of its own (`worktree: true`): what is asked before anything is made, and the
 * making. The clone is no part of this pod's scope: nobody but the child ever holds it.
 */
import { basename, join, relative } from 'node:path';
import { inLine } from '../../delivery/quoted.ts';
import { isAllowed, isBelow } from '../../scope/paths/path-scope.ts';
import type { PathScope, PodRef, ScopeDeny } from '../../session/facts/entries.ts';
import { type Worktree, cloneOf } from '../../session/settings/worktree.ts';
import type { Head, Repository } from '../../project/repository.ts';
import type { GitStore } from '../../project/git-store.ts';
import type { ToolContext } from '../../tools/tool.ts';
import type { Pod } from '../pod.ts';
import { worktreesOf } from '../pod-worktrees.ts';
import { SpawnRefused } from './spawn-refused.ts';

const pathCharsMax = 4_096;

export interface PlannedWorktree {
  readonly worktree: Worktree;
  /** The child's working directory: the place in the clone where its parent's is in the source. */
  readonly cwd: string;
  /** Roots to write that the child gets beside its parent's. */
  readonly own: readonly string[];
}

/** Null where none was asked for. Throws `SpawnRefused`; nothing was made then. */
export async function plannedWorktree(
  pod: Pod,
  { child, isWanted, context }: { child: PodRef; isWanted: boolean; context: ToolContext },
): Promise<PlannedWorktree | null> {
  if (!isWanted) return null;
  await refuseWithoutSandbox(context);
  const { repository, store } = await repositoryOf(pod, context);
  const surveyed = { store: repository.store, head: headText(repository.head), ...store };
  const survey = await worktreesOf(pod).survey(surveyed, context);
  const { root } = repository;
  if (survey.kind === 'noCommit')
    throw new SpawnRefused(
      `A clone begins at a commit, and the repository ${shown(root)} has none yet, or none on its branch. Spawn the child without worktree, or have a first commit made.`,
    );
  if (survey.kind === 'nameTaken')
    throw new SpawnRefused(
      `The repository ${shown(root)} has a branch called "podkin", so none can be called "podkin/…". A person has to rename it; else spawn the child without worktree.`,
    );
  if (survey.kind !== 'found') throw new SpawnRefused(notCloned(root), { data: survey.text });
  const folder = await worktreesOf(pod).folder();
  if (folder === null)
    throw new SpawnRefused('The folder for clones is not this user’s alone. A person has to look at it.');
  const name = nameOf(pod, child);
  const worktree: Worktree = {
    holder: join(folder, name),
    source: root,
    store: repository.store,
    objects: store.objects,
    format: store.format,
    branch: `podkin/${name}`,
    base: survey.base,
    returns: mayReturn(context.scope, repository.store),
  };
  const clone = cloneOf(worktree);
  const { cwd } = pod.session;
  const from = await pod.host.work.realScope({ read: [cwd], write: [] });
  return {
    worktree,
    cwd: join(clone, relative(root, from.read[0] ?? root)),
    own: [clone, join(clone, '.git')],
  };
}

/** Throws `SpawnRefused`. */
async function refuseWithoutSandbox({ shell }: ToolContext): Promise<void> {
  const state = await shell.sandbox.state();
  if (state.kind === 'working') return;
  throw new SpawnRefused(
    `A clone is made inside a sandbox alone, and none works here (${state.text}). Spawn the child without worktree; a person sees with "podkin doctor" what is missing.`,
  );
}

async function repositoryOf(
  pod: Pod,
  { scope }: ToolContext,
): Promise<{ repository: Repository; store: GitStore }> {
  const { cwd } = pod.session;
  const repository = await pod.host.work.repository(scope.deny, cwd);
  if (repository === null)
    throw new SpawnRefused(
      `${shown(cwd)} is in no git repository of this user, so there is nothing to clone. Spawn the child without worktree.`,
    );
  const { root, store: place } = repository;
  if (/[\n\r\0]/.test(`${root}${place}`))
    throw new SpawnRefused('The path of the repository has a line break in it, which git takes in no list.');
  refuseOutside(scope, root, place);
  const store = await worktreesOf(pod).store(scope.deny, place);
  if (typeof store === 'string') throw new SpawnRefused(notCloned(root), { data: store });
  for (const objects of store.objects) refuseOutside(scope, root, objects);
  return { repository, store };
}

/** All that is committed there would be the child's to read. */
function refuseOutside(scope: PathScope, root: string, path: string): void {
  if (isAllowed(scope, 'read', path)) return;
  throw new SpawnRefused(
    `Denied: the repository ${shown(root)} keeps its commits in ${shown(path)}, which this pod may not read, so a child gets no clone of it. A person can start the pod with --read ${shown(path)}; else spawn the child without worktree.`,
    { denied: true },
  );
}

/** What a child holds of it hinders nobody: references are locked by git. */
function mayReturn(scope: PathScope, store: string): boolean {
  const deny = (scope.deny ?? []).filter(({ holder }) => holder === undefined);
  return isAllowed({ read: [], write: scope.write, deny }, 'write', store);
}

function headText(head: Head | null): string {
  if (head === null) return 'ref: refs/heads/none';
  return head.kind === 'commit' ? head.id : `ref: refs/heads/${head.name}`;
}

function nameOf({ session }: Pod, { name, instance }: PodRef): string {
  const digits = instance.replaceAll(/[^0-9a-z]/gi, '').slice(-6);
  return `${session.root.name}-${name}-${digits}`;
}

/**
 * What is asked for in the source is in the clone, and what is denied there is denied here. `wanted`: real
 * paths.
 */
export function wantedBeside(planned: PlannedWorktree | null, wanted: PathScope): PathScope {
  if (planned === null) return wanted;
  const { source, objects } = planned.worktree;
  return {
    ...wanted,
    read: [...wanted.read, ...objects],
    write: wanted.write.filter((path) => !isBelow(source, path)),
  };
}

export function scopeWithClone(
  planned: PlannedWorktree | null,
  narrowed: PathScope,
  giver: PathScope,
): PathScope {
  if (planned === null) return narrowed;
  const { source } = planned.worktree;
  const clone = cloneOf(planned.worktree);
  const denied = (giver.deny ?? []).flatMap(({ path, right, holder }): ScopeDeny[] => {
    const isInside = holder === undefined && path !== source && isBelow(source, path);
    const isGit = basename(path) === '.git' || path.includes('/.git/');
    return isInside && !isGit ? [{ path: join(clone, relative(source, path)), right }] : [];
  });
  const deny = [...(narrowed.deny ?? []), ...denied];
  const write = [...planned.own, ...narrowed.write];
  return { read: narrowed.read, write, ...(deny.length === 0 ? {} : { deny }) };
}

/** Rejects where there is none; then nothing of it is left. */
export async function makeClone(
  pod: Pod,
  planned: PlannedWorktree | null,
  { child, context }: { child: PodRef; context: ToolContext },
): Promise<void> {
  if (planned === null) return;
  const { worktree, cwd } = planned;
  pod.crash('worktree.making');
  const failed = await worktreesOf(pod).make(worktree, { author: child.name, cwd }, context);
  if (failed !== null) throw new Error(`${notCloned(worktree.source)} ${failed.text}`);
  pod.crash('worktree.made');
}

function notCloned(root: string): string {
  return `The repository ${shown(root)} could not be cloned.`;
}

/** For the answer of SpawnPod. */
export function clonedText({ worktree: { source, base, branch } }: PlannedWorktree): string {
  return `It works in a clone of its own, on the branch ${branch}, begun at commit ${base.slice(0, 12)} of ${shown(source)}: what is not committed there, it does not see.`;
}

function shown(path: string): string {
  return inLine(path, pathCharsMax);
}
