/** Refusals of what is too long: in tokens, or in bytes. */
import { anthropic, compatible, google, openai, type RefusalRow } from './refusal-shapes.ts';

const long = (
  id: string,
  status: number,
  body: object | string,
  more: Partial<RefusalRow> | number = {},
): RefusalRow => ({
  id,
  ...compatible,
  status,
  body,
  category: 'contextTooLong',
  ...(typeof more === 'number' ? { window: more } : more),
});

export const tooLong: RefusalRow[] = [
  long(
    'anthropic-prompt',
    400,
    anthropic('invalid_request_error', 'prompt is too long: 213462 tokens > 200000 maximum'),
    { window: 200_000, dialect: 'anthropic' },
  ),
  long(
    'anthropic-with-answer',
    400,
    anthropic(
      'invalid_request_error',
      'input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length or `max_tokens` and try again',
    ),
    { window: 178_667, dialect: 'anthropic' },
  ),
  long(
    'openai-window',
    400,
    openai('Your input exceeds the context window of this model. Please adjust your input and try again.', {
      type: 'invalid_request_error',
      code: 'context_length_exceeded',
    }),
    { dialect: 'openai' },
  ),
  long(
    'openai-configured',
    400,
    openai(
      'Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.',
      {
        code: 'context_length_exceeded',
      },
    ),
    { window: 272_000, dialect: 'openai' },
  ),
  long(
    'google-count',
    400,
    google(400, 'The input token count (1196265) exceeds the maximum number of tokens allowed (1048576).', {
      status: 'INVALID_ARGUMENT',
    }),
    { window: 1_048_576, dialect: 'google' },
  ),
  long(
    'xai-prompt',
    400,
    openai("This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
    131_072,
  ),
  long(
    'deepseek-messages',
    400,
    openai(
      "This model's maximum context length is 65536 tokens. However, you requested 72000 tokens (68000 in the messages, 4000 in the completion). Please reduce the length of the messages or completion.",
      { type: 'invalid_request_error', code: 'invalid_request_error' },
    ),
    61_536,
  ),
  long(
    'vllm-output',
    400,
    openai(
      "This model's maximum context length is 8192 tokens. However, you requested 1024 output tokens and your prompt contains at least 7169 input tokens, for a total of at least 8193 tokens.",
      { type: 'BadRequestError', param: 'input_tokens', code: 400 },
    ),
    7_168,
  ),
  long(
    'vllm-decoder',
    400,
    openai('The decoder prompt (length 5000) is longer than the maximum model length of 4096.'),
    4_096,
  ),
  long(
    'mistral-draft',
    400,
    {
      object: 'error',
      message:
        'Prompt contains 17000 tokens and 0 draft tokens, too large for model with 16000 maximum context length',
      type: 'invalid_request_message_order',
      code: '3051',
    },
    16_000,
  ),
  long(
    'minimax-code',
    400,
    openai('invalid params, context window exceeds limit (2013)', { type: 'bad_request_error' }),
  ),
  long(
    'ollama-excess',
    400,
    openai('prompt too long; exceeded max context length by 1000 tokens', { type: 'api_error' }),
  ),
  long('ollama-excess-500', 500, openai('prompt too long; exceeded max context length by 4000 tokens')),
  long(
    'kimi-limit',
    400,
    openai('Invalid request: Your request exceeded model token limit: 16000', {
      type: 'invalid_request_error',
    }),
    16_000,
  ),
  long('zai-length', 400, openai('Prompt exceeds max length', { code: '1261' })),
  long(
    'copilot-prompt',
    400,
    openai('prompt token count of 17000 exceeds the limit of 16000', {
      code: 'model_max_prompt_tokens_exceeded',
    }),
    16_000,
  ),
  long(
    'github-models-body',
    413,
    openai('Request body too large for gpt-4o model. Max size: 8000 tokens.', {
      code: 'tokens_limit_reached',
    }),
    8_000,
  ),
  long(
    'together-inputs',
    422,
    openai(
      'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 16001. Given: 17000 `inputs` tokens and 0 `max_new_tokens`',
      { type: 'invalid_request_error' },
    ),
    16_001,
  ),
  long(
    'sglang-length',
    400,
    openai("The input (516368 tokens) is longer than the model's context length (262144 tokens)."),
    262_144,
  ),
  long(
    'qwen-range',
    400,
    openai('<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 16000]', {
      type: 'invalid_request_error',
      code: 'invalid_parameter_error',
    }),
    16_000,
  ),
  long(
    'poolside-length',
    400,
    openai('Input length 17000 exceeds the maximum allowed input length of 16000 tokens.', { code: 400 }),
    16_000,
  ),
  long(
    'doubao-length',
    400,
    openai('Input length 131133 exceeds the maximum length 131072', { code: 'InvalidParameter' }),
    131_072,
  ),
  long(
    'llama-cpp-size',
    400,
    openai('the request exceeds the available context size, try increasing it', {
      code: 400,
      type: 'exceed_context_size_error',
      n_prompt_tokens: 9_000,
      n_ctx: 8_192,
    }),
    8_192,
  ),
  long(
    'llama-cpp-tokens',
    400,
    openai('request (66202 tokens) exceeds the available context size (65536 tokens), try increasing it', {
      code: 400,
    }),
    65_536,
  ),
  long('llama-cpp-500', 500, openai('Context size has been exceeded.', { code: 500, type: 'server_error' })),
  long(
    'lm-studio-keep',
    400,
    {
      error:
        'Trying to keep the first 30000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.',
    },
    4_096,
  ),
  long(
    'cerebras-while',
    400,
    {
      message:
        'Please reduce the length of the messages or completion. Current length is 8203 while limit is 8192',
      type: 'invalid_request_error',
      param: 'messages',
      code: 'context_length_exceeded',
    },
    8_192,
  ),
  long(
    'fireworks-prompt',
    400,
    openai('The prompt is too long: 204901, model maximum context length: 131071', { code: 400 }),
    131_071,
  ),
  long(
    'cohere-total',
    400,
    {
      message:
        'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4095. Try using a shorter prompt.',
    },
    4_081,
  ),
  long('bedrock-input', 400, { message: 'Input is too long for requested model.' }),
  long(
    'siliconflow-max-seq',
    400,
    { code: 20015, message: 'length of prompt_tokens (40000) must be less than max_seq_len (32768).' },
    32_768,
  ),
];

const nginx =
  '<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx/1.27.0</center>\r\n</body>\r\n</html>';
const large = (id: string, status: number, body: object | string, more: Partial<RefusalRow> = {}) => ({
  id,
  ...compatible,
  status,
  body,
  category: 'requestTooLarge' as const,
  advice: /too many bytes.*client_max_body_size.*podkin compact/,
  ...more,
});
export const tooLarge: RefusalRow[] = [
  large('nginx-page', 413, nginx, { headers: { 'content-type': 'text/html' } }),
  large('nothing-said', 413, '', { headers: { 'content-type': 'text/plain' } }),
  large('express-json', 413, openai('request entity too large', { type: 'entity.too.large' })),
  large('axum-limit', 413, 'Failed to buffer the request body: length limit exceeded'),
  large('vercel-payload', 413, 'Request Entity Too Large FUNCTION_PAYLOAD_TOO_LARGE'),
  large(
    'anthropic-bytes',
    413,
    anthropic('request_too_large', 'Request exceeds the maximum allowed number of bytes.'),
    { dialect: 'anthropic' },
  ),
  large(
    'google-payload',
    400,
    google(400, 'Request payload size exceeds the limit: 20971520 bytes.', { status: 'INVALID_ARGUMENT' }),
    { dialect: 'google' },
  ),
];
