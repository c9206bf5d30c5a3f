import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WireError } from '../../../src/protocol/errors.ts';
import { wireLimits } from '../../../src/protocol/limits.ts';
import { clientOver } from '../../../src/transport/client.ts';
import {
  AlreadyListening,
  NotASocket,
  NotThere,
  SocketPathTooLong,
} from '../../../src/transport/failures.ts';
import { listen } from '../../../src/transport/server.ts';
import { dialled, echo, handlersWith, rawClient, seeded, serve, tempDir } from './rig.ts';

const errorCode = (line: unknown): unknown => (line as { error: { code: number } }).error.code;

describe('server', () => {
  it('[transport.silent] the server writes nothing unasked', async () => {
    const { path } = await serve(echo);
    const raw = await rawClient(path);
    raw.socket.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
    expect(await raw.next()).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
  });

  it('[transport.without-id] a method without an id is handled like any other and gets no answer, also when it is refused', async () => {
    const notify = vi.fn(() => ({ submission: 's' }));
    const onDefect = vi.fn();
    const { path } = await serve({ ...echo, notify }, { onDefect });
    const raw = await rawClient(path);
    raw.socket.write('{"jsonrpc":"2.0","method":"notify","params":{"message":"m"}}\n');
    raw.socket.write('{"jsonrpc":"2.0","method":"nope"}\n{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
    expect(await raw.next()).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
    expect(notify).toHaveBeenCalledOnce();
    expect(onDefect).not.toHaveBeenCalled();
  });

  it('[transport.validates] params are checked before the handler: absent ones are {}, defaults are filled in, the first wrong field is named', async () => {
    const notify = vi.fn(() => ({ submission: 's' }));
    const { path } = await serve({ ...echo, notify });
    const connection = await dialled(path);
    expect(await connection.request('ping')).toEqual({});
    await connection.request('notify', { message: 'm', unknownField: 1 });
    expect(notify).toHaveBeenCalledExactlyOnceWith({ message: 'm', wake: true }, expect.anything());
    const refused = (method: string, params: unknown) =>
      connection.request(method, params).catch((e: unknown) => e);
    expect(await refused('notify', { message: 5 })).toMatchObject({
      rpcCode: -32602,
      data: { field: 'message' },
    });
    expect(await refused('notify', null)).toMatchObject({ rpcCode: -32602, message: /expected object/ });
    expect(await refused('run', { input: 5 })).toMatchObject({ message: /input: .*string.*array/ });
    expect(await refused('run', { input: [{ type: 'text' }] })).toMatchObject({
      data: { field: 'input.0.text' },
    });
    expect(notify).toHaveBeenCalledOnce();
  });

  it('[transport.unknown-method] unknown methods, and names that every object has, are -32601 with what there is', async () => {
    const { path } = await serve(echo);
    const connection = await dialled(path);
    for (const method of ['nope', 'constructor', 'toString', '__proto__', 'hasOwnProperty', '']) {
      const error = await connection.request(method).catch((e: unknown) => e);
      expect(error).toMatchObject({ rpcCode: -32601, message: /there are: hello, status/ });
    }
  });

  it('[transport.handler-errors] a refusal is answered as it is; a defect as -32603, and reported', async () => {
    const onDefect = vi.fn();
    const { path } = await serve(
      {
        pause: () => Promise.reject(new WireError('notRunning', 'start a run first')),
        resume: () => {
          throw new RangeError('a bug');
        },
      },
      { onDefect },
    );
    const connection = await dialled(path);
    await expect(connection.request('pause')).rejects.toMatchObject({ code: 'notRunning' });
    await expect(connection.request('resume')).rejects.toMatchObject({ rpcCode: -32603 });
    expect(onDefect).toHaveBeenCalledExactlyOnceWith(expect.any(RangeError));
  });

  it('[transport.oversize] a line over 8 MiB is answered tooLarge and the connection lives on', async () => {
    const { path } = await serve(echo);
    const raw = await rawClient(path);
    raw.socket.write(Buffer.alloc(wireLimits.lineBytesMax + 1, 0x61));
    expect(await raw.next()).toMatchObject({ id: null, error: { code: -32000, data: { code: 'tooLarge' } } });
    raw.socket.write('still the same line\n{"jsonrpc":"2.0","id":"after","method":"ping"}\n');
    expect(await raw.next()).toMatchObject({ id: 'after', result: {} });
  });

  it('[transport.bad-lines] each bad line is answered by its own error, and the next line is read as if nothing had happened', async () => {
    const { path } = await serve(echo);
    const raw = await rawClient(path);
    const bad: [string | Buffer, number][] = [
      ['{', -32700],
      [Buffer.from([0xff, 0xfe]), -32700],
      ['[]', -32600],
      ['7', -32600],
      [`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":1}}`, -32600],
      ['['.repeat(1_000), -32600],
      ['{"jsonrpc":"2.0","id":1,"method":"nope"}', -32601],
    ];
    for (const [line, code] of bad) {
      raw.socket.write(line);
      raw.socket.write('\n{"jsonrpc":"2.0","id":"next","method":"ping"}\n');
      expect(errorCode(await raw.next())).toBe(code);
      expect(await raw.next()).toMatchObject({ id: 'next', result: {} });
    }
    raw.socket.write('{"jsonrpc":"2.0","method":"notification"}\n{"jsonrpc":"2.0","id":9,"result":1}\n');
    raw.socket.write('{"jsonrpc":"2.0","id":"last","method":"ping"}\n');
    expect(await raw.next()).toMatchObject({ id: 'last' });
  });

  it('[transport.garbage] a thousand random inputs do not hurt another client of the same server', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    console.log(`seed ${seed}`);
    const random = seeded(seed);
    const onDefect = vi.fn();
    const { path, connections } = await serve(echo, { onDefect });
    const good = clientOver(await dialled(path));
    const seeds = [
      '{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
      '[{"',
      '\\u',
      '\n',
      '\0',
      '"__proto__":',
      '}]',
      '1e999',
    ];
    for (let round = 0; round < 50; round += 1) {
      const raws = await Promise.all(Array.from({ length: 20 }, () => rawClient(path)));
      const answer = good.call('notify', { message: `round ${round}` });
      for (const { socket } of raws) {
        const parts = Array.from({ length: 1 + Math.floor(random() * 8) }, () =>
          random() < 0.5
            ? Buffer.from(seeds[Math.floor(random() * seeds.length)]!)
            : Buffer.from(
                Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 256)),
              ),
        );
        socket.write(Buffer.concat(parts), () => (random() < 0.5 ? socket.destroy() : socket.end()));
      }
      expect(await answer, `seed ${seed}`).toEqual({ submission: `round ${round}` });
      await Promise.all(
        raws.map(async ({ socket }) => {
          if (socket.closed) return;
          socket.resume();
          await once(socket, 'close');
        }),
      );
    }
    expect(onDefect).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(connections.size).toBe(1));
  });

  it('[transport.deaf-client] a client that asks for much and never reads does not delay another', async () => {
    const { path } = await serve({
      ...echo,
      cancel: () => ({ status: 'idle', filler: 'x'.repeat(500_000) }) as never,
    });
    const deaf = await Promise.all(Array.from({ length: 10 }, () => rawClient(path)));
    for (const { socket } of deaf) {
      socket.pause();
      for (let id = 0; id < 20; id += 1) socket.write(`{"jsonrpc":"2.0","id":${id},"method":"cancel"}\n`);
    }
    const good = clientOver(await dialled(path));
    for (let i = 0; i < 100; i += 1)
      expect(await good.call('notify', { message: `${i}` })).toEqual({ submission: `${i}` });
  });

  it('[transport.server-close] closing settles every connection and removes the socket', async () => {
    const started: AbortSignal[] = [];
    const server = await serve({
      pause: (_params, { signal }) => {
        started.push(signal);
        return new Promise(() => undefined);
      },
    });
    const clients = await Promise.all(Array.from({ length: 5 }, () => dialled(server.path)));
    const asked = clients.map((client) => client.request('pause').catch((error: unknown) => error));
    await vi.waitFor(() => expect(started).toHaveLength(5));
    await server.close();
    for (const error of await Promise.all(asked)) expect(error).toMatchObject({ name: 'ConnectionClosed' });
    expect(started.every((signal) => signal.aborted)).toBe(true);
    expect(server.connections.size).toBe(0);
    await expect(dialled(server.path)).rejects.toBeInstanceOf(NotThere);
    await server.close();
  });

  it('[transport.socket-mode] the socket is for its user alone, and nothing else is left in the directory', async () => {
    const dir = await tempDir();
    const path = join(dir, 'pod.sock');
    await serve(echo, { path });
    expect((await lstat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(['pod.sock']);
  });

  it('[transport.half-bound] what a process that was killed while it bound its socket has left is taken away by the next one', async () => {
    const dir = await tempDir();
    const path = join(dir, 'a.sock');
    await writeFile(join(dir, '.a'), '');
    await serve(echo, { path });
    expect(await readdir(dir)).toEqual(['a.sock']);
  });

  it('[transport.path-too-long] a path over 103 bytes, not characters, is refused before anything is made', async () => {
    const dir = await tempDir();
    const path = join(dir, 'é'.repeat(50));
    expect(path.length).toBeLessThan(wireLimits.socketPathBytesMax);
    await expect(listen({ path, handlers: handlersWith(echo) })).rejects.toBeInstanceOf(SocketPathTooLong);
    await expect(dialled(path)).rejects.toBeInstanceOf(SocketPathTooLong);
    expect(await readdir(dir)).toEqual([]);
    const longest = join(dir, 'x'.repeat(wireLimits.socketPathBytesMax - Buffer.byteLength(dir) - 1));
    await serve(echo, { path: longest });
    expect(await (await dialled(longest)).request('ping')).toEqual({});
  });

  it('[transport.stale-socket] the socket of a killed owner is replaced; a living one and a plain file are left alone', async () => {
    const path = join(await tempDir(), 'pod.sock');
    const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', script, path], { stdio: 'ignore' }), 'exit');
    expect((await lstat(path)).isSocket()).toBe(true);
    const server = await serve(echo, { path });
    await expect(listen({ path, handlers: handlersWith(echo) })).rejects.toBeInstanceOf(AlreadyListening);
    expect(await (await dialled(path)).request('ping')).toEqual({});
    await server.close();
    await writeFile(path, 'mine');
    await expect(listen({ path, handlers: handlersWith(echo) })).rejects.toBeInstanceOf(NotASocket);
    expect((await lstat(path)).isFile()).toBe(true);
  });

  it('[transport.restored-socket] a deleted socket file is put back, and living connections do not notice', async () => {
    const dir = await tempDir();
    const path = join(dir, 'run', 'pod.sock');
    const server = await serve(echo, { path });
    const living = await dialled(path);
    expect(await server.ensurePresent()).toBe('present');
    for (const loss of [() => unlink(path), () => rm(join(dir, 'run'), { recursive: true })]) {
      await loss();
      await expect(dialled(path)).rejects.toBeInstanceOf(NotThere);
      expect(await Promise.all([server.ensurePresent(), server.ensurePresent()])).toEqual([
        'restored',
        'restored',
      ]);
      expect(await server.ensurePresent()).toBe('present');
      expect(await (await dialled(path)).request('ping')).toEqual({});
      expect(await living.request('ping')).toEqual({});
      expect(await readdir(join(dir, 'run'))).toEqual(['pod.sock']);
    }
  });

  it("[transport.successor] an old server's close does not remove its successor's socket", async () => {
    const path = join(await tempDir(), 'pod.sock');
    const old = await serve(echo, { path });
    await unlink(path);
    const successor = await serve(echo, { path });
    expect(await old.ensurePresent()).toBe('taken');
    await old.close();
    expect(await (await dialled(path)).request('ping')).toEqual({});
    expect(await successor.ensurePresent()).toBe('present');
  });

  it('[transport.no-descriptors] a server without free descriptors survives, and answers when it has some again', async () => {
    const dir = await tempDir();
    const script = join(dir, 'server.mjs');
    await build({
      entryPoints: [join(import.meta.dirname, 'starved-server.ts')],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    });
    const path = join(dir, 's', 'pod.sock');
    const child = spawn('sh', ['-c', 'ulimit -n 60; exec "$0" "$1" "$2"', process.execPath, script, path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await exit;
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const says = async () => (await lines.next()).value as unknown;
    expect(await says()).toBe('listening');
    const before = await dialled(path);
    expect(await before.request('ping')).toEqual({});
    child.stdin.write('starve\n');
    expect(await says()).toBe('starved');
    const turnedAway = await Promise.allSettled(
      [1, 2, 3].map(async () => (await dialled(path)).request('ping', {}, { timeoutMs: 100 })),
    );
    expect(turnedAway.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await before.request('ping')).toEqual({});
    child.stdin.write('feed\n');
    expect(await says()).toBe('fed');
    expect(await (await dialled(path)).request('ping', {}, { timeoutMs: 5_000 })).toEqual({});
    child.stdin.end();
    expect((await exit)[0]).toBe(0);
  });
});
