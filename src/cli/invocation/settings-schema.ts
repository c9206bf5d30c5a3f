/**
 * What the configuration files may hold: the user's and a project's. Each setting says here what it does;
 * docs/configuration.md, `podkin config` and the JSON Schema for editors are made of it.
 */
import * as z from 'zod';
import { pathProblem } from '../../scope/paths/path-problem.ts';
import { parseRule } from '../../scope/permissions/permission-rules.ts';
import { efforts } from '../../session/settings/effort.ts';
import { modelSettingsSchema } from '../../session/settings/model-settings.ts';
import { permissionModes } from '../../session/settings/permissions.ts';
import { fileLimitsSchema, limitsSchema, sandboxSettingsSchema } from '../../session/settings/settings.ts';
import type { JsonObject } from '../../std/json.ts';
import { once } from '../../std/once.ts';

export const permissionMode = once(() => z.enum(permissionModes));
export const effortSchema = once(() => z.enum(efforts));

/** Limits as variables and flags name them: as text too. */
export const someLimits = once(() =>
  z.strictObject(
    Object.fromEntries(
      Object.entries(limitsSchema().shape).map(([name, field]) => [name, field.unwrap().optional()]),
    ),
  ),
);
export type SomeLimits = z.output<ReturnType<typeof someLimits>>;

function rules(description: string) {
  return z
    .array(
      z.string().superRefine((text, check) => {
        const parsed = parseRule(text);
        if ('problem' in parsed) check.addIssue({ code: 'custom', message: parsed.problem });
      }),
    )
    .optional()
    .meta({ description, default: [] });
}

const permissionRules = once(() =>
  z.strictObject({
    allow: rules('Calls that run without an approval, as "Bash(npm test*)" or "Write".'),
    ask: rules('Calls that need an approval first; outweighs allow.'),
    deny: rules('Calls that never run; outweighs ask and allow.'),
  }),
);

function paths(description: string) {
  return z
    .array(
      z.string().superRefine((path, check) => {
        const problem = pathProblem(path);
        if (problem !== null) check.addIssue({ code: 'custom', message: `"${path}" ${problem}` });
      }),
    )
    .optional()
    .meta({ description, default: [] });
}

/** Files only take away: what may be touched is said on the command line. */
const scopeSchema = once(() =>
  z.strictObject({
    deny: paths('Paths that nobody may read or change.'),
    denyWrite: paths('Paths that nobody may change.'),
  }),
);

/**
 * Without the program, since what it leads to is no part of a file that a person has looked at, and without
 * what opens the way to a user's services.
 */
const projectSandbox = once(() =>
  z.strictObject(
    Object.fromEntries(
      Object.entries(sandboxSettingsSchema().shape)
        .filter(([name]) => name !== 'program' && name !== 'unixSockets')
        .map(([name, field]) => [
          name,
          field
            .unwrap()
            .optional()
            .meta(field.meta() ?? {}),
        ]),
    ),
  ),
);

/** A project's file comes with what was cloned; what each of these can do, `project-settings.ts` says. */
export const projectFileSchema = once(() =>
  z.strictObject({
    model: z
      .string()
      .min(1)
      .optional()
      .describe('The model, as provider/model, or script/PATH for a scenario file.'),
    permissionMode: permissionMode()
      .optional()
      .meta({ description: 'What pods may do without an approval.', default: 'default' }),
    instructions: z.string().optional().describe('Standing instructions for every root pod.'),
    limits: fileLimitsSchema().optional(),
    permissions: permissionRules().optional(),
    scope: scopeSchema().optional(),
    sandbox: projectSandbox().optional(),
  }),
);
export type ProjectSettings = z.output<ReturnType<typeof projectFileSchema>>;

export const userFileSchema = once(() =>
  // A project that could name a price could raise what a limit of the cost lets through, and more thinking
  // costs more.
  projectFileSchema().extend({
    effort: effortSchema()
      .optional()
      .describe(
        'How much the model is to think before it answers; as much as it does by itself where not set.',
      ),
    sandbox: sandboxSettingsSchema().optional(),
    models: modelSettingsSchema().optional(),
  }),
);
export type UserSettings = z.output<ReturnType<typeof userFileSchema>>;

export const limitNames = once(() => Object.keys(limitsSchema().shape));

/** JSON Schema (2020-12) of a file. */
export function jsonSchemaOf(schema: z.ZodType): JsonObject {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a JSON Schema is JSON
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject;
}
