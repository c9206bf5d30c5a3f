/** `podkin models`: what can be named with --model here, and what is missing for it. */
import { checkModelName, isPriced, type KnownModel, knownModels } from '../../model/create.ts';
import { grouped, oneLine } from '../format/printable.ts';
import { columns } from '../format/table.ts';
import { loadConfiguration } from '../../configuration/configuration.ts';
import { type CommandContext, cwdIfThere, exitStatus, jsonText } from '../invocation/context.ts';

interface ListedModel extends Omit<
  KnownModel,
  'takesEffort' | 'contextTokens' | 'inputPrice' | 'outputPrice'
> {
  readonly contextTokens: number | null;
  readonly inputPrice: number | null;
  readonly outputPrice: number | null;
  readonly takesEffort: boolean | null;
  /** It is the one that a run has without --model. */
  readonly isDefault: boolean;
}

export async function modelsCommand(context: CommandContext, { json }: { json: boolean }): Promise<number> {
  const { environment } = context;
  const { model, models = {} } = await loadConfiguration({
    environment,
    cwd: cwdIfThere(context),
    flags: {},
  });
  const known = knownModels(environment);
  const own = [...Object.keys(models), ...(model === '' ? [] : [model])].filter(
    (name, at, all) => all.indexOf(name) === at && !known.some((one) => one.name === name),
  );
  const listed: ListedModel[] = [...known, ...own.map((name) => unknown(name, environment))].map((one) => {
    const given = models[one.name] ?? {};
    return {
      ...one,
      contextTokens: given.contextTokens ?? one.contextTokens,
      inputPrice: given.inputPrice ?? one.inputPrice,
      outputPrice: given.outputPrice ?? one.outputPrice,
      isDefault: one.name === model,
    };
  });
  context.stdout.write(json ? jsonText(listed) : tableOf(listed));
  if (!json) {
    context.stderr.write(
      'Other models of these providers can be named too, and openai-compatible/NAME with OPENAI_COMPATIBLE_BASE_URL; [models."provider/model"] in your config.toml says what is not known of one.\n',
    );
  }
  return exitStatus.done;
}

/** Named by the person, and known to nobody else. */
function unknown(name: string, environment: NodeJS.ProcessEnv) {
  const missing = checkModelName(name, environment);
  const price = isPriced(name) ? 0 : null;
  return { name, contextTokens: null, inputPrice: price, outputPrice: price, takesEffort: null, missing };
}

function tableOf(models: readonly ListedModel[]): string {
  const rows = models.map((one) => [
    `${oneLine(one.name, 80)}${one.isDefault ? ' (default)' : ''}`,
    one.contextTokens === null ? '-' : grouped(one.contextTokens),
    price(one.inputPrice),
    price(one.outputPrice),
    one.takesEffort === null ? '-' : one.takesEffort ? 'yes' : 'no',
    one.missing === null
      ? 'ready'
      : /^[A-Z_]+$/.test(one.missing)
        ? `set ${one.missing}`
        : oneLine(one.missing, 60),
  ]);
  return columns([['MODEL', 'CONTEXT', '$/M IN', '$/M OUT', 'EFFORT', 'HERE'], ...rows]);
}

function price(dollars: number | null): string {
  return dollars === null ? 'unknown' : String(dollars);
}
