/** `podkin mcp list`, `podkin mcp test NAME`: the servers that a pod started here would have. */
import { statSync } from 'node:fs';
import {
  type Configuration,
  configurationOf,
  readConfigurationFiles,
} from '../../configuration/configuration.ts';
import type { LeftOutServer } from '../../configuration/project-mcp.ts';
import { realPath } from '../../configuration/real-paths.ts';
import { rootPlanOf } from '../../library/roots/root-plan-of.ts';
import { rootScope } from '../../library/roots/root-scope.ts';
import type { TestedServer } from '../../mcp/test-server.ts';
import { type McpServerSettings, variablesIn } from '../../session/settings/mcp-settings.ts';
import { userHome } from '../../session/home/places.ts';
import { duration, errorText, oneLine, visible } from '../format/printable.ts';
import { columns } from '../format/table.ts';
import { canAsk } from '../invocation/ask-person.ts';
import { type CommandContext, CommandFailed, exitStatus, fromCwd, jsonText } from '../invocation/context.ts';
import { catchSignals, interruptionStatus } from '../invocation/interruption.ts';
import { configurationFlags, type SettingOptions } from '../invocation/setting-options.ts';
import { askTrust } from '../run/run.ts';
import { checkStartingPlace } from '../run/starting-place.ts';

export interface OwnServersOptions extends SettingOptions {
  readonly read?: readonly string[] | undefined;
  readonly write?: readonly string[] | undefined;
  readonly json: boolean;
}

interface ListedServer {
  readonly name: string;
  /** Null: the person's own configuration. */
  readonly file: string | null;
  readonly trust: 'own' | 'trusted' | LeftOutServer['kind'];
  /** Why a pod has it not. */
  readonly leftOut: string | null;
  readonly command: readonly string[] | null;
  readonly host: string | null;
  /** Those of the environment that it is given. */
  readonly variables: readonly string[];
  /** Those that are not set here: it cannot be started. */
  readonly missing: readonly string[];
  /** Null: as the pod's commands. */
  readonly network: boolean | null;
}

export async function listServersCommand(
  context: CommandContext,
  options: OwnServersOptions,
): Promise<number> {
  const { configuration, listed } = await serversHere(context, options, { mayAsk: false });
  for (const note of configuration.notes)
    if (!listed.some(({ leftOut }) => leftOut !== null && note.includes(leftOut)))
      context.stderr.write(`podkin: ${errorText(note)}\n`);
  context.stdout.write(options.json ? jsonText(listed) : tableOf(listed));
  if (!options.json && listed.length === 0)
    context.stderr.write('There are none here: docs/mcp.md says how one is configured.\n');
  return exitStatus.done;
}

async function serversHere(
  context: CommandContext,
  options: OwnServersOptions,
  { mayAsk }: { mayAsk: boolean },
): Promise<{ cwd: string; configuration: Configuration; listed: ListedServer[] }> {
  const { environment } = context;
  const cwd = realPath(fromCwd(context, options.cwd ?? '.'));
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw usage(`--cwd ${cwd}: there is no such directory`);
  const source = {
    environment,
    cwd,
    flags: configurationFlags(context, options),
    askTrust:
      mayAsk && canAsk(context)
        ? (file: string, wants: readonly string[]) => askTrust(context, file, wants)
        : undefined,
  };
  const files = await readConfigurationFiles(source);
  const configuration = configurationOf(source, files);
  const { mcp } = configuration;
  const there = Object.entries(mcp).map(([name, server]) =>
    listedServer(name, { server, leftOut: null }, environment),
  );
  const leftOut = files.projectMcp.leftOut.map((one) =>
    listedServer(one.name, { server: one.server, leftOut: one }, environment),
  );
  return { cwd, configuration, listed: [...there, ...leftOut] };
}

function listedServer(
  name: string,
  { server, leftOut }: { server: McpServerSettings | null; leftOut: LeftOutServer | null },
  environment: NodeJS.ProcessEnv,
): ListedServer {
  const { command, args = [], url, env = {}, headers = {}, network = null, project = null } = server ?? {};
  const texts = { ...env, ...headers };
  const variables = variablesIn(texts);
  return {
    name,
    file: leftOut?.file ?? project,
    trust: leftOut?.kind ?? (project === null ? 'own' : 'trusted'),
    leftOut: leftOut?.why ?? null,
    command: command === undefined ? null : [command, ...args],
    host: url === undefined ? null : new URL(url).host,
    variables,
    missing: variables.filter((variable) => isNeeded(texts, variable) && environment[variable] === undefined),
    network: command === undefined ? true : network,
  };
}

/** `${NAME}` somewhere, without a word for where it is not set. */
function isNeeded(texts: Readonly<Record<string, string>>, variable: string): boolean {
  return Object.values(texts).some((text) => text.includes(`\${${variable}}`));
}

const trustWords: Record<ListedServer['trust'], string> = {
  own: 'your config.toml',
  trusted: 'trusted',
  asked: 'not trusted yet',
  refused: 'refused',
  wrong: 'left out',
};

function tableOf(listed: readonly ListedServer[]): string {
  const rows = listed.map(({ name, file, trust, command, host, variables, missing }) => [
    oneLine(visible(name), 40),
    file === null ? trustWords[trust] : `${oneLine(visible(file), 80)} (${trustWords[trust]})`,
    command === null ? (host ?? '-') : oneLine(visible(command.join(' ')), 80),
    variables.length === 0
      ? '-'
      : variables.map((one) => (missing.includes(one) ? `${one} (not set)` : one)).join(', '),
  ]);
  const whys = listed.flatMap(({ name, leftOut }) =>
    leftOut === null ? [] : [`${oneLine(visible(name), 40)}: ${visible(leftOut)}.\n`],
  );
  if (rows.length === 0) return '';
  return columns([['SERVER', 'FROM', 'COMMAND OR HOST', 'VARIABLES'], ...rows]) + whys.join('');
}

/** Status 1 where it cannot be used. */
export async function testServerCommand(
  context: CommandContext,
  name: string,
  options: OwnServersOptions,
): Promise<number> {
  const { cwd, configuration, listed } = await serversHere(context, options, { mayAsk: true });
  const settings = configuration.mcp[name];
  if (settings === undefined) throw unknown(name, listed);
  const { read = [], write = [] } = options;
  const isSaid = read.length + write.length > 0;
  if (options.cwd === undefined && !isSaid) await checkStartingPlace(context, cwd, { mayAsk: true });
  const scope = rootScope({ ...planOf(context, { cwd, configuration, options }), cwd });
  const interruption = catchSignals();
  const ended = new AbortController();
  const stop = interruption.first.then((signal) => ended.abort(new Error(`was ended by ${signal}`)));
  const { testServer } = await import('../../mcp/test-server.ts');
  try {
    const tested = await testServer(
      {
        home: context.home,
        environment: context.environment,
        cwd,
        scope,
        permissionMode: configuration.permissionMode,
        shell: configuration.sandbox,
        limits: configuration.limits,
        signal: ended.signal,
      },
      name,
      settings,
    );
    context.stdout.write(options.json ? jsonText(asData(name, tested)) : textOf(name, tested));
    if (ended.signal.aborted) return interruptionStatus[await interruption.first];
    return tested.tools === null ? exitStatus.failed : exitStatus.done;
  } finally {
    interruption.release();
    void stop;
  }
}

function planOf(
  context: CommandContext,
  of: { cwd: string; configuration: Configuration; options: OwnServersOptions },
) {
  const { read = [], write = [], deny = [], denyWrite = [] } = of.options;
  const home = userHome(context.environment);
  const plan = rootPlanOf(of.configuration, {
    name: null,
    cwd: of.cwd,
    home,
    tokens: null,
    places: read.length + write.length > 0 ? { read, write } : null,
    demands: {},
    deny,
    denyWrite,
    headless: false,
  });
  return { ...plan, home };
}

function unknown(name: string, listed: readonly ListedServer[]): CommandFailed {
  const found = listed.find((one) => one.name === name);
  if (found?.leftOut !== undefined && found.leftOut !== null)
    return new CommandFailed(exitStatus.failed, `the server ${visible(name)} is left out, ${found.leftOut}`);
  const names = listed.filter(({ leftOut }) => leftOut === null).map((one) => one.name);
  const there = names.length === 0 ? 'there are none here' : `there are ${names.join(', ')}`;
  return usage(`there is no MCP server "${visible(name)}": ${there} ("podkin mcp list")`);
}

function asData(name: string, { tools, problem, ms, errors, notHeld }: TestedServer) {
  return {
    name,
    works: tools !== null,
    problem,
    ms: Math.round(ms),
    tools:
      tools?.tools.map(({ name: offered, tool, description }) => ({ name: offered, tool, description })) ??
      [],
    leftOut: tools?.leftOut ?? [],
    notHeld,
    errors,
  };
}

const descriptionCharsMax = 100;

function textOf(name: string, { tools, problem, ms, errors, notHeld }: TestedServer): string {
  const took = duration(ms);
  const held = notHeld === null ? '' : `It runs outside of any sandbox: ${visible(notHeld)}.\n`;
  const said =
    errors === '' ? '' : `The last that it said: ${oneLine(errors.split('\n').at(-1) ?? '', 300)}\n`;
  if (tools === null) return `${name} ${visible(problem ?? '')} (${took}).\n${held}`;
  const rows = tools.tools.map(({ name: offered, description }) => [
    offered,
    oneLine(description, descriptionCharsMax),
  ]);
  const count = `${name} works: ${tools.tools.length} tools, after ${took}.\n`;
  const leftOut = tools.leftOut.map((why) => `Left out: ${visible(why)}.\n`).join('');
  return count + (rows.length === 0 ? '' : columns(rows)) + leftOut + held + said;
}

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}
