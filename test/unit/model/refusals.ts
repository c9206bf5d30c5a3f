/**
 * What providers, their gateways and local servers really answer where they refuse, in the shape that each of
 * them gives it, and what follows from it. Collected from their documentation and from reports of users.
 */
import { anthropic, compatible, google, openai, type RefusalRow } from './refusal-shapes.ts';
import { tooLarge, tooLong } from './refusals-length.ts';

const noCredit = { category: 'rateLimit', next: true } as const;
const credit: RefusalRow[] = [
  {
    id: 'anthropic-credit-balance',
    dialect: 'anthropic',
    status: 400,
    body: anthropic(
      'invalid_request_error',
      'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
    ),
    ...noCredit,
  },
  {
    id: 'anthropic-billing',
    dialect: 'anthropic',
    status: 402,
    body: anthropic('billing_error', 'There is an issue with your billing or payment information.'),
    ...noCredit,
  },
  {
    id: 'anthropic-usage-limits',
    dialect: 'anthropic',
    status: 400,
    body: anthropic(
      'invalid_request_error',
      'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
    ),
    ...noCredit,
  },
  {
    id: 'openai-quota',
    dialect: 'openai',
    status: 429,
    headers: { 'retry-after': '1' },
    body: openai('You exceeded your current quota, please check your plan and billing details.', {
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    }),
    ...noCredit,
  },
  {
    id: 'openai-hard-limit',
    dialect: 'openai',
    status: 400,
    body: openai('Billing hard limit has been reached', {
      type: 'invalid_request_error',
      code: 'billing_hard_limit_reached',
    }),
    ...noCredit,
  },
  {
    id: 'openai-not-active',
    dialect: 'openai',
    status: 429,
    body: openai('Your account is not active, please check your billing details on our website.', {
      type: 'billing_not_active',
      code: 'billing_not_active',
    }),
    ...noCredit,
  },
  {
    id: 'deepseek-balance',
    ...compatible,
    status: 402,
    body: openai('Insufficient Balance', { type: 'unknown_error', code: 'invalid_request_error' }),
    ...noCredit,
  },
  {
    id: 'openrouter-credits',
    ...compatible,
    status: 402,
    body: openai(
      'This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 12.',
      { code: 402 },
    ),
    ...noCredit,
  },
  {
    id: 'openrouter-key-limit',
    ...compatible,
    status: 403,
    body: openai('Key limit exceeded (total limit). Manage it using the settings.', { code: 403 }),
    ...noCredit,
  },
  {
    id: 'xai-credits',
    ...compatible,
    status: 403,
    body: {
      code: 'The caller does not have permission to execute the specified operation',
      error: 'Your team has either used all available credits or reached its monthly spending limit.',
    },
    ...noCredit,
  },
  {
    id: 'zai-balance',
    ...compatible,
    status: 429,
    body: openai('Insufficient balance or no resource package. Please recharge.', { code: '1113' }),
    ...noCredit,
  },
  {
    id: 'moonshot-quota',
    ...compatible,
    status: 429,
    body: openai('Your account is suspended, please check your plan and billing details', {
      type: 'exceeded_current_quota_error',
    }),
    ...noCredit,
  },
];

const rateLimits: RefusalRow[] = [
  {
    id: 'groq-tokens-a-minute',
    ...compatible,
    status: 413,
    headers: { 'retry-after': '7' },
    body: openai(
      'Request too large for model `llama` in organization `o` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Requested 7012, please reduce your message size and try again.',
      { type: 'tokens', code: 'rate_limit_exceeded' },
    ),
    category: 'rateLimit',
    next: true,
  },
  {
    id: 'groq-tokens-used',
    ...compatible,
    status: 429,
    headers: { 'retry-after': '7' },
    body: openai(
      'Rate limit reached for model `llama` on tokens per minute (TPM): Limit 6000, Used 5000, Requested 1012. Please try again in 120ms.',
      { type: 'tokens', code: 'rate_limit_exceeded' },
    ),
    category: 'rateLimit',
    again: true,
  },
  {
    id: 'openai-tokens-a-minute',
    dialect: 'openai',
    status: 429,
    body: openai(
      'Request too large for gpt-5 in organization org-x on tokens per min (TPM): Limit 30,000, Requested 40,512. The input or output tokens must be reduced in order to run successfully.',
      { type: 'tokens', code: 'rate_limit_exceeded' },
    ),
    category: 'rateLimit',
    next: true,
  },
  {
    id: 'anthropic-tokens-a-minute',
    dialect: 'anthropic',
    status: 429,
    headers: { 'retry-after': '20' },
    body: anthropic(
      'rate_limit_error',
      'This request would exceed the rate limit for your organization of 30,000 input tokens per minute.',
    ),
    category: 'rateLimit',
    again: true,
  },
  {
    id: 'google-quota',
    dialect: 'google',
    status: 429,
    body: google(
      429,
      'You exceeded your current quota, please check your plan and billing details. Please retry in 36s.',
      { status: 'RESOURCE_EXHAUSTED', details: [{ '@type': 'RetryInfo', retryDelay: '36s' }] },
    ),
    category: 'rateLimit',
    again: true,
  },
];

const goneModel = { category: 'badRequest', next: true, advice: /Check the model's name/ } as const;
const gone: RefusalRow[] = [
  {
    id: 'groq-decommissioned',
    ...compatible,
    status: 400,
    body: openai(
      'The model `llama` has been decommissioned and is no longer supported. Please refer to the documentation for a recommendation on which model to use instead.',
      { type: 'invalid_request_error', code: 'model_decommissioned' },
    ),
    ...goneModel,
  },
  {
    id: 'openrouter-id',
    ...compatible,
    status: 400,
    body: openai('x/llama is not a valid model ID', { code: 400 }),
    ...goneModel,
  },
  {
    id: 'openai-not-found',
    dialect: 'openai',
    status: 400,
    body: openai("The requested model 'llama' does not exist.", {
      type: 'invalid_request_error',
      param: 'model',
      code: 'model_not_found',
    }),
    ...goneModel,
  },
  {
    id: 'openai-no-access',
    dialect: 'openai',
    status: 403,
    body: openai('Project `p` does not have access to model `gpt-6`', { code: 'model_not_found' }),
    ...goneModel,
  },
  {
    id: 'mistral-invalid',
    ...compatible,
    status: 400,
    body: { object: 'error', message: 'Invalid model: llama', type: 'invalid_model', code: '1500' },
    ...goneModel,
  },
  { id: 'deepseek-not-exist', ...compatible, status: 400, body: openai('Model Not Exist'), ...goneModel },
  {
    id: 'not-there',
    ...compatible,
    status: 404,
    body: openai('The model `llama` does not exist or you do not have access to it.', {
      code: 'model_not_found',
    }),
    category: 'badRequest',
    next: true,
    advice: /Check the address in OPENAI_COMPATIBLE_BASE_URL and the model's name/,
  },
];

const keys: RefusalRow[] = [
  {
    id: 'google-key',
    dialect: 'google',
    status: 400,
    body: google(400, 'API key not valid. Please pass a valid API key.', {
      status: 'INVALID_ARGUMENT',
      details: [{ '@type': 'ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' }],
    }),
    category: 'authentication',
    next: true,
    advice: /Check GOOGLE_GENERATIVE_AI_API_KEY/,
  },
  {
    id: 'google-key-expired',
    dialect: 'google',
    status: 400,
    body: google(400, 'API key expired. Please renew the API key.', { status: 'INVALID_ARGUMENT' }),
    category: 'authentication',
    next: true,
    advice: /Check GOOGLE_GENERATIVE_AI_API_KEY/,
  },
];

/** What is none of these, though it has a word of one. */
const others: RefusalRow[] = [
  {
    id: 'plain-bad-request',
    ...compatible,
    status: 400,
    body: openai('messages: roles must alternate', { type: 'invalid_request_error' }),
    category: 'badRequest',
  },
  {
    id: 'model-without-images',
    ...compatible,
    status: 400,
    body: openai('The model `llama` does not support images.'),
    category: 'badRequest',
  },
  {
    id: 'one-image-too-large',
    dialect: 'anthropic',
    status: 400,
    body: anthropic(
      'invalid_request_error',
      'messages.0: image exceeds 5 MB maximum: 6000000 bytes > 5242880 bytes',
    ),
    category: 'badRequest',
  },
  {
    id: 'echoed-input',
    ...compatible,
    status: 422,
    body: {
      detail: [{ type: 'missing', loc: ['body'], msg: 'Field required', input: 'credit balance is too low' }],
    },
    category: 'badRequest',
  },
  {
    id: 'answer-too-long',
    ...compatible,
    status: 400,
    body: openai('max_tokens is too large: 32000. The maximum context length is 8192 tokens'),
    category: 'badRequest',
    advice: /Set outputTokens/,
  },
  {
    id: 'server-down',
    ...compatible,
    status: 500,
    body: openai('The context of this request could not be loaded', { type: 'server_error' }),
    category: 'overloaded',
    again: true,
  },
];

export const refusals: readonly RefusalRow[] = [
  ...credit,
  ...rateLimits,
  ...tooLong,
  ...tooLarge,
  ...gone,
  ...keys,
  ...others,
];
