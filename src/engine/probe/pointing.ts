/** How each agent is pointed at another provider than its own: the probe's mock on loopback. Pure. */

export interface Pointing {
  readonly variables: Readonly<Record<string, string>>;
  /** By their places in its HOME. */
  readonly files: Readonly<Record<string, string>>;
}

const key = 'podkin-probe';

/** Null: it cannot be, as far as is known. */
export function pointingAt(agent: string, url: string): Pointing | null {
  switch (agent) {
    case 'claude':
      return { variables: { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: key }, files: {} };
    case 'opencode':
      return {
        variables: { OPENCODE_DISABLE_MODELS_FETCH: '1' },
        files: { '.config/opencode/opencode.json': opencodeFile(url) },
      };
    case 'codex':
      return { variables: { PODKIN_PROBE_KEY: key }, files: { '.codex/config.toml': codexFile(url) } };
    case 'qwen':
      return {
        variables: { OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: key, OPENAI_MODEL: 'mock' },
        files: { '.qwen/settings.json': '{"security":{"auth":{"selectedType":"openai"}}}' },
      };
    case 'copilot':
      return {
        variables: {
          COPILOT_PROVIDER_BASE_URL: `${url}/v1`,
          COPILOT_PROVIDER_API_KEY: key,
          COPILOT_MODEL: 'mock',
          COPILOT_OFFLINE: 'true',
        },
        files: {},
      };
    case 'pi':
      return {
        variables: {},
        files: {
          '.pi/agent/models.json': piModels(url),
          '.pi/agent/settings.json': '{"defaultProvider":"mock","defaultModel":"mock","quietStartup":true}',
        },
      };
    case 'gemini':
      return {
        variables: { GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: key, GEMINI_MODEL: 'gemini-2.5-flash' },
        files: { '.gemini/settings.json': '{"security":{"auth":{"selectedType":"gemini-api-key"}}}' },
      };
    default:
      return null;
  }
}

function opencodeFile(url: string): string {
  const models = { mock: { name: 'mock', tool_call: true, limit: { context: 100_000, output: 10_000 } } };
  const mock = {
    npm: '@ai-sdk/openai-compatible',
    name: 'mock',
    options: { baseURL: `${url}/v1`, apiKey: key },
    models,
  };
  return JSON.stringify({
    model: 'mock/mock',
    small_model: 'mock/mock',
    provider: { mock },
    permission: { bash: 'ask', edit: 'ask' },
  });
}

function piModels(url: string): string {
  const models = [{ id: 'mock' }];
  return JSON.stringify({
    providers: { mock: { baseUrl: `${url}/v1`, api: 'openai-completions', apiKey: key, models } },
  });
}

function codexFile(url: string): string {
  return [
    'model = "mock"',
    'model_provider = "mock"',
    '[model_providers.mock]',
    'name = "mock"',
    `base_url = "${url}/v1"`,
    'wire_api = "responses"',
    'env_key = "PODKIN_PROBE_KEY"',
    'request_max_retries = 0',
    'stream_max_retries = 0',
    '',
  ].join('\n');
}
