/**
 * `podkin run`: makes a root pod for a task, watches its tree until it is settled (docs/delivery.md §3), and
 * stops it. With `-d` it only hands over the task. Whatever happens, no pod of the tree is left running but
 * with `-d`.
 */
import { statSync } from 'node:fs';
import { thrownText } from '../../std/thrown-text.ts';
import { userHome } from '../../session/home/places.ts';
import { NameTaken } from '../../session/home/name-taken.ts';
import { runInput } from '../../client/run-input.ts';
import { asJson } from '../../std/json.ts';
import { uuidv7 } from '../../std/uuid.ts';
import { runtimeVariable } from '../../session/home/places.ts';
import { ensureRuntimeDir, socketPath } from '../../transport/address.ts';
import { loadConfiguration, unknownLimits } from '../../configuration/configuration.ts';
import { fromHome } from '../../configuration/configuration-files.ts';
import { configurationFlags } from '../invocation/setting-options.ts';
import { askAboutText, canAsk } from '../invocation/ask-person.ts';
import { askAboutObeyed, askAtTerminal } from '../invocation/obeyed-asked.ts';
import { CommandFailed, type CommandContext, exitStatus, fromCwd } from '../invocation/context.ts';
import { type Hook, hooksAnew } from '../../session/facts/hooks.ts';
import { notifyHooks } from '../../configuration/hook-settings.ts';
import { givenText } from '../invocation/given-text.ts';
import { checkedModels } from '../../library/roots/checked-models.ts';
import { rootPlanOf } from '../../library/roots/root-plan-of.ts';
import { claimScope } from '../../library/roots/claim-scope.ts';
import { takenText } from './taken-name.ts';
import { createRoot, type Root, type RootPlan } from '../../library/roots/create-root.ts';
import { pathProblem } from '../../scope/paths/path-problem.ts';
import { realPath } from '../../configuration/real-paths.ts';
import { detached, type Run } from './detached.ts';
import { foreground, type Work } from './foreground.ts';
import type { RunOptions } from './run-options.ts';
import { evidenceAsked } from './evidence-asked.ts';
import { minutesOf } from './minutes.ts';
import { tokensOf } from './tokens.ts';
import { checkStartingPlace } from './starting-place.ts';
import { errorText, visible } from '../format/printable.ts';
import {
  outputFormats,
  personReport,
  printReport,
  type OutputFormat,
  type RunReport,
  type Screens,
} from './run-report.ts';
import { startedOr } from './root-start.ts';

/** Answers the exit status. Throws `CommandFailed` for what was asked wrongly, before anything is made. */
export async function runCommand(
  context: CommandContext,
  options: RunOptions,
  screens: Screens | null = null,
): Promise<number> {
  const shown: Shown = { headless: options.print === true, format: checkFormat(options), screens };
  if (options.continue !== undefined || options.resume === true) return await goOn(context, options, shown);
  // With -d it may be given its task later.
  const isOptional = options.detach === true && options.request === undefined;
  const task = await givenText(context, {
    noun: 'task',
    words: options.task,
    stdin: options.stdin,
    isOptional,
  });
  const isPrint = options.print === true;
  const plan = await planOf(context, options, { mayAsk: !isPrint, headless: isPrint });
  checkSocketFolder(context);
  if (options.request !== undefined)
    return await requested(context, { options, plan, task, shown, id: options.request });
  const root = await rootOf(context, plan);
  const run: Run = { context, root, limits: plan.limits, task, submission: uuidv7() };
  if (options.detach === true) return await detached(run);
  const report = reportOf(context, shown)(run.submission, plan.permissionMode);
  return await foreground(workOf(run, shown), report);
}

/** To whom, and how. */
interface Shown {
  readonly headless: boolean;
  readonly format: OutputFormat;
  readonly screens: Screens | null;
}

/** What a run says while it goes on and at its end: to a program, or to a person. */
function reportOf(
  context: CommandContext,
  { headless, format, screens }: Shown,
): (submission: string, mode: string) => RunReport {
  return (submission, mode) => {
    if (headless) return printReport(context, format);
    const options = { submission, mode };
    return screens === null ? personReport(context, options) : screens.run(options);
  };
}

async function goOn(context: CommandContext, options: RunOptions, shown: Shown): Promise<number> {
  const { continueRoot } = await import('./continue.ts');
  const { given, targetOf } = await import('./continue-target.ts');
  const cwd = fromCwd(context, options.cwd ?? '.');
  const target = await targetOf(context, given(options), cwd);
  if (target === null) return exitStatus.done;
  const { headless, screens } = shown;
  const task = await givenText(context, {
    noun: 'task',
    words: target.task,
    stdin: options.stdin,
    isOptional: true,
  });
  return await continueRoot(context, {
    name: target.name,
    task,
    cwd,
    headless,
    detach: options.detach === true,
    set: { model: options.model, permissionMode: options.permissionMode, effort: options.effort },
    report: reportOf(context, shown),
    ...(screens !== null && { attach: screens.attach }),
  });
}

interface RequestedRun {
  readonly id: string;
  readonly options: RunOptions;
  readonly plan: RootPlan;
  readonly task: string;
  readonly shown: Shown;
}

async function requested(context: CommandContext, run: RequestedRun): Promise<number> {
  const { requestedRun } = await import('./requested.ts');
  const { id, options, plan, task, shown } = run;
  // How the answer is printed is no part of what is asked for, nor is where its text came from.
  const { outputFormat: _, stdin: _stdin, request: _id, ...asked } = options;
  const { headless } = shown;
  return await requestedRun(context, {
    id,
    content: { command: 'run', ...asJson({ ...asked, task, cwd: plan.cwd, ...schemaOf(plan) }) },
    task,
    headless,
    detach: options.detach === true,
    create: (instance) => rootOf(context, { ...plan, instance }),
    report: (submission) => reportOf(context, shown)(submission, plan.permissionMode),
  });
}

/** What the file says, not only its name. */
function schemaOf({ demands }: RootPlan): object {
  const schema = demands?.result ?? null;
  return schema === null ? {} : { schema };
}

function workOf(run: Run, { headless }: { headless: boolean }): Work {
  const { context, root, limits, task, submission } = run;
  const { name, instance } = root.spec;
  return {
    context,
    name,
    instance,
    folder: root.folder,
    limits,
    headless,
    start: (interruption) => startedOr(run, interruption),
    submission,
    begin: (client) => client.call('run', runInput(task, submission)),
    endsTree: true,
  };
}

/** Before anything is made: no pod of this home could listen. */
function checkSocketFolder({ home, environment }: CommandContext): void {
  try {
    socketPath(home.runtime, uuidv7());
    ensureRuntimeDir(home.runtime);
  } catch (error) {
    const message = thrownText(error);
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
  if (options.request !== undefined && (options.continue !== undefined || options.resume === true))
    throw usage(
      '--request goes with a new tree: leave it out, or use podkin send NAME "…" --restore --request ID',
    );
  return format;
}

/** Throws `CommandFailed` (usage) for what cannot be. `headless`: of its pods nobody can be asked. */
export async function planOf(
  context: CommandContext,
  options: RunOptions,
  { mayAsk, headless }: { mayAsk: boolean; headless: boolean },
): Promise<RootPlan> {
  const { environment } = context;
  const cwd = realPath(fromCwd(context, options.cwd ?? '.'));
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw usage(`--cwd ${cwd}: there is no such directory`);
  const evidence = await evidenceAsked(context, options);
  const isSaid = [options.read, options.write].some((paths) => (paths ?? []).length > 0);
  if (options.cwd === undefined && !isSaid) await checkStartingPlace(context, cwd, { mayAsk });
  const configuration = await loadConfiguration({
    environment,
    cwd,
    askTrust: mayAsk && canAsk(context) ? (file, wants) => askTrust(context, file, wants) : undefined,
    flags: configurationFlags(context, options),
  });
  for (const warning of [...configuration.notes, ...unknownLimits(environment)])
    context.stderr.write(`podkin: ${errorText(warning)}\n`);
  const models = checkedModels(context, configuration, cwd);
  if (mayAsk && canAsk(context)) {
    const place = { home: context.home, model: models.model, cwd, personHome: userHome(environment) };
    await askAboutObeyed(place, askAtTerminal(context));
  }
  const asked = {
    name: options.name ?? null,
    cwd,
    home: userHome(environment),
    places: isSaid
      ? { read: checkedPaths('--read', options.read), write: checkedPaths('--write', options.write) }
      : null,
    demands: {
      ...evidence,
      timeoutMinutes: minutesOf('--timeout-minutes', options.timeoutMinutes),
      idleMinutes: minutesOf('--idle-minutes', options.idleMinutes),
    },
    deny: checkedPaths('--deny', options.deny),
    denyWrite: checkedPaths('--deny-write', options.denyWrite),
    tokens: tokensOf(options.maxTokens),
    headless,
  };
  const hooks = hooksWith(configuration.hooks, options.notify, cwd);
  return { ...rootPlanOf(configuration, asked), ...models, hooks, kept: options.keep };
}

function hooksWith(configured: readonly Hook[], notify: string | undefined, cwd: string): readonly Hook[] {
  return notify === undefined ? configured : hooksAnew(notifyHooks(notify, cwd), configured);
}

/** Whether what a project's file wants may count. */
export function askTrust(
  context: CommandContext,
  file: string,
  wants: readonly string[],
): Promise<boolean | null> {
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

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}
