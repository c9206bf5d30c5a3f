/**
 * From a model's name and the environment to a model. Names and keys are checked at once; a provider's
 * package is loaded with the first request.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fromTilde } from '../std/tilde.ts';
import { NotOrdinary, readOrdinaryFile } from '../std/bounded-file.ts';
import { fetchFor } from './bytes.ts';
import { catalogEntry, catalogNames, type GivenPrice, type TokenCounts, costOf } from './catalog.ts';
import { effortOptions } from './effort.ts';
import { type Effort, type Model, ModelConfigError, type ModelRequest } from './port.ts';
import { proxyOf, unusedProxyHint } from './proxy.ts';
import { loadProviderModel, sdkModel, type ModelSource, type ProviderName } from './sdk.ts';
import type { RuleUses } from './uses.ts';
import { tokensMaxOf } from './window.ts';

export interface CreateModelOptions {
  /** A request that brings no part for so long fails as `timeout`. */
  readonly stallTimeoutMs?: number | undefined;
  /** An answer that takes longer fails as `timeout`; never shorter than the former. */
  readonly answerTimeoutMs?: number | undefined;
  /** How much it is to think. */
  readonly effort?: Effort | undefined;
  /** What a person says of this model: it wins over what is known of it. */
  readonly given?: GivenModel | undefined;
  /** Where a relative `script/PATH` begins; else the environment's `PWD`, else the process's own. */
  readonly cwd?: string | undefined;
  /** Keeps the uses of a scenario's rules; without it they are forgotten with the model. */
  readonly uses?: RuleUses | undefined;
}

/** `[models."provider/model"]` of a person's configuration. */
export interface GivenModel {
  readonly price?: GivenPrice | undefined;
  /** The longest answer, in tokens. */
  readonly outputTokens?: number | undefined;
  /** Tokens that a request and its answer may hold together. */
  readonly contextTokens?: number | undefined;
}

interface Provider {
  readonly dialect: ModelSource['dialect'];
  readonly keyVariable: string;
  readonly keyNeeded: boolean;
  readonly baseUrlVariable: string;
  /** Null: the variable must be set. */
  readonly defaultBaseUrl: string | null;
  /** What a base URL must end with: other programs take these variables without it. */
  readonly apiVersion: string | null;
  readonly example: string;
}

const scenarioBytesMax = 1024 * 1024;
const stallTimeoutMsDefault = 120_000;
const answerTimeoutMsDefault = 3_600_000;
/**
 * Anthropic's protocol wants a bound; for models that it does not know the package would set one that no file
 * of ordinary length fits into.
 */
const unknownOutputTokens = 32_000;

const providers: Record<ProviderName, Provider> = {
  anthropic: {
    dialect: 'anthropic',
    keyVariable: 'ANTHROPIC_API_KEY',
    keyNeeded: true,
    baseUrlVariable: 'ANTHROPIC_BASE_URL',
    defaultBaseUrl: 'https://api.anthropic.com/v1',
    apiVersion: 'v1',
    example: 'anthropic/claude-sonnet-5-5',
  },
  openai: {
    dialect: 'openai',
    keyVariable: 'OPENAI_API_KEY',
    keyNeeded: true,
    baseUrlVariable: 'OPENAI_BASE_URL',
    defaultBaseUrl: 'https://api.openai.com/v1',
    apiVersion: null,
    example: 'openai/gpt-5.4',
  },
  google: {
    dialect: 'google',
    keyVariable: 'GOOGLE_GENERATIVE_AI_API_KEY',
    keyNeeded: true,
    baseUrlVariable: 'GOOGLE_GENERATIVE_AI_BASE_URL',
    defaultBaseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    apiVersion: 'v1beta',
    example: 'google/gemini-3-pro',
  },
  'openai-compatible': {
    dialect: 'compatible',
    keyVariable: 'OPENAI_COMPATIBLE_API_KEY',
    keyNeeded: false,
    baseUrlVariable: 'OPENAI_COMPATIBLE_BASE_URL',
    defaultBaseUrl: null,
    apiVersion: null,
    example: 'openai-compatible/qwen3',
  },
};

/**
 * Throws `ModelConfigError` with the sentence of `checkModelName`, or with a scenario's mistakes. Opens no
 * connection.
 */
export async function createModel(
  name: string,
  environment: NodeJS.ProcessEnv,
  options: CreateModelOptions = {},
): Promise<Model> {
  const problem = checkModelName(name, environment, options);
  if (problem !== null) throw new ModelConfigError(problem);
  const stallTimeoutMs = options.stallTimeoutMs ?? stallTimeoutMsDefault;
  const answerTimeoutMs = Math.max(options.answerTimeoutMs ?? answerTimeoutMsDefault, stallTimeoutMs);
  const limits = { stallTimeoutMs, answerTimeoutMs };
  const { provider, model } = split(name);
  if (provider === 'script') {
    const { open, price } = await openScenario(scenarioPath(model, environment, options.cwd), options.uses);
    const cost = (usage: TokenCounts) => costOf(name, usage, options.given?.price ?? price);
    const none = { secrets: [], keyVariable: null, addressVariable: null, proxyHint: '' };
    return sdkModel({ name, dialect: 'plain', ...none, limits, effort: options.effort, cost, open });
  }
  if (!isProvider(provider)) throw new ModelConfigError(unknownProvider(name));
  const { dialect, keyVariable, baseUrlVariable } = providers[provider];
  const apiKey = environment[keyVariable]?.trim();
  const settings = { provider, model, apiKey, baseUrl: baseUrlOf(provider, environment) };
  const proxy = proxyOf(environment);
  return sdkModel({
    name,
    dialect,
    secrets: apiKey === undefined || apiKey === '' ? [] : [apiKey],
    keyVariable,
    addressVariable: baseUrlVariable,
    proxyHint: unusedProxyHint(environment),
    limits,
    outputTokens: options.given?.outputTokens ?? outputTokensOf(provider, model),
    effort: options.effort,
    tokensMax: tokensMaxOf(name, options.given),
    cost: (usage) => costOf(name, usage, options.given?.price),
    open: async (_, heard) => {
      const fetch = await fetchFor({ name, dialect, proxy, stallTimeoutMs, heard });
      return await loadProviderModel({ ...settings, fetch });
    },
  });
}

export interface KnownModel {
  /** `provider/model`. */
  readonly name: string;
  readonly contextTokens: number;
  /** US dollars per million tokens. */
  readonly inputPrice: number;
  readonly outputPrice: number;
  /** `effort` means something to it. */
  readonly takesEffort: boolean;
  /** What is missing in the environment; null: nothing. */
  readonly missing: string | null;
}

/** What is known beforehand; others can be named all the same. */
export function knownModels(environment: NodeJS.ProcessEnv): readonly KnownModel[] {
  return catalogNames().flatMap((name) => {
    const entry = catalogEntry(name);
    const { provider, model } = split(name);
    if (entry === null || !isProvider(provider)) return [];
    const { dialect, keyVariable } = providers[provider];
    const takesEffort = effortOptions({ dialect, model, outputTokens: undefined }, 'medium') !== null;
    const missing = isReady(provider, environment) ? null : keyVariable;
    const { contextTokens, input, output } = entry;
    return [{ name, contextTokens, inputPrice: input, outputPrice: output, takesEffort, missing }];
  });
}

/** What the environment says of each provider. */
export function providerVariables(): readonly (Pick<
  Provider,
  'keyVariable' | 'baseUrlVariable' | 'defaultBaseUrl'
> & { provider: string })[] {
  return Object.entries(providers).map(([provider, variables]) => ({ provider, ...variables }));
}

function outputTokensOf(provider: ProviderName, model: string): number | undefined {
  return provider === 'anthropic' && !model.startsWith('claude-') ? unknownOutputTokens : undefined;
}

/**
 * The sentence to print when a model cannot be used as named, or null. An empty name means that no model was
 * configured at all.
 */
export function checkModelName(
  name: string,
  environment: NodeJS.ProcessEnv,
  options: Pick<CreateModelOptions, 'cwd'> = {},
): string | null {
  if (name.trim() === '') return `No model is configured. ${threeWays(environment)}`;
  const { provider, model } = split(name);
  if (model === '') {
    return `"${name}" is not a model's name: write provider/model, for example ${providers.anthropic.example}.`;
  }
  if (provider === 'script') return scenarioProblem(scenarioPath(model, environment, options.cwd));
  // Another agent: `engine/engine-entry.ts` says whether it is there.
  if (provider === 'acp') return null;
  return isProvider(provider) ? providerProblem(provider, environment) : unknownProvider(name);
}

/** A limit of the cost can hold: somebody knows what this model costs. A scenario says so itself. */
export function isPriced(name: string, { inputPrice }: { inputPrice?: number | undefined } = {}): boolean {
  return name.startsWith('script/') || inputPrice !== undefined || catalogEntry(name) !== null;
}

/**
 * The same model, named so that it can be used from another folder and after a restore: a scenario's path
 * becomes absolute.
 */
export function absoluteModelName(name: string, cwd: string): string {
  const { provider, model } = split(name);
  return provider === 'script' && model !== ''
    ? `script/${resolve(cwd, fromTilde(model, process.env['HOME'] ?? null))}`
    : name;
}

function providerProblem(name: ProviderName, environment: NodeJS.ProcessEnv): string | null {
  const { keyNeeded, keyVariable, baseUrlVariable, defaultBaseUrl } = providers[name];
  if (keyNeeded && (environment[keyVariable] ?? '').trim() === '') {
    return `There is no key for ${name}: ${keyVariable} is not set. ${threeWays(environment, name)}`;
  }
  const url = (environment[baseUrlVariable] ?? '').trim();
  if (url === '') {
    if (defaultBaseUrl !== null) return null;
    return `${name}/… needs ${baseUrlVariable}: set it to the address of the server, for example http://127.0.0.1:11434/v1.`;
  }
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return null;
  return `${baseUrlVariable} is not an http or https address: write it like https://example.com/v1, or unset it.`;
}

function unknownProvider(name: string): string {
  return `"${split(name).provider}" is not a provider (of "${name}"): use ${Object.keys(providers).join('/…, ')}/… or script/PATH.`;
}

function isProvider(name: string): name is ProviderName {
  return Object.hasOwn(providers, name);
}

function threeWays(environment: NodeJS.ProcessEnv, wanted?: ProviderName): string {
  const ready = Object.keys(providers)
    .filter(isProvider)
    .find((name) => name !== wanted && isReady(name, environment));
  const first =
    wanted === undefined
      ? `set ANTHROPIC_API_KEY, OPENAI_API_KEY or GOOGLE_GENERATIVE_AI_API_KEY and name a model, as --model ${providers.anthropic.example}`
      : `set ${providers[wanted].keyVariable}, or podkin login ${wanted}`;
  const second =
    ready === undefined
      ? 'run a local server and set OPENAI_COMPATIBLE_BASE_URL for --model openai-compatible/NAME'
      : `use a model that is ready here, as --model ${providers[ready].example}`;
  return `Three ways to go on: (1) ${first}; (2) ${second}; (3) see it work without any model: podkin demo.`;
}

function isReady(name: ProviderName, environment: NodeJS.ProcessEnv): boolean {
  const { keyNeeded, keyVariable, baseUrlVariable } = providers[name];
  return (environment[keyNeeded ? keyVariable : baseUrlVariable] ?? '').trim() !== '';
}

function baseUrlOf(name: ProviderName, environment: NodeJS.ProcessEnv): string {
  const { baseUrlVariable, defaultBaseUrl, apiVersion } = providers[name];
  const given = (environment[baseUrlVariable] ?? '').trim().replace(/\/+$/, '');
  if (given === '') return defaultBaseUrl ?? '';
  return apiVersion === null || /\/v\d+\w*$/.test(given) ? given : `${given}/${apiVersion}`;
}

function scenarioPath(path: string, environment: NodeJS.ProcessEnv, cwd: string | undefined): string {
  return resolve(cwd ?? environment['PWD'] ?? process.cwd(), fromTilde(path, environment['HOME'] ?? null));
}

function scenarioProblem(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return `There is no scenario file ${path}: check the path behind script/.`;
  return found.isFile() ? null : `${path} is not a file: name a scenario file behind script/.`;
}

async function openScenario(
  path: string,
  uses: RuleUses | undefined,
): Promise<{ open: ModelSource['open']; price: GivenPrice | undefined }> {
  const [{ parseScenario }, { scriptedModel }, { memoryUses }] = await Promise.all([
    import('./scenario.ts'),
    import('./scripted.ts'),
    import('./uses.ts'),
  ]);
  const { rules, price } = parseScenario(await scenarioText(path), path);
  const scenario = { path, rules, uses: uses ?? memoryUses() };
  return { open: async (request: ModelRequest) => scriptedModel(scenario, request), price };
}

/** Rejects with `ModelConfigError` for what is no file to read: it may have come with a project. */
async function scenarioText(path: string): Promise<string> {
  try {
    return await readOrdinaryFile(path, scenarioBytesMax);
  } catch (error) {
    if (error instanceof NotOrdinary) throw new ModelConfigError(`${error.message}.`);
    throw error;
  }
}

function split(name: string): { provider: string; model: string } {
  const slash = name.indexOf('/');
  return slash < 0
    ? { provider: name, model: '' }
    : { provider: name.slice(0, slash), model: name.slice(slash + 1) };
}
