/**
 * A provider's bytes on their way to its package: counted, framed, and each event made what the package
 * takes. Every byte shows that the connection lives. Absent: the timeouts of the client beneath, which end at
 * five minutes what a person allowed an hour; `watch.ts` alone decides.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type * as UndiciModule from 'undici';
import type { Dispatcher } from 'undici';
import { type JsonObject, type JsonValue, isJsonObject } from '../std/json.ts';
import { withLoneSignatures } from './lone-signature.ts';
import { FailureInStream, repairFor } from './repair.ts';
import type { Ending, Repair } from './repair-fields.ts';
import { ModelFailure } from './port.ts';
import type { Dialect } from './prompt.ts';
import type { Proxy } from './proxy.ts';
import { PodkinError } from '../std/podkin-error.ts';

/** Of one answer as it comes, unpacked. */
export const wireBytesMax = 64 * 1024 * 1024;
/**
 * Of an answer that is no stream: enough of what it says, and as long as anybody waits for the rest of it.
 */
const wordsBytesMax = 256 * 1024;
const wordsMsMax = 5_000;

export interface Connection {
  /** `provider/model`, with which what goes wrong is told. */
  readonly name: string;
  readonly dialect: Dialect;
  /** Null: connect directly. */
  readonly proxy: Proxy | null;
  /** How long nothing may come before the request has failed. */
  readonly stallTimeoutMs: number;
  /** Told of each piece of an answer and of each event in it. */
  readonly heard: { alive(): void; event(event: JsonObject): void };
}

/** What a provider's package is to fetch with, for one request. */
export async function fetchFor(connection: Connection): Promise<typeof globalThis.fetch> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its own types name another class there
  const { default: undici } = (await import('undici')) as unknown as { default: Undici };
  const agent = dispatcherFor(undici, connection);
  return async (input, init) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same standard, typed twice
    const options = { ...init, ...sent(connection, init), dispatcher: agent } as FetchOptions;
    const answer = await undici.fetch(typeof input === 'string' ? input : new URL(addressOf(input)), options);
    return await checked(connection, answer);
  };
}

type FetchOptions = Parameters<Undici['fetch']>[1];

/** A redirection is not followed: the key is for the address that a person has named. */
function sent({ dialect }: Connection, init: RequestInit | undefined): RequestInit {
  const body = init?.body;
  const isGoogle = dialect === 'google' && typeof body === 'string';
  return { redirect: 'manual', ...(isGoogle && { body: withLoneSignatures(body) }) };
}

function addressOf(input: URL | Request): string {
  return input instanceof URL ? input.href : input.url;
}

type Undici = typeof UndiciModule;
/** One for each proxy: its connections are kept for the next request. */
const dispatchers = new Map<string, Pick<Dispatcher, 'dispatch'>>();

function dispatcherFor(
  { Agent, EnvHttpProxyAgent }: Undici,
  { name, proxy }: Connection,
): Pick<Dispatcher, 'dispatch'> {
  const key = JSON.stringify(proxy);
  const patient = { headersTimeout: 0, bodyTimeout: 0 };
  try {
    const known = dispatchers.get(key);
    const dispatcher =
      known ??
      neverPaused(proxy === null ? new Agent(patient) : new EnvHttpProxyAgent({ ...patient, ...proxy }));
    dispatchers.set(key, dispatcher);
    return dispatcher;
  } catch {
    const text = `${name}: the proxy in HTTPS_PROXY or HTTP_PROXY cannot be used: write it like http://host:port`;
    throw new ModelFailure('network', text, { transient: false });
  }
}

/**
 * An answer is taken off the wire as it comes, whoever is slow to read it: the client ends the process when a
 * server closes a connection at which it has paused (nodejs/undici#5360). Beyond what an answer may hold it
 * pauses all the same.
 */
export function neverPaused(dispatcher: Dispatcher): Pick<Dispatcher, 'dispatch'> {
  return {
    dispatch(options, handler) {
      let bytes = 0;
      const eager: typeof handler = Object.create(handler, {
        onData: {
          value(chunk: Buffer) {
            bytes += chunk.length;
            return handler.onData?.call(eager, chunk) === true || bytes <= wireBytesMax;
          },
        },
      });
      return dispatcher.dispatch(options, eager);
    },
  };
}

async function checked(connection: Connection, answer: Response): Promise<Response> {
  if (answer.body === null) throw new NoStream('', 'nothing at all');
  const { status, statusText, headers } = answer;
  const reader = answer.body.getReader();
  if (!answer.ok) {
    const location = status < 400 ? headers.get('location') : null;
    const words = location === null ? '' : `the server sends on to ${location}, which is not followed`;
    const text = words || (await readWords(reader, []));
    return new Response(text, { status, statusText, headers });
  }
  const first = await firstPieces(connection, reader);
  if (first.isStream) return new Response(events(connection, reader, first.pieces), { status, headers });
  const text = await readWords(reader, first.pieces);
  throw new NoStream(text, headers.get('content-type') ?? '');
}

/** Answered as if all were well, and not with a stream: a page to sign in, an error, a proxy's words. */
export class NoStream extends PodkinError {
  readonly responseBody: string;

  constructor(text: string, kind: string) {
    super(`the answer is no stream of events but ${kind === '' ? 'something else' : kind}`);
    this.name = 'NoStream';
    this.responseBody = text;
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Until the first byte that tells: no event begins with a brace or a tag. */
async function firstPieces(
  connection: Connection,
  reader: Reader,
): Promise<{ pieces: Uint8Array[]; isStream: boolean }> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  while (true) {
    const { done, value } = await reader.read();
    if (done) return { pieces, isStream: true };
    connection.heard.alive();
    pieces.push(value);
    bytes += value.length;
    const telling = Buffer.from(value)
      .toString('latin1')
      .trimStart()
      .replace(/^\u00ef\u00bb\u00bf\s*/, '')[0];
    if (telling !== undefined) return { pieces, isStream: !'{[<'.includes(telling) };
    if (bytes > wordsBytesMax) return { pieces, isStream: true };
  }
}

/** As much of it as anybody reads; the rest is not waited for. */
async function readWords(reader: Reader, pieces: Uint8Array[]): Promise<string> {
  const read = [...pieces];
  let bytes = read.reduce((sum, { length }) => sum + length, 0);
  const patience = new AbortController();
  const enough = sleep(wordsMsMax, null, { ref: false, signal: patience.signal }).catch(() => null);
  while (bytes < wordsBytesMax) {
    const next = await Promise.race([reader.read(), enough]);
    if (next === null || next.done) break;
    read.push(next.value);
    bytes += next.value.length;
  }
  patience.abort();
  void reader.cancel().catch(() => undefined);
  return Buffer.concat(read).subarray(0, wordsBytesMax).toString('utf8');
}

function events(connection: Connection, reader: Reader, first: Uint8Array[]): ReadableStream<Uint8Array> {
  const frame = newFrames({ repair: repairFor(connection.dialect), heard: connection.heard });
  const waiting = first.flatMap(slices);
  let bytes = 0;
  const next = async (): Promise<string | null> => {
    if (waiting.length > 0) await nextTurn();
    else {
      const { done, value } = await readOn(reader, patienceMs(frame.ending(), connection));
      if (done) return null;
      waiting.push(...slices(value));
    }
    const slice = waiting.shift() ?? new Uint8Array();
    connection.heard.alive();
    bytes += slice.length;
    if (bytes > wireBytesMax) throw tooLong(connection.name);
    return frame.take(slice);
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        // What holds no whole event gives nothing yet.
        for (let text: string | null = ''; text === '';) {
          text = await next();
          const out = text ?? frame.end();
          if (out !== '') controller.enqueue(Buffer.from(out));
          if (text === null) controller.close();
        }
      } catch (error) {
        // An error throws away what nobody has read yet: those behind get a moment for what came before it.
        await nextTurn();
        controller.error(error);
        void reader.cancel(error).catch(() => undefined);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** The pod answers between two of them, whatever they hold. */
const sliceBytes = 16 * 1024;

function slices(piece: Uint8Array): Uint8Array[] {
  const count = Math.ceil(piece.length / sliceBytes);
  return Array.from({ length: count }, (_, index) =>
    piece.subarray(index * sliceBytes, (index + 1) * sliceBytes),
  );
}

/**
 * How long the end of a connection, or counts, are waited for behind an answer that is whole. Some servers
 * leave it open.
 */
const afterMs: Readonly<Record<Exclude<Ending, 'open'>, number>> = { over: 200, finished: 5_000 };

/** Null: until something comes. A whole answer is taken before its connection counts as stalled. */
function patienceMs(ending: Ending, { stallTimeoutMs }: Connection): number | null {
  return ending === 'open' ? null : Math.min(afterMs[ending], stallTimeoutMs / 2);
}

/** The next piece, or the end where nothing more comes in time. */
async function readOn(reader: Reader, withinMs: number | null): ReturnType<Reader['read']> {
  if (withinMs === null) return await reader.read();
  const patience = new AbortController();
  const enough = sleep(withinMs, null, { ref: false, signal: patience.signal }).catch(() => null);
  const next = await Promise.race([reader.read(), enough]);
  patience.abort();
  if (next !== null) return next;
  void reader.cancel().catch(() => undefined);
  return { done: true, value: undefined };
}

function tooLong(name: string): ModelFailure {
  const mib = wireBytesMax / 1024 / 1024;
  return new ModelFailure('unknown', `${name}: the answer is longer than ${mib} MiB and was left`, {
    transient: false,
  });
}

interface Reading {
  readonly repair: Repair;
  readonly heard: Connection['heard'];
}

/** From bytes to events and back: lines end with CR, LF or both, an event with an empty line. */
function newFrames(reading: Reading): {
  take(bytes: Uint8Array): string;
  end(): string;
  ending(): Ending;
} {
  const decoder = new TextDecoder();
  let line: string[] = [];
  let data: string[] = [];
  let isError = false;
  let heldCr = false;
  const endLine = (): string => {
    const whole = line.join('');
    line = [];
    if (whole !== '') {
      if (/^data(?::|$)/.test(whole)) data.push(whole.slice(5).replace(/^ /, ''));
      if (whole.startsWith('event:')) isError = whole.slice(6).trim() === 'error';
      return '';
    }
    // Also one of many empty lines, of which a proxy may send millions to keep a connection.
    if (data.length === 0 && !isError) return '';
    const event = data.join('\n');
    const wasError = isError;
    data = [];
    isError = false;
    return repairedEvent(reading, event, wasError);
  };
  let failure: { readonly error: unknown } | null = null;
  const takeText = (given: string): string => {
    if (failure !== null) throw failure.error;
    let text = heldCr && given.startsWith('\n') ? given.slice(1) : given;
    if (given !== '') heldCr = given.endsWith('\r');
    if (text.includes('\r')) text = text.replaceAll(/\r\n?/g, '\n');
    const pieces = text.split('\n');
    let out = '';
    for (const [index, piece] of pieces.entries()) {
      if (piece !== '') line.push(piece);
      if (index === pieces.length - 1) break;
      try {
        out += endLine();
      } catch (error) {
        // What came before the error is part of the answer.
        if (out === '') throw error;
        failure = { error };
        break;
      }
    }
    return out;
  };
  return {
    ending: () => reading.repair.ending(),
    take: (bytes) => takeText(decoder.decode(bytes, { stream: true })),
    // The last event may lack its empty line; half of one is none.
    end() {
      const out = takeText(decoder.decode());
      if (line.length > 0) endLine();
      const event = data.join('\n');
      const isWhole = isError || isDone(event) || parsed(event) !== undefined;
      return out + (isWhole ? repairedEvent(reading, event, isError) : '');
    },
  };
}

function isDone(event: string): boolean {
  return event.trim() === '[DONE]';
}

function repairedEvent({ repair, heard }: Reading, event: string, isError: boolean): string {
  if (isDone(event)) return `${eventsText(repair.done())}data: [DONE]\n\n`;
  const value = parsed(event);
  if (isJsonObject(value)) heard.event(value);
  if (isError || (value === undefined && /^\s*error\b/i.test(event))) throw failureIn(event, value);
  // An event that was to be one is told by the package.
  if (value === undefined) return /^\s*\{/.test(event) ? `data: ${oneLine(event)}\n\n` : '';
  if (!isJsonObject(value)) {
    // Some servers put an error into a list.
    const [only] = Array.isArray(value) ? value : [];
    if (isJsonObject(only) && only['error'] !== undefined) throw new FailureInStream(only);
    return '';
  }
  return eventsText(repair.event(value));
}

/** An event that is called an error, or says in plain text that it is one. */
function failureIn(event: string, value: JsonValue | undefined): FailureInStream {
  const message = event.trim() || 'it reported an error and said nothing about it';
  return new FailureInStream(isJsonObject(value) ? value : { error: { message } });
}

function eventsText(events: readonly JsonObject[]): string {
  return events.map((event) => `data: ${eventText(event)}\n\n`).join('');
}

/** Deeper than this process can walk is what nobody asked for; the packages could not take it either. */
function eventText(event: JsonObject): string {
  try {
    return JSON.stringify(event);
  } catch {
    throw new FailureInStream({ error: { message: 'an event is nested too deep to be read' } });
  }
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}

function mayBeEvent(text: string): boolean {
  return (text.startsWith('{') && text.endsWith('}')) || (text.startsWith('[') && text.endsWith(']'));
}

/**
 * Undefined where it is no object and no list. Keys that would be an object's prototype are left out: for
 * them the packages refuse the whole.
 */
function parsed(text: string): JsonValue | undefined {
  // An answer may hold millions of these, and an error for each takes a hundred times as long.
  if (!mayBeEvent(text.trim())) return undefined;
  try {
    const value: JsonValue = JSON.parse(text, /proto/.test(text) ? withoutPrototype : undefined);
    return value;
  } catch {
    return undefined;
  }
}

function withoutPrototype(key: string, value: JsonValue): JsonValue | undefined {
  const isPrototype = key === 'constructor' && isJsonObject(value) && Object.hasOwn(value, 'prototype');
  return key === '__proto__' || isPrototype ? undefined : value;
}
