/** A relay between two real ends. */
import { once } from 'node:events';
import { lstatSync, readdirSync } from 'node:fs';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Relay, type RelayedLink, RelayNotWanted, relayBefore } from '../../../src/transport/relay.ts';
import { serve, tempDir } from './rig.ts';

/** Sends back what it is sent, and its end. */
async function echoAt(path: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(path);
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await once(server, 'close');
  });
  return server;
}

async function relayed(): Promise<{ path: string; links: RelayedLink[]; relay: Relay }> {
  const folder = await tempDir();
  const path = join(folder, 'pod.sock');
  await echoAt(path);
  const links: RelayedLink[] = [];
  const behind = join(folder, 'cut', '1');
  const relay = await relayBefore({ path, behind, onLink: (link) => links.push(link) });
  onTestFinished(() => relay.close());
  return { path, links, relay };
}

/** All that comes, and how it ended. */
async function read(socket: Socket): Promise<{ bytes: Buffer; ended: boolean }> {
  const chunks: Buffer[] = [];
  let ended = false;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('end', () => (ended = true));
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return { bytes: Buffer.concat(chunks), ended };
}

it('[transport.relay] megabytes and the half-closed end pass in both directions', async () => {
  const { path } = await relayed();
  const sent = Buffer.alloc(3_000_000, 'podkin');
  const socket = connect({ path, allowHalfOpen: true });
  // What ends only after the other side has ended comes whole.
  socket.end(sent);
  const { bytes, ended } = await read(socket);
  expect(bytes.equals(sent)).toBe(true);
  expect(ended).toBe(true);
});

it.each([1, 7, 1_000])(
  '[transport.relay] cuts after %i bytes, counts it once, and leaves other links alone',
  async (cutAt) => {
    const { path, links, relay } = await relayed();
    const other = connect(path);
    onTestFinished(() => void other.destroy());
    await once(other, 'connect');
    const socket = connect(path);
    await once(socket, 'connect');
    await expect.poll(() => links.length).toBe(2);
    let cuts = 0;
    links[1]!.cutAfter(cutAt, () => (cuts += 1));
    socket.write(Buffer.alloc(5_000, 'x'));
    const { bytes } = await read(socket);
    // There and back: some of the bytes of its number may have come back.
    expect(bytes.length).toBeLessThanOrEqual(cutAt);
    expect(cuts).toBe(1);
    await expect.poll(() => relay.links.size).toBe(1);
    other.write('still here');
    const [echo] = (await once(other, 'data')) as [Buffer];
    expect(echo.toString()).toBe('still here');
  },
);

it('[transport.relay] cuts at once with 0, and a link that has ended is not cut', async () => {
  const { path, links } = await relayed();
  const socket = connect(path);
  await once(socket, 'connect');
  await expect.poll(() => links.length).toBe(1);
  let cuts = 0;
  links[0]!.cutAfter(0, () => (cuts += 1));
  await read(socket);
  links[0]!.cutAfter(0, () => (cuts += 1));
  expect(cuts).toBe(1);
});

it('[transport.relay-place] whoever listens finds another socket there, and its own again afterwards', async () => {
  const server = await serve({});
  const behind = join(dirname(server.path), 'cut', '1');
  const own = lstatSync(server.path).ino;
  const relay = await relayBefore({ path: server.path, behind });
  expect(lstatSync(server.path).ino).not.toBe(own);
  await expect(server.ensurePresent()).resolves.toBe('taken');
  await relay.close();
  await expect(server.ensurePresent()).resolves.toBe('present');
  expect(lstatSync(server.path).ino).toBe(own);
  expect(readdirSync(dirname(behind))).toEqual([]);
});

it('[transport.relay-place] changes nothing where it is not wanted any more', async () => {
  const server = await serve({});
  const behind = join(dirname(server.path), 'cut', '1');
  const given = { path: server.path, behind, isWanted: () => false };
  await expect(relayBefore(given)).rejects.toThrow(RelayNotWanted);
  await expect(server.ensurePresent()).resolves.toBe('present');
  expect(readdirSync(dirname(behind))).toEqual([]);
});
