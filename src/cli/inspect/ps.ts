/**
 * `podkin ps`: the trees of this directory, and of the home; `podkin` alone: the same, and where to go on.
 */
import { basename } from 'node:path';
import { thrownText } from '../../std/thrown-text.ts';
import type { CommandContext } from '../invocation/context.ts';
import { cwdIfThere, exitStatus, jsonText, screenOf } from '../invocation/context.ts';
import { realPath, samePlaceAs } from '../../configuration/real-paths.ts';
import { podAt } from '../../client/find-pod.ts';
import { type ListedPod, listedPods } from '../../client/listed-pods.ts';
import { isLive, matters, type PodView, type SeenPod, viewHome } from '../../client/pod-view.ts';
import { type Home, type PodSpec, podPlaces } from '../../session/home/home.ts';
import { counted, oneLine } from '../format/printable.ts';
import { type Group, psTable } from './ps-table.ts';

export interface PsOptions {
  readonly all: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
  /** Trees of other directories too. */
  readonly everywhere: boolean;
}

/** For programs every pod of the home: what they get must not hang on where they are. */
export async function psCommand(context: CommandContext, options: PsOptions): Promise<number> {
  const seen = await viewHome(context.home);
  const shown = options.all ? seen : seen.filter(({ view }) => matters(view));
  const unread = [...seen.flatMap(unreadableHint), ...unknownHints(context.home, seen)];
  if (options.json) {
    context.stdout.write(jsonText(await listedPods(shown, seen)));
    return exitStatus.done;
  }
  if (options.quiet)
    context.stdout.write(
      labels(shown)
        .map((label) => `${label}\n`)
        .join(''),
    );
  else {
    const { here, trees } = await table(context, { shown, seen, everywhere: options.everywhere });
    const hidden = seen.filter((one) => here(one) && !shown.includes(one)).length;
    if (trees.here === 0 && unread.length === 0) context.stderr.write('No pod is running here.\n');
    if (hidden > 0) context.stderr.write(`${hidden} stopped pod(s) not shown: "podkin ps -a" shows them.\n`);
    sayElsewhere(context, trees.elsewhere);
    for (const hint of hints(shown)) context.stderr.write(`${hint}\n`);
  }
  for (const hint of unread) context.stderr.write(`${hint}\n`);
  return exitStatus.done;
}

/** Names that a command takes. */
function labels(shown: readonly SeenPod[]): string[] {
  const count = new Map<string, number>();
  for (const { view } of shown) count.set(view.name, (count.get(view.name) ?? 0) + 1);
  return shown.map(({ view, pod }) => ((count.get(view.name) ?? 0) > 1 ? pod.label : view.name));
}

interface Tabled {
  readonly shown: readonly SeenPod[];
  readonly seen: readonly SeenPod[];
  readonly everywhere: boolean;
}

/** The trees of this directory first; those of others are counted where they are not wanted. */
async function table(
  context: CommandContext,
  { shown, seen, everywhere }: Tabled,
): Promise<{ here: (one: SeenPod) => boolean; trees: { here: number; elsewhere: number } }> {
  const cwd = cwdIfThere(context);
  const at = cwd === null ? null : realPath(cwd);
  const isAt = samePlaceAs(at);
  const placeOf = placesOfTrees(seen);
  const here = ({ pod }: SeenPod): boolean => everywhere || at === null || isAt(placeOf(pod.spec));
  const pods = await listedPods(shown.filter(here), seen);
  if (pods.length > 0) {
    const width = context.isTerminal ? screenOf(context).columns : null;
    const places = new Map(seen.map(({ pod }) => [pod.instance, placeOf(pod.spec)]));
    const groups = groupsOf(pods, isAt, ({ instance, cwd }) => places.get(instance) ?? cwd);
    context.stdout.styled(psTable(groups, { color: context.color, nowMs: Date.now(), width }));
  }
  const elsewhere = shown.filter((one) => !here(one));
  const roots = new Set(elsewhere.map(({ pod }) => pod.spec.root.instance));
  return { here, trees: { here: pods.length, elsewhere: roots.size } };
}

/** A tree is where its root is: a child may work in a clone, on another machine, or further down. */
function placesOfTrees(seen: readonly SeenPod[]): (spec: PodSpec) => string {
  const roots = new Map(seen.map(({ pod }) => [pod.instance, pod.spec.cwd]));
  return ({ root, cwd }) => roots.get(root.instance) ?? cwd;
}

function groupsOf(
  pods: readonly ListedPod[],
  isAt: (cwd: string) => boolean,
  placeOf: (pod: ListedPod) => string,
): Group[] {
  const all = [...new Set(pods.map(placeOf))];
  const here = new Set(all.filter(isAt));
  const own = { directory: null, pods: pods.filter((pod) => here.has(placeOf(pod))) };
  const directories = all.filter((cwd) => !here.has(cwd)).sort();
  return [
    own,
    ...directories.map((directory) => ({
      directory,
      pods: pods.filter((pod) => placeOf(pod) === directory),
    })),
  ];
}

function sayElsewhere({ stderr }: CommandContext, trees: number): void {
  if (trees === 0) return;
  const what = counted(trees, 'tree', 'trees');
  stderr.write(`${what} in other directories not shown: "podkin ps --all-directories" shows them.\n`);
}

/** `podkin` without arguments. */
export async function startCommand(context: CommandContext): Promise<number> {
  const seen = await viewHome(context.home);
  const shown = seen.filter(({ view }) => matters(view));
  const unread = [...seen.flatMap(unreadableHint), ...unknownHints(context.home, seen)];
  if (shown.length > 0) {
    const { here, trees } = await table(context, { shown, seen, everywhere: false });
    if (trees.here === 0) context.stderr.write('No pod is running here.\n');
    sayElsewhere(context, trees.elsewhere);
    for (const hint of [...hints(shown), ...unread]) context.stderr.write(`${hint}\n`);
    const own = shown.filter(here);
    const name = (own.find(({ view }) => isLive(view)) ?? own[0] ?? shown[0])?.pod.label ?? 'root';
    context.stderr.write(
      `\nGo on with "podkin attach ${name}", "podkin logs ${name}", "podkin send ${name} TEXT"; "podkin --help" lists all commands.\n`,
    );
    return exitStatus.done;
  }
  const { loadConfiguration } = await import('../../configuration/configuration.ts');
  const cwd = cwdIfThere(context);
  const { model } = await loadConfiguration({ environment: context.environment, cwd, flags: {} });
  context.stderr.write(
    model === ''
      ? 'No pod is running here, and no model is configured yet. "podkin demo" shows the whole story offline in seconds; "podkin --help" says how to name a model.\n'
      : 'No pod is running here. Begin with "podkin run TASK"; "podkin ps -a" shows those that have stopped, "podkin --help" all commands.\n',
  );
  return exitStatus.done;
}

/** Removing it would be refused while anything of it is owed or something below it runs. */
export function mayGo(view: PodView, all: readonly PodView[]): boolean {
  if (view.pendingOut > 0 || view.pendingIn > 0) return false;
  const below = all.filter((other) => other.parentInstance === view.instance);
  return below.every((child) => !isLive(child) && child.status !== 'dead' && mayGo(child, all));
}

/** One sentence for each pod that needs a person. */
function hints(shown: readonly SeenPod[]): string[] {
  const views = shown.map(({ view }) => view);
  return shown.flatMap(({ view, pod }) => {
    const { label } = pod;
    const parent = shown.find((one) => one.pod.instance === view.parentInstance)?.pod.label ?? view.parent;
    // Said with what cannot be read of it.
    if (view.attention === 'logUnreadable') return [];
    if (view.attention === 'parentDown') {
      const what = view.pendingOut > 0 ? `${view.pendingOut} event(s) of ${label} wait` : `${label} works`;
      return [`${what} for "${parent}", which is not running: podkin restore ${parent}`];
    }
    if (view.attention === 'approval')
      return [`${label} waits for your answer: podkin approvals, podkin approve ${label}`];
    if (view.attention === 'setAside')
      return [`${label}: something was set aside of the folder it works in: podkin logs ${label}`];
    if (view.attention === 'folderGone')
      return [`${label}: its working directory no longer exists: podkin doctor`];
    if (view.attention === 'orphan')
      return [`${label}: its parent "${parent}" was removed; nobody takes its reports`];
    if (view.attention === 'refused')
      return [`${label}: its parent "${parent}" refuses it for good: podkin doctor`];
    if (view.attention === 'childRefused')
      return [`${label}: it refuses a child of its own for good: podkin doctor`];
    if (view.attention === 'parentGone')
      return [`${label}: the folder of its parent "${parent}" is gone: podkin doctor`];
    if (view.status === 'dead') {
      return [`${label} died: podkin restore ${label}${mayGo(view, views) ? `, or podkin rm ${label}` : ''}`];
    }
    if (view.waiting?.kind === 'provider')
      return [`${label} waits for its provider: ${oneLine(view.waiting.reason, 160)}`];
    if (view.status === 'unreachable') return [`${label} runs and does not answer: podkin doctor`];
    return [];
  });
}

function unreadableHint({ pod, probed }: SeenPod): string[] {
  if (probed.kind !== 'unreadable') return [];
  const { label: name, folder } = pod;
  const isRight = probed.code === 'EACCES' || probed.code === 'EPERM';
  const fix = isRight
    ? `check its owner and permissions (${folder.log})`
    : `put it back from a backup, or podkin rm -f ${name}, which keeps all of it aside`;
  return [`${name}: log unreadable: ${oneLine(probed.why, 200)}: ${fix}`];
}

/** Folders that do not even say which pod they are of. */
function unknownHints(home: Home, seen: readonly SeenPod[]): string[] {
  const listed = new Set(seen.map(({ pod }) => basename(pod.folder.path)));
  return podPlaces(home).flatMap((name) => {
    if (listed.has(name)) return [];
    try {
      // Null: one that is being made or removed.
      if (podAt(home, name) !== null) return [];
    } catch (error) {
      const why = thrownText(error);
      return [`${name}: unreadable: ${oneLine(why, 200)}: podkin doctor says more`];
    }
    return [];
  });
}
