/**
 * The effective configuration: flags before the environment before the user's file. What a project's files
 * narrow (`narrowing.ts`) holds against all of them but the flags. Absent: keys and base URLs, which only the
 * environment can set.
 */
import { dirname, join, resolve } from 'node:path';
import { anchoredRule, parseRule, type RuleKind } from '../scope/permissions/permission-rules.ts';
import { type Effort, efforts } from '../session/settings/effort.ts';
import type { Hook } from '../session/facts/hooks.ts';
import type { EngineSettings } from '../session/settings/engine-settings.ts';
import type { ModelSettings } from '../session/settings/model-settings.ts';
import { type PermissionMode, permissionModes } from '../session/settings/permissions.ts';
import { ownHome } from '../session/home/own-home.ts';
import type { KeySettings } from '../screen/keymap.ts';
import { userHome } from '../session/home/places.ts';
import {
  defaultSandboxSettings,
  type Limits,
  limitsOfEnvironment,
  limitsSchema,
  limitVariable,
  type SandboxSettings,
} from '../session/settings/settings.ts';
import { nearest } from '../std/nearest.ts';
import { agentProfiles } from './agent-profiles.ts';
import { fromHome, readUserFile, usage } from './configuration-files.ts';
import { hooksOf } from './hook-settings.ts';
import { type HostSettings, hostSettings } from './host-schema.ts';
import { limitProblem } from './problems.ts';
import {
  effortSchema,
  limitNames,
  permissionMode,
  someLimits,
  type SomeLimits,
  type UserSettings,
} from './settings-schema.ts';
import {
  type Narrowed,
  type Narrowing,
  narrowedAllow,
  narrowedLimits,
  narrowedMode,
  narrowingOf,
} from './narrowing.ts';
import {
  chosenProfile,
  costWith,
  effortWith,
  modeWith,
  namedModels,
  remarksOf,
  type NamedProfile,
  type ProfileScope,
  scopeWith,
  userProfiles,
} from './profiles.ts';
import { noSavedRules, type SavedRules, savedRulesAt } from './saved-rules.ts';
import { realPath } from './real-paths.ts';
import { ruleNotes } from './rule-notes.ts';
import { type McpServers, mcpServersOf } from './mcp-servers.ts';
import { type BesideSettings, readBesideSettings } from './beside-settings.ts';
import { nobodysProject, type Project, readProject } from './project-settings.ts';
import type { AskTrust } from './trust-answers.ts';

/**
 * What the command line said; what it did not say is left out. `limits` as text or numbers, by the names of
 * `Limits`.
 */
export interface ConfigurationFlags {
  readonly model?: string | undefined;
  /** The name of a role. */
  readonly profile?: string | undefined;
  readonly effort?: string | undefined;
  readonly permissionMode?: string | undefined;
  readonly limits?: Readonly<Record<string, string | number>> | undefined;
  /** Paths that nobody is to read. */
  readonly deny?: readonly string[] | undefined;
  /** Paths that nobody is to change. */
  readonly denyWrite?: readonly string[] | undefined;
  /** Rules as text. */
  readonly rules?: Readonly<Partial<Record<RuleKind, readonly string[]>>> | undefined;
  readonly sandboxNetwork?: boolean | undefined;
  readonly sandboxUnixSockets?: boolean | undefined;
  /** Read in place of the user's file; it must be there. */
  readonly file?: string | undefined;
}

export interface Configuration {
  /** Empty where none is named anywhere. */
  readonly model: string;
  /** Asked in its place, in that order, while it does not answer. */
  readonly alternatives: readonly string[];
  /** A provider that named a time is waited for. */
  readonly waitsForProvider: boolean;
  /** Undefined: as much as the model does by itself. */
  readonly effort: Effort | undefined;
  readonly permissionMode: PermissionMode;
  /** From all places together: whichever says it, a denial is one. */
  readonly rules: Record<RuleKind, string[]>;
  /**
   * From all files together; `~/` is worked out. The user's relative paths are taken from the working
   * directory.
   */
  readonly scope: { readonly deny: string[]; readonly denyWrite: string[] };
  readonly limits: Limits;
  readonly instructions: string | null;
  readonly sandbox: SandboxSettings;
  /** All roles, by whoever describes them; a name once. */
  readonly profiles: readonly NamedProfile[];
  /** That which was asked for: what it says is in the other settings already. */
  readonly profile: NamedProfile | null;
  /** What it may touch where the command line does not say it. */
  readonly profileScope: ProfileScope | null;
  /** What the person has set of the screen. */
  readonly screen: ScreenSettings;
  /** The person's first. */
  readonly hooks: readonly Hook[];
  /** By `provider/model`; the user's alone. */
  readonly models: Readonly<Record<string, ModelSettings>> | undefined;
  /** MCP servers: the person's own, and a project's that they have trusted. */
  readonly mcp: McpServers;
  /** Other agents that may drive pods, by name; the user's alone. */
  readonly engines: Readonly<Record<string, EngineSettings>>;
  /** Names of other machines that pods may have children on; the user's alone. */
  readonly hosts: readonly string[];
  /** What this machine allows to parents on others; the user's alone. */
  readonly asHost: HostSettings;
  /** What a person should know of: what was left out, and why. */
  readonly notes: readonly string[];
}

export interface ScreenSettings {
  readonly keys: KeySettings;
  /** What is sent is kept. */
  readonly history: boolean;
  readonly mouse: boolean;
}

export interface ConfigurationSource {
  readonly environment: NodeJS.ProcessEnv;
  /** Null where there is none: no project speaks then. */
  readonly cwd: string | null;
  readonly flags: ConfigurationFlags;
  /** Asks the person about what a project's file may set only with their trust; left out, nobody is asked. */
  readonly askTrust?: AskTrust | undefined;
}

/** What the files say. */
export interface ConfigurationFiles extends BesideSettings {
  readonly user: UserSettings;
  readonly userPath: string;
  readonly project: Project;
  /** What the person has allowed for this project by `podkin rules`, or in answer to a question. */
  readonly saved: SavedRules;
}

/** Rejects with `BadSetting` that names the file, the key, and what is wrong with it. */
export async function readConfigurationFiles(source: ConfigurationSource): Promise<ConfigurationFiles> {
  const { environment, cwd, flags } = source;
  const own = join(ownHome(environment).config, 'config.toml');
  const userPath = flags.file === undefined ? own : resolve(cwd ?? '/', flags.file);
  const user = readUserFile(userPath, { mustExist: flags.file !== undefined });
  const deny = fromHome(userHome(environment), user.scope?.deny);
  const project = await projectOf(source, deny);
  const personHome = userHome(environment);
  const denied = [...deny, ...fromHome(personHome, flags.deny), ...narrowingOf(project.files).scope.deny];
  const place = { home: ownHome(environment), personHome, cwd, deny: denied, askTrust: source.askTrust };
  return { user, userPath, project, ...(await readBesideSettings(place)), saved: await savedOf(source) };
}

async function savedOf({ environment, cwd }: ConfigurationSource): Promise<SavedRules> {
  const home = ownHome(environment);
  return cwd === null ? noSavedRules(home) : await savedRulesAt(home, cwd, userHome(environment));
}

/**
 * Rejects with `BadSetting` that names the file or variable, the key, and what is wrong with it.
 */
export async function loadConfiguration(source: ConfigurationSource): Promise<Configuration> {
  return configurationOf(source, await readConfigurationFiles(source));
}

/** Throws as `loadConfiguration` rejects. */
export function configurationOf(
  source: Omit<ConfigurationSource, 'askTrust'>,
  files: ConfigurationFiles,
): Configuration {
  const { user, project: read, saved } = files;
  const { environment, cwd, flags } = source;
  const personHome = userHome(environment);
  const deny = fromHome(personHome, user.scope?.deny);
  const project = narrowingOf(read.files);
  const { profiles, profile, notes } = profilesOf(source, files);
  const instructions = [user.instructions, project.instructions, profile?.profile.instructions].filter(
    (text) => text !== undefined,
  );
  const own = modeWith(variableMode(environment) ?? user.permissionMode ?? 'default', profile);
  const mode = narrowedMode(own, project.permissionMode, flagMode(flags));
  const limits = effectiveLimits(user.limits ?? {}, { environment, flags, project });
  const allow = narrowedAllow(
    { file: [...(user.permissions?.allow ?? []), ...saved.rules], flags: flagRules(flags, 'allow') },
    project.allow,
    (rule) => (cwd === null ? rule : anchoredRule(rule, realPath(cwd))),
  );
  const rules = {
    allow: allow.value,
    ask: allRules('ask', user, { project, flags }),
    deny: allRules('deny', user, { project, flags }),
  };
  const odd = ruleNotes(Object.values(rules).flat(), cwd);
  const mcp = mcpServersOf(user, files.projectMcp, { cwd, personHome });
  const sandbox = sandboxOf({ ...(user.sandbox ?? defaultSandboxSettings) }, project.sandbox, flags);
  return {
    ...modelsOf(source, { user, project, profile }),
    waitsForProvider: user.retry?.wait === true,
    profiles,
    profile,
    profileScope: scopeWith(profile, cwd),
    effort: flagEffort(flags) ?? effortWith(user.effort, profile),
    permissionMode: mode.value,
    rules,
    scope: {
      deny: [...deny, ...project.scope.deny],
      denyWrite: [...fromHome(personHome, user.scope?.denyWrite), ...project.scope.denyWrite],
    },
    limits:
      flags.limits?.['cost'] === undefined
        ? { ...limits.value, cost: costWith(limits.value.cost, profile) }
        : limits.value,
    instructions: instructions.length === 0 ? null : instructions.join('\n\n'),
    screen: screenOf(user),
    hooks: [...hooksOf(user.hooks, dirname(realPath(files.userPath))), ...project.hooks],
    models: user.models,
    mcp: mcp.servers,
    engines: user.engines ?? {},
    hosts: Object.keys(user.hosts ?? {}),
    asHost: hostSettings(user.host),
    sandbox: sandbox.value,
    notes: [read, { notes }, mcp, saved, mode, limits, allow, sandbox, { notes: odd }].flatMap(
      (one) => one.notes,
    ),
  };
}

/** What the person's own file says of the screen alone. Throws `BadSetting`. */
export function screenSettings(environment: NodeJS.ProcessEnv): ScreenSettings {
  const path = join(ownHome(environment).config, 'config.toml');
  return screenOf(readUserFile(path, { mustExist: false }));
}

function screenOf({ keys = {}, history = true, mouse = false }: UserSettings): ScreenSettings {
  return { keys, history, mouse };
}

function modelsOf(
  { environment, flags }: Pick<ConfigurationSource, 'environment' | 'flags'>,
  by: { user: UserSettings; project: Narrowing; profile: Configuration['profile'] },
): Pick<Configuration, 'model' | 'alternatives'> {
  const said =
    flags.model ??
    by.profile?.profile.model ??
    named(environment, 'PODKIN_MODEL') ??
    by.project.model ??
    by.user.model ??
    '';
  const [model = '', ...alternatives] = typeof said === 'string' ? [said] : new Set(said);
  return { model, alternatives };
}

/** Of the person and the project, and the one that is asked for. */
function profilesOf(
  { environment, cwd, flags }: Omit<ConfigurationSource, 'askTrust'>,
  { user, userPath, agents }: ConfigurationFiles,
): { profiles: readonly NamedProfile[]; profile: NamedProfile | null; notes: readonly string[] } {
  const personHome = userHome(environment);
  const ofPerson = userProfiles(user, { path: userPath, cwd, personHome });
  const rules = { models: namedModels(user), taken: ofPerson, personHome };
  const ofProject = agentProfiles(agents.files, rules);
  const profiles = [...ofPerson, ...ofProject.profiles];
  const profile = chosenProfile(flags.profile, profiles);
  const remarks = profile === null ? [] : remarksOf(profile);
  return { profiles, profile, notes: [...agents.leftOut, ...ofProject.leftOut, ...remarks] };
}

async function projectOf(source: ConfigurationSource, deny: readonly string[]): Promise<Project> {
  const { environment, cwd, flags, askTrust } = source;
  if (cwd === null) return nobodysProject;
  const personHome = userHome(environment);
  const denied = [...deny, ...fromHome(personHome, flags.deny)];
  return await readProject({ home: ownHome(environment), personHome, cwd, deny: denied, askTrust });
}

function allRules(
  kind: 'ask' | 'deny',
  user: UserSettings,
  { project, flags }: { project: Narrowing; flags: ConfigurationFlags },
): string[] {
  return [...(user.permissions?.[kind] ?? []), ...project[kind], ...flagRules(flags, kind)];
}

function sandboxOf(
  own: SandboxSettings,
  project: Narrowing['sandbox'],
  flags: ConfigurationFlags,
): Narrowed<SandboxSettings> {
  const overrides = flags.sandboxNetwork === true && project?.value.network === false;
  const note = `--sandbox-network overrides sandbox.network = false of ${project?.path}.`;
  const value = {
    ...own,
    ...project?.value,
    ...(flags.sandboxNetwork === true ? { network: true } : {}),
    ...(flags.sandboxUnixSockets === true ? { unixSockets: true } : {}),
  };
  return { value, notes: overrides ? [note] : [] };
}

function named(environment: NodeJS.ProcessEnv, variable: string): string | undefined {
  const value = environment[variable];
  return value === undefined || value === '' ? undefined : value;
}

function variableMode(environment: NodeJS.ProcessEnv): PermissionMode | undefined {
  return checkedMode(named(environment, 'PODKIN_PERMISSION_MODE'), 'PODKIN_PERMISSION_MODE');
}

function flagMode(flags: ConfigurationFlags): PermissionMode | undefined {
  return checkedMode(flags.permissionMode, '--permission-mode');
}

function checkedMode(asked: string | undefined, where: string): PermissionMode | undefined {
  if (asked === undefined) return undefined;
  const parsed = permissionMode().safeParse(asked);
  if (parsed.success) return parsed.data;
  throw usage(`${where}: "${asked}" is not one of ${permissionModes.join(', ')}`);
}

function flagEffort({ effort }: ConfigurationFlags): Effort | undefined {
  if (effort === undefined) return undefined;
  const parsed = effortSchema().safeParse(effort);
  if (parsed.success) return parsed.data;
  throw usage(`--effort: "${effort}" is not one of ${efforts.join(', ')}`);
}

function flagRules(flags: ConfigurationFlags, kind: RuleKind): readonly string[] {
  const texts = flags.rules?.[kind] ?? [];
  for (const text of texts) {
    const parsed = parseRule(text);
    if ('problem' in parsed) throw usage(`--${kind}-tool: ${parsed.problem}`);
  }
  return texts;
}

interface LimitSources {
  readonly environment: NodeJS.ProcessEnv;
  readonly flags: ConfigurationFlags;
  readonly project: Narrowing;
}

/** Values that are in force are valid one by one, so what is wrong can be named by where it came from. */
function effectiveLimits(user: SomeLimits, sources: LimitSources): Narrowed<Limits> {
  const { environment, flags, project } = sources;
  const fromEnvironment = checkedLimits(limitsOfEnvironment(environment), limitVariable);
  const fromFlags = checkedLimits(flags.limits ?? {}, (name) => `--max-${name}`);
  const narrowed = narrowedLimits({ ...user, ...fromEnvironment }, project.limits, fromFlags);
  const limits = limitsSchema().parse(narrowed.value);
  if (limits.stopGraceMs < limits.shutDownAckMs) {
    throw usage(
      `limits: stopGraceMs (${limits.stopGraceMs}) is shorter than shutDownAckMs (${limits.shutDownAckMs}); a pod would be killed while it waits to be heard: raise the one or lower the other`,
    );
  }
  return { value: limits, notes: narrowed.notes };
}

function checkedLimits(
  values: Readonly<Record<string, string | number>>,
  where: (name: string) => string,
): SomeLimits {
  for (const [name, value] of Object.entries(values)) {
    const checked = someLimits().safeParse({ [name]: value });
    if (!checked.success) throw usage(`${where(name)}: "${value}" ${limitProblem(checked.error.issues[0])}`);
  }
  return someLimits().parse(values);
}

/**
 * Warnings for variables that look like limits and are none: nothing is bounded by a name that is mistyped.
 */
export function unknownLimits(environment: NodeJS.ProcessEnv): string[] {
  const prefix = limitVariable('');
  const known = limitNames().map((name) => limitVariable(name).slice(prefix.length));
  return Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !known.includes(name.slice(prefix.length)))
    .map((name) => {
      const near = nearest(name.slice(prefix.length), known);
      const hint =
        near === null ? `known behind ${prefix}: ${known.join(', ')}` : `did you mean ${prefix}${near}?`;
      return `${name} is not a limit and changes nothing; ${hint}`;
    });
}
