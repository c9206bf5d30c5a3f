/** From the options of `start` to the plan of a root: checked, and with what the configuration says. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import { BadSetting } from '../configuration/bad-setting.ts';
import { fromHome } from '../configuration/configuration-files.ts';
import { loadConfiguration } from '../configuration/configuration.ts';
import { realPath } from '../configuration/real-paths.ts';
import { offerToolsParams } from '../protocol/own-tools.ts';
import { ruledTools } from '../scope/permissions/permission-rules.ts';
import { pathProblem } from '../scope/paths/path-problem.ts';
import { userHome } from '../session/home/places.ts';
import { type Demands, minutesMax, triesDefault, triesMax } from '../session/settings/demands.ts';
import { efforts } from '../session/settings/effort.ts';
import { permissionModes } from '../session/settings/permissions.ts';
import { schemaProblem } from '../session/settings/result-schema.ts';
import { asJson, isJsonObject } from '../std/json.ts';
import { once } from '../std/once.ts';
import { thrownText } from '../std/thrown-text.ts';
import type { OwnTool, StartOptions, TreeOptions } from './api.ts';
import { offeredTool } from './owner-link.ts';
import { broadPlace } from './roots/broad-place.ts';
import { checkedModels } from './roots/checked-models.ts';
import type { RootPlan } from './roots/create-root.ts';
import type { RootContext } from './roots/root-context.ts';
import { rootPlanOf } from './roots/root-plan-of.ts';

const paths = once(() => z.array(z.string()).readonly().optional());
const minutes = once(() => z.number().positive().max(minutesMax).optional());
const optionsSchema = once(() =>
  z.strictObject({
    task: z.string().min(1, 'a task has at least one character; leave it out to send one later').optional(),
    name: z.string().optional(),
    model: z.string().optional(),
    cwd: z.string().optional(),
    read: paths(),
    write: paths(),
    deny: paths(),
    denyWrite: paths(),
    permissionMode: z.enum(permissionModes).optional(),
    permissions: z.strictObject({ allow: paths(), ask: paths(), deny: paths() }).optional(),
    effort: z.enum(efforts).optional(),
    profile: z.string().optional(),
    maxCost: z.number().positive().optional(),
    maxTokens: z.int().positive().optional(),
    maxSteps: z.int().positive().optional(),
    timeoutMinutes: minutes(),
    idleMinutes: minutes(),
    schema: z.record(z.string(), z.unknown()).optional(),
    check: z
      .strictObject({
        command: z.string().trim().min(1),
        tries: z.int().min(1).max(triesMax).optional(),
      })
      .optional(),
    ...treeOptions(),
  }),
);
/** Of a tree that is restored, too. */
const treeSchema = once(() => z.strictObject(treeOptions()));

const treeOptions = () => ({
  onQuestion: z.unknown().optional(),
  deltas: z.boolean().optional(),
  lifetime: z.enum(['program', 'own']).optional(),
  tools: z
    .array(z.looseObject({ name: z.string(), inputSchema: z.record(z.string(), z.unknown()) }))
    .optional(),
  signal: z.unknown().optional(),
});

export interface PlannedRoot {
  readonly plan: RootPlan;
  /** For people: what was left out of the configuration, and why. */
  readonly notes: readonly string[];
}

/** Rejects with `BadSetting`; nothing is made. */
export async function plannedRoot(context: RootContext, options: StartOptions): Promise<PlannedRoot> {
  const problem = optionsProblem(options);
  if (problem !== null) throw new BadSetting(`start: ${problem}`);
  const { environment } = context;
  const cwd = realPath(resolve(context.cwd, options.cwd ?? '.'));
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new BadSetting(`start: there is no directory ${cwd}: name another one as cwd`);
  const isSaid = [options.read, options.write].some((named) => (named ?? []).length > 0);
  const broad = isSaid || options.cwd !== undefined ? null : broadPlace(cwd, environment);
  if (broad !== null)
    throw new BadSetting(`start: ${cwd} is ${broad}: say what may be touched with read, write or cwd`);
  const configuration = await loadConfiguration({ environment, cwd, flags: flagsOf(options) });
  const models = checkedModels(context, configuration, cwd);
  const planned = rootPlanOf(configuration, {
    name: options.name ?? null,
    cwd,
    home: userHome(environment),
    places: isSaid
      ? { read: checkedPaths(options.read, environment), write: checkedPaths(options.write, environment) }
      : null,
    demands: demandsIn(options),
    deny: checkedPaths(options.deny, environment),
    denyWrite: checkedPaths(options.denyWrite, environment),
    tokens: options.maxTokens ?? null,
    headless: options.onQuestion === undefined,
  });
  return { notes: configuration.notes, plan: { ...planned, ...models, ownRules: rulesOf(options, true) } };
}

/** As the pod would refuse them, before there is one. */
function toolsProblem(tools: readonly OwnTool[]): string | null {
  for (const tool of tools) {
    const { name } = tool;
    if (typeof tool.run !== 'function') return `tools: "${name}" has no function run`;
    if (ruledTools.some((known) => known === name))
      return `tools: "${name}" is the name of one of podkin's own`;
    if (name.startsWith('mcp__')) return `tools: "${name}" is a name of MCP servers`;
  }
  const offered = { token: 'x', tools: offeredTools(tools) };
  if (typeof offered.tools === 'string') return offered.tools;
  const [issue] = offerToolsParams().safeParse(offered).error?.issues ?? [];
  return issue === undefined ? null : `${issue.path.join('.')}: ${issue.message}`;
}

/** A schema that holds itself is none. */
function offeredTools(tools: readonly OwnTool[]): ReturnType<typeof offeredTool>[] | string {
  try {
    return tools.map(offeredTool);
  } catch (error) {
    return `tools: a schema is no JSON: ${thrownText(error)}`;
  }
}

function optionsProblem(options: StartOptions): string | null {
  const wrong = schemaProblemIn(optionsSchema(), options) ?? givenProblem(options);
  if (wrong !== null || options.schema === undefined) return wrong;
  try {
    const schema = asJson(options.schema);
    const why = isJsonObject(schema) ? schemaProblem(schema) : 'it is no object';
    return why === null ? null : `schema: ${why}`;
  } catch (error) {
    return `schema: it is no JSON: ${thrownText(error)}`;
  }
}

/** Of `restore`. */
export function treeOptionsProblem(options: TreeOptions): string | null {
  return schemaProblemIn(treeSchema(), options) ?? givenProblem(options);
}

function schemaProblemIn(schema: z.ZodType, options: unknown): string | null {
  const parsed = schema.safeParse(options);
  if (parsed.success) return null;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  return `${path === '' ? '' : `${path}: `}${issue?.message ?? 'what was given cannot be read'}`;
}

function givenProblem({ onQuestion, tools = [] }: TreeOptions): string | null {
  if (onQuestion !== undefined && typeof onQuestion !== 'function') return 'onQuestion is no function';
  return toolsProblem(tools);
}

/** About the program's own tools, or about all others. */
function rulesOf(
  { permissions = {}, tools = [] }: StartOptions,
  isOwn: boolean,
): Record<'allow' | 'ask' | 'deny', readonly string[]> {
  const names = new Set(tools.map(({ name }) => name));
  const of = (texts: readonly string[] = []) => texts.filter((text) => names.has(text) === isOwn);
  return { allow: of(permissions.allow), ask: of(permissions.ask), deny: of(permissions.deny) };
}

function flagsOf(options: StartOptions): Parameters<typeof loadConfiguration>[0]['flags'] {
  const { model, profile, effort, permissionMode, deny, denyWrite, maxCost, maxSteps } = options;
  return {
    model,
    profile,
    effort,
    permissionMode,
    rules: rulesOf(options, false),
    deny,
    denyWrite,
    limits: {
      ...(maxSteps === undefined ? {} : { steps: maxSteps }),
      ...(maxCost === undefined ? {} : { cost: maxCost }),
    },
  };
}

function demandsIn({ timeoutMinutes, idleMinutes, check, schema }: StartOptions): Partial<Demands> {
  return {
    timeoutMinutes: timeoutMinutes ?? null,
    idleMinutes: idleMinutes ?? null,
    check:
      check === undefined
        ? null
        : { command: check.command, tries: check.tries ?? triesDefault, outside: true },
    result: schema === undefined ? null : asJson(schema),
  };
}

function checkedPaths(named: readonly string[] = [], environment: NodeJS.ProcessEnv): readonly string[] {
  for (const path of named) {
    const problem = pathProblem(path);
    if (problem !== null) throw new BadSetting(`start: "${path}" ${problem}`);
  }
  return fromHome(userHome(environment), named);
}
