/**
 * Turns whatever a provider, the network or the SDK throws into a `ModelFailure`: category, whether asking again can help, how long to wait. Knows the
 * errors by their shape alone, so that nothing heavy is loaded for it; no cause is kept, because a cause may hold what must not be logged.
 */
import { ModelFailure, type ModelFailureCategory } from './port.ts';

/** The model can not be used as configured. The message says what to do next; it is for a person. */
export class ModelConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ModelConfigError';
  }
}

export interface FailureContext {
  /** `provider/model`, to begin the message with. */
  readonly name: string;
  /** Values that no message may hold. */
  readonly secrets: readonly string[];
  /** The variable that holds the key, for the hint; null where there is none. */
  readonly keyVariable: string | null;
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

type Verdict = { category: ModelFailureCategory; transient: boolean };

const messageCharsMax = 500;
const secretCharsMin = 4;

/**
 * Never throws. Answers a `ModelFailure` as it is. `retryAfterMs` comes from the headers `retry-after-ms` and `retry-after` (seconds or a date), or
 * from Google's `retryDelay` in the body.
 */
export function toModelFailure(error: unknown, context: FailureContext): ModelFailure {
  if (error instanceof ModelFailure) return error;
  const details = detailsOf(error);
  const verdict = judge(error, details, context.begun);
  const status = details.status === undefined ? '' : ` (HTTP ${details.status})`;
  const hint =
    verdict.category === 'authentication' && context.keyVariable !== null
      ? `. Check ${context.keyVariable}: the provider did not accept it`
      : '';
  const text = redact(details.message, context.secrets).slice(0, messageCharsMax);
  const wishMs = verdict.transient ? retryAfterMs(details) : undefined;
  const tooLong = wishMs !== undefined && wishMs > retryAfterMsMax;
  const wish = tooLong ? `. It asks for ${Math.ceil(wishMs / 60_000)} minutes of rest: try again then` : '';
  return new ModelFailure(verdict.category, `${context.name}: ${text}${status}${hint}${wish}`, {
    transient: verdict.transient && !tooLong,
    retryAfterMs: tooLong ? undefined : wishMs,
  });
}

/** A turn does not wait longer than this for a provider; it ends, and says what the provider wished. */
const retryAfterMsMax = 10 * 60_000;

/** Replaces the given secrets and everything that looks like a provider's key. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length >= secretCharsMin) clean = clean.replaceAll(secret, '[redacted]');
  }
  return clean.replaceAll(/\b(?:sk-|AIza|Bearer )[\w*.-]{8,}/g, '[redacted]');
}

/** The answer stopped before its end. */
export function cutStreamFailure(name: string): ModelFailure {
  return new ModelFailure('cutStream', `${name}: the answer broke off before its end`, { transient: true });
}

function judge(error: unknown, details: Details, begun: boolean): Verdict {
  const { status, codes, message, body } = details;
  if (codes.includes('insufficient_quota')) return { category: 'rateLimit', transient: false };
  const tooLong = contextPattern.test(`${codes.join(' ')} ${message} ${body}`);
  if (tooLong && (status === undefined || status === 400 || status === 413 || status === 422)) {
    return { category: 'contextTooLong', transient: false };
  }
  if (status !== undefined) return byStatus(status);
  const byCode = codes.map((code) => statusOfCode[code]).find((known) => known !== undefined);
  if (byCode !== undefined) return byStatus(byCode);
  if (isPrematureEnd(error, message)) return { category: 'cutStream', transient: true };
  if (isConnection(error, message)) return { category: begun ? 'cutStream' : 'network', transient: true };
  if (codes.some((code) => requestMistakes.has(code))) return { category: 'badRequest', transient: false };
  // What the provider said is worth another try; an Error that neither it nor the SDK made is a defect, and a second try would only hide it.
  const fromProvider = !(error instanceof Error) || error.name.startsWith('AI_');
  return { category: 'unknown', transient: fromProvider };
}

function byStatus(status: number): Verdict {
  if (status === 401 || status === 403) return { category: 'authentication', transient: false };
  if (status === 413) return { category: 'contextTooLong', transient: false };
  if (status === 429) return { category: 'rateLimit', transient: true };
  if (status === 408 || status === 409 || status >= 500) return { category: 'overloaded', transient: true };
  if (status >= 400) return { category: 'badRequest', transient: false };
  return { category: 'unknown', transient: true };
}

const contextPattern =
  /context[ _-]?(?:length|window|limit)|maximum context|(?:prompt|input) is too long|request_too_large|input token count[^.]*exceed/i;

/** Words of errors that arrive inside a stream, where there is no status any more. */
const statusOfCode: Record<string, number> = {
  authentication_error: 401,
  invalid_api_key: 401,
  permission_error: 403,
  invalid_request_error: 400,
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
const requestMistakes = new Set([
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
  return causes(error).some(
    (cause) => 'code' in cause && typeof cause.code === 'string' && connectionCodes.test(cause.code),
  );
}

const connectionCodes =
  /^(?:ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_\w+|CERT_\w+|\w+_CERT_\w+)$/;

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
  const shape = asRecord(error);
  const data = asRecord(shape['data']);
  const inner = asRecord(data['error'] ?? shape['error']);
  const body = typeof shape['responseBody'] === 'string' ? shape['responseBody'] : '';
  const codes: string[] = [];
  for (const source of [shape, data, inner, asRecord(asRecord(parsed(body))['error'])]) {
    for (const field of ['type', 'code', 'status', 'name']) {
      const value = source[field];
      if (typeof value === 'string') codes.push(value);
    }
  }
  const message = [shape['message'], inner['message'], typeof error === 'string' ? error : undefined].find(
    (value) => typeof value === 'string' && value !== '',
  );
  const status = shape['statusCode'];
  return {
    // A status below 300 belongs to a stream that began well: what failed came after it.
    status: typeof status === 'number' && status >= 300 ? status : undefined,
    codes,
    message: typeof message === 'string' ? message : 'the provider reported an error without a message',
    body,
    headers: asRecord(shape['responseHeaders']),
  };
}

function retryAfterMs(details: Details): number | undefined {
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
