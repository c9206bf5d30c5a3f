import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { createModel } from '../../../src/model/create.ts';
import { ask, closedUrl, failing } from './ask.ts';
import { plainly, rawProvider, stream } from './raw-provider.ts';

const model = 'openai-compatible/m';

/** A proxy that tunnels everything to one place, and counts. */
async function proxyTo(url: string): Promise<{ address: string; tunnels: string[] }> {
  const tunnels: string[] = [];
  const server = createServer();
  const open: Duplex[] = [];
  server.on('connect', ({ url: wanted }, socket) => {
    tunnels.push(wanted ?? '');
    const there = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      there.pipe(socket).pipe(there);
    });
    open.push(there, socket);
    for (const end of [there, socket]) end.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const end of open) end.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const at = server.address();
  return { address: `http://127.0.0.1:${typeof at === 'object' && at !== null ? at.port : 0}`, tunnels };
}

it('[model.proxy] with NODE_USE_ENV_PROXY=1 the proxy of the environment is used, but for what NO_PROXY names', async () => {
  const provider = await rawProvider(stream(plainly.compatible()));
  const { address, tunnels } = await proxyTo(provider.url);
  const environment = {
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: address,
    NO_PROXY: '127.0.0.1',
    OPENAI_COMPATIBLE_BASE_URL: 'http://models.example/v1',
  };
  expect((await ask(await createModel(model, environment))).text).toBe('ok');
  expect(tunnels).toEqual(['models.example:80']);
  const near = { ...environment, OPENAI_COMPATIBLE_BASE_URL: `${provider.url}/v1` };
  expect((await ask(await createModel(model, near))).text).toBe('ok');
  expect(tunnels).toHaveLength(1);
});

it('[model.proxy] a proxy that is set and not used is named where a connection fails', async () => {
  const base = { OPENAI_COMPATIBLE_BASE_URL: `${await closedUrl()}/v1`, https_proxy: 'http://127.0.0.1:9' };
  const { failure } = await failing(await createModel(model, base));
  expect(failure.category).toBe('network');
  expect(failure.message).toContain(
    'https_proxy is set and was not used: set NODE_USE_ENV_PROXY=1 as well to go through that proxy',
  );
});

it('[model.proxy] a proxy of a kind that cannot be used is told as that, once', async () => {
  const base = {
    OPENAI_COMPATIBLE_BASE_URL: 'http://models.example/v1',
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: 'not an address',
  };
  const { failure } = await failing(await createModel(model, base));
  expect(failure).toMatchObject({ category: 'network', transient: false });
  expect(failure.message).toContain('write it like http://host:port');
});
