/** What a person sets of a pod that is there: as they gave it, and checked for one that is to be started. */
import { probePod } from '../../client/pod-probe.ts';
import type { FoundPod } from '../../client/find-pod.ts';
import { absoluteModelName, checkModelName, isPriced } from '../../model/create.ts';
import { type SetAtStart, tooFree, type WantedModels } from '../../session/settings/wanted.ts';
import type { ParamsIn } from '../../protocol/methods.ts';
import { isCostBound } from '../../session/facts/budget-view.ts';
import { foldLog } from '../../session/log/fold-log.ts';
import { type Effort, efforts } from '../../session/settings/effort.ts';
import { engineNameIn } from '../../session/settings/engine-settings.ts';
import { modelListOf } from '../../session/settings/model-list.ts';
import { type ModelSettings, modelSettingsOf } from '../../session/settings/model-settings.ts';
import { isFreer, type PermissionMode, permissionModes } from '../../session/settings/permissions.ts';
import { limitsOf } from '../../session/settings/settings.ts';
import { asJson, type JsonObject } from '../../std/json.ts';
import { loadConfiguration } from '../../configuration/configuration.ts';
import { BadSetting } from '../../configuration/bad-setting.ts';
import type { RootContext } from './root-context.ts';
import { priceProblem } from '../../configuration/price-problem.ts';

/** As it was given; what was not is undefined. */
export interface SetOptions {
  readonly model?: string | undefined;
  readonly permissionMode?: string | undefined;
  readonly effort?: string | undefined;
}

export function isSet({ model, permissionMode, effort }: SetOptions): boolean {
  return model !== undefined || permissionMode !== undefined || effort !== undefined;
}

/** For a pod that runs, which checks it. Throws `BadSetting`. */
export async function setParams(context: RootContext, options: SetOptions): Promise<ParamsIn<'set'>> {
  const configured = options.model === undefined ? {} : await configuredModels(context);
  const { mode, effort, models } = wantedIn(context, options, configured);
  return {
    ...(mode !== undefined && { mode }),
    ...(effort !== undefined && { effort }),
    ...(models !== undefined && { model: [...models.names], models: models.said }),
  };
}

type OfModels = Readonly<Record<string, ModelSettings>>;

/** What a person says of models in their own configuration. */
export async function configuredModels({ environment }: RootContext): Promise<OfModels> {
  return (await loadConfiguration({ environment, cwd: null, flags: {} })).models ?? {};
}

interface AtStart {
  readonly options: SetOptions;
  readonly most: string | undefined;
  /** As `configuredModels` has them: whoever starts several pods reads them once. */
  readonly models: OfModels;
}

/** For one that is started with it. Throws `BadSetting` as a pod that runs would refuse. */
export async function setAtStart(
  context: RootContext,
  pod: FoundPod,
  { options, most, models: configured }: AtStart,
): Promise<SetAtStart> {
  if (!isSet(options)) {
    const sizes = await sizesSaid(pod, configured);
    return { ...(sizes && { models: sizes }), ...(most !== undefined && { most }) };
  }
  const wanted = wantedIn(context, options, configured);
  const { spec, folder } = pod;
  const { mode } = wanted;
  const facts = await foldLog(folder.log);
  if (mode !== undefined && most !== undefined && isFreer(mode, most))
    throw usage(tooFree(spec.parent?.name ?? '', mode, most));
  const { models } = wanted;
  const isBound = isCostBound(limitsOf(spec.settings).cost, facts.budget);
  for (const name of models?.names ?? []) {
    if (engineNameIn(name) !== engineNameIn(facts.session?.model ?? spec.model))
      throw usage(
        `A pod stays with the agent that drives it, or with models: start another one for ${name}.`,
      );
    const problem = checkModelName(name, context.environment, { cwd: spec.cwd });
    if (problem !== null) throw usage(problem);
    if (isBound && !isPriced(name, Object.hasOwn(configured, name) ? configured[name] : undefined))
      throw usage(priceProblem(context, name));
  }
  return { ...(models && { models }), mode, effort: wanted.effort, most };
}

/**
 * How long the pod's models are by now, in words of a person: whoever was told to say it of a model that
 * refuses its requests has this pod in mind. Undefined: nothing else than it works with.
 */
async function sizesSaid({ folder }: FoundPod, models: OfModels): Promise<WantedModels | undefined> {
  const isSized = ({ contextTokens, outputTokens }: ModelSettings) => contextTokens ?? outputTokens;
  if (!Object.values(models).some(isSized)) return undefined;
  // A log that cannot be read is told by the start itself.
  const session = (await foldLog(folder.log).catch(() => null))?.session ?? null;
  if (session === null) return undefined;
  const { names } = modelListOf(session, { headless: false });
  const said: JsonObject = {};
  for (const name of names) {
    const { contextTokens, outputTokens } = (Object.hasOwn(models, name) ? models[name] : undefined) ?? {};
    const held = modelSettingsOf(session.settings, name);
    const now = { ...held, ...asJson({ contextTokens, outputTokens }) };
    if (JSON.stringify(now) !== JSON.stringify(held)) said[name] = asJson(now);
  }
  return Object.keys(said).length === 0 ? undefined : { names, said };
}

interface Checked {
  readonly mode: PermissionMode | undefined;
  readonly effort: Effort | undefined;
  readonly models: WantedModels | undefined;
}

function wantedIn({ cwd }: RootContext, options: SetOptions, configured: OfModels): Checked {
  const mode = oneOf('--permission-mode', options.permissionMode, permissionModes);
  const effort = oneOf('--effort', options.effort, efforts);
  if (options.model === undefined) return { mode, effort, models: undefined };
  const name = absoluteModelName(options.model, cwd);
  const own = Object.hasOwn(configured, name) ? configured[name] : undefined;
  const said: JsonObject = own === undefined ? {} : { [name]: asJson(own) };
  return { mode, effort, models: { names: [name], said } };
}

function oneOf<T extends string>(
  option: string,
  asked: string | undefined,
  known: readonly T[],
): T | undefined {
  if (asked === undefined) return undefined;
  const found = known.find((one) => one === asked);
  if (found === undefined) throw usage(`${option}: "${asked}" is not one of ${known.join(', ')}`);
  return found;
}

function usage(message: string): BadSetting {
  return new BadSetting(message);
}

/** The freest mode that those above a pod leave it, whether they run or not. */
export class ModesAbove {
  readonly #pods: readonly FoundPod[];
  /** What is being set of pods with the same command. */
  readonly #set: ReadonlyMap<string, string>;
  readonly #modes = new Map<string, Promise<string>>();

  /** `pods`: all of the home. */
  constructor(pods: readonly FoundPod[], set: ReadonlyMap<string, string> = new Map()) {
    this.#pods = pods;
    this.#set = set;
  }

  /** Undefined for a root. */
  async of({ spec }: FoundPod): Promise<string | undefined> {
    let most: string | undefined;
    let above = this.#pods.find(({ instance }) => instance === spec.parent?.instance);
    while (above !== undefined) {
      const mode = await this.#modeOf(above);
      if (most === undefined || isFreer(most, mode)) most = mode;
      const { parent } = above.spec;
      above = this.#pods.find(({ instance }) => instance === parent?.instance);
    }
    return most;
  }

  #modeOf(pod: FoundPod): Promise<string> {
    const known = this.#modes.get(pod.instance) ?? modeNow(pod);
    this.#modes.set(pod.instance, known);
    const set = this.#set.get(pod.instance);
    return set === undefined ? known : Promise.resolve(set);
  }
}

/** A log that cannot be read says nothing: it is what it was made with. */
async function modeNow(pod: FoundPod): Promise<string> {
  const probed = await probePod(pod).catch(() => null);
  const said = probed?.kind === 'live' ? probed.status.permissionMode : probed?.totals.permissionMode;
  return said ?? pod.spec.permissionMode;
}
