/** The methods `set` and `narrow`: what a pod works with, set anew while it lives. */
import { isPriced, absoluteModelName } from '../../model/create.ts';
import { unpricedText } from '../../session/settings/unpriced-text.ts';
import { rpcCodes, WireError } from '../../protocol/errors.ts';
import type { Params, Result } from '../../protocol/methods.ts';
import { isCostBound } from '../../session/facts/budget-view.ts';
import { type Effort, effortIn, efforts } from '../../session/settings/effort.ts';
import { engineNameIn } from '../../session/settings/engine-settings.ts';
import { modelListOf } from '../../session/settings/model-list.ts';
import { modelSettingsOf, modelSettingsSchema } from '../../session/settings/model-settings.ts';
import { isFreer, type PermissionMode, permissionModes } from '../../session/settings/permissions.ts';
import { tooFree, type Wanted, type WantedModels } from '../../session/settings/wanted.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../std/json.ts';
import type { ModesBelow } from '../children/modes-below.ts';
import { onParentMode, onSet } from '../machine/set-inputs.ts';
import type { ParentLink } from '../parent/link.ts';
import type { Pod } from '../pod.ts';

export interface SetParts {
  readonly pod: Pod;
  readonly parentLink: ParentLink | null;
  readonly modesBelow: ModesBelow;
}

const answersWithinMs = 5_000;
const parentWithinMs = 5_000;

/** Throws `forbidden`, `stopping`, `storageFailed`, or JSON-RPC's invalid params for what cannot be. */
export async function set(
  { pod, parentLink, modesBelow }: SetParts,
  params: Params<'set'>,
  durable: () => Promise<void>,
): Promise<Result<'set'>> {
  const wanted: Wanted = {
    models: params.model === undefined ? undefined : modelsIn(pod, params.model, params.models),
    mode: modeIn(params.mode),
    effort: effortOf(params.effort),
  };
  const commit = () => pod.input((core) => onSet(core, wanted));
  if (wanted.mode === undefined) commit();
  else await underParent(pod, parentLink, { mode: wanted.mode, commit });
  await durable();
  // Also where nothing was changed: whoever sets it again wants it heard.
  const unheard = wanted.mode === undefined ? [] : await modesBelow.narrow(answersWithinMs);
  return { ...heldBy(pod), unheard };
}

/** That it is the parent's is known before. Throws `storageFailed`. */
export async function narrow(
  { pod, modesBelow }: SetParts,
  { mode, withinMs }: Params<'narrow'>,
  durable: () => Promise<void>,
): Promise<Result<'narrow'>> {
  pod.input((core) => onParentMode(core, mode));
  await durable();
  const unheard = await modesBelow.narrow(withinMs);
  return { mode: pod.session.permissionMode, unheard };
}

function heldBy({ session }: Pod): Omit<Result<'set'>, 'unheard'> {
  const [model = session.model, ...alternatives] = modelListOf(session, { headless: false }).names;
  const effort = effortIn(session.settings) ?? null;
  return { model, alternatives, mode: session.permissionMode, effort };
}

/**
 * Commits once it is known that the parent is no stricter; what the parent says meanwhile counts for more
 * than its answer, which may be older.
 */
async function underParent(
  { session, core }: Pod,
  parentLink: ParentLink | null,
  { mode, commit }: { mode: PermissionMode; commit: () => void },
): Promise<void> {
  const { parent } = session;
  for (;;) {
    if (parent === null || !isFreer(mode, core.facts.session?.permissionMode ?? mode)) return commit();
    const heard = core.live.modesHeard;
    const above = await modeAbove(parentLink);
    if (core.live.modesHeard !== heard) continue;
    if (above === null) throw new WireError('forbidden', unknownAbove(parent.name, mode));
    if (isFreer(mode, above)) throw new WireError('forbidden', tooFree(parent.name, mode, above));
    return commit();
  }
}

/** Null where it cannot be asked, or does not say. */
async function modeAbove(parentLink: ParentLink | null): Promise<string | null> {
  try {
    const status = await parentLink?.client?.call('status', {}, { timeoutMs: parentWithinMs });
    return status?.permissionMode ?? null;
  } catch {
    return null;
  }
}

function unknownAbove(parent: string, mode: string): string {
  return `Whether its parent "${parent}" is in a mode as free as ${mode} is not known, since that one does not answer: start it (podkin restore ${parent}), then set this again. Nothing was changed.`;
}

function modeIn(asked: string | undefined): PermissionMode | undefined {
  if (asked === undefined) return undefined;
  const mode = permissionModes.find((known) => known === asked);
  if (mode === undefined) throw unusable(`"${asked}" is not one of ${permissionModes.join(', ')}.`);
  return mode;
}

function effortOf(asked: string | undefined): Effort | undefined {
  if (asked === undefined) return undefined;
  const effort = efforts.find((known) => known === asked);
  if (effort === undefined) throw unusable(`"${asked}" is not one of ${efforts.join(', ')}.`);
  return effort;
}

/** As at `run`: what cannot be asked, or not within a limit, is refused. */
function modelsIn(
  pod: Pod,
  asked: string | readonly string[],
  given: Readonly<Record<string, JsonValue>> = {},
): WantedModels {
  const { session } = pod;
  const list = typeof asked === 'string' ? [asked] : asked;
  const names = [...new Set(list.map((name) => absoluteModelName(name, session.cwd)))];
  const engine = [session.model, ...names].find((name) => engineNameIn(name) !== null);
  if (engine !== undefined && (names.length !== 1 || names[0] !== session.model))
    throw unusable(
      `${engine} is another agent: a pod that it drives stays with it, and none is set for one that podkin drives. Spawn or start another pod.`,
    );
  const said: JsonObject = Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
  const parsed = modelSettingsSchema().safeParse(said);
  if (!parsed.success) throw unusable('What is said of the models cannot be read.');
  const known = session.settings['models'];
  const settings = { models: { ...(isJsonObject(known) ? known : {}), ...said } };
  for (const name of names) {
    const problem = pod.host.work.modelProblem(name) ?? priceProblem(pod, name, settings);
    if (problem !== null) throw unusable(problem);
  }
  return { names, said };
}

function priceProblem({ core }: Pod, name: string, settings: JsonObject): string | null {
  const { limits, facts } = core;
  if (!isCostBound(limits.cost, facts.budget) || isPriced(name, modelSettingsOf(settings, name))) return null;
  return `${unpricedText(name, { limit: 'The limit of the cost (limits.cost)', file: 'your config.toml' })}.`;
}

function unusable(text: string): WireError {
  return new WireError(
    rpcCodes.invalidParams,
    `${text}${text.endsWith('.') ? '' : '.'} Nothing was changed.`,
  );
}
