/**
 * What the configuration files may hold: the user's and a project's. Each setting says here what it does;
 * docs/configuration.md, `podkin config` and the JSON Schema for editors are made of it.
 */
import * as z from 'zod';
import { pathProblem } from '../scope/paths/path-problem.ts';
import { parseRule, ruledTools } from '../scope/permissions/permission-rules.ts';
import {
  checkCharsMax,
  isCheckCommand,
  minutesMax,
  triesDefault,
  triesMax,
} from '../session/settings/demands.ts';
import { schemaTextProblem } from '../session/settings/result-schema.ts';
import { efforts } from '../session/settings/effort.ts';
import { mcpNamePattern, mcpTimeoutMs } from '../session/settings/mcp-settings.ts';
import { modelSettingsSchema } from '../session/settings/model-settings.ts';
import { permissionModes } from '../session/settings/permissions.ts';
import { fileLimitsSchema, limitsSchema, sandboxSettingsSchema } from '../session/settings/settings.ts';
import type { JsonObject } from '../std/json.ts';
import { enginesSchema } from './engine-schema.ts';
import { hostsSchema, ownHostSchema } from './host-schema.ts';
import { projectHooks, userHooks } from './hook-settings.ts';
import { keyProblem, keysProblem } from '../screen/keymap.ts';
import { once } from '../std/once.ts';

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

function paths(description: string, more: { default?: never[] } = {}) {
  return z
    .array(
      z.string().superRefine((path, check) => {
        const problem = pathProblem(path);
        if (problem !== null) check.addIssue({ code: 'custom', message: `"${path}" ${problem}` });
      }),
    )
    .optional()
    .meta({ description, ...more });
}

/** Files only take away: what may be touched is said on the command line. */
const scopeSchema = once(() =>
  z.strictObject({
    deny: paths('Paths that nobody may read or change.', { default: [] }),
    denyWrite: paths('Paths that nobody may change.', { default: [] }),
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
    hooks: projectHooks(),
  }),
);
export type ProjectSettings = z.output<ReturnType<typeof projectFileSchema>>;

/** The name of a role: as the model and the command line give it. */
export const profileNamePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Of MCP servers too. */
const toolNames = once(() =>
  z.array(
    z.union([
      z.enum(ruledTools),
      z.string().regex(/^mcp__[A-Za-z0-9_-]*\*?$/, 'is no tool: write mcp__SERVER__TOOL or mcp__SERVER__*'),
    ]),
  ),
);

const minutes = once(() => z.number().positive().max(minutesMax).optional());

const resultSchema = once(() =>
  z.string().superRefine((text, context) => {
    const problem = schemaTextProblem(text);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  }),
);

const profilesSchema = once(() =>
  z.record(
    z.string().regex(profileNamePattern, 'is not a name: use 1 to 63 of a-z, 0-9 and "-", no "-" first'),
    z.strictObject({
      description: z.string().optional().describe('What it is for: one line, which the model reads.'),
      model: z.string().min(1).optional().describe('Its model, in place of the one that it would have.'),
      instructions: z.string().optional().describe('Standing instructions of a pod of this role.'),
      tools: toolNames().optional().describe('The tools that it has; all where not set.'),
      mode: permissionMode()
        .optional()
        .describe('Its permission mode; of a child only a stricter one counts.'),
      write: paths('Paths that it may change, as --write; of a child inside of what its parent may.'),
      read: paths('Paths that it may read, as --read; of a child inside of what its parent may.'),
      maxCost: z
        .number()
        .positive()
        .optional()
        .describe('US dollars that it and those below it may spend, at most.'),
      effort: effortSchema().optional().describe('How much its model is to think.'),
      timeoutMinutes: minutes().describe('The longest that one of its turns may take.'),
      idleMinutes: minutes().describe('The longest that it may be silent while it works.'),
      check: z
        .string()
        .refine(isCheckCommand, `is no command: write one of 1 to ${checkCharsMax} characters, without NUL`)
        .optional()
        .describe(
          'A command that must exit with 0 once a pod of this role has finished, as --check; of a child it is allowed as its Bash before the spawn.',
        ),
      tries: z
        .int()
        .min(1)
        .max(triesMax)
        .optional()
        .describe(`How often the check is run at most; ${triesDefault} where not set.`),
      result: resultSchema()
        .optional()
        .describe('A JSON Schema of its final answer, as --output-schema, written as JSON.'),
      wait: z
        .boolean()
        .optional()
        .describe('Whether a child waits for paths of `write` that another pod holds.'),
      worktree: z
        .boolean()
        .optional()
        .describe('A child with it works in a git clone of its own; of a root it says nothing.'),
    }),
  ),
);

const mcpText = once(() => z.string().min(1).max(8_192));

/** A value is never in the file: the name of a variable is, and a scheme before it. */
const headerForm = /^(?:[A-Za-z][A-Za-z0-9-]* )?[A-Za-z_][A-Za-z0-9_]*$/;

const mcpSchema = once(() =>
  z.record(
    z.string().regex(mcpNamePattern, 'is not a name: use 1 to 32 of a-z, 0-9 and "-", a letter first'),
    z
      .strictObject({
        command: mcpText()
          .optional()
          .describe('The program of a server that talks over its input and output.'),
        args: z.array(z.string().max(8_192)).max(256).optional().describe('Its arguments.'),
        env: z
          .union([
            z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a variable')),
            z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()),
          ])
          .optional()
          .describe(
            'Variables that it is given: their names, or a table in which ${NAME} stands for one of yours. Of yours it sees no others.',
          ),
        url: z
          .string()
          .refine(isHttpUrl, 'is no address of the form https://…')
          .optional()
          .describe('The address of a server that is reached over HTTP.'),
        headers: z
          .record(
            z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'is not the name of a header'),
            z
              .string()
              .regex(headerForm, 'is no variable: write its name, as in "Bearer MY_TOKEN"')
              .describe('The variable that holds the value of this header.'),
          )
          .optional()
          .describe(
            'Headers that it is sent: of each the name of the variable that holds it, as "Bearer MY_TOKEN".',
          ),
        tools: z
          .array(z.string().min(1).max(256))
          .optional()
          .describe('Names of its tools that are offered, "*" for any characters; all where not set.'),
        timeoutMs: z.int().min(mcpTimeoutMs.min).max(mcpTimeoutMs.max).optional().meta({
          description: 'Milliseconds that a call may take without a word of progress.',
          default: mcpTimeoutMs.fallback,
        }),
        network: z
          .boolean()
          .optional()
          .describe('Whether its sandbox has the network; as sandbox.network where not set.'),
        read: paths('Paths that it may read beside what the pod may.'),
        write: paths('Paths that it may change beside what the pod may: its own data.'),
      })
      .refine(
        ({ command, url }) => (command === undefined) !== (url === undefined),
        'needs a command or a url',
      ),
  ),
);

function isHttpUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return (
    (url?.protocol === 'https:' || url?.protocol === 'http:') && url.username === '' && url.password === ''
  );
}

/** Names and keys are checked together: what is a key depends on where it counts. */
const keysSchema = once(() =>
  z
    .record(
      z.string(),
      z.union([z.string(), z.array(z.string()).max(8)]).meta({
        description:
          'Keys of an action of the screen, in place of its own; the actions and their names are in docs/screen.md.',
      }),
    )
    .superRefine((settings, check) => {
      for (const [id, keys] of Object.entries(settings)) {
        const problem = keyProblem(id, keys);
        if (problem !== null) check.addIssue({ code: 'custom', path: [id], message: problem });
      }
      const problem = keysProblem(settings);
      if (problem !== null) check.addIssue({ code: 'custom', message: problem });
    }),
);

const modelsMax = 8;

export const userFileSchema = once(() =>
  // A project that could name a price could raise what a limit of the cost lets through, and more thinking
  // costs more.
  projectFileSchema().extend({
    model: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(modelsMax)])
      .optional()
      .describe(
        'The model, as provider/model, or script/PATH for a scenario file; of a list the next one is asked while one has reached a limit for longer than limits.retryAfterMaxMs, has no credit left, or is gone.',
      ),
    retry: z
      .strictObject({
        wait: z.boolean().optional().meta({
          description:
            'A limit for longer than limits.retryAfterMaxMs is waited for, with one model too: as long as its provider says, and not with -p.',
          default: false,
        }),
      })
      .optional(),
    effort: effortSchema()
      .optional()
      .describe(
        'How much the model is to think before it answers; as much as it does by itself where not set.',
      ),
    sandbox: sandboxSettingsSchema().optional(),
    hooks: userHooks(),
    models: modelSettingsSchema().optional(),
    profile: profilesSchema().optional(),
    mcp: mcpSchema().optional(),
    engines: enginesSchema().optional(),
    hosts: hostsSchema().optional(),
    host: ownHostSchema().optional(),
    history: z.boolean().optional().meta({
      description:
        'What you send from the screen is kept for its history, by directory, readable by you alone.',
      default: true,
    }),
    mouse: z.boolean().optional().meta({
      description: 'The wheel scrolls in the screen; then the terminal selects no text without Shift.',
      default: false,
    }),
    keys: keysSchema().optional(),
  }),
);
export type UserSettings = z.output<ReturnType<typeof userFileSchema>>;

export const limitNames = once(() => Object.keys(limitsSchema().shape));

/** JSON Schema (2020-12) of a file. */
export function jsonSchemaOf(schema: z.ZodType): JsonObject {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a JSON Schema is JSON
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject;
}
