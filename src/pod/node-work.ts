/** What a real pod's turns work with: providers, file tools, the sandbox, the project's instructions. */
import { arch, release, type } from 'node:os';
import { checkModelName } from '../model/create.ts';
import { type Model, ModelConfigError } from '../model/port.ts';
import { type ProjectPlace, readInstructions, readInstructionsFor } from '../project/instructions.ts';
import { readRepository } from '../project/repository.ts';
import { readSkill, readSkills } from '../project/skills.ts';
import { heldGit } from '../scope/permissions/held-git.ts';
import { ownGit } from '../scope/set-aside/own-git.ts';
import { hookPlaces, hookProtection } from '../scope/paths/git-hooks.ts';
import { realScope } from '../scope/paths/real-path.ts';
import { ownPrograms } from '../scope/sandbox/own-programs.ts';
import { type Sandbox, type SandboxSettings, createSandbox } from '../scope/sandbox/sandbox.ts';
import { once } from '../std/once.ts';
import type { Home } from '../session/home/home.ts';
import { closedPlaces, userHome } from '../session/home/places.ts';
import { effortIn } from '../session/settings/effort.ts';
import { engineNameIn } from '../session/settings/engine-settings.ts';
import { modelSettingsOf } from '../session/settings/model-settings.ts';
import { sandboxSettingsOf } from '../session/settings/settings.ts';
import { fileTools } from '../tools/file-tools.ts';
import { fileCompletions } from '../tools/completions.ts';
import { readNamedFile } from '../tools/named-file.ts';
import { shellProgram } from '../tools/shell-program.ts';
import type { ToolContext } from '../tools/tool.ts';
import { hasUncommitted } from '../tools/uncommitted.ts';
import { worker } from '../worker/drive-turn.ts';
import type { Engine } from '../worker/turn-ports.ts';
import type { McpServers } from '../mcp/servers.ts';
import type { ImageStore, McpGiven, Worker, Work } from './host.ts';
import { costLimit } from './machine/budget.ts';
import { nodeWorktrees } from './node-worktrees.ts';
import type { SpanSink } from './trace/spans.ts';
import { type TraceTarget, traceTarget } from './trace/target.ts';
import { noteGroup, noteOutside } from './process/command-groups.ts';

export function nodeWork(home: Home): Work {
  return {
    engine: (of) => (engineNameIn(of.session.model) === null ? worker : otherEngine(home, of)),
    model: makeModel,
    modelProblem: (name) => checkModelName(name, process.env),
    engineProblem: async (name, session) =>
      (await import('./node-engine.ts')).engineProblem(home, name, session),
    tools: fileTools,
    sandbox: (worker) => sandboxOf(home, worker),
    get programs() {
      return ownPrograms();
    },
    instructions: (deny = [], cwd) => readInstructions({ home, deny }, cwd === null ? null : placeOf(cwd)),
    instructionsFor: (deny = [], cwd, touched) => readInstructionsFor({ home, deny }, placeOf(cwd), touched),
    skills: (deny = [], cwd) => readSkills({ home, deny }, cwd === null ? null : placeOf(cwd)),
    skill: (deny = [], skill) => readSkill({ home, deny }, skill),
    namedFile: readNamedFile,
    completions: fileCompletions,
    images: imageStore,
    machine: { system: systemText(), shell: shellProgram() },
    repository: (deny = [], cwd) => readRepository({ home, deny }, cwd),
    hasUncommitted,
    worktrees: (worker) => nodeWorktrees(home, (context) => closedSandbox(home, worker, context)),
    realScope,
    heldGit: (command, cwd, { scope, made }) =>
      heldGit(command, cwd, { scope, isOpen: (git) => ownGit(made, scope, git).includes(git) }),
    hookProtection(scope, write) {
      const places = hookPlaces(scope.write, write);
      return (path) => hookProtection(scope, places, path);
    },
    noteOutside,
    noteGroup,
    runHook: async (folder, run) => (await import('./process/run-hook.ts')).runHook(folder, run),
    mcp: (given) => mcpServers(home, given),
    spans: (onLost) => spansTo(traceTarget(process.env), onLost),
  };
}

/** Loaded with its first turn. */
function otherEngine(home: Home, of: Worker): Engine {
  const engine = once(async () => (await import('./node-engine.ts')).nodeEngine(home, of));
  let isBegun = false;
  return {
    async driveTurn(ports, options) {
      isBegun = true;
      return await (await engine()).driveTurn(ports, options);
    },
    async end() {
      if (isBegun) await (await engine()).end?.();
    },
    async scopeChanged() {
      if (isBegun) await (await engine()).scopeChanged?.();
    },
  };
}

/** What sends them is loaded with the first. */
function spansTo(target: TraceTarget, onLost: (why: string) => void): SpanSink | null {
  if (target.kind === 'off') return null;
  if (target.kind === 'wrong') {
    onLost(target.why);
    return null;
  }
  const sink = once(async () => new (await import('./trace/otlp.ts')).OtlpSink(target, onLost));
  return {
    take: (span) => void sink().then((one) => one.take(span)),
    flush: async () => await (await sink()).flush(),
  };
}

/** Loaded once there is a server. */
async function mcpServers(home: Home, given: McpGiven): Promise<McpServers> {
  const { McpServers: Servers } = await import('../mcp/servers.ts');
  const { servers, context, isOffered, ask, limits } = given;
  const place = { servers, context, isOffered, ask, state: home.state, environment: process.env };
  return new Servers({
    ...place,
    root: given.session().root.instance,
    shell: sandboxSettingsOf(given.session().settings),
    sandbox: (over) => sandboxOf(home, { session: given.session(), limits }, over),
  });
}

/** Loaded once there is an image. */
const imageStore: ImageStore = {
  keep: async (folder, content) =>
    (await import('../session/home/image-files.ts')).keepImage(folder, content),
  bytes: async (folder, hash) => (await import('../session/home/image-files.ts')).readImage(folder, hash),
};

function systemText(): string {
  const name = process.platform === 'darwin' ? 'macOS (Darwin)' : type();
  return `${name} ${release()} (${arch()})`;
}

function placeOf(cwd: string): ProjectPlace {
  return { cwd, personHome: userHome(process.env) };
}

const closedSandboxes = new WeakMap<object, Sandbox>();

/** The pod's own where there is no way out of it: what git makes of a repository has no person's word. */
function closedSandbox(
  home: Home,
  worker: Pick<Worker, 'session' | 'limits'>,
  { shell }: ToolContext,
): Sandbox {
  const { session } = worker;
  const { network, unixSockets } = sandboxSettingsOf(session.settings);
  if (!network && !unixSockets) return shell.sandbox;
  const known = closedSandboxes.get(session);
  const closed = known ?? sandboxOf(home, worker, { network: false, unixSockets: false });
  closedSandboxes.set(session, closed);
  return closed;
}

/** Nothing is tested or looked for here: that waits for the first command. */
function sandboxOf(
  home: Home,
  { session, limits }: Pick<Worker, 'session' | 'limits'>,
  over: Partial<SandboxSettings> = {},
): Sandbox {
  return createSandbox({
    settings: { ...sandboxSettingsOf(session.settings), ...over },
    // Asked for at each command.
    get hidden() {
      return closedPlaces(home);
    },
    state: home.state,
    tmpBytes: limits.shellTmpBytes,
  });
}

/** The provider's package is loaded by the model itself, at its first request. */
async function makeModel({ session, folder, facts, limits }: Worker, model: string): Promise<Model> {
  const { checkModelName, createModel, isPriced } = await import('../model/create.ts');
  const { fileUses } = await import('../model/uses.ts');
  const { settings } = session;
  const { inputPrice, outputPrice, outputTokens, contextTokens } = modelSettingsOf(settings, model);
  const isGiven = inputPrice !== undefined && outputPrice !== undefined;
  const price = isGiven ? { input: inputPrice, output: outputPrice } : undefined;
  // A session of an earlier podkin, or one whose prices are not known any more: its limit would hold nothing
  // back.
  const hasPrice = isPriced(model, { inputPrice }) && facts.usage.cost !== null;
  if (costLimit(limits.cost, facts.budget) !== null && !hasPrice)
    throw new ModelConfigError(limitWithoutPrice(model));
  const problem = checkModelName(model, process.env, { cwd: session.cwd });
  // A scenario can be put back; the environment stays that of the start.
  if (problem !== null && !model.startsWith('script/'))
    throw new ModelConfigError(`${problem} ${ofItsStart(session.name)}`);
  return createModel(model, process.env, {
    cwd: session.cwd,
    stallTimeoutMs: limits.stallMs,
    answerTimeoutMs: limits.answerMs,
    effort: effortIn(settings),
    given: { outputTokens, contextTokens, ...(price && { price }) },
    uses: fileUses(folder.scriptUses),
  });
}

function ofItsStart(name: string): string {
  return `A pod keeps the environment that it was started with: once the variable is set, "podkin stop ${name}" and then "podkin restore ${name}" restart it.`;
}

function limitWithoutPrice(model: string): string {
  return `The limit of the cost (limits.cost) cannot hold for this session: what ${model} costs is not known, now or for an earlier answer. Begin a new one with podkin run, with [models."${model}"] inputPrice and outputPrice in your config.toml or without the limit.`;
}
