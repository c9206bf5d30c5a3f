/**
 * A clone for a child to work in: made of a repository, looked at, and its branch brought back into it. All
 * of git runs in a sandbox without a network (`git-run.ts`).
 */
import { lstat, mkdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { WorktreeReport } from '../../protocol/pod-event.ts';
import { type Worktree, cloneOf, commitPattern } from '../../session/settings/worktree.ts';
import { systemCode } from '../../std/system-code.ts';
import { type GitPlace, type GitRun, runGit } from './git-run.ts';
import {
  type Surveyed,
  cloneScript,
  inspectScript,
  returnScript,
  surveyScript,
  unsavedScript,
} from './git-scripts.ts';

/** However large a repository is. */
const surveyMs = 30_000;
const cloneMs = 180_000;
const inspectMs = 60_000;
const returnMs = 120_000;
const ownerOnly = 0o700;

export type Failed = Exclude<GitRun, { kind: 'done' }>;

export type Survey =
  | { readonly kind: 'found'; readonly base: string }
  | { readonly kind: 'noCommit' }
  | { readonly kind: 'nameTaken' }
  | Failed;

export async function surveyRepository(repository: Surveyed, place: GitPlace): Promise<Survey> {
  const { store, objects } = repository;
  const script = surveyScript(repository);
  const run = await runGit({ script, read: [store, ...objects], write: [], timeoutMs: surveyMs }, place);
  if (run.kind !== 'done') return run;
  if (run.said.has('taken')) return { kind: 'nameTaken' };
  const base = run.said.get('base');
  return base === undefined || !commitPattern.test(base) ? { kind: 'noCommit' } : { kind: 'found', base };
}

/** Null, or why there is none; then nothing of it is left. Rejects with the file system's error. */
export async function makeClone(
  worktree: Worktree,
  given: { author: string; cwd: string },
  place: GitPlace,
): Promise<Failed | null> {
  const { holder, store, objects } = worktree;
  await mkdir(holder, { mode: ownerOnly });
  const script = cloneScript(worktree, given);
  const work = { script, read: [store, ...objects], write: [holder], timeoutMs: cloneMs };
  const run = await runGit(work, place);
  if (run.kind === 'done') return null;
  await removeHolder(worktree);
  return run;
}

/**
 * The folder that clones are in, made where it is missing; null where it is not this user's own. Rejects with
 * the file system's error.
 */
export async function ownFolder(folder: string): Promise<string | null> {
  await mkdir(folder, { recursive: true, mode: ownerOnly });
  const { uid, mode } = await lstat(await realpath(folder));
  const isOwn = uid === (process.getuid?.() ?? uid) && (mode & 0o022) === 0;
  return isOwn ? await realpath(folder) : null;
}

/**
 * Never of a clone that holds anything that is nowhere else: whoever calls this knows. By another name first,
 * so that what is left of a removal that was cut is no clone.
 */
export async function removeHolder({ holder }: Pick<Worktree, 'holder'>): Promise<void> {
  const trash = join(dirname(holder), `.removed-${basename(holder)}`);
  try {
    await rename(holder, trash);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  await rm(trash, { recursive: true, force: true });
}

/**
 * Brings what is committed on the branch into the source and says what there is. `mayReturn`: the source may
 * be written. Done again it changes nothing. Null where it was ended.
 */
export async function handOver(
  worktree: Worktree,
  { mayReturn }: { mayReturn: boolean },
  place: GitPlace,
): Promise<WorktreeReport | null> {
  const { branch, store, objects, base } = worktree;
  const clone = cloneOf(worktree);
  const nothing = { branch, base, folder: clone, fetched: false };
  const read = [store, clone, ...objects];
  const inspected = await runGit(
    { script: inspectScript(worktree), read, write: [], timeoutMs: inspectMs },
    place,
  );
  if (inspected.kind === 'aborted') return null;
  if (inspected.kind !== 'done') return { ...nothing, ...failure(inspected) };
  const { said } = inspected;
  if (said.has('missing')) return { ...nothing, why: 'missing' };
  const found = {
    commits: count(said, 'commits'),
    files: count(said, 'files'),
    added: count(said, 'added'),
    deleted: count(said, 'deleted'),
    uncommitted: count(said, 'uncommitted'),
    ignored: count(said, 'ignored'),
    others: count(said, 'others'),
  };
  const tip = said.get('tip');
  if (tip === undefined || !commitPattern.test(tip)) return { ...nothing, ...found, why: 'noBranch' };
  if (found.commits === 0) return { ...nothing, ...found };
  if (!mayReturn) return { ...nothing, ...found, why: 'notInScope' };
  const write = [`${store}/objects`, `${store}/refs`];
  const script = returnScript(worktree, tip);
  const returned = await runGit({ script, read, write, timeoutMs: returnMs }, place);
  if (returned.kind === 'aborted') return null;
  if (returned.kind !== 'done') return { ...nothing, ...found, ...failure(returned) };
  return { ...nothing, ...found, branch: returned.said.get('branch') ?? branch, fetched: true };
}

function failure({ kind, text }: Failed): Pick<WorktreeReport, 'why' | 'problem'> {
  return { why: kind === 'timedOut' ? 'timedOut' : 'failed', problem: text };
}

function count(said: ReadonlyMap<string, string>, name: string): number {
  const found = Number(said.get(name) ?? '0');
  return Number.isSafeInteger(found) && found >= 0 ? found : 0;
}

/** What a clone holds that is nowhere else. */
export type Unsaved =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'gone' }
  | ({ readonly kind: 'some' } & UnsavedWork)
  | Failed;

export interface UnsavedWork {
  readonly commits: number;
  /** Some of the commits that all of them are reached from, and how many such there are. */
  readonly ends: readonly string[];
  readonly tips: number;
  readonly uncommitted: number;
  readonly own: number;
  /**
   * Files that a `.gitignore` covers and no tool makes anew; `some`: the first of them, in the clone's words.
   */
  readonly ignored: number;
  readonly some: string;
}

export async function unsavedIn(worktree: Worktree, place: GitPlace): Promise<Unsaved> {
  const clone = cloneOf(worktree);
  const isThere = await lstat(worktree.holder).catch(() => null);
  if (isThere === null) return { kind: 'gone' };
  const repository = await lstat(worktree.store).catch(() => null);
  if (repository === null) {
    const text = `its repository ${worktree.source} is not there any more: put it back, and it can be`;
    return { kind: 'failed', text };
  }
  const read = [worktree.store, clone, ...worktree.objects];
  const run = await runGit({ script: unsavedScript(worktree), read, write: [], timeoutMs: returnMs }, place);
  if (run.kind !== 'done') return run;
  if (run.said.has('missing')) return { kind: 'failed', text: 'it is no clone any more' };
  const names = ['commits', 'uncommitted', 'own', 'ignored', 'tips'];
  if (!names.every((name) => /^\d+$/.test(run.said.get(name) ?? '')))
    return { kind: 'failed', text: 'git did not say it' };
  const [commits = 0, uncommitted = 0, own = 0, ignored = 0, tips = 0] = names.map((name) =>
    count(run.said, name),
  );
  if (commits + uncommitted + own + ignored === 0) return { kind: 'nothing' };
  const ends = (run.said.get('ends') ?? '').split(' ').filter((id) => commitPattern.test(id));
  return { kind: 'some', commits, ends, tips, uncommitted, own, ignored, some: run.said.get('some') ?? '' };
}
