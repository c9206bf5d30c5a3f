/**
 * Turns whatever a provider, the network or the SDK throws into a `ModelFailure`: category, whether asking
 * again can help, how long to wait. Knows the
 * errors by their shape alone, so that nothing heavy is loaded for it; no cause is kept, because a cause may
 * hold what must not be logged.
 */
import { jsonIn } from '../std/json.ts';
import { NoStream } from './bytes.ts';
import { FailureInStream } from './repair.ts';
import { ModelFailure, type ModelFailureCategory } from './port.ts';
import { wordsOf, wordsOfBody } from './provider-words.ts';
import { type RefusalKind, refusalKind } from './refusal-words.ts';
import { requestRoom, type StatedWindow, statedWindow } from './stated-window.ts';

export interface FailureContext {
  /** `provider/model`, to begin the message with. */
  readonly name: string;
  /** Values that no message may hold. */
  readonly secrets: readonly string[];
  /** The variable that holds the key, for the hint; null where there is none. */
  readonly keyVariable: string | null;
  /** The variable that holds the address, for the hint; null where there is none. */
  readonly addressVariable?: string | null;
  /** Said of a connection that failed; empty where there is nothing to say. */
  readonly proxyHint?: string;
  /** Some of the answer had already arrived. */
  readonly begun: boolean;
}

interface Details {
  status: number | undefined;
  /** The provider's own words for it: `error.type`, `error.code`. */
  codes: string[];
  message: string;
  body: string;
  headers: Record<string, unknown>;
}

type Verdict = {
  category: ModelFailureCategory;
  transient: boolean;
  triesMax?: number;
  /** What a person has to check. */
  check?: 'address' | 'key' | 'model' | 'outputTokens' | 'size';
  /** Another model may answer. */
  isGone?: true;
};

/** What hardly ever passes: asked once more, and once again in case it does. */
const triesOfDoubtful = 3;

const messageCharsMax = 500;
const secretCharsMin = 4;

/**
 * Never throws. Answers a `ModelFailure` as it is. `retryAfterMs` comes from the headers `retry-after-ms` and
 * `retry-after` (seconds or a date), or
 * from Google's `retryDelay` in the body.
 */
export function toModelFailure(error: unknown, context: FailureContext): ModelFailure {
  // The packages wrap what broke off their stream.
  const own = causes(error).find((cause) => cause instanceof ModelFailure);
  if (own !== undefined) return own;
  const details = detailsOf(error);
  const verdict = judge(error, details, context.begun);
  const { category, transient, triesMax, check } = verdict;
  const status = details.status === undefined ? '' : ` (HTTP ${details.status})`;
  const text = printable(redact(details.message, context.secrets).slice(0, messageCharsMax));
  return new ModelFailure(
    category,
    `${context.name}: ${text}${status}${hintOf(context, category, check)}${category === 'network' ? (context.proxyHint ?? '') : ''}`,
    {
      transient,
      retryAfterMs: transient ? retryAfterMs(details) : undefined,
      triesMax,
      isGone: !transient && (verdict.isGone === true || category === 'authentication' || check === 'address'),
      window: category === 'contextTooLong' ? windowIn(details) : undefined,
    },
  );
}

function hintOf(context: FailureContext, category: string, check: Verdict['check']): string {
  const { name, keyVariable, addressVariable } = context;
  if (check === 'model') return `. Check the model's name: the provider does not have it, or not any more`;
  if (check === 'size') return sizeHint;
  if (category === 'authentication' && keyVariable !== null)
    return `. Check ${keyVariable}: the provider did not accept it`;
  if (check === 'key' && keyVariable !== null)
    return `. Check ${keyVariable}: it holds what no request can send`;
  if (check === 'outputTokens') return `. Set outputTokens in [models."${name}"] of your config.toml`;
  return check === 'address' && typeof addressVariable === 'string'
    ? `. Check the address in ${addressVariable} and the model's name`
    : '';
}

const sizeHint =
  '. The request has too many bytes for the server, or for a proxy before it, whatever the model takes: raise that bound (nginx: client_max_body_size), or make the history shorter with podkin compact';

/** Tokens that a request may hold, where it is said. */
function windowIn(details: Details): number | undefined {
  const said = windowSaidBy(details);
  return said === null ? undefined : requestRoom(said);
}

/** llama.cpp says it in a field of its own, too. */
function windowSaidBy({ message, body }: Details): StatedWindow | null {
  const field = /"n_ctx": {0,4}(\d{4,9})\b/.exec(body.slice(0, bodyCharsMax))?.[1];
  const said = statedWindow(message);
  return said === null && field !== undefined ? { tokens: Number(field), answer: null, request: null } : said;
}

const bodyCharsMax = 16 * 1024;

/** What the provider says of its window, where it has refused a request with its answer as too long. */
export function windowOfRefusal(error: unknown): StatedWindow | null {
  const details = detailsOf(error);
  return refusalKind(details) === 'contextTooLong' ? windowSaidBy(details) : null;
}

/** One line without what steers a terminal; a provider's words are text from outside. */
function printable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

/** Replaces the given secrets and everything that looks like a provider's key. */
function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length >= secretCharsMin) clean = clean.replaceAll(secret, '[redacted]');
  }
  return clean.replaceAll(/\b(?:sk-|AIza|Bearer )[\w*.-]{8,}/g, '[redacted]');
}

/**
 * The stream ended in good order and said nothing of the answer's end: a server that never does is not asked
 * again and again.
 */
export function cutStreamFailure(name: string): ModelFailure {
  return new ModelFailure(
    'cutStream',
    `${name}: the stream ended without saying that the answer is whole (no finish reason)`,
    { transient: true, triesMax: triesOfDoubtful },
  );
}

function judge(error: unknown, details: Details, begun: boolean): Verdict {
  const { status, codes, message } = details;
  const kind = refusalKind(details);
  if (kind !== null) return refused[kind];
  if (status !== undefined) return byStatus(status);
  const inStream = codes.map(Number).find((code) => code >= 400 && code < 600);
  if (inStream !== undefined) return byStatus(inStream);
  const byCode = codes.map((code) => statusOfCode[code]).find((known) => known !== undefined);
  if (byCode !== undefined) return byStatus(byCode);
  if (error instanceof NoStream) return { category: 'badRequest', transient: false, check: 'address' };
  if (codes.some((code) => requestProblems.has(code))) return { category: 'badRequest', transient: false };
  return byConnection(error, message, begun) ?? byKind(error);
}

const refused: Record<RefusalKind, Verdict> = {
  noCredit: { category: 'rateLimit', transient: false, isGone: true },
  tokenRate: { category: 'rateLimit', transient: true },
  tokenRateNever: { category: 'rateLimit', transient: false, isGone: true },
  answerTooLong: { category: 'badRequest', transient: false, check: 'outputTokens' },
  contextTooLong: { category: 'contextTooLong', transient: false },
  tooLarge: { category: 'requestTooLarge', transient: false, check: 'size' },
  key: { category: 'authentication', transient: false },
  model: { category: 'badRequest', transient: false, check: 'model', isGone: true },
};

/** What the network did, if it was that. */
function byConnection(error: unknown, message: string, begun: boolean): Verdict | null {
  if (/ByteString|invalid header value/i.test(message))
    return { category: 'badRequest', transient: false, check: 'key' };
  if (isWrongAddress(error, message)) return { category: 'network', transient: false, check: 'address' };
  if (isPrematureEnd(error, message))
    return { category: 'cutStream', transient: true, triesMax: triesOfDoubtful };
  if (isConnection(error, message)) {
    const isUnknown = codesOf(error).some((code) =>
      /^(?:ENOTFOUND|HPE_\w+|UND_ERR_HEADERS_OVERFLOW)$/.test(code),
    );
    const doubt = isUnknown ? { triesMax: triesOfDoubtful, check: 'address' as const } : {};
    return { category: begun ? 'cutStream' : 'network', transient: true, ...doubt };
  }
  return null;
}

function byKind(error: unknown): Verdict {
  // What the provider said is worth another try; an Error that neither it nor the SDK made is a defect, and a
  // second try would only hide it.
  if (!(error instanceof Error)) return { category: 'unknown', transient: true };
  const isInStream = causes(error).some((cause) => cause instanceof FailureInStream);
  // What no package understands will hardly be said otherwise.
  const triesMax = isInStream ? undefined : triesOfDoubtful;
  return {
    category: 'unknown',
    transient: isInStream || error.name.startsWith('AI_'),
    ...(triesMax && { triesMax }),
  };
}

function byStatus(status: number): Verdict {
  if (status === 401 || status === 403) return { category: 'authentication', transient: false };
  if (status === 429) return { category: 'rateLimit', transient: true };
  // Not there, not here, not in this version of the protocol: an address is wrong, and stays so.
  if (status < 400 || [404, 405, 410, 501, 505].includes(status))
    return { category: 'badRequest', transient: false, check: 'address' };
  if (status === 408 || status === 409 || status >= 500) return { category: 'overloaded', transient: true };
  return { category: 'badRequest', transient: false };
}

/** Words of errors that arrive inside a stream, where there is no status any more. */
const statusOfCode: Record<string, number> = {
  authentication_error: 401,
  invalid_api_key: 401,
  permission_error: 403,
  invalid_request_error: 400,
  invalid_prompt: 400,
  invalid_encrypted_content: 400,
  content_policy_violation: 400,
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  not_found_error: 404,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  RESOURCE_EXHAUSTED: 429,
  overloaded_error: 529,
  api_error: 500,
  server_error: 500,
  timeout_error: 504,
};

/** The SDK refuses to send these; the request itself is at fault. */
const requestProblems = new Set([
  'AI_InvalidPromptError',
  'AI_InvalidArgumentError',
  'AI_MissingToolResultsError',
  'AI_InvalidMessageRoleError',
  'AI_MessageConversionError',
  'AI_UnsupportedFunctionalityError',
  'AI_LoadAPIKeyError',
  'AI_LoadSettingError',
]);

function isPrematureEnd(error: unknown, message: string): boolean {
  return (
    (error instanceof Error && error.name === 'AI_NoOutputGeneratedError') ||
    /ended without a finish/i.test(message)
  );
}

function isConnection(error: unknown, message: string): boolean {
  if (
    /cannot connect to api|fetch failed|^terminated$|socket hang up|other side closed|premature close/i.test(
      message,
    )
  )
    return true;
  return codesOf(error).some((code) => connectionCodes.test(code));
}

function codesOf(error: unknown): string[] {
  return causes(error).flatMap((cause) =>
    'code' in cause && typeof cause.code === 'string' ? [cause.code] : [],
  );
}

/**
 * Tried again it is as wrong as before: a port that is forbidden, a certificate that nobody vouches for, no
 * TLS where it was to be.
 */
function isWrongAddress(error: unknown, message: string): boolean {
  return (
    /\bbad port\b|unknown scheme|redirect count exceeded|invalid url/i.test(message) ||
    codesOf(error).some((code) => addressCodes.test(code))
  );
}

const addressCodes =
  /^(?:CERT_\w+|\w+_CERT_\w+|\w*SELF_SIGNED\w*|UNABLE_TO_\w+|ERR_TLS_\w+|ERR_SSL_\w+|EPROTO|ERR_INVALID_URL|UND_ERR_INVALID_ARG)$/;

const connectionCodes =
  /^(?:ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_\w+)$/;

/** The error and what caused it, nearest first; ends at a circle. */
function causes(error: unknown): object[] {
  const found: object[] = [];
  let current = error;
  while (typeof current === 'object' && current !== null && !found.includes(current)) {
    found.push(current);
    current = 'cause' in current ? current.cause : null;
  }
  return found;
}

function detailsOf(error: unknown): Details {
  const inStream = causes(error).find((cause) => cause instanceof FailureInStream);
  const shape = asRecord(inStream ?? error);
  const data = asRecord(shape['data']);
  const body = typeof shape['responseBody'] === 'string' ? shape['responseBody'] : '';
  const read = jsonIn(body) ?? null;
  const [first] = Array.isArray(read) ? (read as unknown[]) : [read];
  const codes: string[] = [];
  for (const outer of [shape, data, asRecord(first), asRecord(data['response'])]) {
    for (const source of [outer, asRecord(outer['error'])]) {
      for (const field of ['type', 'code', 'status', 'name']) {
        const value = source[field];
        if (typeof value === 'string' || typeof value === 'number') codes.push(String(value));
      }
    }
  }
  const status = shape['statusCode'];
  return {
    // A status below 300 belongs to a stream that began well: what failed came after it.
    status: typeof status === 'number' && status >= 300 ? status : undefined,
    codes,
    message: messageOf(error, inStream, body),
    body,
    headers: asRecord(shape['responseHeaders']),
  };
}

function messageOf(error: unknown, inStream: FailureInStream | undefined, body: string): string {
  const own = error instanceof Error ? error.message : wordsOf(error);
  const said = inStream === undefined ? wordsOfBody(body) : wordsOf(inStream.data);
  const both = error instanceof NoStream && said !== '' ? `${own}: ${said}` : said;
  return both || own || 'it reported an error and said nothing about it';
}

function retryAfterMs(details: Details): number | undefined {
  const wished = wishedRestMs(details);
  return wished === undefined ? undefined : Math.min(wished, restMsMax);
}

/** Of what may be said at all: a hundred years. */
const restMsMax = 100 * 365 * 86_400_000;

function wishedRestMs(details: Details): number | undefined {
  const milliseconds = Number(details.headers['retry-after-ms'] ?? Number.NaN);
  if (milliseconds >= 0) return milliseconds;
  const header = details.headers['retry-after'];
  if (typeof header === 'string') {
    const seconds = Number(header);
    if (seconds >= 0) return seconds * 1000;
    const date = Date.parse(header);
    if (!Number.isNaN(date)) return Math.max(0, date - Date.now());
  }
  const delay = /"retryDelay":\s*"(\d+(?:\.\d+)?)s"/.exec(details.body)?.[1];
  return delay === undefined ? undefined : Number(delay) * 1000;
}

function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
