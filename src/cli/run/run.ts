/**
 * `podkin run`: makes a root pod for a task, watches its tree until it is settled (docs/delivery.md §3), and
 * stops it. With `-d` it only hands over the task. Whatever happens, no pod of the tree is left running but
 * with `-d`.
 */
import { withErrorOutput } from '../../std/error-output.ts';
import { join } from 'node:path';
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelSettings } from '../../session/settings/model-settings.ts';
import { userHome } from '../../session/home/places.ts';
import { absoluteModelName, checkModelName, isPriced } from '../../model/create.ts';
import { stderrTail } from '../../pod/process/start-process.ts';
import { NameTaken } from '../../session/home/home.ts';
import type { Limits } from '../../session/settings/settings.ts';
import { monotonicMs } from '../../std/clock.ts';
import { uuidv7 } from '../../std/uuid.ts';
import { runtimeVariable } from '../../session/home/places.ts';
import { podSocket } from '../../session/home/pod-address.ts';
import { ensureRuntimeDir, socketPath } from '../../transport/address.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';
import { loadConfiguration, unknownLimits } from '../invocation/configuration.ts';
import { fromHome } from '../invocation/configuration-files.ts';
import { askAboutText, canAsk } from '../invocation/ask-person.ts';
import { CommandFailed, type CommandContext, exitStatus, fromCwd } from '../invocation/context.ts';
import { claimScope } from './claim-scope.ts';
import { takenText } from './taken-name.ts';
import { taskOf } from './task.ts';
import { createRoot, type Root, type RootPlan } from './create-root.ts';
import { endTree } from '../control/end-tree.ts';
import {
  catchSignals,
  type Interruption,
  interruptionStatus,
  stalledReaderMs,
} from '../invocation/interruption.ts';
import { boundReached } from '../../client/budget-bound.ts';
import { newTally } from '../../client/pod-tally.ts';
import { exitOf, type RunEnd, runResult } from './result.ts';
import { pathProblem } from '../../scope/paths/path-problem.ts';
import { realPath } from '../invocation/real-paths.ts';
import { tokensOf } from './tokens.ts';
import { checkStartingPlace } from './starting-place.ts';
import { errorText, visible } from '../format/printable.ts';
import { refusedText } from '../format/unsettled.ts';
import { outputFormats, personReport, printReport, type OutputFormat, type RunReport } from './run-report.ts';
import { type RootStart, startedOr } from './root-start.ts';
import { RunApprovals } from '../approvals/run-approvals.ts';
import { TreeWatch } from '../../client/tree-watch.ts';

/** As the command line gave them; what it did not say is left out. */
export interface RunOptions {
  /** `-`, and none with `print`: read from stdin. */
  readonly task?: string | undefined;
  readonly print?: boolean | undefined;
  readonly outputFormat?: string | undefined;
  readonly detach?: boolean | undefined;
  readonly name?: string | undefined;
  readonly model?: string | undefined;
  readonly cwd?: string | undefined;
  readonly write?: readonly string[] | undefined;
  readonly read?: readonly string[] | undefined;
  readonly deny?: readonly string[] | undefined;
  readonly denyWrite?: readonly string[] | undefined;
  readonly maxSteps?: string | number | undefined;
  readonly maxCost?: string | number | undefined;
  readonly maxTokens?: string | undefined;
  readonly permissionMode?: string | undefined;
  readonly allowTool?: readonly string[] | undefined;
  readonly askTool?: readonly string[] | undefined;
  readonly denyTool?: readonly string[] | undefined;
  readonly sandboxNetwork?: boolean | undefined;
  readonly sandboxUnixSockets?: boolean | undefined;
  readonly config?: string | undefined;
}

interface Run extends RootStart {
  readonly task: string;
  readonly submission: string;
}

/** Answers the exit status. Throws `CommandFailed` for what was asked wrongly, before anything is made. */
export async function runCommand(context: CommandContext, options: RunOptions): Promise<number> {
  const format = checkFormat(options);
  const task = await taskOf(context, { words: options.task, print: options.print === true });
  const plan = await planOf(context, options);
  checkSocketFolder(context);
  const root = await rootOf(context, plan);
  const run: Run = { context, root, limits: plan.limits, task, submission: uuidv7() };
  if (options.detach === true) return await detached(run);
  const report =
    options.print === true
      ? printReport(context, format)
      : personReport(context, { submission: run.submission });
  return await foreground(run, report, { headless: options.print === true });
}

/** Before anything is made: no pod of this home could listen. */
function checkSocketFolder({ home, environment }: CommandContext): void {
  try {
    socketPath(home.runtime, uuidv7());
    ensureRuntimeDir(home.runtime);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const variable = runtimeVariable(environment);
    throw new CommandFailed(
      exitStatus.failed,
      `${message}. ${variable} says where it is: set it to a folder of your own with a short path${variable === 'PODKIN_HOME' ? '' : ', or unset it'}`,
    );
  }
}

function checkFormat(options: RunOptions): OutputFormat {
  const asked = options.outputFormat ?? 'text';
  const format = outputFormats.find((known) => known === asked);
  if (format === undefined) throw usage(`--output-format ${asked}: use one of ${outputFormats.join(', ')}`);
  if (options.outputFormat !== undefined && options.print !== true)
    throw usage('--output-format goes with -p: add -p, or leave it out');
  if (options.print === true && options.detach === true)
    throw usage('-p waits for the answer and -d does not: give one of them');
  return format;
}

/** Throws `CommandFailed` (usage) for what cannot be. */
async function planOf(context: CommandContext, options: RunOptions): Promise<RootPlan> {
  const { environment } = context;
  const cwd = realPath(fromCwd(context, options.cwd ?? '.'));
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw usage(`--cwd ${cwd}: there is no such directory`);
  const mayAsk = options.print !== true;
  const isSaid = [options.read, options.write].some((paths) => (paths ?? []).length > 0);
  if (options.cwd === undefined && !isSaid) await checkStartingPlace(context, cwd, { mayAsk });
  const { model, models, limits, permissionMode, rules, scope, instructions, sandbox, notes } =
    await loadConfiguration({
      environment,
      cwd,
      askTrust: mayAsk && canAsk(context) ? (file, wants) => askTrust(context, file, wants) : undefined,
      flags: {
        model: options.model,
        permissionMode: options.permissionMode,
        rules: {
          allow: options.allowTool ?? [],
          ask: options.askTool ?? [],
          deny: options.denyTool ?? [],
        },
        sandboxNetwork: options.sandboxNetwork,
        sandboxUnixSockets: options.sandboxUnixSockets,
        file: options.config === undefined ? undefined : fromCwd(context, options.config),
        deny: options.deny,
        limits: {
          ...(options.maxSteps === undefined ? {} : { steps: options.maxSteps }),
          ...(options.maxCost === undefined ? {} : { cost: options.maxCost }),
        },
      },
    });
  for (const warning of [...notes, ...unknownLimits(environment)])
    context.stderr.write(`podkin: ${errorText(warning)}\n`);
  // Only a scenario's path begins somewhere.
  const from = model.startsWith('script/') && !model.startsWith('script//') ? context.cwd : cwd;
  checkModel(context, { model, from, limits }, models?.[model]);
  return {
    name: options.name ?? null,
    model: absoluteModelName(model, from),
    models,
    cwd,
    home: userHome(environment),
    read: checkedPaths('--read', options.read),
    write: checkedPaths('--write', options.write),
    deny: [...scope.deny, ...checkedPaths('--deny', options.deny)],
    denyWrite: [...scope.denyWrite, ...checkedPaths('--deny-write', options.denyWrite)],
    permissionMode,
    permissions: { ...rules, headless: options.print === true },
    instructions,
    limits,
    tokens: tokensOf(options.maxTokens),
    sandbox,
  };
}

/** What cannot be asked, and a limit that cannot hold, are refused. */
function checkModel(
  context: CommandContext,
  { model, from, limits }: { model: string; from: string; limits: Limits },
  given: ModelSettings | undefined,
): void {
  const problem = checkModelName(model, context.environment, { cwd: from });
  if (problem !== null) throw usage(problem);
  if (limits.cost === null || isPriced(model, given)) return;
  throw usage(
    `--max-cost (limits.cost) cannot hold for ${visible(model)}: its price is not known. Say it in ${join(context.home.config, 'config.toml')}, ` +
      `as [models."${visible(model)}"] with inputPrice and outputPrice in USD per million tokens (0 where it costs nothing), or leave the limit out`,
  );
}

function askTrust(context: CommandContext, file: string, wants: readonly string[]): Promise<boolean | null> {
  return askAboutText(context, {
    head: `${visible(file)} came with the project and wants to set:\n`,
    foreign: wants,
    question: 'Use this, now and until that text changes?\n',
  });
}

function checkedPaths(option: string, paths: readonly string[] = []): readonly string[] {
  for (const path of paths) {
    const problem = pathProblem(path);
    if (problem !== null) throw usage(`${option}: "${path}" ${problem}`);
  }
  return fromHome(userHome(process.env), paths);
}

async function rootOf(context: CommandContext, plan: RootPlan): Promise<Root> {
  try {
    const root = createRoot(context.home, plan);
    await claimScope(context.home, root);
    return root;
  } catch (error) {
    if (error instanceof NameTaken) throw usage(await takenText(context, error.podName));
    throw error;
  }
}

async function detached(run: Run): Promise<number> {
  const { context, root } = run;
  const { name, instance } = root.spec;
  const interruption = catchSignals();
  const failed = await startedOr(run, interruption).finally(() => interruption.release());
  if (failed !== null) {
    const status = failed.signal === null ? exitStatus.failed : interruptionStatus[failed.signal];
    throw new CommandFailed(status, `${name} could not be started: ${failed.reason}`);
  }
  const path = podSocket(context.home, { name, instance });
  const sent = await connectAndSend(path, 'run', { input: run.task, submission: run.submission });
  if (!sent.ok) {
    throw new CommandFailed(
      exitStatus.failed,
      `"${name}" runs but did not take its task (${sent.message}): read "podkin logs ${name}", stop it with "podkin stop ${name}"`,
    );
  }
  context.stdout.write(`${name}\n`);
  return exitStatus.done;
}

async function foreground(run: Run, report: RunReport, mode: { headless: boolean }): Promise<number> {
  const { context, root } = run;
  const { name, instance } = root.spec;
  const startedAt = monotonicMs();
  const interruption = catchSignals();
  const watch = new TreeWatch({
    home: context.home,
    deltas: report.deltas,
    onEvent: (pod, event) => {
      report.event(pod, event);
      if (pod.depth === 0) approvals.event(event);
    },
  });
  const approvals = new RunApprovals(context, {
    keyboard: !mode.headless && canAsk(context),
    client: () => watch.pods[0]?.stream?.client ?? null,
    say: (text) => report.say(text),
  });
  try {
    const end = await work(run, watch, { interruption, ...mode });
    report.ending(end);
    await watch.close();
    await stopAll(run, end, interruption.hurry);
    await watch.catchUp();
    const [rootTally = newTally(name, instance), ...descendants] = watch.pods.map((pod) => pod.tally);
    const durationMs = monotonicMs() - startedAt;
    const result = runResult({ root: rootTally, descendants, end, durationMs });
    report.result(result, end);
    return (await readOrLeft(context, interruption, end)) ?? exitOf(result, end, mode);
  } finally {
    approvals.close();
    interruption.release();
  }
}

/**
 * Waits until the output is read. A reader that has stopped reading keeps nobody from ending the run: then
 * the signal's status.
 */
async function readOrLeft(
  { stdout }: CommandContext,
  { first }: Interruption,
  { kind }: RunEnd,
): Promise<number | null> {
  const drained = stdout.drained().then(() => null);
  if (kind !== 'interrupted')
    return await Promise.race([drained, first.then((signal) => interruptionStatus[signal])]);
  return await Promise.race([drained, sleep(stalledReaderMs, null, { ref: false })]);
}

/** From the start of the root to the end of the work, whichever way it ends. */
async function work(
  run: Run,
  watch: TreeWatch,
  { interruption, ...mode }: { interruption: Interruption; headless: boolean },
): Promise<RunEnd> {
  const failed = await startedOr(run, interruption);
  if (failed !== null) return failed;
  const interrupted = interruption.first.then((signal): RunEnd => ({ kind: 'interrupted', signal }));
  const looking = new AbortController();
  try {
    return await Promise.race([interrupted, handedOver(run, watch, { signal: looking.signal, ...mode })]);
  } finally {
    looking.abort();
  }
}

interface Until {
  readonly signal: AbortSignal;
  /** Nobody is there who could raise what the tree may spend. */
  readonly headless: boolean;
}

/** Rejects when `signal` aborts. */
async function handedOver(run: Run, watch: TreeWatch, until: Until): Promise<RunEnd> {
  const { signal } = until;
  const { name, instance } = run.root.spec;
  try {
    // Watching comes first, so that nothing of the work can be missed.
    const client = await watch.start(name, instance);
    signal.throwIfAborted();
    await client.call('run', { input: run.task, submission: run.submission });
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'died', reason: withErrorOutput(messageOf(error), stderrTail(run.root.folder)) };
  }
  return await untilSettled(run, watch, until);
}

/** Live events say when to check; this is for what no event shows. */
const pollMs = 250;

/** Rejects when `signal` aborts. */
async function untilSettled(run: Run, watch: TreeWatch, { signal, headless }: Until): Promise<RunEnd> {
  for (;;) {
    signal.throwIfAborted();
    const changed = watch.changed();
    const status = await watch.status();
    switch (status.kind) {
      case 'settled':
        return { kind: 'settled' };
      case 'overBudget':
        return {
          kind: 'limit',
          reason: 'the wake budget is used up: what has arrived waits for a person',
        };
      case 'refused':
        return { kind: 'refused', reason: refusedText(status.refused) };
      case 'rootGone':
        return whyGone(run, watch);
      case 'working':
        break;
    }
    const bound = headless ? await boundReached(run.context.home, run.root.spec) : null;
    if (bound !== null) return { kind: 'limit', reason: bound };
    await Promise.race([changed, sleep(pollMs, undefined, { ref: false })]);
  }
}

function whyGone(run: Run, watch: TreeWatch): RunEnd {
  if (watch.pods[0]?.tally.stopped === true)
    return { kind: 'died', reason: 'it was stopped before its work was done', isStopped: true };
  const tail = stderrTail(run.root.folder);
  return { kind: 'died', reason: withErrorOutput('its process died', tail) };
}

const cancelTimeoutMs = 2_000;
/** Beyond the time that the pods give each other. */
const stopSlackMs = 5_000;
const termMs = 2_000;

async function stopAll(run: Run, end: RunEnd, hurry: AbortSignal): Promise<void> {
  const { context, root, limits } = run;
  const { instance } = root.spec;
  if (end.kind === 'notStarted') return;
  if (end.kind === 'interrupted') {
    const path = podSocket(context.home, root.spec);
    // Its failure changes nothing: the stop that follows ends every turn.
    await connectAndSend(path, 'cancel', {}, { deadlineMs: cancelTimeoutMs });
  }
  const killed = await endTree({
    home: context.home,
    rootInstance: instance,
    reason: end.kind === 'interrupted' ? `interrupted by ${end.signal}` : 'podkin run has ended',
    graceMs: 2 * limits.stopGraceMs + stopSlackMs,
    termMs,
    hurry,
  });
  if (killed.length > 0) context.stderr.write(`Ended by force: ${killed.join(', ')}.\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}
