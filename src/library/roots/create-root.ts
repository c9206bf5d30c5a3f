/** Makes a root pod: its name, its rights and settings, its folder; then its process. */
import { NoFreeName } from '../../client/errors.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedProcess } from '../../pod/host.ts';
import {
  PodStartFailed,
  readyWithin,
  type StartOptions,
  startPodProcess,
} from '../../pod/process/start-process.ts';
import { podNamePattern } from '../../protocol/names.ts';
import { schemaVersion } from '../../session/facts/entries.ts';
import { createPodFolder } from '../../session/home/create-folder.ts';
import { NameTaken } from '../../session/home/name-taken.ts';
import { type Home, type PodFolder, podPlaces, type PodSpec } from '../../session/home/home.ts';
import { type Demands, withDemands } from '../../session/settings/demands.ts';
import type { Effort } from '../../session/settings/effort.ts';
import { type Hook, hookSettings } from '../../session/facts/hooks.ts';
import { keep } from '../../session/home/kept.ts';
import type { EngineSettings } from '../../session/settings/engine-settings.ts';
import type { McpServerSettings } from '../../session/settings/mcp-settings.ts';
import type { ModelSettings } from '../../session/settings/model-settings.ts';
import type { PermissionSettings } from '../../session/settings/permissions.ts';
import {
  type Limits,
  type SandboxSettings,
  defaultSandboxSettings,
} from '../../session/settings/settings.ts';
import { realClock } from '../../std/clock.ts';
import { processIdentity } from '../../std/process-identity.ts';
import { signalProcess } from '../../std/signal-process.ts';
import type { RuleKind } from '../../scope/permissions/permission-rules.ts';
import { asJson, type JsonObject } from '../../std/json.ts';
import { uuidv7 } from '../../std/uuid.ts';
import { version } from '../../version.ts';
import type { NamedProfile } from '../../configuration/profiles.ts';
import { rootScope, type ScopeRequest } from './root-scope.ts';
import { BadSetting } from '../../configuration/bad-setting.ts';

export interface RootPlan extends ScopeRequest {
  /** Null: the first free one of `root`, `root-2`, `root-3` … */
  readonly name: string | null;
  /** Minted before, by whoever may repeat this. */
  readonly instance?: string | undefined;
  /** Started again where it ended without being asked to. */
  readonly kept?: boolean | undefined;
  /** Asked in its place while it does not answer; `wait`: it is waited for, however long that is. */
  readonly alternatives?: { readonly models: readonly string[]; readonly wait: boolean } | undefined;
  /** `provider/model`; a scenario's path absolute. */
  readonly model: string;
  readonly permissionMode: string;
  readonly permissions: PermissionSettings;
  readonly instructions: string | null;
  /** About tools of the program that starts it, by their names alone. */
  readonly ownRules?: Readonly<Record<RuleKind, readonly string[]>> | undefined;
  readonly limits: Limits;
  /** What the tree may use; null where that is not bounded. */
  readonly tokens?: number | null;
  /** Of the pod's own turns. */
  readonly demands?: Partial<Demands>;
  /** The defaults where it is left out. */
  readonly sandbox?: SandboxSettings;
  /** The roles that it may give to children. */
  readonly profiles?: readonly NamedProfile[];
  /** Its own. */
  readonly profile?: NamedProfile | null;
  /** How much its model and those of its children are to think. */
  readonly effort?: Effort | undefined;
  /** The person's commands at what happens in the tree. */
  readonly hooks: readonly Hook[];
  /** It stands for a session outside, and has no turns of its own. */
  readonly mailbox?: JsonObject;
  /** What a person says of single models. */
  readonly models?: Readonly<Record<string, ModelSettings>> | undefined;
  /** The MCP servers of the tree. */
  readonly mcp: Readonly<Record<string, McpServerSettings>>;
  /** What a person says of other agents that may drive its pods. */
  readonly engines?: Readonly<Record<string, EngineSettings>> | undefined;
  /** Other machines that its pods may have children on, by name. */
  readonly hosts?: readonly string[] | undefined;
}

export interface Root {
  readonly spec: PodSpec;
  readonly folder: PodFolder;
}

const nameTriesMax = 1_000;

/**
 * Throws `BadSetting` for a bad name, `NoFreeName`, `NameTaken` where it was asked for and is another's, or
 * the file system's error.
 */
export function createRoot(home: Home, plan: RootPlan): Root {
  if (plan.name !== null) {
    if (!podNamePattern.test(plan.name)) {
      throw new BadSetting(
        `"${plan.name}" cannot be a pod's name: use 1 to 63 of a-z, 0-9 and "-", starting with a letter or digit`,
      );
    }
    return createNamed(home, plan, plan.name);
  }
  for (let tries = 0; tries < nameTriesMax; tries += 1) {
    try {
      return createNamed(home, plan, freeName(podPlaces(home)));
    } catch (error) {
      // Somebody else won it in between.
      if (!(error instanceof NameTaken)) throw error;
    }
  }
  throw new NoFreeName();
}

/** `root`, or `root-2`, `root-3` …: the first that is not taken. */
export function freeName(taken: readonly string[]): string {
  const used = new Set(taken);
  if (!used.has('root')) return 'root';
  let number = 2;
  while (used.has(`root-${number}`)) number += 1;
  return `root-${number}`;
}

function createNamed(home: Home, plan: RootPlan, name: string): Root {
  const instance = plan.instance ?? uuidv7();
  const models = asJson(plan.models ?? {});
  const mcp = asJson(plan.mcp);
  const engines = asJson(plan.engines ?? {});
  const spec: PodSpec = {
    schema: schemaVersion,
    podkin: version,
    name,
    instance,
    parent: null,
    root: { name, instance },
    depth: 0,
    cwd: plan.cwd,
    model: plan.model,
    instructions: plan.instructions,
    permissionMode: plan.permissionMode,
    scope: rootScope(plan),
    settings: {
      ...withDemands({}, plan.demands ?? {}),
      limits: { ...plan.limits },
      permissions: { ...plan.permissions },
      // Whoever names a path to write in wants it alone; a whole working directory is shared, as between
      // people.
      exclusiveScope: plan.write.length > 0,
      ...(typeof plan.tokens === 'number' && { budget: { tokens: plan.tokens } }),
      sandbox: { ...(plan.sandbox ?? defaultSandboxSettings) },
      ...(Object.keys(models).length > 0 && { models }),
      ...(Object.keys(mcp).length > 0 && { mcp }),
      ...(Object.keys(engines).length > 0 && { engines }),
      ...(plan.hosts !== undefined && plan.hosts.length > 0 && { hosts: [...plan.hosts] }),
      ...(plan.ownRules !== undefined && { ownRules: asJson(plan.ownRules) }),
      ...alternativesIn(plan),
      ...(plan.hooks.length > 0 && { hooks: hookSettings(plan.hooks) }),
      ...(plan.effort !== undefined && { effort: plan.effort }),
      ...profileSettings(plan),
      ...(plan.mailbox !== undefined && { mailbox: plan.mailbox }),
    },
  };
  const { folder } = createPodFolder(home, spec);
  if (plan.kept === true) keep(folder);
  return { spec, folder };
}

function profileSettings({ profiles = [], profile = null }: RootPlan): JsonObject {
  const tools = profile?.profile.tools;
  return {
    ...(profiles.length > 0 && {
      profiles: asJson(Object.fromEntries(profiles.map((one) => [one.name, one.profile]))),
    }),
    ...(profile !== null && { profile: profile.name }),
    ...(tools !== undefined && { tools: [...tools] }),
  };
}

/** Nothing where there are none: older builds know no such setting. */
function alternativesIn({ alternatives }: RootPlan): JsonObject {
  if (alternatives === undefined) return {};
  const { models, wait } = alternatives;
  return models.length > 0 || wait ? { alternatives: { models: [...models], wait } } : {};
}

/**
 * Starts the process and waits until it listens, for `spawnMs` (a limit) at most and only until `givenUp`.
 * Throws `PodStartFailed` (`silent`, `interrupted` …): then nothing of the process is left.
 */
export async function startRoot(
  { folder }: Root,
  environment: NodeJS.ProcessEnv,
  { spawnMs, givenUp, ...options }: StartOptions & { spawnMs: number; givenUp: Promise<unknown> },
): Promise<void> {
  const started = startPodProcess(folder, environment, options);
  const interrupted = givenUp.then((): never => {
    throw new PodStartFailed('interrupted', 'its start was interrupted', '');
  });
  try {
    await Promise.race([readyWithin(realClock, started, spawnMs), interrupted]);
  } catch (error) {
    await endStart(started);
    throw error;
  }
}

/** SIGKILL cannot be refused; longer than this only an uninterruptible system call takes. */
const killDeadlineMs = 5_000;

/** It has taken nothing in yet, and may hang where it hears no other signal. */
async function endStart({ pid, exited }: StartedProcess): Promise<void> {
  const identity = pid > 0 ? processIdentity(pid) : null;
  if (identity === null || !signalProcess(identity, 'SIGKILL', { group: true })) return;
  await Promise.race([exited, sleep(killDeadlineMs, undefined, { ref: false })]);
}
