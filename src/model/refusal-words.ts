/**
 * What a provider's refusal means where its status does not say it: the same things are said with 400, 402,
 * 403, 413, 422, 429 and 500, in the words of each server. Pure. The words are text from outside: only their
 * beginning counts, and no pattern takes longer than it is long.
 */
import { imageRefusalIn } from './images.ts';

export type RefusalKind =
  /** No waiting brings it back. */
  | 'noCredit'
  /** Of tokens a minute or a day; `Never`: this request alone is more. */
  | 'tokenRate'
  | 'tokenRateNever'
  /** The answer that was asked for is too long, not the request. */
  | 'answerTooLong'
  | 'contextTooLong'
  /** In bytes: for a proxy, or for the server before it has counted a token. */
  | 'tooLarge'
  | 'key'
  | 'model';

export interface Refusal {
  readonly status: number | undefined;
  /** `error.type`, `error.code` and the like. */
  readonly codes: readonly string[];
  readonly message: string;
  /** As it came; empty where there was none. */
  readonly body: string;
}

const charsMax = 4_096;

/** Null: the status and the codes say it all. */
export function refusalKind(refusal: Refusal): RefusalKind | null {
  const { codes } = refusal;
  // Inside a stream there is none, but some servers name it there.
  const status = refusal.status ?? codes.map(Number).find((code) => code >= 400 && code < 600);
  const said = `${codes.join(' ').slice(0, charsMax)} ${refusal.message.slice(0, charsMax)}`;
  if (status === 402 || codes.some((code) => creditCodes.has(code))) return 'noCredit';
  if (isOf(status, [400, 401, 403, 412, 429]) && noCredit.test(said)) return 'noCredit';
  if (isOf(status, [400, 413, 429]) && tokenRate.test(said))
    return neverFits(said) ? 'tokenRateNever' : 'tokenRate';
  const tooLong = lengthOf({ ...refusal, status }, said);
  if (tooLong !== null) return tooLong;
  if (isOf(status, [400, 403]) && badKey.test(said)) return 'key';
  // What is said with 404 may be the address as well.
  if (
    isOf(status, [400, 403, 410, 422]) &&
    (codes.some((code) => modelCodes.has(code)) || noModel.test(said))
  )
    return 'model';
  return null;
}

/** Of one that nobody named the words alone decide. */
function isOf(status: number | undefined, of: readonly number[]): boolean {
  return status === undefined || of.includes(status);
}

function lengthOf({ status, message, body }: Refusal, said: string): RefusalKind | null {
  if (isOf(status, [400, 422]) && answerTooLong.test(message.slice(0, charsMax))) return 'answerTooLong';
  if (status !== undefined && status >= 500) return tooLongSurely.test(said) ? 'contextTooLong' : null;
  if (!isOf(status, [400, 413, 422])) return null;
  const isOfBytes = tooLarge.test(said) && !tokensNamed.test(said) && imageRefusalIn(message) === null;
  if (isOfBytes) return 'tooLarge';
  if (tooLong.test(`${said} ${body.slice(0, charsMax)}`) || tooLongSurely.test(said)) return 'contextTooLong';
  if (status !== 413) return null;
  return tokensNamed.test(said) ? 'contextTooLong' : 'tooLarge';
}

const creditCodes = new Set([
  'insufficient_quota',
  'insufficient_funds',
  'insufficient_balance',
  'insufficient_credits',
  'exceeded_current_quota_error',
  'credit_limit_exceeded',
  'billing_error',
  'billing_not_active',
  'billing_hard_limit_reached',
]);

/** As Anthropic, OpenAI, DeepSeek, xAI, OpenRouter, Fireworks, Groq and Z.ai say it. */
const noCredit = new RegExp(
  [
    'credit balance is (?:too )?low',
    'insufficient (?:account )?(?:balance|credit|fund)',
    'requires more credits',
    'out of credits?\\b',
    '(?:not enough|no more|used all(?: of)?(?: your)?(?: available)?) credits',
    'billing hard limit',
    'check your billing details',
    'specified (?:\\w+ ){0,2}usage limits?',
    'spend(?:ing)? (?:limit|cap|alert threshold)',
    'key limit exceeded',
    '\\u4F59\\u989D\\u4E0D\\u8DB3',
  ].join('|'),
  'i',
);

const tokenRate = /tokens per (?:min|minute|hour|day)\b|\bTP[MD]\b|rate_limit_exceeded/i;

/** "Limit 6000, Used 10, Requested 7012" */
const asked =
  /\blimit:? (\d[\d,]{0,12})[^\d]{1,3}(?:used:? \d[\d,]{0,12}[^\d]{1,3})?requested:? (\d[\d,]{0,12})/i;

function neverFits(said: string): boolean {
  const [, limit, requested] = asked.exec(said) ?? [];
  if (limit === undefined || requested === undefined) return false;
  return Number(requested.replaceAll(',', '')) > Number(limit.replaceAll(',', ''));
}

/** Some name the window in the same breath. */
const answerTooLong =
  /max_(?:completion_|output_)?tokens\b[^.]{0,80}(?:too (?:large|big|high)|valid range|at most)|maximum allowed number of output tokens/i;

const tooLong = new RegExp(
  [
    'context[ _-]?(?:length|window|limit|size)',
    'maximum (?:context|(?:prompt|model|input|sequence) length)',
    'input token count[^.]{0,80}exceed',
    'exceed\\w{0,3} (?:the )?(?:model )?token limit',
    'max_prompt_tokens_exceeded',
    'tokens_limit_reached',
    'token count[^.]{0,40} exceeds',
    '[\\x60\'"]inputs[\\x60\'"] (?:tokens|must have less)',
    'range of input length',
    'input tokens exceed',
    'prompt_tokens[^.]{0,40}max_seq_len',
    'too many (?:input |prompt )?tokens',
    'tokens in the prompt cannot exceed',
    'max message tokens',
    'reduce the length of the (?:messages|prompt|input)',
  ].join('|'),
  'i',
);

/** Also where the status is one of a server that is down. */
const tooLongSurely = new RegExp(
  [
    '(?:prompt|input|conversation) (?:is )?too long',
    'context[ _-]?(?:length|window|size)[^.]{0,40} exceed',
    'exceed[^.]{0,40} (?:maximum |max |available )?context[ _-]?(?:length|window|size)',
    '(?:prompt|input)(?: length)?(?: \\d{1,12})? exceeds (?:the )?max(?:imum)?(?: allowed)?(?: input| prompt)? length',
    'maximum context length is',
    'context_length_exceeded',
  ].join('|'),
  'i',
);

/** As proxies and their frameworks say it; "Request Entity Too Large" is nginx's. */
const tooLarge = new RegExp(
  [
    'request_too_large',
    '(?:payload|request entity|request body|entity) (?:is )?too large',
    'payload_?too_?large',
    'payload size exceeds',
    'maximum (?:allowed )?(?:number of bytes|request size|body size|payload size)',
    'body: length limit exceeded',
    'string_above_max_length',
  ].join('|'),
  'i',
);

const tokensNamed = /\btokens?\b|tokens_limit|context[ _-]?(?:length|window|size)/i;

const badKey =
  /\bapi[ _-]?key (?:is )?(?:not valid|invalid|expired)|(?:invalid|incorrect|expired) api[ _-]?key|\bAPI_KEY_INVALID\b/i;

const modelCodes = new Set([
  'model_not_found',
  'model_decommissioned',
  'model_not_available',
  'model_deprecated',
  'model_not_supported',
  'invalid_model',
  'unknown_model',
  'DeploymentNotFound',
]);

const noModel = new RegExp(
  [
    'is not a valid model(?: id| name)?\\b',
    '\\b(?:invalid|unknown|no such) model\\b(?! (?:param|output|response))',
    '\\bmodel not (?:exist|found)\\b',
    '\\bmodel:? [\\x60\'"]?[\\w./:@-]{1,120}[\\x60\'"]? (?:does not exist|(?:is |was )?not found|is not available|is no longer (?:available|supported)|(?:has been|was|is) (?:decommissioned|deprecated|retired|removed))',
  ].join('|'),
  'i',
);
