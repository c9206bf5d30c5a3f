/** The library's door: a home, and the trees in it. */
import { resolve } from 'node:path';
import { askPod } from '../client/ask-pod.ts';
import { endPods } from '../client/end-pods.ts';
import { NotEnded, PodNotRunning, StartFailed, TreeRunning } from '../client/errors.ts';
import { findPod, type FoundPod } from '../client/find-pod.ts';
import { knownPods } from '../client/known-pods.ts';
import { listedPods } from '../client/listed-pods.ts';
import { isPodRunning } from '../client/pod-probe.ts';
import { viewHome } from '../client/pod-view.ts';
import { noticeInput, runInput } from '../client/run-input.ts';
import { BadSetting } from '../configuration/bad-setting.ts';
import { withStoredKeys } from '../configuration/own-environment.ts';
import { verifiedHome } from './verified-home.ts';
import { ownHome } from '../session/home/own-home.ts';
import { limitsOf } from '../session/settings/settings.ts';
import { uuidv7 } from '../std/uuid.ts';
import { ensureRuntimeDir, socketPath } from '../transport/address.ts';
import type { HomeOptions, PodkinHome, RunningPod, StartOptions, Tree, TreeOptions } from './api.ts';
import { ofHome, whyNotHad } from './documented-errors.ts';
import { givenOptions, givenText } from './given.ts';
import { deliveriesOf } from './home-deliveries.ts';
import { LiveTree } from './live-tree.ts';
import { handleOf, newPass, ownedBy, passIn } from './owner-pass.ts';
import { ownProgram } from './own-program.ts';
import { plannedRoot, treeOptionsProblem } from './root-plan.ts';
import { claimScope } from './roots/claim-scope.ts';
import { createRoot } from './roots/create-root.ts';
import { restoreTree } from './roots/restore-pods.ts';
import type { RootContext } from './roots/root-context.ts';
import { startedOrGone } from './roots/started-root.ts';

/** Touches nothing before it is asked for something. Throws `BadSetting`. */
export function openHome(options: HomeOptions = {}): PodkinHome {
  const context = contextOf(givenOptions('openHome', options));
  return {
    start: (start) => ofHome(() => started(context, start)),
    restore: (called, tree) =>
      ofHome(() => restored(context, givenText('restore', called), givenOptions('restore', tree))),
    pod: (called) => ofHome(async () => await runningPod(findPod(context.home, givenText('pod', called)))),
    list: () =>
      ofHome(async () => {
        const seen = await viewHome(context.home);
        return await listedPods(seen, seen);
      }),
    deliveries: () => ofHome(async () => await deliveriesOf(context.home)),
    verify: () => ofHome(async () => await verifiedHome(context.home)),
    stop: (called, options) =>
      ofHome(async () => {
        const { signal } = givenOptions('stop', options);
        await ended(findPod(context.home, givenText('stop', called)), signal);
      }),
  };
}

function contextOf({ directory, environment }: HomeOptions): RootContext {
  const given = { ...(environment ?? process.env) };
  if (directory !== undefined) given['PODKIN_HOME'] = resolve(givenText('openHome: directory', directory));
  return {
    get home() {
      return ownHome(given);
    },
    get environment() {
      return withStoredKeys(given);
    },
    get cwd() {
      return process.cwd();
    },
  };
}

async function started(context: RootContext, given: StartOptions): Promise<Tree> {
  const options = givenOptions('start', given);
  const { signal, task } = options;
  signal?.throwIfAborted();
  const { plan, notes } = await plannedRoot(context, options);
  const { home, environment } = context;
  const program = ownProgram(environment);
  const pass = newPass(options);
  socketPath(home.runtime, uuidv7());
  ensureRuntimeDir(home.runtime);
  const root = createRoot(home, plan);
  await claimScope(home, root);
  await startedOrGone(root, environment, {
    spawnMs: plan.limits.spawnMs,
    program,
    owner: ownedBy(pass),
    signal,
  });
  const found = findPod(home, root.spec.name);
  const handle = handleOf(found, pass);
  const parts = { root: found, limits: plan.limits, options, notes, known: [], handle, owner: pass };
  const tree = new LiveTree(parts);
  await opened(found, tree, async () => {
    if (task !== undefined) await tree.send(task, { signal });
  });
  return tree.face();
}

/** What cannot be had whole is ended; what was there before stays. */
async function opened(
  root: FoundPod,
  tree: LiveTree,
  then: () => Promise<void>,
  { isKept = false }: { readonly isKept?: boolean } = {},
): Promise<void> {
  try {
    await tree.open();
    await then();
  } catch (error) {
    const why = await whyNotHad(root, error);
    await (isKept ? tree.letGo('it could not be had') : tree.close());
    throw why;
  }
}

async function restored(context: RootContext, called: string, options: TreeOptions): Promise<Tree> {
  const { signal, onQuestion } = options;
  signal?.throwIfAborted();
  const given = passIn(called);
  const root = findPod(context.home, given?.instance ?? called);
  const isRunning = await isPodRunning(root);
  if (isRunning && given === null) throw new TreeRunning(root.name);
  const wrong = treeOptionsProblem(options);
  if (wrong !== null) throw new BadSetting(`restore: ${wrong}`);
  const pass = given === null ? newPass(options) : { ...newPass(options), token: given.token };
  const notes: string[] = [];
  const known = await knownPods(root);
  // One that runs is left as it is, with those of it that were stopped.
  const problem = isRunning
    ? null
    : await restoreTree({ ...plain(context), say: (text) => void notes.push(text) }, root, {
        cancelsTurn: false,
        headless: onQuestion === undefined,
        program: ownProgram(context.environment),
        owner: ownedBy(pass),
      });
  if (problem !== null) throw new StartFailed(root.name, problem);
  const limits = limitsOf(root.spec.settings);
  const handle = handleOf(root, pass);
  const tree = new LiveTree({ root, limits, options, notes, known, handle, owner: pass });
  await opened(root, tree, async () => tree.goOn(), { isKept: isRunning });
  return tree.face();
}

/** Each worked out now: a copy of what is asked for when it is needed. */
function plain({ home, environment, cwd }: RootContext): RootContext {
  return { home, environment, cwd };
}

async function runningPod(pod: FoundPod): Promise<RunningPod> {
  if (!(await isPodRunning(pod))) throw new PodNotRunning(pod.label);
  return {
    name: pod.name,
    instance: pod.instance,
    async send(text, options) {
      const { signal } = givenOptions('send', options);
      await askPod(pod, 'run', runInput(givenText('send', text), uuidv7()), { signal });
    },
    async notify(text, options) {
      const { signal } = givenOptions('notify', options);
      await askPod(pod, 'notify', noticeInput(givenText('notify', text), uuidv7()), { signal });
    },
    async cancel(options) {
      const { signal } = givenOptions('cancel', options);
      await askPod(pod, 'cancel', {}, { signal });
    },
  };
}

const stopSlackMs = 5_000;
const termMs = 2_000;

async function ended(pod: FoundPod, hurry: AbortSignal | undefined): Promise<void> {
  const { left } = await endPods({
    home: pod.home,
    what: { pod, below: true },
    reason: 'a program has stopped it',
    graceMs: 2 * limitsOf(pod.spec.settings).stopGraceMs + stopSlackMs,
    termMs,
    ...(hurry && { hurry }),
  });
  if (left.length > 0) throw new NotEnded(left.map(({ name }) => name));
}
