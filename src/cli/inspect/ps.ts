/** `podkin ps`: the pods of this home, and `podkin` alone: their tree and where to go on. */
import { basename } from 'node:path';
import type { CommandContext } from '../invocation/context.ts';
import { cwdIfThere, exitStatus, jsonText } from '../invocation/context.ts';
import { podAt } from '../../client/find-pod.ts';
import { isLive, matters, type PodView, type SeenPod, viewHome } from '../../client/pod-view.ts';
import { type Home, podPlaces } from '../../session/home/home.ts';
import { dollars, oneLine, printable } from '../format/printable.ts';
import { age, columns, paint, type Paint } from '../format/table.ts';

export interface PsOptions {
  readonly all: boolean;
  readonly quiet: boolean;
  readonly tree: boolean;
  readonly json: boolean;
}

export async function psCommand(context: CommandContext, options: PsOptions): Promise<number> {
  const seen = await viewHome(context.home);
  const every = seen.map((one) => one.view);
  const shown = options.all ? seen : seen.filter(({ view }) => matters(view));
  const views = shown.map(({ view }) => view);
  const unread = [...seen.flatMap(unreadableHint), ...unknownHints(context.home, seen)];
  const hidden = every.length - views.length;
  if (options.json) context.stdout.write(jsonText(views));
  else if (options.quiet) context.stdout.write(views.map((view) => `${view.name}\n`).join(''));
  else if (views.length > 0)
    context.stdout.styled(psTable(views, { color: context.color, tree: options.tree, nowMs: Date.now() }));
  if (!options.json && !options.quiet) {
    if (views.length === 0 && unread.length === 0) context.stderr.write('No pod is running here.\n');
    if (hidden > 0) context.stderr.write(`${hidden} stopped pod(s) not shown: "podkin ps -a" shows them.\n`);
    for (const hint of hints(shown)) context.stderr.write(`${hint}\n`);
  }
  if (!options.json) for (const hint of unread) context.stderr.write(`${hint}\n`);
  return exitStatus.done;
}

/** `podkin` without arguments. */
export async function startCommand(context: CommandContext): Promise<number> {
  const seen = await viewHome(context.home);
  const shown = seen.filter(({ view }) => matters(view));
  const views = shown.map(({ view }) => view);
  const unread = [...seen.flatMap(unreadableHint), ...unknownHints(context.home, seen)];
  if (views.length > 0) {
    context.stdout.styled(psTable(views, { tree: true, color: context.color, nowMs: Date.now() }));
    for (const hint of [...hints(shown), ...unread]) context.stderr.write(`${hint}\n`);
    const name = views.find(isLive)?.name ?? views[0]?.name ?? 'root';
    context.stderr.write(
      `\nGo on with "podkin attach ${name}", "podkin logs ${name}", "podkin send ${name} TEXT"; "podkin --help" lists all commands.\n`,
    );
    return exitStatus.done;
  }
  const { loadConfiguration } = await import('../invocation/configuration.ts');
  const cwd = cwdIfThere(context);
  const { model } = await loadConfiguration({ environment: context.environment, cwd, flags: {} });
  context.stderr.write(
    model === ''
      ? 'No pod is running here, and no model is configured yet. "podkin demo" shows the whole story offline in seconds; "podkin --help" says how to name a model.\n'
      : 'No pod is running here. Begin with "podkin run TASK"; "podkin ps -a" shows those that have stopped, "podkin --help" all commands.\n',
  );
  return exitStatus.done;
}

interface TableStyle {
  readonly tree: boolean;
  readonly color: boolean;
  readonly nowMs: number;
}

export function psTable(views: readonly PodView[], style: TableStyle): string {
  const isBounded = views.some(({ budget }) => budget !== null);
  const rows = style.tree ? treeOrder(views) : views.map((view) => ({ view, label: view.name }));
  const head = [
    'NAME',
    'STATUS',
    'PARENT',
    'CHILDREN',
    'TURNS',
    'TOKENS',
    'COST',
    ...(isBounded ? ['BUDGET'] : []),
    'CONTEXT',
    'IN',
    'OUT',
    'AGE',
    'ATTENTION',
  ];
  const cells = rows.map(({ view, label }) => [
    printable(label),
    paint(oneLine(view.status, 40), statusPaint(view.status), style.color),
    oneLine(parentCell(view, views), 80),
    String(view.children.length),
    String(view.turns),
    String(view.tokens),
    dollars(view.cost),
    ...(isBounded ? [budgetCell(view)] : []),
    contextCell(view),
    String(view.pendingIn),
    String(view.pendingOut),
    view.startedAt === null ? '–' : age(style.nowMs - Date.parse(view.startedAt)),
    attentionCell(view, style.color),
  ]);
  return columns([head.map((word) => paint(word, 'bold', style.color)), ...cells]);
}

/** Of a root what its tree has used of its bound, of any other pod what is left to it. */
function budgetCell({ budget }: PodView): string {
  const cells = [
    ...(budget?.usd ? [shareCell(budget.usd, dollars)] : []),
    ...(budget?.tokens ? [shareCell(budget.tokens, (amount) => `${amount} tokens`)] : []),
  ];
  return cells.length === 0 ? '–' : cells.join(', ');
}

type Share = NonNullable<NonNullable<PodView['budget']>['usd']>;

function shareCell({ bound, spent, reserved, lent, held }: Share, shown: (amount: number) => string): string {
  return bound === null
    ? `${shown(Math.max(0, held))} left`
    : `${shown(spent + reserved + lent)} of ${shown(bound)}`;
}

function contextCell({ context }: PodView): string {
  return context === null ? '–' : `${Math.round((100 * context.tokens) / context.window)}%`;
}

/** Another pod may have the name of one that was removed. */
function parentCell({ parent, parentInstance }: PodView, all: readonly PodView[]): string {
  if (parent === null) return '–';
  const namesakes = all.filter((view) => view.name === parent);
  const isThere = namesakes.length === 0 || namesakes.some((view) => view.instance === parentInstance);
  return isThere ? parent : `(${parent}, removed)`;
}

/** Why a person should look, else what it waits for. */
function attentionCell({ attention, waiting }: PodView, color: boolean): string {
  if (attention !== null) return paint(oneLine(attention, 40), 'yellow', color);
  return waiting === null ? '' : paint(`(${oneLine(waiting.kind, 40)})`, 'dim', color);
}

function statusPaint(status: PodView['status']): Paint {
  if (status === 'running') return 'green';
  if (status === 'dead' || status === 'unreachable') return 'red';
  return status === 'stopped' ? 'dim' : 'cyan';
}

/**
 * Parents before their children, who are marked; a pod whose parent is not listed begins a tree of its own.
 */
export function treeOrder(views: readonly PodView[]): { view: PodView; label: string }[] {
  const listed = new Set<string | null>(views.map((view) => view.instance));
  const rows: { view: PodView; label: string }[] = [];
  const done = new Set<string>();
  const put = (view: PodView, lead: string, own: string): void => {
    if (done.has(view.instance)) return;
    done.add(view.instance);
    rows.push({ view, label: `${own}${view.name}` });
    const below = views.filter((other) => other.parentInstance === view.instance);
    for (const [i, child] of below.entries()) {
      const last = i === below.length - 1;
      put(child, `${lead}${last ? '   ' : '│  '}`, `${lead}${last ? '└─ ' : '├─ '}`);
    }
  };
  for (const view of views) if (!listed.has(view.parentInstance)) put(view, '', '');
  // What is left names each other as parents; it is shown all the same.
  for (const view of views) put(view, '', '');
  return rows;
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
      const why = error instanceof Error ? error.message : String(error);
      return [`${name}: unreadable: ${oneLine(why, 200)}: podkin doctor says more`];
    }
    return [];
  });
}
