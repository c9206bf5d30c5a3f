/** The models of a run, before anything is made: what cannot be asked, or not within a limit, is refused. */
import { absoluteModelName, checkModelName, isPriced } from '../../model/create.ts';
import type { Configuration } from '../../configuration/configuration.ts';
import type { RootContext } from './root-context.ts';
import { priceProblem } from '../../configuration/price-problem.ts';
import type { RootPlan } from './create-root.ts';
import { engineEntry } from '../../engine/engine-entry.ts';
import { engineNameIn, isCharged, networkText, uncharged } from '../../session/settings/engine-settings.ts';
import { BadSetting } from '../../configuration/bad-setting.ts';

type OfModels = Pick<
  Configuration,
  'model' | 'alternatives' | 'waitsForProvider' | 'limits' | 'models' | 'engines' | 'sandbox'
>;

/** Throws `BadSetting`. */
export function checkedModels(
  context: RootContext,
  configuration: OfModels,
  cwd: string,
): Pick<RootPlan, 'model' | 'alternatives'> {
  const { model, alternatives, waitsForProvider } = configuration;
  const engine = [model, ...alternatives].find((name) => engineNameIn(name) !== null);
  if (engine !== undefined && alternatives.length > 0)
    throw usage(
      `${engine} is another agent, which has no alternatives and is none: its session is its own. Name one model.`,
    );
  const checked = (name: string): string => checkedModel(context, configuration, { name, cwd });
  return {
    model: checked(model),
    alternatives: { models: alternatives.map(checked), wait: waitsForProvider },
  };
}

function checkedModel(
  context: RootContext,
  { limits, models, engines, sandbox }: OfModels,
  { name, cwd }: { name: string; cwd: string },
): string {
  const engine = engineNameIn(name);
  if (engine !== null) {
    const place = { engines: new Map(Object.entries(engines)), environment: context.environment };
    const entry = engineEntry(engine, { ...place, state: context.home.state });
    if (typeof entry === 'string') throw usage(entry);
    if (!sandbox.network) throw usage(networkText(name));
    if (limits.cost !== null && !isCharged(engines[engine]))
      throw usage(uncharged(name, '--max-cost (limits.cost)'));
    return name;
  }
  // Only a scenario's path begins somewhere.
  const from = name.startsWith('script/') && !name.startsWith('script//') ? context.cwd : cwd;
  const problem = checkModelName(name, context.environment, { cwd: from });
  if (problem !== null) throw usage(problem);
  if (limits.cost === null || isPriced(name, models?.[name])) return absoluteModelName(name, from);
  throw usage(priceProblem(context, name));
}

function usage(message: string): BadSetting {
  return new BadSetting(message);
}
