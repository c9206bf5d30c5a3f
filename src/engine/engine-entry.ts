/** From the name of an engine to what is started for it: by a person's entry, and by what is known of it. */
import { delimiter, isAbsolute, join } from 'node:path';
import { type EngineSettings, engineNamePattern } from '../session/settings/engine-settings.ts';
import type { PermissionMode } from '../session/settings/permissions.ts';
import { type KnownAgent, knownAgent, knownAgents } from './agents.ts';
import { isProgram } from '../std/is-program.ts';

export interface EngineEntry {
  readonly name: string;
  /** Absolute: the agent's own program. */
  readonly program: string;
  /** Absolute: what is started; a Node that was installed with the agent, or its program. */
  readonly command: string;
  readonly args: readonly string[];
  /** All that it is given of the environment, but for what its place (HOME …) says. */
  readonly variables: Readonly<Record<string, string>>;
  /** Its own name of the mode to be set for the pod's; null: none is known, it stays in its own. */
  mode(of: PermissionMode): string | null;
  /** False: not even where it says that it can load a session; null: as it says. */
  readonly restorable: boolean | null;
  readonly loadsNextMinute: boolean;
  /** Whether the last text of a turn says that it failed. A guess. */
  isFailure(text: string): boolean;
  /** Null where nothing is known of this agent. */
  readonly known: KnownAgent | null;
  readonly settings: EngineSettings;
}

export interface EnginePlace {
  /** By name, as a session or a person's file has them. */
  readonly engines: ReadonlyMap<string, EngineSettings>;
  readonly environment: NodeJS.ProcessEnv;
  /** Of the home. */
  readonly state: string;
}

/** Where an agent is that podkin has installed. */
export function engineFolder(state: string, name: string): string {
  return join(state, 'engines', name);
}

/** A text says why there is none, and what to do. */
export function engineEntry(name: string, place: EnginePlace): EngineEntry | string {
  const settings = place.engines.get(name) ?? {};
  const known = knownAgent(name);
  if (known === null && settings.command === undefined) return unknownEngine(name, place);
  const program = programOf(name, settings.command ?? known?.program ?? '', place);
  if (program === null) return missing(name, settings, known);
  const args = settings.args ?? (settings.command === undefined ? known?.args : undefined);
  return {
    ...factsOf(settings, known),
    name,
    program,
    ...startOf(program, args ?? [], engineFolder(place.state, name)),
    ...variablesOf(settings, known, place),
  };
}

/** A Node is beside the agent where the one that ran the installation was too old for it. */
function startOf(
  program: string,
  args: readonly string[],
  installed: string,
): Pick<EngineEntry, 'command' | 'args'> {
  const node = ownNode(installed);
  if (!program.startsWith(`${installed}/`) || !isProgram(node)) return { command: program, args };
  return { command: node, args: [program, ...args] };
}

/** Where an agent's own Node is, if it has one. */
export function ownNode(installed: string): string {
  return join(installed, 'node_modules', '.bin', 'node');
}

function variablesOf(
  { env }: EngineSettings,
  known: KnownAgent | null,
  { environment }: EnginePlace,
): Pick<EngineEntry, 'variables'> {
  return { variables: { ...known?.set, ...namedVariables(env ?? known?.env ?? [], environment) } };
}

type EngineFacts = Omit<EngineEntry, 'name' | 'program' | 'command' | 'args' | 'variables'>;

function factsOf(settings: EngineSettings, known: KnownAgent | null): EngineFacts {
  const modes: KnownAgent['modes'] = known?.modes ?? {};
  const failures = known?.failures ?? [];
  const texts = settings.failureText ?? [];
  return {
    mode: (of) => settings.mode ?? modes[of] ?? null,
    restorable: settings.restorable ?? null,
    loadsNextMinute: known?.loadsNextMinute ?? false,
    isFailure: (text) => texts.some((one) => text.includes(one)) || failures.some((one) => one.test(text)),
    known,
    settings,
  };
}

/** Those that are set; an empty one is as good as none. */
function namedVariables(
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === '' ? [] : [[name, value] as const];
    }),
  );
}

/** A person's own command goes before what podkin has installed, and that before what is on the PATH. */
function programOf(name: string, program: string, { environment, state }: EnginePlace): string | null {
  if (program.includes('/')) return isAbsolute(program) && isProgram(program) ? program : null;
  const installed = join(engineFolder(state, name), 'node_modules', '.bin');
  const folders = [installed, ...(environment['PATH'] ?? '').split(delimiter).filter(isAbsolute)];
  return folders.map((folder) => join(folder, program)).find(isProgram) ?? null;
}

function missing(name: string, { command }: EngineSettings, known: KnownAgent | null): string {
  if (command !== undefined)
    return command.includes('/') && !isAbsolute(command)
      ? `The engine ${name} names the command ${JSON.stringify(command)}: write it as an absolute path, or as a name that is on the PATH.`
      : `The engine ${name} names the command ${JSON.stringify(command)}, which is not there: correct [engines.${name}] command in your config.toml.`;
  return `${known?.title ?? name} is not installed: "podkin engines install ${name}" installs it, or put ${JSON.stringify(known?.program)} on the PATH.`;
}

function unknownEngine(name: string, { engines }: EnginePlace): string {
  const all = [...new Set([...Object.keys(knownAgents), ...engines.keys()])];
  const shown = engineNamePattern.test(name) ? `acp/${name}` : 'This';
  return `${shown} is no engine: there are ${all.map((one) => `acp/${one}`).join(', ')}; another one needs [engines.NAME] command in your config.toml.`;
}
