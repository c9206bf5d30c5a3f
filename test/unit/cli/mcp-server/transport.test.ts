/** The wire of the MCP server: bytes of a host that may be anything. */
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { lineCharsMax } from '../../../../src/cli/invocation/stdio-lines.ts';
import { BoundedStdio } from '../../../../src/cli/mcp-server/transport.ts';
import { deferred } from '../../../../src/std/deferred.ts';

async function over(...chunks: (string | Buffer)[]) {
  const stdin = new PassThrough();
  const taken: unknown[] = [];
  const complaints: string[] = [];
  const transport = new BoundedStdio({
    stdin,
    stdout: { write: () => undefined, drained: async () => await Promise.resolve() },
    tell: (text) => void complaints.push(text),
  });
  Object.assign(transport, { onmessage: (message: unknown) => void taken.push(message) });
  await transport.start();
  for (const chunk of chunks) stdin.write(chunk);
  await turn();
  return { taken, complaints, transport, stdin };
}

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
const line = `${JSON.stringify(ping)}\n`;

it('[mcp.hostile] messages arrive whole, however their bytes are cut', async () => {
  const wide = { jsonrpc: '2.0', id: 'ä€😀', method: 'ping' };
  const bytes = Buffer.from(`${JSON.stringify(wide)}\r\n\n${line}`);
  const { taken, complaints } = await over(...[...bytes].map((byte) => Buffer.from([byte])));
  expect(taken).toEqual([wide, ping]);
  expect(complaints).toEqual([]);
});

it.each([
  ['no JSON', 'hello'],
  ['a number', '7'],
  ['an array', '[]'],
  ['another protocol', '{"jsonrpc":"1.0","id":1,"method":"ping"}'],
  ['a method that is none', '{"jsonrpc":"2.0","id":1,"method":7}'],
  ['neither method nor id', '{"jsonrpc":"2.0"}'],
  ['an id that is none', '{"jsonrpc":"2.0","id":{},"method":"ping"}'],
  ['a half of one', '{"jsonrpc":"2.0",'],
  [
    'nesting beyond sense',
    `{"jsonrpc":"2.0","id":1,"method":"x","params":${'['.repeat(90)}${']'.repeat(90)}}`,
  ],
])('[mcp.hostile] %s is passed over and said, and the next line is taken', async (_, bad) => {
  const { taken, complaints } = await over(`${bad}\n${line}`);
  expect(taken).toEqual([ping]);
  expect(complaints).toHaveLength(1);
});

it('[mcp.hostile] a line without end is dropped at its bound, and complaints have an end', async () => {
  const half = 'x'.repeat(lineCharsMax / 2 + 1);
  const { taken, complaints } = await over(half, half, half, `\n${line}`);
  expect(taken).toEqual([ping]);
  expect(complaints).toEqual([`a line of more than ${lineCharsMax} characters was passed over`]);
  const many = await over('x\n'.repeat(1_000), line);
  expect(many.taken).toEqual([ping]);
  expect(many.complaints).toHaveLength(6);
});

it('[mcp.slow-reader] while answers do not leave nothing more is read', async () => {
  const stdin = new PassThrough();
  const left = deferred<void>();
  const stdout = { write: () => undefined, drained: () => left.promise };
  const transport = new BoundedStdio({ stdin, stdout, tell: () => undefined });
  await transport.start();
  const answer = { jsonrpc: '2.0', id: 1, result: {} } as const;
  const sent = Array.from({ length: 64 }, () => transport.send(answer));
  expect(stdin.isPaused()).toBe(true);
  left.resolve();
  await Promise.all(sent);
  expect(stdin.isPaused()).toBe(false);
});

it('[mcp.killed] the end of its input closes it once', async () => {
  const { transport, stdin } = await over(line);
  let closed = 0;
  transport.afterClose = () => void (closed += 1);
  stdin.end();
  await turn();
  await transport.close();
  expect(closed).toBe(1);
});
