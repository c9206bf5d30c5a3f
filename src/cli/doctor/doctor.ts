/**
 * `podkin doctor`: what is wrong on this machine and in this home, and how to fix each. Reads only; fixes
 * nothing by itself.
 */
import { join } from 'node:path';
import { thrownText } from '../../std/thrown-text.ts';
import { systemCode } from '../../std/system-code.ts';
import { PodsNotListed } from '../../session/home/home.ts';
import { UnsafeHome } from '../../session/home/own-home.ts';
import { NoHome, userHome } from '../../session/home/places.ts';
import { createSandbox } from '../../scope/sandbox/sandbox.ts';
import { abandonedPaths, leftoverLeases } from '../../scope/sandbox/leftovers.ts';
import {
  type SandboxSettings,
  defaultLimits,
  defaultSandboxSettings,
} from '../../session/settings/settings.ts';
import type { CommandContext } from '../invocation/context.ts';
import { cwdIfThere, exitStatus, jsonText } from '../invocation/context.ts';
import { deliveriesOf, isFinal } from '../../library/home-deliveries.ts';
import { checkModelName } from '../../model/create.ts';
import { loadConfiguration } from '../../configuration/configuration.ts';
import { remarksOf } from '../../configuration/profiles.ts';
import { checkpointFindings } from './checkpoint-check.ts';
import { diskFindings, unwritableFindings } from './disk-check.ts';
import { ageOf, type Finding, leftoverAgeMs, namesIn, ok } from './finding.ts';
import { projectFindings } from './project-check.ts';
import { keptFileFindings } from './kept-files-check.ts';
import { lockFindings } from './lock-check.ts';
import { logFindings } from './log-check.ts';
import { socketFolder, staleSockets } from './socket-check.ts';
import { scopeFindings } from './scope-check.ts';
import { tombstoneFindings } from './tombstone-check.ts';
import { lostLogs } from '../../client/lost-logs.ts';
import { isLive, type SeenPod, viewHome } from '../../client/pod-view.ts';
import { podFindings } from './pod-findings.ts';
import { mailboxIn } from '../../session/facts/mailbox-entries.ts';
import type { LedgerRow } from '../../delivery/ledger.ts';
import { oneLine } from '../format/printable.ts';
import { age, columns, paint, type Paint } from '../format/table.ts';

export async function doctorCommand(
  context: CommandContext,
  options: { json: boolean; engine?: string | undefined },
): Promise<number> {
  const unsafe = homeProblem(context);
  if (unsafe !== null) return print(context, [unsafe], options);
  if (options.engine !== undefined) {
    const { engineFindings } = await import('./engine-check.ts');
    return print(context, await engineFindings(context, options.engine), options);
  }
  const unwritable = unwritableFindings(context.home);
  const seen = await seenPods(context);
  if ('check' in seen) return print(context, unwritable.length > 0 ? unwritable : [seen], options);
  const findings = [
    nodeVersion(process.versions.node),
    ...(await models(context)),
    ...(await project(context)),
    ...unwritable,
    ...diskFindings(context.home),
    ...(await scopeFindings(context.home)),
    ...lockFindings(
      context.home,
      seen.map(({ pod }) => pod),
    ),
    await sandbox(context),
    socketFolder(context),
    ...(await staleSockets(context, seen)),
    ...leftovers(context),
    ...oldLeases(context),
    ...(await logFindings(context.home, await lostLogs(context.home))),
    ...checkpointFindings(context.home),
    ...tombstoneFindings(context.home),
    ...keptFileFindings(context.home),
    ...podFindings(seen),
    ...(await lateEvents(context, seen, Date.now())),
  ];
  return print(context, findings, options);
}

/** Nothing else is looked at then: what stands in such a home is nobody's word. */
function homeProblem(context: CommandContext): Finding | null {
  try {
    void context.home;
    return null;
  } catch (error) {
    if (!(error instanceof UnsafeHome || error instanceof NoHome)) throw error;
    return { check: 'home', level: 'failure', text: error.message, fix: null };
  }
}

/** A finding where the pods' folder cannot be read: then there is nothing else to look at. */
async function seenPods({ home }: CommandContext): Promise<readonly SeenPod[] | Finding> {
  try {
    return await viewHome(home);
  } catch (error) {
    const finding = { check: 'home', level: 'failure' } as const;
    if (error instanceof PodsNotListed) return { ...finding, text: error.found, fix: PodsNotListed.advice };
    if (systemCode(error) === undefined || !(error instanceof Error)) throw error;
    return { ...finding, text: error.message, fix: null };
  }
}

function print(context: CommandContext, findings: readonly Finding[], options: { json: boolean }): number {
  if (options.json) context.stdout.write(jsonText(findings));
  else context.stdout.styled(findingsTable(findings, context.color));
  return findings.some((finding) => finding.level === 'failure') ? exitStatus.failed : exitStatus.done;
}

export function nodeVersion(running: string): Finding {
  const [major = 0] = running.split('.').map(Number);
  if (major >= 22) return ok('node', `Node ${running}`);
  return {
    check: 'node',
    level: 'warning',
    text: `Node ${running} works and gets no more security fixes`,
    fix: 'install Node 22 or newer',
  };
}

const keyVariables = [
  'ANTHROPIC_API_KEY',
  'OPENAI_API_KEY',
  'GOOGLE_GENERATIVE_AI_API_KEY',
  'OPENAI_COMPATIBLE_BASE_URL',
] as const;

/** Only whether keys are there, never what they are. */
async function models(context: CommandContext): Promise<Finding[]> {
  const { environment } = context;
  const set = keyVariables.filter((name) => (environment[name] ?? '').trim() !== '');
  const keys: Finding =
    set.length > 0
      ? ok('model keys', `set: ${set.join(', ')}`)
      : {
          check: 'model keys',
          level: 'warning',
          text: 'no provider is set up',
          fix: `podkin login PROVIDER, or set one of ${keyVariables.join(', ')}, or use a scenario (--model script/PATH)`,
        };
  try {
    const cwd = cwdIfThere(context);
    const { model, alternatives, notes, profiles } = await loadConfiguration({ environment, cwd, flags: {} });
    const said = [...notes, ...profiles.flatMap(remarksOf)].map((note): Finding => ({
      check: 'configuration',
      level: 'warning',
      text: note,
      fix: null,
    }));
    return [keys, configured([model, ...alternatives], environment, cwd), ...said];
  } catch (error) {
    const text = thrownText(error);
    return [keys, { check: 'configuration', level: 'failure', text, fix: 'correct it there' }];
  }
}

/** As a run in this directory would begin; what is wrong with the configuration is said elsewhere. */
async function project(context: CommandContext): Promise<Finding[]> {
  const { environment, home } = context;
  const cwd = cwdIfThere(context);
  const deny = await loadConfiguration({ environment, cwd, flags: {} }).then(
    ({ scope }) => scope.deny.map((path) => ({ path, right: 'read' }) as const),
    () => [],
  );
  return await projectFindings({ home, deny, cwd, personHome: userHome(environment) });
}

/** As `run` would take it. */
function configured(models: readonly string[], environment: NodeJS.ProcessEnv, cwd: string | null): Finding {
  if (models[0] === '') return ok('configuration', 'valid; no model is named in it');
  const problem = models
    .map((model) => checkModelName(model, environment, cwd === null ? {} : { cwd }))
    .find((found) => found !== null);
  if (problem === undefined) return ok('configuration', `valid; model ${models.join(', then ')}`);
  const text = `the model that it names cannot be used: ${problem}`;
  const fix = 'correct it there (model = in config.toml, or PODKIN_MODEL), or give --model with each run';
  return { check: 'configuration', level: 'failure', text, fix };
}

/** Tested here and now, with the settings of the user's configuration. */
async function sandbox(context: CommandContext): Promise<Finding> {
  const { environment, home } = context;
  const check = 'sandbox';
  let settings: SandboxSettings;
  try {
    settings = (await loadConfiguration({ environment, cwd: cwdIfThere(context), flags: {} })).sandbox;
  } catch {
    // Said as a finding of its own.
    settings = defaultSandboxSettings;
  }
  const { config, state, runtime } = home;
  const tmpBytes = defaultLimits.shellTmpBytes;
  const found = await createSandbox({ settings, hidden: [config, state, runtime], state, tmpBytes }).state();
  return found.kind === 'working'
    ? ok(check, found.text)
    : { check, level: 'warning', text: `${found.kind}: ${found.text}`, fix: found.fix };
}

function leftovers({ home }: CommandContext): Finding[] {
  const folder = join(home.state, 'pods');
  return namesIn(folder)
    .filter((name) => name.startsWith('.'))
    .map((name) => join(folder, name))
    .filter((path) => ageOf(path) > leftoverAgeMs)
    .map((path) => ({
      check: 'leftover folder',
      level: 'warning',
      text: `${path}: making or removing a pod was cut off`,
      fix: `rm -r ${path}`,
    }));
}

/** Empty files and directories that a command had on the disk when its pod was killed. */
function oldLeases({ home }: CommandContext): Finding[] {
  const left = abandonedPaths(leftoverLeases(home));
  if (left.length === 0) return [];
  const [first = ''] = left;
  const text = `${first}${left.length === 1 ? '' : ` and ${left.length - 1} more`}: empty, left by a shell whose pod was killed`;
  const fix = 'the next pod of this home that starts or runs a command removes them';
  return [{ check: 'stand-ins', level: 'warning', text, fix }];
}

const lateMs = 30_000;

function labelIn(seen: readonly SeenPod[], instance: string): string | undefined {
  return seen.find(({ pod }) => pod.instance === instance)?.pod.label;
}

/** Only the very parent: a namesake would not take it. */
function restoreOf(row: LedgerRow, seen: readonly SeenPod[]): string {
  const parent = seen.find(({ pod }) => pod.instance === row.instance)?.pod.spec.parent;
  const above = seen.find(({ pod }) => pod.instance === parent?.instance);
  if (above === undefined) return `podkin logs ${row.from}: its parent is not there any more`;
  return isLive(above.view)
    ? `podkin logs ${labelIn(seen, row.instance) ?? row.from}: it is still being sent`
    : `podkin restore ${above.pod.label}`;
}

async function lateEvents(
  { home }: CommandContext,
  seen: readonly SeenPod[],
  nowMs: number,
): Promise<Finding[]> {
  const late = (await deliveriesOf(home)).filter((row) => {
    const since = row.receivedAt ?? row.committedAt;
    return !isFinal(row) && since !== null && nowMs - Date.parse(since) > lateMs;
  });
  if (late.length === 0) return [ok('deliveries', 'nothing is late')];
  return late.map((row) => {
    const which = row.seq === null ? row.kind : `event ${row.seq} (${row.kind})`;
    const since = age(nowMs - Date.parse(row.receivedAt ?? row.committedAt ?? ''));
    const there = seenAs(row.state) === 'there';
    const refused = row.state === 'refused' ? 'see what is said of that pod above' : null;
    const fix =
      refused ?? (there ? `podkin inspect ${labelIn(seen, row.receiver) ?? row.to}` : restoreOf(row, seen));
    const isForHost = there && isMailbox(seen, row.receiver);
    return {
      check: 'deliveries',
      level: 'warning',
      text: `${which} of ${row.from} for ${row.to} is ${row.state} since ${since}: ${row.reason ?? (isForHost ? 'its host has not taken it (pods_inbox)' : reasons[seenAs(row.state)])}`,
      fix,
    };
  });
}

/** Nothing is read in a pod without a model: what is in it is for a program outside. */
function isMailbox(seen: readonly SeenPod[], instance: string | null): boolean {
  const found = seen.find(({ pod }) => pod.instance === instance);
  return found !== undefined && mailboxIn(found.pod.spec.settings) !== null;
}

const reasons = {
  there: 'its model has not read it yet',
  inFlight: 'the receiver has not taken it in',
} as const;

function seenAs(state: string): keyof typeof reasons {
  return state === 'received' || state === 'consumed' ? 'there' : 'inFlight';
}

/** A finding is one line, however long the path in it. */
const textCharsMax = 8_000;

function findingsTable(findings: readonly Finding[], color: boolean): string {
  const paints: Record<Finding['level'], Paint> = { ok: 'green', warning: 'yellow', failure: 'red' };
  return findings
    .map(({ check, level, text, fix }) => {
      const line = columns([
        [
          paint(level.padEnd(7), paints[level], color),
          oneLine(check, 40).padEnd(15),
          oneLine(text, textCharsMax),
        ],
      ]);
      return fix === null ? line : `${line}${' '.repeat(26)}→ ${oneLine(fix, textCharsMax)}\n`;
    })
    .join('');
}
