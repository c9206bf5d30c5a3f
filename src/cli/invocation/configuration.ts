/**
 * The effective configuration: flags before the environment before the project's file before the user's file. Absent: keys, base URLs and hooks,
 * which only the environment can set; a project's file may set nothing that loosens what pods may do.
 */
import { systemCode } from '../../std/system-code.ts';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import * as z from 'zod';
import { once } from '../../std/once.ts';
import { parseRule, type RuleKind } from '../../scope/permission-rules.ts';
import { homeOf } from '../../session/home.ts';
import { type PermissionMode, permissionModes } from '../../session/permissions.ts';
import {
  defaultSandboxSettings,
  type Limits,
  limitsOfEnvironment,
  limitsSchema,
  limitVariable,
  type SandboxSettings,
  sandboxSettingsSchema,
} from '../../session/settings.ts';
import { CommandFailed, exitStatus } from './context.ts';
import { nearest } from '../words/nearest.ts';
import { pathMistake } from '../../scope/path-mistake.ts';

const permissionMode = once(() => z.enum(permissionModes));

/** Limits as far as one source names them: without the defaults, which would hide what a weaker source says. */
const someLimits = once(() =>
  z.strictObject(
    Object.fromEntries(
      Object.entries(limitsSchema().shape).map(([name, field]) => [name, field.unwrap().optional()]),
    ),
  ),
);
type SomeLimits = z.output<ReturnType<typeof someLimits>>;

const rules = once(() =>
  z
    .array(
      z.string().superRefine((text, check) => {
        const parsed = parseRule(text);
        if ('mistake' in parsed) check.addIssue({ code: 'custom', message: parsed.mistake });
      }),
    )
    .optional(),
);
/** A project's file comes with what was cloned: it may make podkin ask and refuse, never allow. */
const projectRules = once(() => z.strictObject({ ask: rules(), deny: rules() }));

/** Files only take away: what may be touched is said on the command line. */
const scopeSchema = once(() => {
  const paths = z
    .array(
      z.string().superRefine((path, check) => {
        const mistake = pathMistake(path);
        if (mistake !== null) check.addIssue({ code: 'custom', message: `"${path}" ${mistake}` });
      }),
    )
    .optional();
  return z.strictObject({ deny: paths, denyWrite: paths });
});

const projectFileSchema = once(() =>
  z.strictObject({
    instructions: z.string().optional(),
    limits: someLimits().optional(),
    permissions: projectRules().optional(),
    scope: scopeSchema().optional(),
  }),
);
const userFileSchema = once(() =>
  projectFileSchema().extend({
    model: z.string().min(1).optional(),
    permissionMode: permissionMode().optional(),
    permissions: projectRules().extend({ allow: rules() }).optional(),
    sandbox: sandboxSettingsSchema().optional(),
  }),
);

/** What the command line said; what it did not say is left out. `limits` as text or numbers, by the names of `Limits`. */
export interface ConfigurationFlags {
  readonly model?: string | undefined;
  readonly permissionMode?: string | undefined;
  readonly limits?: Readonly<Record<string, string | number>> | undefined;
  /** Rules as text. */
  readonly rules?: Readonly<Partial<Record<RuleKind, readonly string[]>>> | undefined;
  readonly sandboxNetwork?: boolean | undefined;
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
}

export interface ConfigurationSource {
  readonly environment: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly flags: ConfigurationFlags;
}

/** Throws `CommandFailed` (usage) that names the file or variable, the key, and what is wrong with it. */
export function loadConfiguration({ environment, cwd, flags }: ConfigurationSource): Configuration {
  const userPath = join(homeOf(environment).config, 'config.toml');
  const user =
    flags.file === undefined
      ? readFile(userPath, userFileSchema(), { mustExist: false })
      : readFile(resolve(cwd, flags.file), userFileSchema(), { mustExist: true });
  const project = readFile(projectFile(cwd), projectFileSchema(), { mustExist: false });
  const instructions = [user.instructions, project.instructions].filter((text) => text !== undefined);
  return {
    model: flags.model ?? named(environment, 'PODKIN_MODEL') ?? user.model ?? '',
    permissionMode: modeOf(environment, flags, user.permissionMode),
    rules: {
      allow: [...(user.permissions?.allow ?? []), ...flagRules(flags, 'allow')],
      ask: [user, project].flatMap((file) => file.permissions?.ask ?? []).concat(flagRules(flags, 'ask')),
      deny: [user, project].flatMap((file) => file.permissions?.deny ?? []).concat(flagRules(flags, 'deny')),
    },
    scope: {
      deny: [user, project].flatMap((file) => fromHome(environment, file.scope?.deny)),
      denyWrite: [user, project].flatMap((file) => fromHome(environment, file.scope?.denyWrite)),
    },
    limits: effectiveLimits(
      narrowed(user.limits ?? {}, project.limits ?? {}),
      environment,
      flags.limits ?? {},
    ),
    instructions: instructions.length === 0 ? null : instructions.join('\n\n'),
    sandbox: sandboxOf(user.sandbox, flags),
  };
}

/** Only what a person says themselves: a project's file can not let shells out. */
function sandboxOf(fromFile: SandboxSettings | undefined, flags: ConfigurationFlags): SandboxSettings {
  const settings = fromFile ?? defaultSandboxSettings;
  return flags.sandboxNetwork === true ? { ...settings, network: true } : settings;
}

export function projectFile(cwd: string): string {
  return join(cwd, '.podkin', 'config.toml');
}

/** No shell has read these paths: `~/` is worked out here. */
function fromHome(environment: NodeJS.ProcessEnv, paths: readonly string[] = []): string[] {
  const user = environment['HOME'] ?? homedir();
  return paths.map((path) => (path === '~' || path.startsWith('~/') ? join(user, path.slice(1)) : path));
}

function named(environment: NodeJS.ProcessEnv, variable: string): string | undefined {
  const value = environment[variable];
  return value === undefined || value === '' ? undefined : value;
}

function modeOf(
  environment: NodeJS.ProcessEnv,
  flags: ConfigurationFlags,
  fromFile: PermissionMode | undefined,
): PermissionMode {
  const variable = named(environment, 'PODKIN_PERMISSION_MODE');
  const asked = flags.permissionMode ?? variable;
  if (asked === undefined) return fromFile ?? 'default';
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

const limitNames = once(() => Object.keys(limitsSchema().shape));

function readFile<T extends z.ZodObject>(
  path: string,
  schema: T,
  options: { mustExist: boolean },
): z.output<T> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    if (missing && !options.mustExist) return schema.parse({});
    const why = missing ? 'there is no such file' : `it can not be read (${code ?? 'unknown error'})`;
    throw usage(`${path}: ${why}; correct its path or its rights`);
  }
  const parsed = schema.safeParse(parseToml(path, text));
  if (!parsed.success) throw usage(`${path}: ${problem(parsed.error, Object.keys(schema.shape))}`);
  return parsed.data;
}

function parseToml(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const first = error.message.split('\n')[0] ?? '';
    throw usage(`${path}, line ${error.line}, column ${error.column}: ${first}`);
  }
}

/** The first mistake: the key, what is wrong, and the key that may have been meant. */
function problem(error: z.ZodError, keys: readonly string[]): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'it is not understood';
  const place = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const inner: Record<string, readonly string[]> = {
      limits: limitNames(),
      permissions: ['ask', 'deny'],
      scope: ['deny', 'denyWrite'],
    };
    const known = inner[place] ?? keys;
    const near = nearest(key, known);
    const hint = near === null ? `known here: ${known.join(', ')}` : `did you mean "${near}"?`;
    return `the key "${place === '' ? key : `${place}.${key}`}" may not be set here (${hint})`;
  }
  return place === '' ? issue.message : `${place}: ${issue.message}`;
}

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}
