/** Pods that do not run are started again from their logs, with what the configuration denies now. */
import { thrownText } from '../../std/thrown-text.ts';
import { existsSync } from 'node:fs';
import { allPods, descendantsOf, type FoundPod } from '../../client/find-pod.ts';
import { exitWithin, probePod, processOf } from '../../client/pod-probe.ts';
import { isDirectory } from '../../configuration/real-paths.ts';
import { checkModelName } from '../../model/create.ts';
import { PodStartFailed, startPodProcess } from '../../pod/process/start-process.ts';
import type { OwnedBy } from '../../protocol/own-tools.ts';
import type { Restrictions } from '../../session/facts/entries.ts';
import { hostOf } from '../../session/home/host-places.ts';
import { readTotals } from '../../session/log/totals.ts';
import { limitsOf } from '../../session/settings/settings.ts';
import type { SetAtStart } from '../../session/settings/wanted.ts';
import { once } from '../../std/once.ts';
import { isRunning } from '../../std/process-identity.ts';
import { RestoredHooks } from './restored-hooks.ts';
import { RestoredRights, restrictionText } from './restored-rights.ts';
import type { RootContext } from './root-context.ts';
import { configuredModels, ModesAbove, type SetOptions, setAtStart } from './set-options.ts';

export interface RestoreContext extends RootContext {
  /** For people, while it goes on. */
  say(text: string): void;
}

export interface RestoreOptions extends SetOptions {
  /** Pods that run already are passed over; without it such a pod is a failure. */
  readonly tree: boolean;
  /** A person says that an incarnation goes on nowhere, where that cannot be found out from here. */
  readonly force: boolean;
}

export interface TreeRestore {
  /** The turn of the root that was cut is not gone on with. */
  readonly cancelsTurn: boolean;
  /** Of those below, by instance; all of them unless given. */
  readonly only?: ReadonlySet<string>;
  /** Of the root, from this start on. */
  readonly set?: SetOptions;
  /** Whoever has it started is nobody who could be asked. */
  readonly headless?: boolean;
  /** As in `StartOptions`; `owner` is the root's. */
  readonly program?: string | undefined;
  readonly owner?: OwnedBy | undefined;
}

/**
 * A root and all below it, for a command that goes on with it; what runs is left as it is. Null, or why the
 * root could not be started; of those below that is said.
 */
export async function restoreTree(
  context: RestoreContext,
  root: FoundPod,
  { cancelsTurn, only, set: options = {}, headless = false, program, owner }: TreeRestore,
): Promise<string | null> {
  const all = allPods(context.home);
  const rights = new RestoredRights(context, all);
  // What lives on another machine is not this one's to start.
  const below = descendantsOf(all, root.instance).filter(
    (one) => only?.has(one.instance) !== false && hostOf(one.spec) === null,
  );
  const starts = new Starts(context, all, { pod: root, options });
  const wanted = await Promise.all(
    [root, ...below].map(async (one) => ({
      one,
      restrictions: await rights.of(one),
      set: await starts.of(one),
    })),
  );
  for (const { one, restrictions, set } of wanted) {
    const outcome = await restoreOne(context, one, {
      tree: true,
      force: false,
      restrictions,
      set,
      headless,
      program,
      owner: one === root ? owner : undefined,
      cancelsTurn: cancelsTurn && one === root,
    });
    if (typeof outcome === 'string') continue;
    if (one === root) return outcome.message;
    context.say(`${one.name} could not be started: ${outcome.message}`);
  }
  return null;
}

/** What a stop may take beyond the pod's own grace, those below it included. */
const stopMarginMs = 30_000;

/**
 * A pod that is stopping is waited for: it is not running in a moment, and nobody would start it again then.
 */
async function untilEnded(
  context: RestoreContext,
  pod: FoundPod,
): Promise<'ended' | 'running' | { message: string }> {
  const newest = await processOf(pod);
  if (newest === null || !isRunning(newest)) return 'ended';
  const probed = await probePod(pod);
  const isStopping =
    probed.kind === 'live'
      ? probed.status.status === 'stopping'
      : probed.totals.stopped || !isRunning(newest);
  if (!isStopping) return 'running';
  context.say(`${pod.name} is stopping; it is started again when it has ended.`);
  if (await exitWithin(pod, limitsOf(pod.spec.settings).stopGraceMs + stopMarginMs)) return 'ended';
  return { message: `it is stopping and has not ended; "podkin doctor" says more, then try again` };
}

/** What each of several pods works with from its start on. */
export class Starts {
  readonly #context: RestoreContext;
  readonly #set: { readonly pod: FoundPod; readonly options: SetOptions };
  readonly #above: ModesAbove;
  readonly #hooks: RestoredHooks;
  readonly #models: () => ReturnType<typeof configuredModels>;

  constructor(
    context: RestoreContext,
    all: readonly FoundPod[],
    set: { pod: FoundPod; options: SetOptions },
  ) {
    this.#context = context;
    this.#set = set;
    this.#hooks = new RestoredHooks(context, all);
    this.#models = once(() => configuredModels(context));
    const { permissionMode } = set.options;
    // Those below are started behind it.
    this.#above = new ModesAbove(
      all,
      new Map(permissionMode === undefined ? [] : [[set.pod.instance, permissionMode]]),
    );
  }

  async of(pod: FoundPod): Promise<SetAtStart> {
    const options = pod === this.#set.pod ? this.#set.options : {};
    const [most, models] = await Promise.all([this.#above.of(pod), this.#models()]);
    const set = await setAtStart(this.#context, pod, { options, most, models });
    return { ...set, hooks: await this.#hooks.of(pod) };
  }
}

export interface Restoring extends Pick<RestoreOptions, 'tree' | 'force'> {
  readonly restrictions: Restrictions;
  readonly set: SetAtStart;
  /** The turn that was cut is not gone on with. */
  readonly cancelsTurn?: boolean;
  readonly headless?: boolean;
  readonly program?: string | undefined;
  readonly owner?: OwnedBy | undefined;
}

export async function restoreOne(
  context: RestoreContext,
  pod: FoundPod,
  { force, restrictions, set, cancelsTurn = false, headless = false, program, owner }: Restoring,
): Promise<'started' | 'running' | 'undone' | { message: string }> {
  const host = hostOf(pod.spec);
  if (host !== null)
    return {
      message: `it lives on the host "${host}": its parent starts it again with its next task, and "podkin restore ${pod.name}" does it there`,
    };
  try {
    // A lock that is held says nothing yet: a parent holds it while it reads what its dead child left. The
    // new process waits for it, and says who has it.
    const before = await untilEnded(context, pod);
    if (before !== 'ended') return before;
    if (!existsSync(pod.folder.spec)) return 'undone';
    const { cwd } = pod.spec;
    const model = set.models?.names[0] ?? (await readTotals(pod.folder.log)).model ?? pod.spec.model;
    // The work that it takes up again would fail for good in that moment.
    const problem = checkModelName(model, context.environment, { cwd });
    if (problem !== null) return { message: problem };
    if (!isDirectory(cwd)) {
      const text = `The working directory of ${pod.name}, ${cwd}, no longer exists: put it back, or "podkin stop ${pod.label}" and start anew where the project is now.`;
      context.say(text);
    }
    const { pid, ready } = startPodProcess(pod.folder, context.environment, {
      takeOver: force,
      restrictions,
      set,
      cancelsTurn,
      // Also of a tree that was begun with -p: that somebody can be asked is the command's to say.
      headless,
      program,
      owner,
    });
    const { spawnMs } = limitsOf(pod.spec.settings);
    // Not ended: one that reads a long log is only slow. But nobody waits without a word.
    const late = setTimeout(() => {
      context.say(
        `${pod.name} does not listen yet, after ${spawnMs} ms: a long log takes time. Ctrl+C ends this waiting and not its start; "kill -9 ${pid}" ends that.`,
      );
    }, spawnMs);
    const { incarnation } = await ready.finally(() => clearTimeout(late));
    // What was only made begins here for the first time: a mailbox, a pod whose start was cut.
    const again = incarnation > 1 ? ` again (restart ${incarnation - 1})` : '';
    context.say(`${pod.name} is running${again}.`);
    const denied = restrictionText(pod, restrictions);
    if (denied !== null) context.say(denied);
    return 'started';
  } catch (error) {
    if (error instanceof PodStartFailed && error.code === 'alreadyRunning') return 'running';
    // Its parent, which was started before it, has undone a start that was half made.
    if (!existsSync(pod.folder.spec)) return 'undone';
    return { message: thrownText(error) };
  }
}
