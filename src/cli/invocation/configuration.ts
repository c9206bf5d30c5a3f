/**
 * The effective configuration: flags before the environment before the project's file before the user's file. Absent: keys, base URLs and hooks,
 * which only the environment can set. Of a project's file only what narrows counts unasked (`project-settings.ts`).
 */
import { join, resolve } from 'node:path';
import type * as z from 'zod';
import { parseRule, type RuleKind } from '../../scope/permission-rules.ts';
import type { ModelSettings } from '../../session/model-settings.ts';
import { type PermissionMode, permissionModes } from '../../session/permissions.ts';
import { ownHome } from '../../session/own-home.ts';
import { userHome } from '../../session/places.ts';
import {
  defaultSandboxSettings,
  type Limits,
  limitsOfEnvironment,
  limitsSchema,
  limitVariable,
  type SandboxSettings,
} from '../../session/settings.ts';
import { fromTilde, tildeMistake } from '../../std/tilde.ts';
import { nearest } from '../words/nearest.ts';
import {
  limitNames,
  permissionMode,
  readUserFile,
  someLimits,
  type SomeLimits,
  usage,
} from './configuration-files.ts';
import { type AskTrust, nobodysProject, readProject } from './project-settings.ts';

/** What the command line said; what it did not say is left out. `limits` as text or numbers, by the names of `Limits`. */
export interface ConfigurationFlags {
  readonly model?: string | undefined;
  readonly permissionMode?: string | undefined;
  readonly limits?: Readonly<Record<string, string | number>> | undefined;
  /** Paths that nobody is to read, absolute. */
  readonly deny?: readonly string[] | undefined;
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
  readonly permissionMode: PermissionMode;
  /** From all places together: whichever says it, a denial is one. */
  readonly rules: Record<RuleKind, string[]>;
  /** From both files together; `~/` is worked out, relative paths are taken from the working directory. */
  readonly scope: { readonly deny: string[]; readonly denyWrite: string[] };
  readonly limits: Limits;
  readonly instructions: string | null;
  readonly sandbox: SandboxSettings;
  /** By `provider/model`; the user's alone. */
  readonly models: Readonly<Record<string, ModelSettings>> | undefined;
  /** What a person should know of: what was left out, and why. */
  readonly notes: readonly string[];
}

export interface ConfigurationSource {
  readonly environment: NodeJS.ProcessEnv;
  /** Null where there is none: no project speaks then. */
  readonly cwd: string | null;
  readonly flags: ConfigurationFlags;
  /** Asks the person about what a project's file may set only with their trust; left out, nobody is asked. */
  readonly askTrust?: AskTrust | undefined;
}

/** Rejects with `CommandFailed` (usage) that names the file or variable, the key, and what is wrong with it. */
export async function loadConfiguration(source: ConfigurationSource): Promise<Configuration> {
  const { environment, cwd, flags } = source;
  const user =
    flags.file === undefined
      ? readUserFile(join(ownHome(environment).config, 'config.toml'), { mustExist: false })
      : readUserFile(resolve(cwd ?? '/', flags.file), { mustExist: true });
  const deny = fromHome(environment, user.scope?.deny);
  const { settings: project, notes: said } =
    cwd === null
      ? nobodysProject
      : await readProject({
          home: ownHome(environment),
          cwd,
          deny: [...deny, ...fromHome(environment, flags.deny)],
          askTrust: source.askTrust,
        });
  const instructions = [user.instructions, project.instructions].filter((text) => text !== undefined);
  const files = [user, project];
  const mode = fileMode(user.permissionMode, project.permissionMode);
  const notes =
    project.permissionMode === undefined || project.permissionMode === mode
      ? said
      : [
          ...said,
          `The project's permissionMode ${project.permissionMode} lets more through than ${mode}: ignored.`,
        ];
  return {
    model: flags.model ?? named(environment, 'PODKIN_MODEL') ?? project.model ?? user.model ?? '',
    permissionMode: modeOf(environment, flags, mode),
    rules: {
      allow: [
        ...narrowedRights(user.permissions?.allow, project.permissions?.allow),
        ...flagRules(flags, 'allow'),
      ],
      ask: files.flatMap((file) => file.permissions?.ask ?? []).concat(flagRules(flags, 'ask')),
      deny: files.flatMap((file) => file.permissions?.deny ?? []).concat(flagRules(flags, 'deny')),
    },
    scope: {
      deny: [...deny, ...fromHome(environment, project.scope?.deny)],
      denyWrite: files.flatMap((file) => fromHome(environment, file.scope?.denyWrite)),
    },
    limits: effectiveLimits(
      narrowed(user.limits ?? {}, project.limits ?? {}),
      environment,
      flags.limits ?? {},
    ),
    instructions: instructions.length === 0 ? null : instructions.join('\n\n'),
    models: user.models,
    sandbox: sandboxOf({ ...(user.sandbox ?? defaultSandboxSettings), ...project.sandbox }, flags),
    notes,
  };
}

function sandboxOf(settings: SandboxSettings, flags: ConfigurationFlags): SandboxSettings {
  return {
    ...settings,
    ...(flags.sandboxNetwork === true ? { network: true } : {}),
    ...(flags.sandboxUnixSockets === true ? { unixSockets: true } : {}),
  };
}

/** Of what the user and the project name, the stricter; the modes stand in that order. */
function fileMode(user: PermissionMode | undefined, project: PermissionMode | undefined): PermissionMode {
  const own = user ?? 'default';
  const stricter = project !== undefined && permissionModes.indexOf(project) < permissionModes.indexOf(own);
  return stricter ? project : own;
}

/** Of rights, what both name; a project that names none leaves the user's as they are. */
function narrowedRights(
  user: readonly string[] = [],
  project: readonly string[] | undefined,
): readonly string[] {
  return project === undefined ? user : user.filter((one) => project.includes(one));
}

/** No shell has read these paths, nor `--read=~/x`: `~/` is worked out here. */
export function fromHome(environment: NodeJS.ProcessEnv, paths: readonly string[] = []): string[] {
  const user = userHome(environment);
  return paths.map((path) => {
    const mistake = tildeMistake(path, user);
    if (mistake !== null) throw usage(`${path} ${mistake}`);
    return fromTilde(path, user);
  });
}

function named(environment: NodeJS.ProcessEnv, variable: string): string | undefined {
  const value = environment[variable];
  return value === undefined || value === '' ? undefined : value;
}

function modeOf(
  environment: NodeJS.ProcessEnv,
  flags: ConfigurationFlags,
  fromFile: PermissionMode,
): PermissionMode {
  const variable = named(environment, 'PODKIN_PERMISSION_MODE');
  const asked = flags.permissionMode ?? variable;
  if (asked === undefined) return fromFile;
  const parsed = permissionMode().safeParse(asked);
  if (parsed.success) return parsed.data;
  const where = flags.permissionMode === undefined ? 'PODKIN_PERMISSION_MODE' : '--permission-mode';
  throw usage(`${where}: "${asked}" is not one of ${permissionModes.join(', ')}`);
}

function flagRules(flags: ConfigurationFlags, kind: RuleKind): readonly string[] {
  const texts = flags.rules?.[kind] ?? [];
  for (const text of texts) {
    const parsed = parseRule(text);
    if ('mistake' in parsed) throw usage(`--${kind}-tool: ${parsed.mistake}`);
  }
  return texts;
}

/** Values that are in force are valid one by one, so what is wrong can be named by where it came from. */
function effectiveLimits(
  files: SomeLimits,
  environment: NodeJS.ProcessEnv,
  flags: Readonly<Record<string, string | number>>,
): Limits {
  const fromEnvironment = checkedLimits(limitsOfEnvironment(environment), limitVariable);
  const fromFlags = checkedLimits(flags, (name) => `--max-${name}`);
  const limits = limitsSchema().parse({ ...files, ...fromEnvironment, ...fromFlags });
  if (limits.stopGraceMs < limits.shutDownAckMs) {
    throw usage(
      `limits: stopGraceMs (${limits.stopGraceMs}) is shorter than shutDownAckMs (${limits.shutDownAckMs}); a pod would be killed while it waits to be heard: raise the one or lower the other`,
    );
  }
  return limits;
}

/** A project's file comes with what was cloned: of each limit the smaller counts, against the user's or the default. */
function narrowed(user: SomeLimits, project: SomeLimits): SomeLimits {
  const own: Readonly<Record<string, number | null | undefined>> = { ...limitsSchema().parse({}), ...user };
  const smaller = Object.entries(project).filter(([name, value]) => {
    const held = own[name];
    return typeof value === 'number' && (typeof held !== 'number' || value < held);
  });
  return { ...user, ...Object.fromEntries(smaller) };
}

function checkedLimits(
  values: Readonly<Record<string, string | number>>,
  where: (name: string) => string,
): SomeLimits {
  for (const [name, value] of Object.entries(values)) {
    const checked = someLimits().safeParse({ [name]: value });
    if (!checked.success) throw usage(`${where(name)}: "${value}" ${limitMistake(checked.error)}`);
  }
  return someLimits().parse(values);
}

/** What is wrong with one value, as the end of a sentence about it. */
function limitMistake(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue?.code === 'too_small')
    return `is too small: ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum} is possible`;
  if (issue?.code === 'too_big') return `is too large: at most ${issue.maximum} is possible`;
  if (issue?.code === 'invalid_type' && issue.expected === 'int') return 'is not a whole number';
  return 'is not a number';
}

/** Warnings for variables that look like limits and are none: nothing is bounded by a name that is mistyped. */
export function unknownLimits(environment: NodeJS.ProcessEnv): string[] {
  const prefix = limitVariable('');
  const known = limitNames().map((name) => limitVariable(name).slice(prefix.length));
  return Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !known.includes(name.slice(prefix.length)))
    .map((name) => {
      const near = nearest(name.slice(prefix.length), known);
      const hint =
        near === null ? `behind ${prefix} stand ${known.join(', ')}` : `did you mean ${prefix}${near}?`;
      return `${name} is not a limit and changes nothing; ${hint}`;
    });
}
