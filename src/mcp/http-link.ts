/**
 * A server that is reached over HTTP: at the one origin that is named, and at an address of this machine only
 * where that is what is named; no answer and no message larger than is taken.
 */
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { FetchLike } from '@modelcontextprotocol/client';
import type * as UndiciModule from 'undici';
import { neverPaused } from '../model/bytes.ts';
import { filledIn, type McpServerSettings } from '../session/settings/mcp-settings.ts';
import { deferred } from '../std/deferred.ts';
import { wireBounds } from './line-transport.ts';
import type { Link } from './server.ts';

const connectMs = 10_000;
/** For a last word to the server. */
const closeMs = 1_000;

/** Rejects with an `Error` whose message says why there is none: what follows its name. */
export async function httpLink(
  settings: McpServerSettings & { readonly url: string },
  environment: NodeJS.ProcessEnv,
): Promise<Link> {
  const url = new URL(settings.url);
  const { values, missing } = filledIn(settings.headers ?? {}, environment);
  if (missing.length > 0)
    throw new Error(`is to be sent ${missing.join(', ')}, which this pod's environment does not have`);
  const isHere = isOfThisMachine(url.hostname);
  if (url.protocol !== 'https:' && !isHere && Object.keys(values).length > 0)
    throw new Error('is to be sent headers over http, where anybody could read them: use https');
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const { request, close } = await fetchAt(isHere);
  const transport = new StreamableHTTPClientTransport(url, {
    requestInit: { headers: values },
    redirectPolicy: 'same-origin',
    fetch: request,
  });
  const ended = deferred<string>();
  return {
    transport,
    ended: ended.promise,
    errors: () => '',
    async end(why) {
      ended.resolve(why);
      const said = transport.terminateSession().catch(() => undefined);
      await Promise.race([said, new Promise((done) => setTimeout(done, closeMs).unref())]);
      await transport.close().catch(() => undefined);
      close();
    },
  };
}

async function fetchAt(isHere: boolean): Promise<{ request: FetchLike; close: () => void }> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its own types name another class there
  const { default: undici } = (await import('undici')) as unknown as { default: typeof UndiciModule };
  const agent = new undici.Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: connectMs, ...(isHere ? {} : { lookup: elsewhere }) },
  });
  const dispatcher = neverPaused(agent);
  const request: FetchLike = async (input, init) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same standard, typed twice
    const options = { ...init, dispatcher } as Parameters<typeof undici.fetch>[1];
    const answer = await undici.fetch(input, options);
    return bounded(answer);
  };
  return { request, close: () => void agent.destroy().catch(() => undefined) };
}

/** A message ends with an empty line, and what is no stream of them with its end. */
function bounded(answer: Response): Response {
  if (answer.body === null) return answer;
  const isStream = answer.headers.get('content-type')?.includes('text/event-stream') === true;
  let bytes = 0;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      const end = isStream ? endOfMessage(piece) : -1;
      bytes = end < 0 ? bytes + piece.length : piece.length - end;
      if (bytes > wireBounds.messageBytes)
        controller.error(new Error('answered with more than 32 MiB, which is not taken: ask it for less'));
      else controller.enqueue(piece);
    },
  });
  const { status, statusText, headers } = answer;
  return new Response(answer.body.pipeThrough(counting), { status, statusText, headers });
}

function endOfMessage(piece: Uint8Array): number {
  const text = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  return Math.max(text.lastIndexOf('\n\n'), text.lastIndexOf('\r\n\r\n'));
}

const ownAddresses = new BlockList();
ownAddresses.addSubnet('127.0.0.0', 8, 'ipv4');
ownAddresses.addSubnet('0.0.0.0', 8, 'ipv4');
ownAddresses.addSubnet('169.254.0.0', 16, 'ipv4');
ownAddresses.addAddress('::1', 'ipv6');
ownAddresses.addAddress('::', 'ipv6');
ownAddresses.addSubnet('fe80::', 10, 'ipv6');

/** This machine, or what is on its own wire alone: named as such in an address. */
function isOfThisMachine(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  const family = isIP(name);
  return family !== 0 && isOwnAddress(name, family);
}

function isOwnAddress(address: string, family: number): boolean {
  return ownAddresses.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** A name of the net that leads to this machine leads nowhere. */
const elsewhere: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) return callback(error, '', 0);
    const first = found.find(({ address, family }) => !isOwnAddress(address, family));
    if (first === undefined) {
      const refusal = new Error(`${hostname} is this machine, and was not named as such`);
      return callback(refusal, '', 0);
    }
    if (options.all === true) callback(null, [first]);
    else callback(null, first.address, first.family);
  });
};
