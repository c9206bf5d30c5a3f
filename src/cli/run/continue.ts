/**
 * `podkin run --continue` and `--resume`: goes on with a root that was there before. A tree that does not run
 * is restored for it, and stopped again when the work is done; one that runs stays.
 *
 * What its last end has cut is gone on with where nothing else is to be done; a task takes its place.
 */
import { runInput } from '../../client/run-input.ts';
import { findPod, type FoundPod } from '../../client/find-pod.ts';
import { HomeIndex } from '../../client/home-index.ts';
import { knownPods } from '../../client/known-pods.ts';
import { isPodRunning } from '../../client/pod-probe.ts';
import type { Facts } from '../../session/facts/facts.ts';
import { limitsOf } from '../../session/settings/settings.ts';
import { uuidv7 } from '../../std/uuid.ts';
import type { Client } from '../../transport/client.ts';
import { RemoteError } from '../../transport/failures.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';
import { attachCommand } from '../control/attach.ts';
import { restoreTree } from '../control/restore.ts';
import { setOf, unheardText } from '../control/set.ts';
import { hasWaking } from '../control/unread.ts';
import { isSet, type SetOptions } from '../../library/roots/set-options.ts';
import { canAsk } from '../invocation/ask-person.ts';
import { oneLine } from '../format/printable.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';
import { foreground, type Work } from './foreground.ts';
import { newestRoot } from './roots.ts';
import type { RunReport } from './run-report.ts';

export interface Continuing {
  /** Null: the newest root of the working directory. */
  readonly name: string | null;
  /** Empty: what was cut. */
  readonly task: string;
  readonly cwd: string;
  readonly headless: boolean;
  readonly detach: boolean;
  /** Of the root, before it goes on. */
  readonly set: SetOptions;
  report(submission: string, mode: string): RunReport;
  /** Shows the root, where nothing is to be gone on with. */
  readonly attach?: (called: string) => Promise<number>;
}

/** Answers the exit status. Throws `NoSuchPod`, or `CommandFailed` where there is nothing to go on with. */
export async function continueRoot(context: CommandContext, continuing: Continuing): Promise<number> {
  const { name, task, cwd, headless, set } = continuing;
  const index = new HomeIndex(context.home);
  const root = name === null ? newestRoot(index, cwd) : rootNamed(context, name);
  const facts = await index.factsOf(root);
  const isRunning = await isPodRunning(root);
  if (task === '' && !hasMore(facts) && !(await hasReports(index, root))) {
    if (!headless && canAsk(context))
      return await onScreen(context, root, { isRunning, set, attach: continuing.attach });
    throw new CommandFailed(
      exitStatus.usage,
      `${root.name} ${nothingLeft(facts)}, as in: podkin run -c ${root.name} "…"`,
    );
  }
  const submission = uuidv7();
  if (continuing.detach) return await goOnWith(context, root, { task, submission, isRunning, set });
  const known = await knownPods(root);
  const work: Work = {
    context,
    name: root.name,
    instance: root.instance,
    folder: root.folder,
    limits: limitsOf(root.spec.settings),
    headless,
    known,
    isStartSaid: true,
    start: async () => {
      const problem = isRunning ? null : await restored(context, root, task, { set, headless });
      return problem === null ? null : { kind: 'notStarted', signal: null, reason: problem };
    },
    submission: task === '' ? null : submission,
    begin: (client) => begun(client, { task, submission }),
    endsTree: !isRunning,
  };
  if (isRunning) await setBefore(context, root, set);
  const mode = set.permissionMode ?? facts.session?.permissionMode ?? '';
  return await foreground(work, continuing.report(submission, mode));
}

function rootNamed({ home }: CommandContext, name: string): FoundPod {
  const pod = findPod(home, name);
  const { parent, root } = pod.spec;
  if (parent === null) return pod;
  throw new CommandFailed(
    exitStatus.usage,
    `${name} works for "${parent.name}": go on with the root of its tree, podkin run -c ${root.name}`,
  );
}

const reasonCharsMax = 300;
const endedHow = {
  errored: 'failed',
  limitReached: 'met a limit',
  paused: 'was paused',
  cancelled: 'was cancelled',
} as const;

/** Why a word is needed. */
function nothingLeft({ turns, lastTurn }: Facts): string {
  if (turns === 0) return 'has begun no task yet: say what it is to do';
  if (lastTurn === null || lastTurn.outcome === 'finished')
    return 'has done all that it was given: say what it is to do next';
  const how = endedHow[lastTurn.outcome];
  const why = lastTurn.reason === null ? '' : ` (${oneLine(lastTurn.reason, reasonCharsMax)})`;
  return `has nothing that it would go on with by itself, as its last turn ${how}${why}: say what it is to do next, also "Go on"`;
}

/** Something was cut, waits, or is on. */
export function hasMore(facts: Facts): boolean {
  const { resumable, cut, turn, paused, held, assignments } = facts;
  const isCut = [resumable, cut, turn, held].some((one) => one !== null);
  return isCut || paused || hasWaking(facts) || assignments.size > 0;
}

/** Those below it have something to say: of work that was cut with them. */
export async function hasReports(index: HomeIndex, root: FoundPod): Promise<boolean> {
  for (const pod of await index.below(root)) {
    const { outbox } = await index.factsOf(pod);
    if (outbox.pending.size > 0) return true;
  }
  return false;
}

async function onScreen(
  context: CommandContext,
  root: FoundPod,
  { isRunning, set, attach }: { isRunning: boolean; set: SetOptions; attach: Continuing['attach'] },
): Promise<number> {
  if (isRunning) await setBefore(context, root, set);
  else {
    const problem = await restored(context, root, '', { set });
    if (problem !== null) throw new CommandFailed(exitStatus.failed, notStarted(root, problem));
  }
  return attach === undefined ? await attachCommand(context, root.name) : await attach(root.name);
}

/** Null, or why the root could not be started. */
export async function restored(
  context: CommandContext,
  root: FoundPod,
  task: string,
  { set = {}, headless = false }: { readonly set?: SetOptions; readonly headless?: boolean } = {},
): Promise<string | null> {
  return await restoreTree(context, root, { cancelsTurn: task !== '', set, headless });
}

/** One that runs. Throws `CommandFailed` where it is not taken: nothing is handed over then. */
async function setBefore(context: CommandContext, root: FoundPod, set: SetOptions): Promise<void> {
  if (!isSet(set)) return;
  const { unheard } = await setOf(context, root, set);
  if (unheard.length > 0) context.stderr.write(`${unheardText(unheard)}\n`);
}

interface Next {
  readonly task: string;
  readonly submission: string;
}

/** A pause ends, whatever was paused: with a task it is given up for that. */
export async function begun(client: Client, { task, submission }: Next): Promise<void> {
  if (task === '') {
    // What a death has cut goes on by itself.
    await client.call('resume', {}).catch(unless('notPaused'));
    return;
  }
  const { status } = await client.call('status', {});
  if (status === 'paused') await client.call('cancel', {}).catch(unless('notRunning'));
  await client.call('run', runInput(task, submission));
}

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof RemoteError) || error.code !== code) throw error;
  };
}

/** For `-d`: starts the tree where it does not run, and hands over. Throws `CommandFailed`. */
export async function goOnWith(
  context: CommandContext,
  root: FoundPod,
  { task, submission, isRunning, set = {} }: Next & { isRunning: boolean; set?: SetOptions },
): Promise<number> {
  if (isRunning) await setBefore(context, root, set);
  const problem = isRunning ? null : await restored(context, root, task, { set });
  if (problem !== null) throw new CommandFailed(exitStatus.failed, notStarted(root, problem));
  const sent =
    task === ''
      ? await connectAndSend(root.socket, 'resume', {})
      : await connectAndSend(root.socket, 'run', runInput(task, submission));
  // Without a task: what was cut goes on by itself, and only a pause has to be ended.
  if (!sent.ok && task !== '') {
    throw new CommandFailed(
      exitStatus.failed,
      `"${root.name}" runs but did not take its task (${sent.message}): read "podkin logs ${root.name}"`,
    );
  }
  context.stdout.write(`${root.name}\n`);
  return exitStatus.done;
}

function notStarted({ name }: FoundPod, problem: string): string {
  return `${name} could not be started again: ${problem}`;
}
