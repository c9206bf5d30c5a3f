/**
 * The configuration files: what may stand in the user's and in a project's, how they are read, and what is
 * said about a problem.
 */
import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import * as z from 'zod';
import { parseRule } from '../../scope/permissions/permission-rules.ts';
import { pathProblem } from '../../scope/paths/path-problem.ts';
import { modelSettingsSchema } from '../../session/settings/model-settings.ts';
import { permissionModes } from '../../session/settings/permissions.ts';
import { limitsSchema, sandboxSettingsSchema } from '../../session/settings/settings.ts';
import { once } from '../../std/once.ts';
import { systemCode } from '../../std/system-code.ts';
import { fromTilde, tildeProblem } from '../../std/tilde.ts';
import { nearest } from '../format/nearest.ts';
import { CommandFailed, exitStatus } from './context.ts';

export const permissionMode = once(() => z.enum(permissionModes));

/**
 * Limits as far as one source names them: without the defaults, which would hide what a weaker source says.
 */
export const someLimits = once(() =>
  z.strictObject(
    Object.fromEntries(
      Object.entries(limitsSchema().shape).map(([name, field]) => [name, field.unwrap().optional()]),
    ),
  ),
);
export type SomeLimits = z.output<ReturnType<typeof someLimits>>;

const rules = once(() =>
  z
    .array(
      z.string().superRefine((text, check) => {
        const parsed = parseRule(text);
        if ('problem' in parsed) check.addIssue({ code: 'custom', message: parsed.problem });
      }),
    )
    .optional(),
);
const permissionRules = once(() => z.strictObject({ allow: rules(), ask: rules(), deny: rules() }));

/** Files only take away: what may be touched is said on the command line. */
const scopeSchema = once(() => {
  const paths = z
    .array(
      z.string().superRefine((path, check) => {
        const problem = pathProblem(path);
        if (problem !== null) check.addIssue({ code: 'custom', message: `"${path}" ${problem}` });
      }),
    )
    .optional();
  return z.strictObject({ deny: paths, denyWrite: paths });
});

/**
 * Without the program, since what it leads to is no part of a file that a person has looked at, and without
 * what opens the way to a user's services.
 */
const projectSandbox = once(() =>
  z.strictObject(
    Object.fromEntries(
      Object.entries(sandboxSettingsSchema().shape)
        .filter(([name]) => name !== 'program' && name !== 'unixSockets')
        .map(([name, field]) => [name, field.unwrap().optional()]),
    ),
  ),
);

/** A project's file comes with what was cloned; what each of these can do, `project-settings.ts` says. */
export const projectFileSchema = once(() =>
  z.strictObject({
    model: z.string().min(1).optional(),
    permissionMode: permissionMode().optional(),
    instructions: z.string().optional(),
    limits: someLimits().optional(),
    permissions: permissionRules().optional(),
    scope: scopeSchema().optional(),
    sandbox: projectSandbox().optional(),
  }),
);
export type ProjectSettings = z.output<ReturnType<typeof projectFileSchema>>;

const userFileSchema = once(() =>
  // A project that could name a price could raise what a limit of the cost lets through.
  projectFileSchema().extend({
    sandbox: sandboxSettingsSchema().optional(),
    models: modelSettingsSchema().optional(),
  }),
);
export type UserSettings = z.output<ReturnType<typeof userFileSchema>>;

export const limitNames = once(() => Object.keys(limitsSchema().shape));

/** Throws `CommandFailed` (usage). */
export function readUserFile(path: string, options: { mustExist: boolean }): UserSettings {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    if (missing && !options.mustExist) return {};
    const why = missing ? 'there is no such file' : `it cannot be read (${code ?? 'unknown error'})`;
    throw usage(`${path}: ${why}; correct its path or its rights`);
  }
  return parseSettings(path, text, userFileSchema());
}

/** Throws `CommandFailed` (usage) that names the place of the first problem. */
export function parseSettings<T extends z.ZodObject>(path: string, text: string, schema: T): z.output<T> {
  const said = parseToml(path, text);
  const parsed = schema.safeParse(said);
  if (!parsed.success) throw usage(`${path}: ${problem(parsed.error, Object.keys(schema.shape), said)}`);
  return parsed.data;
}

function parseToml(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const first = error.message.split('\n')[0] ?? '';
    throw usage(`${path}, line ${error.line}, column ${error.column}: ${first}`);
  }
}

/** The first problem: the key, what is wrong, and the key that may have been meant. */
function problem(
  error: z.ZodError,
  keys: readonly string[],
  said: Readonly<Record<string, unknown>>,
): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'it is not understood';
  const place = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const inner: Record<string, readonly string[]> = {
      limits: limitNames(),
      permissions: ['allow', 'ask', 'deny'],
      sandbox: Object.keys(sandboxSettingsSchema().shape),
      scope: ['deny', 'denyWrite'],
    };
    const known = inner[place] ?? keys;
    const near = nearest(key, known);
    const hint = near === null ? `known here: ${known.join(', ')}` : `did you mean "${near}"?`;
    return `the key "${place === '' ? key : `${place}.${key}`}" may not be set here (${hint})`;
  }
  const { limits } = said;
  const name = issue.path[0] === 'limits' ? issue.path[1] : undefined;
  if (typeof name === 'string' && typeof limits === 'object' && limits !== null && !Array.isArray(limits)) {
    const value: unknown = Object.entries(limits).find(([key]) => key === name)?.[1];
    return `${place}: ${typeof value === 'number' ? value : JSON.stringify(value)} ${limitProblem(issue)}`;
  }
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? '') : issue.message;
  return place === '' ? message : `${place}: ${message}`;
}

/** What is wrong with one value, as the end of a sentence about it. */
export function limitProblem(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'too_small')
    return `is too small: ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum} is possible`;
  if (issue?.code === 'too_big') return `is too large: at most ${issue.maximum} is possible`;
  if (issue?.code === 'invalid_type' && issue.expected === 'int') return 'is not a whole number';
  return 'is not a number';
}

/**
 * No shell has read these paths, nor `--read=~/x`: `~/` is worked out here. Throws `CommandFailed` (usage).
 */
export function fromHome(home: string | null, paths: readonly string[] = []): string[] {
  return paths.map((path) => {
    const problem = tildeProblem(path, home);
    if (problem !== null) throw usage(`${path} ${problem}`);
    return fromTilde(path, home);
  });
}

export function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}
